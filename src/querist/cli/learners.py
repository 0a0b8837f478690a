"""querist learners: every learner there is."""

from __future__ import annotations

from dataclasses import MISSING, fields, is_dataclass
from typing import Any

import click

from querist.cli._options import as_json, example
from querist.cli._output import emit, show
from querist.errors import BadInput


@click.command(epilog=example("querist learners"))
@as_json
def command(as_json: bool) -> None:
    """List the learners: what each is, what it gives, its options."""
    rows = facts()
    if as_json:
        emit(rows)
        return
    show(["name", "what", "gives", "options"], [_cells(row) for row in rows])


_UNSAID = {"what": "from an installed package, which says no more", "gives": (), "eats": "", "cost": "not stated"}


def facts() -> list[dict[str, Any]]:
    """List the learners with their facts, by name."""
    from querist._load import names

    return [_row(name) for name in names("learners")]


def _row(name: str) -> dict[str, Any]:
    """Give the facts of a learner; those of a package that cannot be loaded are its error."""
    from querist._load import find

    try:
        return _facts(name, find("learners", name))
    except BadInput as error:
        return {"name": name, **_UNSAID, "what": str(error), "options": {}, "error": str(error)}


def _facts(name: str, learner: Any) -> dict[str, Any]:
    about = getattr(learner, "about", None)
    said = _UNSAID if about is None else about._asdict()
    return {"name": name, **said, "options": options_of(learner)}


def options_of(kind: Any) -> dict[str, Any]:
    """Give the options of a learner or strategy with their defaults; None where there is no default."""
    found = fields(kind) if is_dataclass(kind) else ()
    return {field.name: None if field.default is MISSING else field.default for field in found if field.init}


def _cells(row: dict[str, Any]) -> list[str]:
    options = ", ".join(f"{name}={value!r}" for name, value in row["options"].items())
    return [row["name"], row["what"], ", ".join(row["gives"]), options or "–"]
