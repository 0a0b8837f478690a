"""querist export: labels out."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from querist.cli._options import study_command
from querist.cli._output import say

if TYPE_CHECKING:
    from querist.formats import LabelRow
    from querist.store.protocol import Event, Ranked, Ranking
    from querist.study import Study


@study_command("querist export cells.querist --format csv --out labels.csv")
@click.option("--format", "form", required=True, metavar="FORMAT", help="jsonl (loses nothing) or csv.")
@click.option(
    "--out",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="The file.  [default: standard output]",
)
@click.option("--all", "everything", is_flag=True, help="Items without an answer too.")
def command(study: Study, form: str, out: Path | None, everything: bool) -> None:
    """Write the answers, the items, and how each was chosen.

    Each person's latest answer on an item is written; answers taken back are not. `querist import` reads the file.
    """
    from querist.formats import label_format

    writer = label_format(form)
    rows = list(label_rows(study, everything=everything))
    text = io.StringIO(newline="")
    writer.write_labels(rows, text)
    if out is None:
        click.echo(text.getvalue(), nl=False)
    else:
        out.write_bytes(text.getvalue().encode())
        say(f"wrote {len(rows)} items to {out}")


class _Place(NamedTuple):
    """Where an item stood in the ranking of a round, and what the model said of it then."""

    round: int
    rank: int
    row: Ranked
    ranking: Ranking
    said: tuple[Any, float | None]


def label_rows(study: Study, *, everything: bool = False) -> Iterator[LabelRow]:
    """Give each answered item (or every item) with its standing answers, prediction and selection, in ingest order."""
    from querist.formats import LabelRow

    standing, places = _standing(study), _places(study)
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
        )


def _standing(study: Study) -> dict[str, list[Event]]:
    found: dict[str, dict[str, Event]] = {}
    for event in study.store.events():
        people = found.setdefault(event.answer.item, {})
        people.pop(event.answer.who, None)
        if event.answer.kind != "retract":
            people[event.answer.who] = event
    return {item: list(people.values()) for item, people in found.items()}


def _places(study: Study) -> dict[str, list[_Place]]:
    current = study.store.published()
    found: dict[str, list[_Place]] = {}
    for number in range(1, 1 + (current.round if current else 0)):
        ranking = study.store.ranking(number)
        if ranking is None:
            continue
        said = json.loads(study.store.get(f"suggestions/{number}") or b"{}")
        for rank, row in enumerate(ranking.queue, 1):
            place = _Place(number, rank, row, ranking, tuple(said.get(row.item, (None, None))))
            found.setdefault(row.item, []).append(place)
    return found


def _place_at(places: list[_Place], events: list[Event]) -> _Place | None:
    """Find the ranking that offered an item: the last before its first answer, as items handed out are not ranked."""
    before = [place for place in places if not events or place.ranking.position < events[0].position]
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
