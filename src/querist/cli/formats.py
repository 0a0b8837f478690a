"""querist formats: every file format there is."""

from __future__ import annotations

import click

from querist.cli._options import as_json, example
from querist.cli._output import emit, show


@click.command(epilog=example("querist formats"))
@as_json
def command(as_json: bool) -> None:
    """List the file formats: endings, what each carries."""
    from querist.formats import listing

    found = listing()
    if as_json:
        emit([about._asdict() for about in found])
        return
    rows = [[a.name, " ".join(a.suffixes), _yes(a.reads), _yes(a.writes), a.line] for a in found]
    show(["name", "endings", "reads", "writes", "what"], rows)


def _yes(able: bool) -> str:
    return "yes" if able else "–"
