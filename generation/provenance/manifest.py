"""What a picture's C2PA manifest says: how it was made, with which model, from what. It says nothing of a person."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from importlib.metadata import version
from typing import Any

from ..images.encoding import SOURCE_TYPE, parameters_text, source_type
from ..types import Request
from .ingredients import INPUT, Input

GENERATOR = "Criar"
ACTIONS = "c2pa.actions.v2"
SOFT_BINDING = "c2pa.soft-binding"
TRUSTMARK = "com.adobe.trustmark.Q"  # of C2PA's list of soft binding algorithms

Manifest = dict[str, Any]


def describe_picture(
    request: Request, *, model: str, when: datetime, prompt: bool, mark: str = "", inputs: Sequence[Input] = ()
) -> Manifest:
    """The manifest of a finished picture.

    ``request`` is that of one picture, ``model`` the model's title, ``mark`` the invisible watermark's bits if it
    carries one, ``inputs`` those of the pictures that it was made from that are at hand, the one that was opened first.
    The prompt stands in it only if ``prompt`` is true: what is signed cannot be taken back.
    """
    how = {
        "digitalSourceType": SOURCE_TYPE + source_type(request),
        "softwareAgent": {"name": model},
        "when": _time(when),
        "description": parameters_text(request, prompt=prompt),
    }
    actions: list[Mapping[str, Any]]
    if inputs:
        placed = dict.fromkeys(each.label for each in inputs[1:])
        actions = [
            {"action": "c2pa.opened", "parameters": {"ingredientIds": [INPUT]}},
            *({"action": "c2pa.placed", "parameters": {"ingredientIds": [label]}} for label in placed),
            {"action": "c2pa.edited", **how},
        ]
    else:
        actions = [{"action": "c2pa.created", **how}]
    return _manifest(actions, mark)


def describe_sheet(when: datetime, mark: str = "") -> Manifest:
    """The manifest of a sheet that shows several pictures, some of them made by models."""
    return _manifest([_created("compositeWithTrainedAlgorithmicMedia", when)], mark)


def describe_preview(when: datetime) -> Manifest:
    """The manifest of a picture that is not finished."""
    return _manifest([_created("trainedAlgorithmicMedia", when)])


def _created(source: str, when: datetime) -> Mapping[str, Any]:
    return {"action": "c2pa.created", "digitalSourceType": SOURCE_TYPE + source, "when": _time(when)}


def _time(when: datetime) -> str:
    return f"{when:%Y-%m-%dT%H:%M:%SZ}"


def _manifest(actions: list[Mapping[str, Any]], mark: str = "") -> Manifest:
    assertions: list[Mapping[str, Any]] = [{"label": ACTIONS, "data": {"actions": actions}}]
    if mark:
        binding = {"alg": TRUSTMARK, "blocks": [{"scope": {}, "value": mark}]}
        assertions.append({"label": SOFT_BINDING, "data": binding})
    return {
        "claim_generator_info": [{"name": GENERATOR, "version": version("criar")}],
        "title": "picture",
        "assertions": assertions,
    }
