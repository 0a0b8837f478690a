"""Rectangles of Label Studio: percent of the image there, pixels here."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from querist.errors import BadData
from querist.formats._boxes import numbers, size_in
from querist.formats.protocol import LabelRow

RECTANGLES = "rectanglelabels"
_SIDES = ("x", "y", "width", "height")


def box_of(result: Mapping[str, Any], label: str, where: str) -> dict[str, Any]:
    """Make a box in pixels of a result; raises BadData without the size of the image, and on a turned rectangle.

    >>> value = {"x": 10, "y": 20, "width": 30, "height": 40, "rotation": 0, "rectanglelabels": ["car"]}
    >>> box_of({"value": value, "original_width": 200, "original_height": 100}, "car", "task 1")
    {'label': 'car', 'box': [20.0, 20.0, 60.0, 40.0]}
    """
    value = result["value"]
    if value.get("rotation"):
        raise BadData(f"{where}: a rectangle is turned by {value['rotation']} degrees: boxes are upright; set it to 0")
    shares = numbers([value.get(side) for side in _SIDES], where, names=_SIDES)
    names = ("original_width", "original_height")
    width, height = numbers([result.get(name) for name in names], where, names=names)
    # percent of a rounded value: a ten-thousandth of a pixel is all that is known
    sides = [round(share * side / 100, 4) for share, side in zip(shares, (width, height) * 2, strict=True)]
    return {"label": label, "box": sides}


def region_of(box: Mapping[str, Any], row: LabelRow, id: str) -> dict[str, Any]:
    """Make a result of a box; raises BadData where the data of the item do not say the size of the image."""
    width, height = size_in(row, "Label Studio")
    shares = [100 * side / whole for side, whole in zip(box["box"], (width, height) * 2, strict=True)]
    value = {**dict(zip(_SIDES, shares, strict=True)), "rotation": 0, RECTANGLES: [str(box["label"])]}
    size = {"original_width": width, "original_height": height, "image_rotation": 0}
    return {"id": id, "type": RECTANGLES, "from_name": "label", "to_name": "image", **size, "value": value}
