"""querist predict: what the model says of the pool, or of new rows."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from querist.cli._options import columns, notes, reading, study_command, study_name
from querist.cli._output import as_json, say
from querist.errors import BadInput

if TYPE_CHECKING:
    from querist.study import Study

ENDINGS = (".jsonl", ".csv")


@study_command("querist predict cells.querist new.csv --out predicted.csv")
@click.argument("data", metavar="[DATA]", required=False)
@click.option(
    "--out",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="A .jsonl or .csv file.  [default: JSON Lines on standard output]",
)
@reading
def command(study: Study, data: str | None, out: Path | None, **options: Any) -> None:
    """Predict the items of the study, or the rows of DATA.

    Gives id, label and confidence. DATA is read as the study's own items were. The model is that of the last step;
    confidence is its probability that the label is right, where it gives one.
    """
    if out is not None and out.suffix.lower() not in ENDINGS:
        raise BadInput(f"--out must end in {' or '.join(ENDINGS)}: got {out.name!r}")
    status = study.status()
    if not status.labelled:
        raise BadInput(f"no item has a label, so there is nothing to predict from: label some, see `{_ask()}`")
    if status.position > status.seen:
        behind = status.position - status.seen
        say(f"{behind} answers are newer than the model: `querist step {study_name()}` learns them")
    rows = list(_predicted(study, data, columns(options)))
    _write(rows, out)


def _ask() -> str:
    return f"querist ask {study_name()}"


def _predicted(study: Study, data: str | None, given: dict[str, Any]) -> Iterator[dict[str, Any]]:
    ids, items = study.pool.ids, None
    if data is not None:
        from querist.data import load

        found = load(data, like=study.pool, **given)
        notes(found)
        ids, items = found.pool.ids, found.pool.items
    needs = study.predictor.provides & {"probs", "decision", "elements", "places", "paths"}
    evidence = study.predict(items, needs)
    for row, id in enumerate(ids):
        said = study.task.decode(evidence, row)
        label, confidence = (None, None) if said is None else (said.label, said.confidence)
        yield {"id": id, "label": label, "confidence": confidence}


def _write(rows: list[dict[str, Any]], out: Path | None) -> None:
    lines = out is None or out.suffix.lower() == ".jsonl"
    text = "".join(f"{as_json(row)}\n" for row in rows) if lines else _csv(rows)
    if out is None:
        click.echo(text, nl=False)
        return
    out.write_bytes(text.encode())
    say(f"wrote {len(rows)} predictions to {out}")


def _csv(rows: list[dict[str, Any]]) -> str:
    from querist.formats import guard

    sink = io.StringIO(newline="")
    writer = csv.writer(sink, lineterminator="\n")
    writer.writerow(["id", "label", "confidence"])
    for row in rows:
        label = row["label"]
        text = json.dumps(label, ensure_ascii=False) if isinstance(label, list | dict) else label
        writer.writerow([*(guard(v) if isinstance(v, str) else v for v in (row["id"], text)), row["confidence"]])
    return sink.getvalue()
