"""What goes over the wire of the map: one model for each JSON object; places and columns go as bytes."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from querist.web.models import Given, Said, Standing
from querist.web.models_labels import Label

MOST_ROWS = 500
MOST_FOUND = 20_000


class MapInfo(Said):
    """Which map is there. ``items`` have a place, of ``pool`` in all; ``round`` is the model's that it shows.

    ``version`` names the places: fetch them again when it changes. ``stale`` says what has changed since, "" when
    nothing has; ``message`` what stands against a map, or what is being done.
    """

    state: Literal["none", "drawing", "ready", "failed"]
    message: str
    version: str
    method: str
    items: int
    pool: int
    round: int
    stale: str


class MapRequest(Given):
    """Rows of the map, by their number."""

    rows: list[Annotated[int, Field(ge=0)]] = Field(max_length=MOST_ROWS)


class MapItem(Said):
    """An item of the map. What the model says is null for items of the audit, whose answers it would sway."""

    row: int
    id: str
    preview: str
    label: Label | None
    predicted: str | int | None
    uncertainty: float | None
    audit: bool
    mine: Standing | None


class MapItems(Said):
    """Items of the map, in the order in which they were asked for."""

    items: list[MapItem]


class MapFound(Said):
    """Rows whose id or text holds what was sought, in ingest order; ``total`` counts those that were cut off too."""

    rows: list[int]
    total: int
