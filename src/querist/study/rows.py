"""What a study takes out into the world: each item with its answers, what the model said, how it was chosen."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple

from querist.formats import LabelRow
from querist.store.protocol import Event, Ranked, Ranking
from querist.study.opinions import Opinions

if TYPE_CHECKING:
    from querist.study.loop import Study


class _Place(NamedTuple):
    """Where an item stood in the ranking of a round, and what the model said of it then."""

    round: int
    rank: int
    row: Ranked
    ranking: Ranking
    said: tuple[Any, float | None]


def label_rows(study: Study, *, everything: bool = False) -> Iterator[LabelRow]:
    """Give each answered item (or every item) with its standing answers, prediction and selection, in ingest order."""
    standing, places, labels = _standing(study), _places(study), study.labels()
    for id in study.pool.ids:
        events = standing.get(id, [])
        if not events and not everything:
            continue
        place = _place_at(places.get(id, []), events)
        yield LabelRow(
            id,
            study.pool.media(id).data,
            tuple(event.answer for event in events),
            None if place is None else _prediction(place),
            None if place is None else _selection(place),
            tuple(event.at for event in events),
            study.settings.task["task"],
            labels.get(id) if sum(event.answer.kind == "label" for event in events) > 1 else None,
        )


def _standing(study: Study) -> dict[str, list[Event]]:
    """Give the standing answers of each item, one per person, then the notes, in the order they came."""
    found: dict[str, dict[str, Event]] = {}
    notes: dict[str, dict[str, Event]] = {}
    opinions = Opinions()
    for event in study.store.events():
        opinions.take(event.answer)
        who, is_note = event.answer.who, event.answer.kind == "note"
        people = (notes if is_note else found).setdefault(event.answer.item, {})
        before = people.pop(who, None)
        if event.answer.kind != "retract":
            people[who] = _together(before, event) if is_note and before else event
    items = {**found, **notes}
    remarks = {item: [_about(event, opinions) for event in people.values()] for item, people in notes.items()}
    return {item: [*found.get(item, {}).values(), *remarks.get(item, ())] for item in items}


def _together(before: Event, event: Event) -> Event:
    """Let what an earlier note said of the flag or the comment stand where the later one is silent of it."""
    return _saying(event, {**before.answer.label, **event.answer.label})


def _about(note: Event, opinions: Opinions) -> Event:
    """Let a note call no label informed but the one that stands: an earlier one may have been meant."""
    said, of = note.answer.label, opinions.informed(note.answer.item, note.answer.who)
    return _saying(note, {**said, "informed": of}) if "informed" in said else note


def _saying(event: Event, said: Mapping[str, Any]) -> Event:
    if said == event.answer.label:
        return event
    return event._replace(answer=replace(event.answer, label=said, uid=None))  # no longer what that uid was sent with


def _places(study: Study) -> dict[str, list[_Place]]:
    current = study.store.published()
    found: dict[str, list[_Place]] = {}
    for number in range(1, 1 + (current.round if current else 0)):
        ranking = study.store.ranking(number)
        if ranking is None:
            continue
        said = json.loads(study.store.get(f"suggestions/{number}") or b"{}")
        out = set(ranking.info["out"])
        for rank, row in enumerate(ranking.queue, 1):
            if row.item in out:
                continue  # chosen in an earlier round, and with somebody when this one was made
            place = _Place(number, rank, row, ranking, tuple(said.get(row.item, (None, None))))
            found.setdefault(row.item, []).append(place)
    return found


def _place_at(places: list[_Place], events: list[Event]) -> _Place | None:
    """Find the ranking that offered an item: the last before its first answer, items that were out then left aside."""
    first = next((event.position for event in events if event.answer.kind != "note"), None)
    before = [place for place in places if first is None or place.ranking.position < first]
    return before[-1] if before else None


def _prediction(place: _Place) -> Mapping[str, Any]:
    label, confidence = place.said
    model = place.ranking.info["learner"]
    value = place.row.value
    return {"model": model, "version": place.round, "label": label, "confidence": confidence, "acquisition": value}


def _selection(place: _Place) -> Mapping[str, Any]:
    strategy, row = place.ranking.info["strategy"], place.row
    chance = row.propensity
    return {"round": place.round, "strategy": strategy, "rank": place.rank, "propensity": chance, "reason": row.reason}
