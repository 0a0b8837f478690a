"""What the commands print: facts on standard output, messages on standard error, colour on a terminal only."""

from __future__ import annotations

import json
import math
import os
import shutil
import sys
import textwrap
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal, TextIO

import click

if TYPE_CHECKING:
    from rich.console import Console


def use_utf8() -> None:
    """Write UTF-8 to files and pipes whatever the locale says: JSON is UTF-8."""
    for stream in (sys.stdout, sys.stderr):
        if not stream.isatty() and hasattr(stream, "reconfigure"):
            stream.reconfigure(encoding="utf-8")


def emit(facts: Any) -> None:
    """Print facts as one line of JSON, indented on a terminal."""
    click.echo(as_json(facts, indent=2 if sys.stdout.isatty() else None))


def emit_line(facts: Any) -> None:
    """Print facts as one line of JSON Lines."""
    click.echo(as_json(facts))


def as_json(facts: Any, *, indent: int | None = None) -> str:
    """Write facts as JSON; numbers without a value become null, arrays become lists.

    >>> as_json({"a": float("nan"), "b": (1, "ü")})
    '{"a": null, "b": [1, "ü"]}'
    """
    return json.dumps(_plain(facts), ensure_ascii=False, allow_nan=False, indent=indent)


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(key): _plain(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_plain(inner) for inner in value]
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if value is None or isinstance(value, str | int):
        return value
    return _plain(value.tolist()) if hasattr(value, "tolist") else str(value)


def say(message: str) -> None:
    """Print a message on standard error."""
    click.echo(message, err=True)


def hint(message: str) -> None:
    """Suggest what to do next, to people only."""
    if sys.stderr.isatty():
        say(message)


def complain(message: str) -> None:
    """Print an error on standard error, in one line."""
    line = " ".join(message.split())
    head = "Error:" if os.environ.get("NO_COLOR") else click.style("Error:", fg="red", bold=True)
    click.echo(f"{head} {line}", err=True)


def console(stream: TextIO | None = None) -> Console:
    """Open a rich console on a stream (default: standard error); it respects NO_COLOR."""
    from rich.console import Console

    return Console(file=stream or sys.stderr, highlight=False, soft_wrap=False)


def width() -> int | None:
    """Give the width of the terminal that standard output is, None elsewhere."""
    return shutil.get_terminal_size().columns if sys.stdout.isatty() else None


def write(text: str) -> None:
    """Print text on standard output, broken between words on a terminal."""
    columns = width()
    click.echo(text if columns is None else textwrap.fill(text, columns))


def show(header: Sequence[str], rows: Sequence[Sequence[str]], *, right: Sequence[int] = ()) -> None:
    """Print a table on standard output: rich on a terminal, aligned text otherwise. ``right``: numeric columns."""
    if sys.stdout.isatty():
        _show_rich(header, rows, right)
    else:
        click.echo(aligned(header, rows, right=right))


def _show_rich(header: Sequence[str], rows: Sequence[Sequence[str]], right: Sequence[int]) -> None:
    from rich.box import SIMPLE_HEAD
    from rich.table import Table
    from rich.text import Text

    screen = console(sys.stdout)
    wide = max(map(len, aligned(header, rows).splitlines())) + len(header) > screen.width
    table = Table(box=SIMPLE_HEAD, pad_edge=False, header_style="bold")
    for place, name in enumerate(header):
        side: Literal["left", "right"] = "right" if place in right else "left"
        least = max(map(len, name.split()))
        table.add_column(_broken(name, wide), justify=side, overflow="fold", no_wrap=place == 0, min_width=least)
    for row in rows:
        table.add_row(*(Text(_broken(cell, wide)) for cell in row))
    screen.print(table)


def _broken(cell: str, wide: bool) -> str:
    """Break a cell before its bracket where the table is wider than the screen, so that a number stays whole."""
    return cell.replace(" (", "\n(") if wide else cell


def aligned(header: Sequence[str], rows: Sequence[Sequence[str]], *, right: Sequence[int] = ()) -> str:
    """Align a table as plain text.

    >>> print(aligned(["name", "n"], [["margin", "5"], ["badge", "12"]], right=[1]))
    name     n
    margin   5
    badge   12
    """
    lines = [list(header), *map(list, rows)]
    widths = [max(len(line[place]) for line in lines) for place in range(len(header))]
    cells = ([_pad(c, w, place in right) for place, (c, w) in enumerate(zip(ln, widths, strict=True))] for ln in lines)
    return "\n".join("  ".join(line).rstrip() for line in cells)


def _pad(cell: str, width: int, right: bool) -> str:
    return cell.rjust(width) if right else cell.ljust(width)
