"""Checks on evidence at the edge: every message says what, where, got and what to do."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import Any

import numpy as np

from querist._arrays import Array, namespace, to_numpy
from querist._parallel import WORTH, in_threads
from querist.errors import BadEvidence, MissingEvidence
from querist.view import NEEDS, Head, Need, Ragged, View

_SHAPES: dict[str, tuple[int, str]] = {
    "probs": (2, "[N, C]"),
    "decision": (2, "[N, C], or [N, 1] for two classes"),
    "draws": (3, "[N, K, C]"),
    "mean_var": (2, "[N, 2]"),
    "embed": (2, "[N, D]"),
    "cost": (1, "[N]"),
}


def check_view(view: View, needs: Iterable[Need] = NEEDS) -> None:
    """Check the evidence of a view, and of the views in its context; O(size of the evidence)."""
    check_shapes(view, needs)
    check_values(view, needs)


def check_shapes(view: View, needs: Iterable[Need] = NEEDS) -> None:
    """Check how large the evidence is and what kind of numbers it holds; O(1) but for runs of rows, O(N)."""
    for part, where in _parts(view):
        for need in needs:
            _check_shape(where + need, need, getattr(part, need), part.ids)
    for other, name in ((view.labelled, "labelled"), (view.targets, "targets")):
        if other is not None:
            _same_width(view, other, name)


def check_values(view: View, needs: Iterable[Need] = NEEDS, *, sound: Array | None = None) -> None:
    """Check every number; ``sound`` is evidence that somebody has looked through already."""
    for part, where in _parts(view):
        for need in needs:
            value = getattr(part, need)
            if value is not None and value is not sound:
                _check_value(where + need, need, value, part.ids)
    if view.head is not None:
        _check_head(view.head, view)


def _parts(view: View) -> list[tuple[View, str]]:
    parts = ((view, ""), (view.labelled, "labelled "), (view.targets, "targets "))
    return [(part, where) for part, where in parts if part is not None]


def _check_shape(name: str, need: Need, value: Any, ids: Sequence[str]) -> None:
    if value is None or isinstance(value, Head):
        return
    if isinstance(value, Ragged):
        _check_starts(name, value, ids)
        return
    _check_numbers(name, value)
    ndim, shape = _SHAPES[need]
    if value.ndim != ndim or value.shape[0] != len(ids):
        raise BadEvidence(f"{name} must have the shape {shape} with N = {len(ids)}: got {tuple(value.shape)}")
    if need == "mean_var" and value.shape[1] != 2:
        raise BadEvidence(f"{name} must have two columns, mean and variance: got {tuple(value.shape)}")
    if ndim > 1 and 0 in value.shape[1:]:
        raise BadEvidence(f"{name} must not have an empty axis: got {tuple(value.shape)}")


def _check_value(name: str, need: Need, value: Any, ids: Sequence[str]) -> None:
    if isinstance(value, Head):
        return
    if isinstance(value, Ragged):
        _check_runs(name, value, ids)
        return
    shares = need == "probs" or (need == "draws" and value.shape[2] > 1)  # draws [N, K, 1] are those of a regression
    if not _is_sound(value, shares):
        _check_finite(name, value, ids)
        if shares:
            _check_distribution(name, value, ids)
    if need == "mean_var":
        _check_variance(name, value, ids)


def _check_numbers(name: str, value: Array) -> None:
    if hasattr(value, "toarray"):
        raise BadEvidence(
            f"{name} must be a dense array: got {type(value).__name__}; reduce it, for example with TruncatedSVD, "
            "or pass .toarray()"
        )
    if not namespace(value).isdtype(value.dtype, ("integral", "real floating")):
        raise BadEvidence(f"{name} must hold real numbers: got {value.dtype}")


def _row(ids: Sequence[str], i: int) -> str:
    return f"row {i} (item {ids[i]!r})"


def _is_sound(value: Array, shares: bool) -> bool:
    """Tell, in one pass of a compiled loop, that large evidence has no fault; False where NumPy must look."""
    if not isinstance(value, np.ndarray) or value.size < WORTH or not value.flags.c_contiguous:
        return False
    if value.dtype not in (np.float32, np.float64):
        return False
    from querist._check_kernel import all_distributions, all_finite

    rows = value.reshape(-1, value.shape[-1])
    if shares:
        return all(in_threads(all_distributions, len(rows), rows, strict_tolerance(value)))
    return all(in_threads(all_finite, len(rows), rows))


def _tolerance(value: Array) -> float:
    """Say how far from 1 the sum of a distribution may lie."""
    xp = namespace(value)
    if xp.isdtype(value.dtype, "integral"):
        return 0.0
    return min(0.05, max(1e-5, 8192 * float(xp.finfo(value.dtype).eps)))


def strict_tolerance(value: Array) -> float:
    """Say how far from 1 a sum may lie that was taken in another order, and rounded so: NumPy judges the rest."""
    return _tolerance(value) / 2


def _check_finite(name: str, value: Array, ids: Sequence[str]) -> None:
    xp = namespace(value)
    if bool(xp.all(xp.isfinite(value))):
        return
    host = to_numpy(value).reshape(len(ids), -1)
    at = int(np.flatnonzero(~np.isfinite(host).all(axis=1))[0])
    got = host[at][~np.isfinite(host[at])][0]
    raise BadEvidence(f"{name} must be finite: {_row(ids, at)} holds {got}; drop the item or mend the model")


def _check_variance(name: str, value: Array, ids: Sequence[str]) -> None:
    variance = to_numpy(value)[:, 1]
    if len(ids) and variance.min() < 0:
        at = int(variance.argmin())
        raise BadEvidence(f"{name} must hold variances of 0 or more: {_row(ids, at)} holds {variance[at]:.6g}")


def _check_distribution(name: str, value: Array, ids: Sequence[str]) -> None:
    if len(ids) == 0:
        return
    xp = namespace(value)
    low = float(xp.min(value))
    if low < 0:
        at = int(np.argmin(to_numpy(xp.min(xp.reshape(value, (len(ids), -1)), axis=1))))
        raise BadEvidence(f"{name} must not be negative: {_row(ids, at)} holds {low:.6g}")
    total = xp.sum(value, axis=-1)
    off = xp.abs(total - 1)
    if float(xp.max(off)) > _tolerance(value):
        host = to_numpy(total).reshape(len(ids), -1)
        worst, column = np.unravel_index(int(np.abs(host - 1).argmax()), host.shape)
        raise BadEvidence(
            f"{name} rows must sum to 1: {_row(ids, int(worst))} sums to {host[worst, column]:.6g}; "
            "give probabilities, not logits or unnormalised scores"
        )


def _check_starts(name: str, value: Ragged, ids: Sequence[str]) -> None:
    starts, total = value.starts, value.values.shape[0]
    if len(starts) != len(ids) + 1 or starts[0] != 0 or starts[-1] != total or (np.diff(starts) < 0).any():
        raise BadEvidence(
            f"{name}.starts must rise from 0 to {total} in {len(ids) + 1} steps: got {len(starts)} values, "
            f"{starts[:1].tolist()} … {starts[-1:].tolist()}"
        )


def _check_runs(name: str, value: Ragged, ids: Sequence[str]) -> None:
    finite = np.isfinite(to_numpy(value.values))
    if not finite.all():
        flat = np.flatnonzero(~finite.reshape(len(finite), -1).all(axis=1))[0]
        at = int(np.searchsorted(value.starts, flat, side="right")) - 1
        raise BadEvidence(f"{name} must be finite: {_row(ids, at)} holds a value that is not")


def _same_width(view: View, other: View, name: str) -> None:
    for need in ("probs", "embed", "draws"):
        a, b = getattr(view, need), getattr(other, need)
        if a is not None and b is not None and a.shape[1:] != b.shape[1:]:
            raise BadEvidence(f"{name} {need} must be as wide as {need}: got {tuple(b.shape)} beside {tuple(a.shape)}")


def _check_head(head: Head, view: View) -> None:
    got = tuple(head.weight.shape), tuple(head.bias.shape)
    width = got[0][-1] if view.embed is None else view.embed.shape[1]
    if len(got[0]) != 2 or got[0][1] != width or got[1] != got[0][:1]:
        raise BadEvidence(f"head must have weight [C, D] and bias [C] with D = {width}: got {got[0]} and {got[1]}")
    for part, value in (("weight", head.weight), ("bias", head.bias), ("covariance", head.covariance)):
        if value is not None and not bool(namespace(value).all(namespace(value).isfinite(value))):
            raise BadEvidence(f"head {part} must be finite; mend the model")
    if head.prior is not None and not 0 < head.prior < float("inf"):
        raise BadEvidence(f"head prior must be a positive precision, or None when it is not known: got {head.prior}")


def require(
    view: View, name: str, *, needs: Iterable[Need], either: Iterable[Need] = (), context: Collection[str] = ()
) -> None:
    """Raise MissingEvidence unless the view, and the context it carries, have what a strategy needs."""
    given = view.evidence()
    choice = next((n for n in either if n in given), None)
    missing = [n for n in sorted(needs) if n not in given]
    options = [] if choice else list(either)
    if missing or options:
        wanted = missing + options[:1]
        lacks = missing + ([" or ".join(options)] if options else [])
        raise MissingEvidence(
            f"strategy {name!r} needs {', '.join(lacks)}: got "
            f"{', '.join(sorted(given)) or 'nothing'}; pass {', '.join(f'{n}=…' for n in wanted)}"
        )
    if "votes" in context and view.votes is None:
        raise MissingEvidence(f"strategy {name!r} needs votes: pass votes=…, or several annotators in a study")
    for part, other in (("labelled", view.labelled), ("targets", view.targets)):
        if part in context and other is not None:
            _require_part(other, name, part, [*sorted(needs), *([choice] if choice else [])])


def _require_part(other: View, name: str, part: str, needs: Iterable[Need]) -> None:
    missing = [n for n in needs if n != "head" and getattr(other, n) is None]
    if missing:
        given = ", ".join(sorted(other.evidence())) or "nothing"
        wanted = ", ".join(f"{n!r}: …" for n in missing)
        raise MissingEvidence(
            f"strategy {name!r} needs {', '.join(missing)} of the {part} rows too: got {given}; "
            f"pass {part}={{{wanted}}}"
        )
