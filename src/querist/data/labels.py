"""Labels as they come become labels as they are kept: Python strings or integers, None where there is none."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

from querist.errors import BadData
from querist.tasks.protocol import Label


def canonical(values: Any, where: Callable[[int], str]) -> list[Label | None]:
    """Turn labels of any origin into strings or integers; None, NaN and the empty text mean unlabelled.

    Whole floats become integers, booleans the texts "true" and "false"; where texts and integers mix, all become
    texts. ``where(i)`` says where row i stands. Raises BadData on fractions and on anything else. Cost O(N).

    >>> canonical([1.0, None, 2], str)
    [1, None, 2]
    >>> canonical(["a", "", 3], str)
    ['a', None, '3']
    """
    raw = as_list(values)
    known: dict[tuple[type, Any], Label | None] = {}
    labels: list[Label | None] = []
    for row, value in enumerate(raw):
        try:
            key = (type(value), value)
            if key not in known:
                known[key] = _one(value)
            labels.append(known[key])
        except (TypeError, ValueError, OverflowError):
            raise BadData(_message(value, where(row))) from None
    mixed = {type(label) for label in labels} >= {int, str}
    return [None if label is None else str(label) for label in labels] if mixed else labels


def as_list(values: Any) -> list[Any]:
    """List the values of a column, series, array or sequence as Python objects; one column in 2-D counts as 1-D.

    >>> import numpy as np
    >>> as_list(np.array([[1], [2]]))
    [1, 2]
    """
    if hasattr(values, "notna"):  # pandas has several kinds of missing values
        values = values.astype(object).where(values.notna(), None)
    for method in ("to_pylist", "to_list", "tolist"):
        if hasattr(values, method):
            values = getattr(values, method)()
            break
    if not isinstance(values, Sequence) or isinstance(values, str):
        raise BadData(f"one value a row is needed: got a {type(values).__name__}; give a list or an array")
    if values and all(isinstance(v, list) and len(v) == 1 for v in values):
        return [v[0] for v in values]
    return list(values)


def _one(value: Any) -> Label | None:
    value = value.item() if hasattr(value, "item") else value
    if value is None or value == "" or (isinstance(value, float) and math.isnan(value)):
        return None
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int | str):
        return int(value) if isinstance(value, int) else str(value)
    if isinstance(value, float) and value == int(value):
        return int(value)
    raise ValueError


def _message(value: Any, where: str) -> str:
    tail = " (numbers to predict are not supported yet)" if isinstance(value, float) else ""
    return f"labels must be classes, texts or whole numbers{tail}: {where} has {value!r}; name another label column"
