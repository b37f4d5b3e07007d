"""The verdict on a picture is said in words that promise no more than the picture proves."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from bot.messages.provenance import describe_origin, discord_time
from bot.text.translate import speaker
from generation import Parameters
from generation.provenance import Provenance, Signature, Trust

NOON = datetime(2026, 12, 2, 12, tzinfo=UTC)
OURS = Signature(
    organization="Criar", name="Criar installation 1, signer", generator="Criar 0.1.0", trust=Trust.OURS, valid=True,
    source_type="trainedAlgorithmicMedia", models=("Embedded",), when="2026-12-02T12:00:00Z",
)  # fmt: skip
THEIRS = replace(OURS, organization="Camera Works", trust=Trust.UNKNOWN, source_type="digitalCapture", models=())


def verdict(found: Provenance, made_at: datetime | None = None, parameters: Parameters | None = None) -> str:
    return "\n".join(describe_origin(speaker("en-US"), found, made_at, parameters, discord_time))


CASES = {
    "ours": (Provenance(signature=OURS), None, "**This bot made it** (<t:1796212800:f>), and it was not altered"),
    "ours altered": (
        Provenance(signature=replace(OURS, valid=False, changed=True)), None, "This bot made it, but it was altered",
    ),
    "marked": (Provenance(mark="1"), NOON, "Its signature is missing"),
    "marked with another's signature": (Provenance(signature=THEIRS, mark="1"), NOON, "**This bot made it** ("),
    "another's mark": (Provenance(mark="1"), None, "a watermark that is not this bot's"),
    "machine": (
        Provenance(signature=replace(OURS, trust=Trust.UNKNOWN)), None, "**A machine made it**, or part of it, says Cr",
    ),
    "machine listed": (Provenance(signature=replace(OURS, trust=Trust.LISTED)), None, "trusts whoever vouches"),
    "camera": (Provenance(signature=THEIRS), None, "Camera Works signed it, and does not say"),
    "altered elsewhere": (
        Provenance(signature=replace(THEIRS, valid=False, changed=True)), None, "Works signed it, and it was altered",
    ),
    "forged": (Provenance(signature=replace(OURS, valid=False)), None, "**Its signature is not valid**"),
    "xmp": (Provenance(source_type="trainedAlgorithmicMedia"), None, "anybody could have written that"),
    "nothing": (Provenance(), None, "which proves nothing"),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_each_case_has_its_verdict(case: str) -> None:
    """Made here, elsewhere, altered, or unknown; a forged manifest that names us is not said to be ours."""
    found, made_at, words = CASES[case]
    said = verdict(found, made_at).replace("an invisible", "a")
    assert words in said
    assert ("This bot made it" in said) is case.startswith(("ours", "marked"))


def test_other_tools_settings_are_named() -> None:
    """They are no proof, and better than nothing."""
    assert "the settings of ComfyUI" in verdict(Provenance(), parameters=Parameters(tool="ComfyUI"))


def test_what_strangers_wrote_cannot_format_or_ping() -> None:
    """Names in a manifest are plain text, and short."""
    evil = replace(THEIRS, organization="**@everyone** [x](https://evil.example)" + "y" * 400)
    said = verdict(Provenance(signature=evil))
    assert "@everyone" not in said
    assert "](https" not in said
    assert len(said) < 900
