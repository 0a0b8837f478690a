"""What the coverage strategies share: the targets, the labelled rows, and the greedy choice."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import replace
from math import isfinite

import numpy as np
from numpy.typing import NDArray

from querist._arrays import Floats, Rows, to_numpy, topk
from querist.errors import BadInput, MissingEvidence
from querist.select.distance import nearest
from querist.select.herding import Cover, gains, herd
from querist.select.kcenter import kcenter
from querist.view import Draw, Selection, View

UNSURE = 1e-9
"""The least weight with which a row is drawn as a candidate."""


def targets_of(view: View) -> View:
    """Give the rows on which coverage is measured; MissingEvidence when there are none."""
    if view.targets is None or len(view.targets) == 0:
        raise MissingEvidence(
            "coverage is measured on targets, and the view has none: set targets to the pool and the labelled rows, "
            "or to a sample of them"
        )
    return view.targets


def unasked_targets(view: View, *, some: bool = False) -> View:
    """Give the targets that nobody was asked about: U, or the sample of it that the view carries.

    With ``some`` all targets where every one has been asked. Raises MissingEvidence when the view has no targets.

    >>> rows = View.of({}, ids=["a", "b"])
    >>> from dataclasses import replace
    >>> list(unasked_targets(replace(rows, targets=rows, labelled=rows.take(np.array([0])))).ids)
    ['b']
    """
    targets = targets_of(view)
    if view.labelled is None or len(view.labelled) == 0:
        return targets
    rows = np.flatnonzero(~np.isin(targets.keys, view.labelled.keys))
    return targets if len(rows) == len(targets) or (some and len(rows) == 0) else targets.take(rows)


def labelled_embed(view: View) -> NDArray[np.floating]:
    """Give the embeddings of the labelled rows; [L, D], L = 0 without any."""
    return to_numpy(view.embed)[:0] if view.labelled is None else to_numpy(view.labelled.embed)


def check_sigma(sigma: float | None) -> None:
    """Raise BadInput unless a kernel's radius is None or a positive number."""
    if sigma is not None and not (isinstance(sigma, int | float) and isfinite(sigma) and sigma > 0):
        raise BadInput(f"sigma must be a positive number, or None to take it from the data: got {sigma!r}")


def check_candidates(candidates: int | None) -> None:
    """Raise BadInput unless a number of candidates is None or a positive whole number."""
    if candidates is not None and (not isinstance(candidates, int) or candidates < 1):
        raise BadInput(f"candidates must be a whole number, 1 or more, or None for all: got {candidates!r}")


def candidates(view: View, draw: Draw, *, count: int | None, weight: Floats | None = None) -> Rows:
    """Draw the rows of a large view to look at, in order, by keys and in proportion to weight [N]; None: evenly.

    The smallest of E/w, with E exponential, are drawn in proportion to w. Certain rows fill up a sure pool.
    """
    if count is None or len(view) <= count:
        return np.arange(len(view))
    number = draw.uniform(view.keys, "candidates")
    share = 1.0 if weight is None else np.maximum(weight, UNSURE)
    return np.sort(topk(np.log(number) / share, count, number))


def cover_of(view: View, rule: Hashable, make: Callable[[View], Cover]) -> Cover:
    """Set up a rule's cover of the targets once for a view: ``score`` and ``select`` both need it."""
    if rule not in view.notes:
        view.notes[rule] = make(view)
    made: Cover = view.notes[rule]
    return made


def covering_scores(view: View, state: Cover, rows: Rows) -> Floats:
    """Score some rows by the coverage that they add, the others 0; [N]."""
    if len(rows) == len(view):
        return gains(state, to_numpy(view.embed))
    out = np.zeros(len(view))
    out[rows] = gains(state, to_numpy(view.embed)[rows])
    return out


def most_covering(
    view: View, state: Cover, scores: Floats, *, n: int, draw: Draw, among: Rows | None = None
) -> Selection:
    """Choose min(n, N) rows by coverage, ``among`` some where these are enough; ``scores`` are ``covering_scores``.

    Once nothing is left to cover, the farthest rows follow with value 0.
    """
    if among is None or len(among) < min(n, len(view)) or len(among) == len(view):
        return _most_covering(view, state, scores, n=n, draw=draw)
    chosen = _most_covering(view.take(among), state, scores[among], n=n, draw=draw)
    return replace(chosen, rows=among[chosen.rows])


def _most_covering(view: View, state: Cover, scores: Floats, *, n: int, draw: Draw) -> Selection:
    n = min(n, len(view))
    embed, ties = to_numpy(view.embed), draw.uniform(view.keys, "ties")
    rows, value = herd(embed, state, bounds=scores, n=n, ties=ties)
    if len(rows) < n:
        rest = np.setdiff1d(np.arange(len(view)), rows)
        left = nearest(embed[rest], np.concatenate([labelled_embed(view), embed[rows]]))[1]
        more, _ = kcenter(embed[rest], left, n=n - len(rows), ties=ties[rest])
        rows = np.concatenate([rows, rest[more]])
    return Selection(rows, np.concatenate([value, np.zeros(n - len(value))]))
