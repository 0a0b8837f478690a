"""Items as the browser shows them."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote

from querist.data import Pool
from querist.store.protocol import Claim, Event, Ranked
from querist.store.rules import milliseconds
from querist.tasks.protocol import Task
from querist.web.models import HistoryEntry, Seen, Standing, Suggestion
from querist.web.rounds import Round

LONGEST_PREVIEW = 80
MOST_CELLS = 4
OWN_VIEW = frozenset({"spans", "boxes", "particles"})
"""Tasks whose items have a view of the same name."""


def view_of(task: Task, pool: Pool) -> str:
    """Name the view that shows the items of a study."""
    if task.schema["task"] in OWN_VIEW:
        return str(task.schema["task"])
    if task.schema["task"] == "classification" and _asks_of_candidates(pool):
        return "candidate"
    return "image" if is_image(pool) else pool.kind


def _asks_of_candidates(pool: Pool) -> bool:
    """Say whether the items are patches round candidates, as ``querist.data.patches.candidate_pool`` makes them."""
    if pool.kind != "image" or pool.records is None or not len(pool):
        return False
    return {"centre_x", "centre_y"} <= set(pool.records[0])


def is_image(pool: Pool) -> bool:
    """Say whether the items can be drawn: images, or rows of an array of images."""
    return pool.kind == "image" or len(pool.about.get("shape", ())) >= 2


def data_of(pool: Pool, id: str, frames: Sequence[str] = ()) -> dict[str, Any]:
    """Give what is shown of an item as JSON; of an image the path on this server, its size, and the frames about it."""
    if not is_image(pool):
        return plain(pool.media(id).data)
    if pool.kind != "image":
        height, width = pool.about["shape"][:2]
        return {"image": link("media", id), "width": width, "height": height}
    found = {**plain(pool.media(id).data), "image": link("media", id), "levels": link("levels", id)}
    found["tiles"] = link("tile", id)
    found["scan"] = bool(pool.about.get("dicom"))
    return {**found, "frames": [{"id": near, "image": link("media", near)} for near in frames]}


def link(what: str, id: str) -> str:
    """Give the path on this server of what belongs to an item."""
    return f"/api/{what}/{quote(id, safe='')}"


def plain(record: Mapping[str, Any]) -> dict[str, Any]:
    """Bring a record to what JSON can hold.

    >>> plain({"a": float("nan"), "b": (1, 2.5)})
    {'a': None, 'b': [1, 2.5]}
    """
    return {str(name): _plain(value) for name, value in record.items()}


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return plain(value)
    if isinstance(value, list | tuple | set | frozenset):
        return [_plain(inner) for inner in value]
    if isinstance(value, float):
        return float(value) if math.isfinite(value) else None
    if value is None or isinstance(value, str | int):
        return value
    return _plain(value.tolist()) if hasattr(value, "tolist") else str(value)


def preview(pool: Pool, id: str, longest: int = LONGEST_PREVIEW) -> str:
    """Give the start of an item's text, or of its record; of an image its id."""
    if is_image(pool):
        return id
    data = plain(pool.media(id).data)
    text = data.get("text")
    if not isinstance(text, str):
        cells = [(name, value) for name, value in data.items() if value is not None][:MOST_CELLS]
        text = " · ".join(f"{name} {value}" for name, value in cells)
    text = " ".join(text[: 4 * longest].split())
    return text if len(text) <= longest else text[: longest - 1] + "…"


def suggestion(found: Round, item: str, seen: list[Seen] | None) -> Suggestion | None:
    """Give what the model of a round would answer, since when it has said so, and what it saw."""
    label, confidence = found.said.get(item, (None, None))
    if label is None:
        return None
    age = max(milliseconds() - found.at, 0) / 1000
    strategy = found.info.get("strategy", "")
    return Suggestion(
        label=label, confidence=confidence, seen=seen, round=found.number, age_seconds=round(age, 1),
        strategy=strategy,
    )  # fmt: skip


def why(place: Claim | Ranked, rank: int, round: int) -> str:
    """Say in one sentence why an item was chosen."""
    if is_audit(place.reason):
        return "drawn at random to measure how good the model is"
    value = f"; score {place.value:.3g}" if math.isfinite(place.value) and place.value else ""
    return f"{place.reason or 'chosen'}: place {rank} of round {round}{value}"


def is_audit(reason: str) -> bool:
    """Say whether an item was drawn at random to measure the model, and not chosen to teach it."""
    return reason.startswith("audit")


def standing(event: Event | None, *, informed: bool) -> Standing | None:
    """Give a standing answer as the browser knows it."""
    if event is None:
        return None
    answer = event.answer
    said = {"kind": answer.kind, "label": answer.label, "at": event.at, "informed": informed}
    return Standing.model_validate(said)


def entry(pool: Pool, event: Event) -> HistoryEntry:
    """Give a line of the history."""
    answer = event.answer
    text = preview(pool, answer.item)
    return HistoryEntry(item=answer.item, kind=answer.kind, label=answer.label, at=event.at, preview=text)
