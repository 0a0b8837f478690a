"""querist strategies: every strategy there is."""

from __future__ import annotations

from typing import Any

import click

from querist.cli._options import as_json, example
from querist.cli._output import emit, say, show, width
from querist.errors import BadInput

WORDS = ("name", "family", "needs", "formula")
WIDE = 110


@click.command(epilog=example("querist strategies --json | jq -r '.[].name'"))
@as_json
def command(as_json: bool) -> None:
    """List the strategies: evidence needed, formula, cost, source."""
    rows = facts()
    if as_json:
        emit(rows)
        return
    columns = width()
    whole = columns is None or columns >= WIDE
    words = (*WORDS, "cost", "source") if whole else WORDS
    show(words, [[_cell(row, word) for word in words] for row in rows])
    if not whole:
        say("a wider window, or --json, shows their cost and source too")


def facts() -> list[dict[str, Any]]:
    """List the strategies with their facts, by family and name."""
    from querist._load import names

    rows = [_row(name) for name in names("strategies")]
    return sorted(rows, key=lambda row: (row["family"], row["name"]))


def _row(name: str) -> dict[str, Any]:
    """Give the facts of a strategy; those of a package that cannot be loaded are its error."""
    from querist._load import make

    try:
        return _facts(name, make("strategies", name))
    except BadInput as error:
        words = ("family", "formula", "cost", "source")
        return {"name": name, **_NOTHING, **dict.fromkeys(words, "–"), "formula": str(error), "error": str(error)}


_NOTHING: dict[str, Any] = {"needs": [], "either": [], "context": [], "joint": False}


def _facts(name: str, rule: Any) -> dict[str, Any]:
    about = rule.about
    return {
        "name": name,
        "family": about.family,
        "needs": sorted(rule.needs),
        "either": list(rule.either),
        "context": sorted(rule.context),
        "joint": rule.joint,
        "formula": about.formula,
        "cost": about.cost,
        "source": about.source,
    }


def _cell(row: dict[str, Any], word: str) -> str:
    if word != "needs":
        return str(row[word])
    needs = [*row["needs"], *([" or ".join(row["either"])] if row["either"] else [])]
    return " + ".join(part for part in (", ".join(needs), ", ".join(row["context"])) if part) or "–"
