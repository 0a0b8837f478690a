"""Exploring: a model that contradicts what it was taught cannot say where it is right."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

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


def explored(view: View, chosen: Selection, *, draw: Draw) -> tuple[Selection, Rows]:
    """Give each place of a batch to an item drawn evenly with chance ``distrust``; these come last, and are named."""
    share = distrust(view)
    count = int((draw.rng("explore").random(len(chosen)) < share).sum())
    if not count:
        return chosen, chosen.rows[:0]
    made = random_end(view, chosen, count, chance=draw.uniform(view.keys, "explored"))
    why = f"drawn at random: the model contradicts about {100 * share:.0f} % of the labels that it was taught"
    reason = why if count == len(chosen) else f"{chosen.reason}; the last {count} {why}"
    return replace(made, reason=reason), made.rows[-count:]


def random_end(view: View, chosen: Selection, count: int, *, chance: Floats) -> Selection:
    """Put the rows of greatest ``chance`` [N] among those not kept in the place of the last ``count`` of a batch."""
    kept = chosen.rows[: len(chosen) - count]
    rest = np.setdiff1d(np.arange(len(view)), kept)
    drawn = rest[topk(chance[rest], count, chance[rest])]
    value = np.concatenate([chosen.value[: len(kept)], np.zeros(count)])
    return Selection(np.concatenate([kept, drawn]), value, reason=chosen.reason)
