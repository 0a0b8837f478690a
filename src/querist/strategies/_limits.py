"""Checks on the parameters of strategies, and on the size of what they would have to hold."""

from __future__ import annotations

from math import isfinite

from querist.errors import BadInput


def check_number(name: str, value: float | None, *, least: float | None = None) -> None:
    """Raise BadInput unless a number is None, or finite and above 0, or where ``least`` is given at least that.

    >>> check_number("ridge", 0.5)
    """
    if value is None:
        return
    number = isinstance(value, int | float) and isfinite(value)
    if number and (value > 0 if least is None else value >= least):
        return
    wanted = "a positive number" if least is None else f"a number from {least:g} on"
    raise BadInput(f"{name} must be {wanted}: got {value!r}")


def check_parameters(name: str, size: int, *, matrices: int, max_bytes: int) -> None:
    """Raise BadInput when so many matrices of ``size`` rows and columns take more than ``max_bytes``.

    >>> check_parameters("bait", 100, matrices=4, max_bytes=2**30)
    """
    if 8 * matrices * size**2 > max_bytes:
        raise BadInput(
            f"strategy {name!r} needs {8 * matrices * size**2 / 2**30:.1f} GiB for matrices of {size:,} parameters, "
            f"(classes − 1) × features: got max_bytes={max_bytes:,}; reduce the embedding, for example with PCA, or "
            "raise max_bytes"
        )
