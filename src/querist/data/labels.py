"""Labels as they come become labels as they are kept: Python strings or integers, None where there is none."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from querist.errors import BadData, BadInput
from querist.tasks._classes import MISSING, as_class
from querist.tasks.protocol import Label

_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")


def canonical(values: Any, where: Callable[[int], str]) -> list[Label | None]:
    """Turn labels of any origin into strings or integers; None, NaN and the texts in ``MISSING`` mean unlabelled.

    Whole floats become integers, booleans the texts "true" and "false", and blanks around a text go; where texts and
    integers mix, all become texts. ``where(i)`` says where row i stands. Raises BadData on fractions, those written
    as text too where every label is a number, and on anything else. Lists of texts or of spans, and mappings
    with the key "spans", stay as they are: the task checks them. Cost O(N).

    >>> canonical([1.0, None, 2], str)
    [1, None, 2]
    >>> canonical(["a", " a", "NaN", 3], str)
    ['a', 'a', None, '3']
    """
    raw = as_list(values)
    if any(_is_structured(value) for value in raw):
        return _structured(raw, where)
    known: dict[tuple[type, Any], Label | None] = {}
    labels: list[Label | None] = []
    for row, value in enumerate(raw):
        try:
            key = (type(value), value)
            if key not in known:
                known[key] = None if _is_missing(value) else as_class(value)
            labels.append(known[key])
        except (BadInput, TypeError):
            raise BadData(_message(value, where(row))) from None
    kinds = {label for label in known.values() if label is not None}
    _refuse_fractions(labels, kinds, where)
    mixed = {type(label) for label in kinds} >= {int, str}
    return [None if label is None else str(label) for label in labels] if mixed else labels


def _is_structured(value: Any) -> bool:
    if isinstance(value, Mapping):
        return "spans" in value  # of a text that was looked at in part
    return isinstance(value, list | tuple) and all(isinstance(part, str | Mapping | list | tuple) for part in value)


def _structured(values: list[Any], where: Callable[[int], str]) -> list[Label | None]:
    """Pass on labels that are lists, None where a row has none; raises BadData on a mixture."""
    for row, value in enumerate(values):
        if not _is_structured(value) and not _is_missing(value):
            raise BadData(
                f"labels must be lists of texts or of spans in every row or in none: {where(row)} has {value!r}"
            )
    taken = [dict(value) if isinstance(value, Mapping) else value for value in values]
    return [None if _is_missing(value) else list(value) if isinstance(value, tuple) else value for value in taken]


def _refuse_fractions(labels: list[Label | None], kinds: set[Label], where: Callable[[int], str]) -> None:
    """Refuse numbers to predict that were read as text."""
    if all(isinstance(k, int) or _NUMBER.fullmatch(k) for k in kinds):
        fraction = next((k for k in labels if isinstance(k, str) and not float(k).is_integer()), None)
        if fraction is not None:
            raise BadData(_message(float(fraction), where(labels.index(fraction))))


def _is_missing(value: Any) -> bool:
    value = value.item() if hasattr(value, "item") else value
    if isinstance(value, str):
        return value.strip() in MISSING
    return value is None or (isinstance(value, float) and math.isnan(value))


def words_for_missing(values: Any) -> list[str]:
    """Say which words were taken to mean that there is no label, one note in all; none where none was.

    >>> words_for_missing(["a", "NaN", "N/A", " NaN", ""])
    ["3 rows whose label reads 'N/A' or 'NaN' were taken as unlabelled; rename a class that is called so"]
    """
    texts = [v.strip() for v in as_list(values) if isinstance(v, str)]
    found = [text for text in texts if text in MISSING and text]
    rows = "1 row whose label reads" if len(found) == 1 else f"{len(found)} rows whose label reads"
    words = " or ".join(map(repr, sorted(set(found))))
    taken = "was" if len(found) == 1 else "were"
    return [f"{rows} {words} {taken} taken as unlabelled; rename a class that is called so"] if found else []


def as_list(values: Any) -> list[Any]:
    """List the values of a column, series, array or sequence as Python objects; one column in 2-D counts as 1-D.

    >>> import numpy as np
    >>> as_list(np.array([[1], [2]]))
    [1, 2]
    """
    if hasattr(values, "notna"):  # pandas has several kinds of missing values
        values = values.astype(object).where(values.notna(), None)
    wide = getattr(values, "ndim", 1) == 2
    for method in ("to_pylist", "to_list", "tolist"):
        if hasattr(values, method):
            values = getattr(values, method)()
            break
    if not isinstance(values, Sequence) or isinstance(values, str):
        raise BadData(f"one value a row is needed: got a {type(values).__name__}; give a list or an array")
    if wide and values and all(isinstance(v, list) and len(v) == 1 for v in values):
        return [v[0] for v in values]
    return list(values)


def _message(value: Any, where: str) -> str:
    tail = " (numbers to predict are not supported yet)" if isinstance(value, float) else ""
    return f"labels must be classes, texts or whole numbers{tail}: {where} has {value!r}; name another label column"
