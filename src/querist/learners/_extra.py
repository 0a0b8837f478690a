"""Optional packages, and which installation mends their absence."""

from __future__ import annotations

from importlib import import_module

from querist.errors import MissingExtra


def need(package: str, *, extra: str, by: str) -> None:
    """Raise MissingExtra unless a package can be imported.

    >>> need("numpy", extra="none", by="an example")
    """
    try:
        import_module(package)
    except ImportError:
        raise MissingExtra(f"{by} needs {package}: pip install 'querist[{extra}]'") from None
