"""A table from rows of names and values."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pyarrow as pa

from querist.errors import BadData
from querist.formats.protocol import Table

_SCALAR = (str, int, float, bool, type(None))


def table_of(rows: Sequence[Mapping[str, Any]], where: Callable[[int], str]) -> Table:
    """Join rows into columns, in order of first appearance; an absent value is null.

    Numbers and texts mixed in one column become texts. ``where(i)`` says where row i stands; raises BadData.

    >>> table_of([{"a": 1}, {"a": 2, "b": "x"}], str).to_pylist()
    [{'a': 1, 'b': None}, {'a': 2, 'b': 'x'}]
    """
    names = dict.fromkeys(name for row in rows for name in row)
    if not names:
        raise BadData(f"{where(0)}: the rows have no columns at all; give each row at least one value")
    return pa.table({str(name): _column(str(name), [row.get(name) for row in rows], where) for name in names})


def _column(name: str, values: list[Any], where: Callable[[int], str]) -> Table:
    try:
        return pa.array(values)
    except (pa.ArrowInvalid, pa.ArrowTypeError, pa.ArrowNotImplementedError, OverflowError):
        odd = next((i for i, v in enumerate(values) if not isinstance(v, _SCALAR)), None)
    except UnicodeEncodeError:
        raise BadData(f"{where(_broken(values))}: column {name!r} holds half a character (a lone surrogate)") from None
    if odd is None:
        return pa.array([scalar_text(v) for v in values], pa.string())
    raise BadData(
        f"{where(odd)}: column {name!r} holds a {type(values[odd]).__name__} that does not fit the other rows; "
        "give one kind of value in each column"
    ) from None


def _broken(values: list[Any]) -> int:
    return next((row for row, value in enumerate(values) if is_broken(str(value))), 0)


def is_broken(text: str) -> bool:
    """Say whether a text holds half a character, which no file can keep."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return True
    return False


def scalar_text(value: Any) -> str | None:
    """Write a plain value as text, a whole float as an integer; None stays None.

    >>> [scalar_text(v) for v in (True, 3, 2.0, "a", None)]
    ['true', '3', '2', 'a', None]
    """
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value).lower() if isinstance(value, bool) else str(value)
