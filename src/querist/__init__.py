"""querist: train good models with few labels.

Public names are imported when first used, so that ``import querist`` costs NumPy and a few milliseconds.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from querist._query import choose, query
    from querist.data import Dataset, Pool, load
    from querist.errors import QueristError
    from querist.study import Study
    from querist.tasks import Answer
    from querist.view import Head, Ragged, Selection, View

__version__ = "0.1.0"

_HOME = {
    "Answer": "tasks",
    "Dataset": "data",
    "Head": "view",
    "Pool": "data",
    "QueristError": "errors",
    "Ragged": "view",
    "Selection": "view",
    "Study": "study",
    "View": "view",
    "choose": "_query",
    "load": "data",
    "query": "_query",
}

__all__ = [
    "Answer",
    "Dataset",
    "Head",
    "Pool",
    "QueristError",
    "Ragged",
    "Selection",
    "Study",
    "View",
    "choose",
    "load",
    "query",
]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'querist' has no attribute {name!r}")
    value = getattr(import_module(f"querist.{_HOME[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
