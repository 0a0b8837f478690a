"""Uncertainty where mistakes have unequal costs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import isfinite
from typing import ClassVar

from querist._arrays import Array, float64, namespace, top_two
from querist.errors import BadEvidence, BadInput
from querist.scores.uncertainty import least_confidence, margin
from querist.strategies.protocol import About, Strategy
from querist.view import Draw, Need, View


@dataclass(frozen=True)
class CostSensitive(Strategy):
    """Prefer the rows whose best decision is still expected to cost much.

    Formula: r_j = Σ_y p_y·costs[y][j], the row the true class and the column the decision; s = min_j r_j, or with
    ``margin=True`` s = −(r₂ − r₁) of the two smallest. ``costs`` None: every mistake costs 1, which is
    least-confidence, or margin. Range: [0, max cost], or [−max cost, 0]. Cost: O(N·C²).
    Raises BadInput when costs is no square table of numbers ≥ 0, BadEvidence when it has not C rows.
    Source: Chen & Lin 2013.

    >>> import numpy as np, querist
    >>> probs = np.array([[0.9, 0.1], [0.2, 0.8], [0.6, 0.4]])
    >>> querist.choose("cost-sensitive(costs=((0, 1), (10, 0)))", 3, probs=probs).rows.tolist()
    [0, 2, 1]
    """

    costs: tuple[tuple[float, ...], ...] | None = None
    margin: bool = False

    needs: ClassVar[frozenset[Need]] = frozenset({"probs"})
    about: ClassVar[About] = About("uncertainty", "min_j Σ_y p_y·cost[y, j]", "O(N·C²)", "Chen & Lin 2013")

    def __post_init__(self) -> None:
        if self.costs is not None:
            object.__setattr__(self, "costs", _table(self.costs))

    def score(self, view: View, draw: Draw) -> Array:
        """Score each row by the expected cost of its best decision, or how near the second best comes; [N]."""
        if self.costs is None:
            return margin(view.probs) if self.margin else least_confidence(view.probs)
        first, second = top_two(-risks(view.probs, self.costs))
        return second - first if self.margin else -first


def risks(probs: Array, costs: tuple[tuple[float, ...], ...]) -> Array:
    """Compute the expected cost of each decision: Σ_y p_y·costs[y][j]; [N, C].

    Class by class instead of in one matrix product, which would round a row by its place in the table.

    >>> import numpy as np
    >>> risks(np.array([[0.75, 0.25]]), ((0.0, 1.0), (4.0, 0.0))).tolist()
    [[1.0, 0.75]]
    """
    p = float64(probs)
    if p.shape[-1] != len(costs):
        raise BadEvidence(
            f"costs must have a row and a column for each class: got {len(costs)} beside probs of {p.shape[-1]} classes"
        )
    xp = namespace(p)
    columns = [xp.asarray(column, dtype=p.dtype) for column in zip(*costs, strict=True)]
    return xp.stack([xp.sum(p * column, axis=-1) for column in columns], axis=-1)


def _table(costs: object) -> tuple[tuple[float, ...], ...]:
    rows = costs if isinstance(costs, Sequence) and not isinstance(costs, str) else ()
    table = tuple(tuple(row) if isinstance(row, Sequence) else (row,) for row in rows)
    numbers = all(isinstance(c, int | float) and isfinite(c) and c >= 0 for row in table for c in row)
    if len(table) < 2 or any(len(row) != len(table) for row in table) or not numbers:
        raise BadInput(
            "costs must be a square table of numbers, 0 or more, a row for each true class and a column for each "
            f"decision, such as ((0, 1), (5, 0)): got {costs!r}"
        )
    return table
