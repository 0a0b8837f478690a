"""The guard: are chosen items still harder for the model than items drawn at random in the same round?"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from querist._arrays import Rows
from querist.strategies._explore import drawn_at
from querist.view import Draw, Round, Selection, View

AUDIT = "audit"
"""The strategy of a round that holds the audit's picks; it stands behind the round of the same model."""
WINDOW = 20
"""Rounds looked back at."""
FEWEST = 10
"""Answers of each kind below which nothing is said."""
CLASS = "class"
"""What is said of each pick: the class that the model predicted for it, before its answer."""


class Found(NamedTuple):
    """What the guard saw: how often the model erred on chosen and on audit items, and their difference in s.e."""

    active: float
    audit: float
    z: float

    @property
    def share(self) -> float:
        """Give the part of a batch to draw at random: 0 down to one standard error below the audit, all from two.

        >>> [Found(0.1, 0.2, z).share for z in (0.5, -1.5, -3.0)]
        [0.0, 0.5, 1.0]
        """
        return min(1.0, max(0.0, -self.z - 1.0))

    @property
    def words(self) -> str:
        """Say it in a sentence."""
        return (
            f"drawn at random: the model erred on {100 * self.active:.0f} % of the items chosen lately, "
            f"and on {100 * self.audit:.0f} % of the audit's"
        )


def compare(past: Sequence[Round]) -> Found | None:
    """Compare the errors on chosen and audit items, both predicted before their answer, within rounds only.

    Formula: z = Σ w_r (a_r − b_r) / √(Σ w_r · p(1 − p)), with a_r and b_r the share of errors of n_a chosen and n_b
    audit items of round r, w_r = n_a·n_b / (n_a + n_b), p the share over all. None below 10 answers of each kind.
    Source: Cochran 1954. Cost: O(labels of 20 rounds).

    >>> def rnd(name, labels):
    ...     keys, labels = np.arange(len(labels), dtype=np.uint64), np.array(labels)
    ...     return Round(keys, labels, np.zeros(len(labels)), name, said={"class": [0] * len(labels)})
    >>> found = compare([rnd("auto", [1] * 8 + [0] * 2), rnd("audit", [1] * 2 + [0] * 8)])
    >>> found.active, found.audit, round(found.z, 2)
    (0.8, 0.2, 2.68)
    """
    pairs = [(a, b) for a, b in _pairs(past[-2 * WINDOW :]) if len(a) and len(b)]
    active, audit = (np.concatenate([p[side] for p in pairs] or [np.empty(0)]) for side in (0, 1))
    if min(len(active), len(audit)) < FEWEST:
        return None
    size = np.array([len(a) * len(b) / (len(a) + len(b)) for a, b in pairs])
    gap = np.array([a.mean() - b.mean() for a, b in pairs])
    wrong = np.concatenate([active, audit]).mean()
    error = np.sqrt(size.sum() * wrong * (1 - wrong))
    return Found(float(active.mean()), float(audit.mean()), float(size @ gap / error) if error > 0 else 0.0)


def _pairs(past: Iterable[Round]) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    before: Round | None = None
    for one in past:
        if one.strategy == AUDIT and before is not None:
            yield _errors(before), _errors(one)
        before = None if one.strategy == AUDIT else one


def _errors(one: Round) -> np.ndarray:
    """Tell for each answered item of a round whether the model had erred on it; −1 or None: no rule chose it."""
    said = (one.said or {}).get(CLASS)
    if said is None or len(said) != len(one.labels):
        return np.empty(0)
    codes = np.array([-1 if code is None else code for code in said], np.int64)
    known = (one.labels >= 0) & (codes >= 0)
    return np.asarray(codes[known] != one.labels[known], np.float64)


def guarded(view: View, chosen: Selection, *, said: Rows, draw: Draw, why: Callable[[Rows], str]) -> Selection:
    """Keep a chosen batch, or give a share of its places to items drawn at random; ``said`` [N] is what is predicted.

    They lie evenly among the others, so that the first n of a longer batch are the batch of n, which wrappers rely on.
    ``Selection.said`` holds what the next rounds compare; ``why`` gives the reason for the rows that are kept.
    """
    found = compare(view.past)
    if found is None or not found.share:
        return replace(chosen, reason=why(chosen.rows), said={CLASS: said[chosen.rows].tolist()})
    drawn = np.diff(np.ceil(found.share * np.arange(len(chosen) + 1))) > 0
    made = drawn_at(chosen, drawn, chance=draw.uniform(view.keys, "guard"))
    kept = made.rows[~drawn]
    reason = f"{why(kept)}; some {found.words}" if len(kept) else found.words
    return replace(made, reason=reason, said={CLASS: np.where(drawn, -1, said[made.rows]).tolist()})
