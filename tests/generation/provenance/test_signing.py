"""What is signed holds before c2pa's own reader, says how it was made, and says nothing of a person."""

import io
import json
from dataclasses import replace
from pathlib import Path

import c2pa
import pytest
from PIL import Image

from generation import Task
from generation.provenance import (
    Authority,
    CertificateError,
    Credentials,
    Input,
    Signer,
    SigningError,
    describe_picture,
    describe_sheet,
    manifest_archives,
)
from tests.generation.provenance.conftest import MADE, NOON, Read, drawn, encoded


@pytest.mark.parametrize("format_", ["PNG", "JPEG", "WEBP"])
def test_each_format_carries_a_manifest_that_holds(signer: Signer, read: Read, format_: str) -> None:
    """PNG, JPEG and WebP are trusted by who knows the authority, and say what made them; the pixels stay."""
    before = encoded(format_)
    signed = signer.sign(before, describe_picture(MADE, model="Embedded", when=NOON, prompt=False))
    found = read(signed)
    assert found["state"] == "Trusted"
    assert found["claim_generator_info"][0]["name"] == "Criar"
    (action,) = found["assertions"][0]["data"]["actions"]
    assert action["action"] == "c2pa.created"
    assert action["digitalSourceType"].endswith("/trainedAlgorithmicMedia")
    assert action["softwareAgent"]["name"] == "Embedded"
    assert Image.open(io.BytesIO(signed)).tobytes() == Image.open(io.BytesIO(before)).tobytes()


def test_a_manifest_is_small_and_shows_no_thumbnail(signer: Signer, read: Read, png: bytes) -> None:
    """It takes about 3 kB, and no picture beside the picture."""
    signed = signer.sign(png, describe_picture(MADE, model="Embedded", when=NOON, prompt=False))
    assert len(signed) - len(png) < 5000
    assert "thumbnail" not in read(signed)["whole"]


@pytest.mark.parametrize("prompt", [True, False])
def test_the_prompt_stands_in_it_only_if_it_is_wished(signer: Signer, read: Read, png: bytes, prompt: bool) -> None:
    """Steps, seed and model always do."""
    signed = signer.sign(png, describe_picture(MADE, model="Embedded", when=NOON, prompt=prompt))
    whole = read(signed)["whole"]
    assert ("secret cat" in whole) is prompt
    assert ("dogs" in whole) is prompt
    assert "Seed: 7" in whole


def test_a_changed_picture_says_that_it_was_opened_and_edited(signer: Signer, read: Read, png: bytes) -> None:
    """The picture that was sent is an ingredient, though it carries no manifest."""
    changed = replace(MADE, task=Task.IMG2IMG, images=(Path("input.png"),), strength=0.5)
    inputs = [Input(png=encoded("PNG"))]
    found = read(signer.sign(png, describe_picture(changed, model="M", when=NOON, prompt=False, inputs=inputs), inputs))
    opened, edited = found["assertions"][0]["data"]["actions"]
    assert (found["state"], opened["action"], edited["action"]) == ("Trusted", "c2pa.opened", "c2pa.edited")
    assert edited["digitalSourceType"].endswith("/compositeWithTrainedAlgorithmicMedia")
    assert [each["relationship"] for each in found["ingredients"]] == ["parentOf"]


def test_the_signer_vouches_for_what_it_says(signer: Signer, png: bytes) -> None:
    """Actions, ingredients and the watermark's bits are the claim's own, as C2PA 2 wants it, and not gathered."""
    inputs = [Input(png=encoded("PNG"))]
    manifest = describe_picture(MADE, model="M", when=NOON, prompt=False, mark="01" * 30 + "0", inputs=inputs)
    found = c2pa.Reader(io.BytesIO(signer.sign(png, manifest, inputs)))
    (whole,) = json.loads(found.detailed_json())["manifests"].values()
    own = {assertion["url"].rpartition("/")[2] for assertion in whole["claim"]["created_assertions"]}
    assert own >= {"c2pa.actions.v2", "c2pa.ingredient.v3", "c2pa.soft-binding"}
    assert not whole["claim"].get("gathered_assertions")


def test_the_manifests_of_an_input_go_on(signer: Signer, read: Read, png: bytes) -> None:
    """What came signed is named with its own manifest, though the picture itself was stripped when it was opened."""
    first = signer.sign(encoded("JPEG"), describe_picture(MADE, model="First", when=NOON, prompt=False))
    inputs = [Input(png=encoded("PNG"), archives=manifest_archives(first))]
    changed = replace(MADE, task=Task.IMG2IMG, images=(Path("input.png"),))
    manifest = describe_picture(changed, model="Second", when=NOON, prompt=False, inputs=inputs)
    found = read(signer.sign(png, manifest, inputs))
    (ingredient,) = found["ingredients"]
    assert found["state"] == "Trusted"
    assert ingredient["active_manifest"] == read(first)["label"]
    assert "First" in found["whole"]


