"""What goes over the wire for the review queues and the grid of similar items."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from querist.web.models import Given, Item, ItemId, Said
from querist.web.models_labels import Label

ReviewKind = Literal["label-errors", "disagreements", "unsure", "flagged"]
MOST_TILES = 500


class Opinion(Said):
    """What one person said of an item."""

    who: str
    kind: Literal["label", "skip", "unsure"]
    label: Label | None


class ReviewItem(Said):
    """An item to look at again; ``reason`` says why, the most suspicious has the highest ``score``.

    ``label`` stands now; ``other`` contradicts it with probability ``chance``, against ``own`` of the label.
    """

    item: Item
    kind: ReviewKind
    score: float
    reason: str
    label: Label | None
    said: list[Opinion]
    other: Label | None
    chance: float | None
    own: float | None


class ReviewQueue(Said):
    """The first items of a queue, how many each queue holds, and in ``sentence`` where it comes from.

    ``behind`` counts the answers since the labels were judged.
    """

    kind: ReviewKind
    items: list[ReviewItem]
    counts: dict[str, int]
    sentence: str
    behind: int


class GridRequest(Given):
    """Which items to show side by side: like an item, predicted as a class, with words in them, or a list of ids."""

    by: Literal["like", "class", "search", "ids"]
    value: Annotated[str, Field(max_length=4_096)] = ""
    ids: list[ItemId] = Field(default_factory=list, max_length=100_000)
    n: int = Field(default=60, ge=1, le=MOST_TILES)


class Tile(Said):
    """One item in little. ``predicted`` and ``chance`` are the model's; ``image`` is a path on this server.

    ``mine`` says that this person set it aside before.
    """

    id: str
    text: str
    image: str | None
    predicted: str | int | None
    chance: float | None
    mine: Literal["skip", "unsure"] | None


class GridOfItems(Said):
    """Open items side by side: ``total`` are there; ``sentence`` says what they are, ``left_out`` what is not shown.

    ``sizes`` counts the items that the model holds for each class; empty without a model of classes.
    """

    tiles: list[Tile]
    total: int
    sentence: str
    left_out: str
    sizes: dict[str, int]
