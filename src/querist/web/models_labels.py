"""The forms of a label on the wire, as JSON schemas."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import WithJsonSchema

_SPAN = {
    "type": "object",
    "properties": {"start": {"type": "integer"}, "end": {"type": "integer"}, "label": {"type": "string"}},
    "required": ["start", "end", "label"],
}
_PART = {
    "type": "object",
    "properties": {
        "spans": {"type": "array", "items": _SPAN},
        "asked": {"type": "array", "items": {"type": "array", "items": {"type": "integer"}}},
    },
    "required": ["spans", "asked"],
}
_NUMBERS = {"type": "array", "items": {"type": "number"}}
_BOX = {
    "type": "object",
    "properties": {"label": {"type": ["string", "integer"]}, "box": _NUMBERS},
    "required": ["label", "box"],
}
_PLACES = {"type": "array", "items": _NUMBERS}
_PICKS = {
    "type": "object",
    "properties": {
        "points": _PLACES,
        "diameter": {"type": ["number", "null"]},
        "searched": {"anyOf": [_PLACES, {"type": "null"}]},
    },
    "required": ["points", "searched"],
}
_FORMS: list[dict[str, Any]] = [
    {"type": "string"},
    {"type": "integer"},
    {"type": "array", "items": {"type": "string"}},
    {"type": "array", "items": _SPAN},
    _PART,
    {"type": "array", "items": _BOX},
    _PICKS,
]

Label = Annotated[Any, WithJsonSchema({"anyOf": _FORMS})]
"""A label as the task of the study has it: one class, a list of classes, of spans or those of a part, of boxes, or the
picks of a micrograph; the task checks it."""
