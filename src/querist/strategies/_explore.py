"""Exploring: a model that contradicts what it was taught cannot say where it is right."""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from querist._arrays import Floats, Rows, topk
from querist.scores.unsure import predicted
from querist.view import Draw, Selection, View


def distrust(view: View) -> float:
    """Give the share of items to draw at random: how often a model contradicts labels that it has learned.

    Formula: (w + 1)/(L + 2), w of the L answered rows predicted as another class than their label. Classes that can be
    told apart leave it near 0: about log L items in all. Where they overlap, or the model is too stiff, its gaps do
    not foretell its mistakes, and a part of a class that it is sure of wrongly would never be looked at. 0 before any
    answer, and with probabilities, which say themselves how much is at stake. Range: [0, 1). Cost: O(L·C).
    Source: the rule of succession (Laplace 1774); after ε-greedy.

    >>> taught = View.of({"decision": np.array([[1.0], [2.0], [-1.0], [-3.0]])}, ids=list("abcd"))
    >>> view = View.of({"decision": np.zeros((1, 1))}, ids=["e"])
    >>> distrust(replace(view, labelled=taught, labels=np.array([1, 1, 1, 0])))
    0.3333333333333333
    """
    if view.probs is not None or view.labelled is None:
        return 0.0
    answered = view.labels >= 0
    if not answered.any():
        return 0.0
    wrong = predicted(view.labelled)[answered] != view.labels[answered]
    return float((wrong.sum() + 1) / (len(wrong) + 2))


class Drawn(NamedTuple):
    """The rows of a batch that were drawn at random, and the share of its places that is."""

    rows: Rows
    share: float

    def reason(self, own: str, batch: Rows) -> str:
        """Say why a batch was chosen, by the rule's ``own`` reason unless all of it was drawn.

        >>> Drawn(np.array([7]), 0.25).reason("it is unsure", np.array([3, 4]))
        'it is unsure'
        """
        among = np.isin(batch, self.rows)
        why = f"drawn at random: the model contradicts about {100 * self.share:.0f} % of the labels that it was taught"
        if not among.any():
            return own
        return why if among.all() else f"{own}; some {why}"


def explored(view: View, chosen: Selection, *, draw: Draw) -> tuple[Selection, Drawn]:
    """Give each place of a batch to an item drawn evenly with chance ``distrust``, and say which items these are.

    Each place has its own coin, so that the first n of a longer batch are the batch of n; coins and draws are those of
    every shard, so that the survivors of several hold whom chance draws from the pool.
    """
    share = distrust(view)
    coins = draw.rng("explore").random(len(chosen)) < share
    if not coins.any():
        return chosen, Drawn(chosen.rows[:0], share)
    chance = draw.uniform(view.keys, "explored")
    made = drawn_at(chosen, coins, chance=chance)
    return made, Drawn(made.rows[coins], share)


def drawn_at(chosen: Selection, places: NDArray[np.bool_], *, chance: Floats) -> Selection:
    """Give some places [n] of a batch to the rows of greatest ``chance`` [N]; the batch goes on at the others.

    No row comes twice; the value of a drawn one is 0.
    """
    even = topk(chance, len(chosen), chance).tolist()
    sources = iter(zip(chosen.rows.tolist(), chosen.value.tolist(), strict=True)), iter((row, 0.0) for row in even)
    made: dict[int, float] = {}
    for place in places.tolist():
        row, value = next(pair for pair in sources[place] if pair[0] not in made)
        made[row] = value
    return replace(chosen, rows=np.array(list(made), np.intp), value=np.array(list(made.values())))