def test_each_of_several_inputs_goes_on_with_its_own_manifest(signer: Signer, read: Read, png: bytes) -> None:
    """The first as what was opened, the others as placed; one that is there twice is named once, one without too."""
    signed = [
        signer.sign(encoded("JPEG"), describe_picture(MADE, model=name, when=NOON, prompt=False))
        for name in ("First", "Second")
    ]
    first, second = (Input(png=encoded("PNG"), archives=manifest_archives(each)) for each in signed)
    inputs = [first, second, second, first, Input(png=encoded("PNG"))]
    manifest = describe_picture(MADE, model="Last", when=NOON, prompt=False, inputs=inputs)
    found = read(signer.sign(png, manifest, inputs))
    labels = [read(each)["label"] for each in signed]
    assert found["state"] == "Trusted"
    assert [(each["relationship"], each.get("active_manifest")) for each in found["ingredients"]] == [
        ("parentOf", labels[0]), ("componentOf", labels[1]), ("componentOf", labels[0]), ("componentOf", None),
    ]  # fmt: skip
    actions = [each["action"] for each in found["assertions"][0]["data"]["actions"]]
    assert actions == ["c2pa.opened", "c2pa.placed", "c2pa.placed", "c2pa.placed", "c2pa.edited"]


def test_broken_manifests_of_an_input_do_not_keep_ours_from_being_written(
    signer: Signer, read: Read, png: bytes
) -> None:
    """Then the input is named without them."""
    changed = replace(MADE, task=Task.IMG2IMG, images=(Path("input.png"),))
    inputs = [Input(png=encoded("PNG"), archives=b"nonsense")]
    manifest = describe_picture(changed, model="M", when=NOON, prompt=False, inputs=inputs)
    found = read(signer.sign(png, manifest, inputs))
    assert found["state"] == "Trusted"
    assert "active_manifest" not in found["ingredients"][0]


def test_a_picture_without_manifests_has_no_archive(png: bytes) -> None:
    """Nothing is kept beside it."""
    assert manifest_archives(png) == b""


def test_a_sheet_and_a_mark_are_described(signer: Signer, read: Read, png: bytes) -> None:
    """A sheet of several pictures is a composite; a watermark's bits stand in the manifest as C2PA's soft binding."""
    assert "compositeWithTrainedAlgorithmicMedia" in read(signer.sign(png, describe_sheet(NOON)))["whole"]
    marked = describe_picture(MADE, model="M", when=NOON, prompt=False, mark="01" * 30 + "0")
    (binding,) = [each for each in read(signer.sign(png, marked))["assertions"] if "soft" in each["label"]]
    assert binding["data"]["blocks"][0]["value"] == "01" * 30 + "0"


def test_what_cannot_be_signed_is_an_error_and_not_a_broken_file(authority: Authority, png: bytes) -> None:
    """A key that does not belong to the certificate, and credentials that cannot be read."""
    good = authority.credentials()
    other = Authority(authority.folder.parent / "other").credentials()
    mixed = Credentials(chain=good.chain, key=other.key, algorithm="es256", renew_at=good.renew_at)
    manifest = describe_picture(MADE, model="M", when=NOON, prompt=False)
    with pytest.raises(SigningError):
        Signer(lambda: mixed).sign(png, manifest)

    def broken() -> Credentials:
        raise CertificateError("signer.pem: nothing")

    with pytest.raises(CertificateError):
        Signer(broken).sign(png, manifest)


def test_credentials_are_asked_for_again_when_they_are_to_be_renewed(authority: Authority, png: bytes) -> None:
    """A bot that runs for years signs with what is in force."""
    asked: list[Credentials] = []

    def source() -> Credentials:
        found = authority.credentials()
        asked.append(replace(found, renew_at=NOON.replace(year=2020)))
        return asked[-1]

    signer = Signer(source)
    for _ in range(2):
        signer.sign(png, describe_sheet(NOON))
    assert len(asked) == 2


def test_no_person_stands_in_a_file(signer: Signer, read: Read, png: bytes) -> None:
    """All texts of a manifest are known: model, settings, hour, program and certificate."""
    found = read(signer.sign(png, describe_picture(MADE, model="Embedded", when=NOON, prompt=False)))
    said = {key: found[key] for key in ("claim_generator_info", "title", "assertions", "signature_info")}
    said["signature_info"].pop("cert_serial_number")
    assert json.loads(json.dumps(said)) == {
        "claim_generator_info": found["claim_generator_info"],
        "title": "picture",
        "assertions": [
            {
                "label": "c2pa.actions.v2",
                "created": True,
                "data": {
                    "actions": [
                        {
                            "action": "c2pa.created",
                            "softwareAgent": {"name": "Embedded"},
                            "when": "2026-12-02T12:00:00Z",
                            "digitalSourceType": "http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia",
                            "description": "Steps: 8, Sampler: DDIM, CFG scale: 4, Seed: 7, Size: 96x64, "
                            "Model: criar-embedded",
                        }
                    ]
                },
            }
        ],
        "signature_info": {
            "alg": "Es256",
            "issuer": "Criar",
            "common_name": found["signature_info"]["common_name"],
        },
    }


def test_pixels_are_untouched(signer: Signer, png: bytes) -> None:
    """Signing adds a chunk and changes none."""
    signed = signer.sign(png, describe_sheet(NOON))
    assert Image.open(io.BytesIO(signed)).tobytes() == drawn().tobytes()
    assert Image.open(io.BytesIO(signed)).text == Image.open(io.BytesIO(png)).text  # type: ignore[attr-defined]
