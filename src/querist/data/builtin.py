"""The classification sets that ship with scikit-learn and need no download."""

from __future__ import annotations

from typing import Any

from querist.formats.protocol import Arrays, Table

_SETS = {"breast_cancer": "breast_cancer", "digits": "digits", "iris": "iris", "wdbc": "breast_cancer", "wine": "wine"}


def builtin_names() -> tuple[str, ...]:
    """List the built-in data sets.

    >>> builtin_names()
    ('breast_cancer', 'digits', 'iris', 'wdbc', 'wine')
    """
    return tuple(sorted(_SETS))


def builtin(name: str) -> Table | Arrays:
    """Load a built-in set: digits as an array of pixels, the others as tables with the label in ``target``."""
    import pyarrow as pa
    from sklearn import datasets

    found: Any = getattr(datasets, f"load_{_SETS[name]}")()
    if name == "digits":
        return Arrays(found.data, found.target, about={"shape": [8, 8]})
    columns = dict(zip(map(str, found.feature_names), found.data.T, strict=True))
    return pa.table({**columns, "target": found.target_names[found.target].tolist()})
