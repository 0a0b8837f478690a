"""What the strategies share that take one row from each k-means cluster of some candidates."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from querist._arrays import Floats, Rows, to_numpy
from querist.select.clusters import kmeans
from querist.select.exemplars import exemplars
from querist.strategies.typiclust import rank_within
from querist.view import Draw, Selection, View


@dataclass(frozen=True, eq=False)
class Candidates:
    """The rows that may be chosen, where they lie, and how much each counts in a cluster.

    Shapes: rows intp [R] positions into the view, R ≥ n; points [R, D]; weight [R] ≥ 0, or None: all count the same.
    """

    rows: Rows
    points: Floats
    weight: Floats | None = None


def one_per_cluster(view: View, scores: Floats, among: Candidates, *, n: int, draw: Draw) -> Selection:
    """Choose the candidate nearest to each of n k-means centres, the best score first.

    When copies leave fewer than n centres, the rows of best score among the others follow, copies of a row chosen
    after all that are none. Shapes: scores [N] of all rows. Cost: O(R·n·D) per iteration of k-means.
    """
    ties = draw.uniform(view.keys, "ties")
    centres = kmeans(among.points, n, rng=draw.rng("k-means"), weight=among.weight)
    picked = among.rows[exemplars(among.points, centres, ties=ties[among.rows])]
    rows = picked[np.lexsort((-ties[picked], -scores[picked]))]
    if len(rows) < n:
        rows = np.concatenate([rows, _others(view, scores, rows, ties=ties)[: n - len(rows)]])
    return Selection(rows, scores[rows])


def _others(view: View, scores: Floats, picked: Rows, *, ties: Floats) -> Rows:
    """Order the rows not picked: by how many copies come before, then by score."""
    place = np.unique(to_numpy(view.embed), axis=0, return_inverse=True)[1].ravel()
    before = scores.copy()
    before[picked] = np.inf
    order = np.lexsort((-ties, -scores, rank_within(place, before, ties=ties)))
    return order[~np.isin(order, picked)]


def outstanding(scores: Floats, n: int, *, level: float) -> Rows:
    """Give the rows that score above a level; with fewer than n of them, those no worse than the n-th best.

    >>> outstanding(np.array([0.9, 0.2, 0.1, 0.2]), 2, level=0.5).tolist()
    [0, 1, 3]
    """
    rows = np.flatnonzero(scores > level)
    if len(rows) >= n:
        return rows
    return np.flatnonzero(scores >= np.partition(scores, len(scores) - n)[len(scores) - n])


def linear_head(view: View) -> tuple[Floats, Floats]:
    """Give the weight [C, D] and bias [C] of the head, in float64."""
    head = view.head
    assert head is not None
    return to_numpy(head.weight).astype(np.float64), to_numpy(head.bias).astype(np.float64)
