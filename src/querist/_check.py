"""Checks on evidence at the edge: every message says what, where, got and what to do."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any

import numpy as np

from querist._arrays import Array, namespace, to_numpy
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
    for part, where in ((view, ""), (view.labelled, "labelled "), (view.targets, "targets ")):
        if part is not None:
            for need in needs:
                check_evidence(need, getattr(part, need), part.ids, where)
    if view.labelled is not None:
        _same_width(view, view.labelled, "labelled")
    if view.targets is not None:
        _same_width(view, view.targets, "targets")


def check_evidence(need: Need, value: Any, ids: Collection[str], where: str = "") -> None:
    """Check one kind of evidence against the ids it belongs to."""
    if value is None or isinstance(value, Head):
        return
    name, ids = where + need, list(ids)
    if isinstance(value, Ragged):
        _check_ragged(name, value, ids)
        return
    ndim, shape = _SHAPES[need]
    if value.ndim != ndim or value.shape[0] != len(ids):
        raise BadEvidence(f"{name} must have the shape {shape} with N = {len(ids)}: got {tuple(value.shape)}")
    if need == "mean_var" and value.shape[1] != 2:
        raise BadEvidence(f"{name} must have two columns, mean and variance: got {tuple(value.shape)}")
    if ndim > 1 and 0 in value.shape[1:]:
        raise BadEvidence(f"{name} must not have an empty axis: got {tuple(value.shape)}")
    _check_finite(name, value, ids)
    if need in ("probs", "draws"):
        _check_distribution(name, value, ids)


def _row(ids: list[str], i: int) -> str:
    return f"row {i} (item {ids[i]!r})"


def _check_finite(name: str, value: Array, ids: list[str]) -> None:
    xp = namespace(value)
    if xp.isdtype(value.dtype, ("integral", "bool")) or bool(xp.all(xp.isfinite(value))):
        return
    host = to_numpy(value).reshape(len(ids), -1)
    at = int(np.flatnonzero(~np.isfinite(host).all(axis=1))[0])
    got = host[at][~np.isfinite(host[at])][0]
    raise BadEvidence(f"{name} must be finite: {_row(ids, at)} holds {got}; drop the item or mend the model")


def _check_distribution(name: str, value: Array, ids: list[str]) -> None:
    if len(ids) == 0:
        return
    xp = namespace(value)
    low = float(xp.min(value))
    if low < 0:
        at = int(np.argmin(to_numpy(xp.min(xp.reshape(value, (len(ids), -1)), axis=1))))
        raise BadEvidence(f"{name} must not be negative: {_row(ids, at)} holds {low:.6g}")
    total = xp.sum(value, axis=-1)
    off = xp.abs(total - 1.0)
    tolerance = max(1e-5, 8192 * float(xp.finfo(value.dtype).eps))
    if float(xp.max(off)) > tolerance:
        host = to_numpy(total).reshape(len(ids), -1)
        worst, column = np.unravel_index(int(np.abs(host - 1).argmax()), host.shape)
        raise BadEvidence(
            f"{name} rows must sum to 1: {_row(ids, int(worst))} sums to {host[worst, column]:.6g}; "
            "give probabilities, not logits or unnormalised scores"
        )


def _check_ragged(name: str, value: Ragged, ids: list[str]) -> None:
    starts, total = value.starts, value.values.shape[0]
    if len(starts) != len(ids) + 1 or starts[0] != 0 or starts[-1] != total or (np.diff(starts) < 0).any():
        raise BadEvidence(
            f"{name}.starts must rise from 0 to {total} in {len(ids) + 1} steps: got {len(starts)} values, "
            f"{starts[:1].tolist()} … {starts[-1:].tolist()}"
        )
    if not np.isfinite(to_numpy(value.values)).all():
        flat = np.flatnonzero(~np.isfinite(to_numpy(value.values)).reshape(total, -1).all(axis=1))[0]
        at = int(np.searchsorted(starts, flat, side="right")) - 1
        raise BadEvidence(f"{name} must be finite: {_row(ids, at)} holds a value that is not")


def _same_width(view: View, other: View, name: str) -> None:
    for need in ("probs", "embed", "draws"):
        a, b = getattr(view, need), getattr(other, need)
        if a is not None and b is not None and a.shape[1:] != b.shape[1:]:
            raise BadEvidence(f"{name} {need} must be as wide as {need}: got {tuple(b.shape)} beside {tuple(a.shape)}")


def require(view: View, name: str, needs: Iterable[Need], context: Iterable[str]) -> None:
    """Raise MissingEvidence unless the view carries what a strategy needs."""
    missing = sorted(n for n in needs if getattr(view, n) is None)
    if missing:
        given = sorted(view.evidence())
        raise MissingEvidence(
            f"strategy {name!r} needs {', '.join(missing)}: got {', '.join(given) or 'nothing'}; "
            f"pass {', '.join(f'{n}=…' for n in missing)}"
        )
    for part in context:
        if part == "votes" and view.votes is None:
            raise MissingEvidence(f"strategy {name!r} needs votes: pass votes=…, or several annotators in a study")
