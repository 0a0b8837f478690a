"""The best row of a model drawn from the posterior."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from querist._arrays import Array, Floats, float64, to_numpy
from querist.scores.committee import by_blocks, entropy_of
from querist.select.top import foremost, leaders
from querist.strategies.protocol import About, Strategy
from querist.view import Draw, Need, Selection, View

REASON = "the best row of one model drawn from the posterior"


@dataclass(frozen=True)
class Thompson(Strategy):
    """Draw one model from the posterior, choose its best row, and again for the next pick.

    Formula: m ~ posterior, one draw for the whole pool; x = arg max f_m(x) over the rows left. With draws [N, K, 1] of
    a regression, m is one of the K functions and f_m(x) its value; with draws of probabilities the model's own
    uncertainty is what it seeks, f_m(x) = H(p_m(x)). With mean_var only the spread of each row is known, so a
    function is drawn as if the rows were independent: f(x) = μ(x) + σ(x)·z_x, z standard normal.
    Values are f at the pick; the propensity of a pick is the share of the K models whose best row it was. Score: f of
    the first model drawn. Range: that of f. Cost: O(N·K·C) and O(n·N); with mean_var O(n·N).
    Source: Thompson 1933; Russo et al. 2018.

    >>> import numpy as np, querist
    >>> draws = np.array([[[1.0], [7.0]], [[3.0], [2.0]], [[0.0], [1.0]]])
    >>> {querist.query("thompson", 1, draws=draws, seed=seed).tolist()[0] for seed in range(9)}
    {0, 1}
    """

    either: ClassVar[tuple[Need, ...]] = ("draws", "mean_var")
    joint: ClassVar[bool] = True
    about: ClassVar[About] = About("bayesian", "arg max f_m(x), m ~ posterior", "O(N·K·C + n·N)", "Thompson 1933")

    def score(self, view: View, draw: Draw) -> Array:
        """Score each row by its value under the first model drawn; [N]."""
        if view.draws is None:
            return _function(view, draw, 0)
        member = int(_members(view, draw, 1)[0])
        return _utility(view.draws[:, member : member + 1, :])[:, 0]

    def select(self, view: View, scores: Floats, *, n: int, draw: Draw) -> Selection:
        """Choose min(n, N) rows, each by a model of its own."""
        n, ties = min(n, len(view)), draw.uniform(view.keys, "ties")
        if view.draws is None:
            return _by_functions(view, draw, n, ties)
        return _by_members(to_numpy(_utility(view.draws)).copy(), _members(view, draw, n), ties)


def _members(view: View, draw: Draw, n: int) -> NDArray[np.int64]:
    """Draw the model of each pick; the first are the same for any n."""
    return draw.rng("thompson").integers(view.draws.shape[1], size=n)  # type: ignore[union-attr]


def _utility(draws: Array) -> Array:
    """Give what each model seeks on each row: its value, or its own uncertainty; [N, K, C] → [N, K]."""
    return float64(draws)[:, :, 0] if draws.shape[-1] == 1 else by_blocks(entropy_of, draws)


def _function(view: View, draw: Draw, pick: int) -> Floats:
    """Draw one function from independent normal marginals; [N]."""
    from scipy.special import ndtri

    mean_var = to_numpy(float64(view.mean_var))
    return np.asarray(mean_var[:, 0] + np.sqrt(mean_var[:, 1]) * ndtri(draw.uniform(view.keys, f"thompson/{pick}")))


def _by_functions(view: View, draw: Draw, n: int, ties: Floats) -> Selection:
    rows, value, left = np.empty(n, np.intp), np.empty(n), np.ones(len(view), bool)
    for pick in range(n):
        drawn = np.where(left, _function(view, draw, pick), -np.inf)
        rows[pick] = foremost(drawn, ties)
        value[pick] = drawn[rows[pick]]
        left[rows[pick]] = False
    return Selection(rows, value, None, REASON)


def _by_members(utility: Floats, members: NDArray[np.int64], ties: Floats) -> Selection:
    """Choose for one member after the other; utility [N, K] is overwritten."""
    rows, value, chance = np.empty(len(members), np.intp), np.empty(len(members)), np.empty(len(members))
    best = [leaders(utility[:, k]) for k in range(utility.shape[1])]
    for pick, member in enumerate(members):
        row = best[member][ties[best[member]].argmax()]
        rows[pick], value[pick] = row, utility[row, member]
        agreeing = [k for k, found in enumerate(best) if row in found]
        chance[pick] = sum(1.0 / len(best[k]) for k in agreeing) / len(best)
        utility[row] = -np.inf
        if pick + 1 < len(members):
            for k in agreeing:
                best[k] = leaders(utility[:, k])
    return Selection(rows, value, chance, REASON)
