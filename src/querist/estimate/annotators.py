"""How well each person labels, with an interval."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from querist.estimate._checks import check_confidence
from querist.estimate.dawid_skene import Consensus, without_own
from querist.estimate.proportion import wilson
from querist.scores.votes import Votes


@dataclass(frozen=True)
class Quality:
    """How often a person is right: ``value`` is None, and the interval [0, 1], when others shed no light on it.

    ``votes`` counts the answers, ``checks`` how many of them the others' answers are worth as checks.
    """

    person: int
    value: float | None
    low: float
    high: float
    votes: int
    checks: float

    @property
    def sentence(self) -> str:
        """The quality in plain words.

        >>> Quality(0, 0.9, 0.8, 0.96, 50, 45.0).sentence
        'right in 90.0 % of answers (80.0 to 96.0 %, 50 answers)'
        """
        if self.value is None:
            return f"not enough yet: {self.votes} answers, and hardly any that others checked"
        ends = f"{100 * self.low:.1f} to {100 * self.high:.1f} %"
        return f"right in {100 * self.value:.1f} % of answers ({ends}, {self.votes} answers)"

    def facts(self) -> dict[str, Any]:
        """Give the quality as JSON."""
        return {**asdict(self), "sentence": self.sentence}


def quality(votes: Votes, found: Consensus, *, confidence: float = 0.95) -> list[Quality]:
    """Estimate how often each person is right, judged by what the others say, with an approximate interval.

    Formula: p is the others' posterior of an item, without the person's own answer y. Someone who is right with
    probability q, and otherwise names any other class as often, has E p[y] = b + q x with b = (1 − Σ p²)/(C − 1) and x
    = Σ p² − b; so q = Σ (p[y] − b) / Σ x over the person's answers: an item on which nobody else spoke, p even, has x =
    0 and checks nothing. The interval is Wilson's at Σ x checks; below one check there is no figure. Approximate: the
    others' posteriors are taken as calibrated. Range: [0, 1]. Cost: O(V·C). Raises BadInput. Source: the model, Dawid &
    Skene 1979; the interval, Wilson 1927.

    >>> from querist.estimate.dawid_skene import dawid_skene
    >>> votes = Votes(np.repeat(np.arange(40), 3), np.tile(np.arange(3), 40), np.repeat(np.arange(40) % 2, 3), items=40,
    ...               people=3, classes=2)
    >>> [round(one.low, 2) for one in quality(votes, dawid_skene(votes))]
    [0.91, 0.91, 0.91]
    """
    check_confidence(confidence)
    others = without_own(votes, found)
    square = (others**2).sum(axis=1)
    base = (1 - square) / max(votes.classes - 1, 1)
    hit, check = others[np.arange(len(others)), votes.label] - base, square - base
    tallies = [np.bincount(votes.person, part, minlength=votes.people) for part in (hit, check, np.ones(len(hit)))]
    rows = zip(*(tally.tolist() for tally in tallies), strict=True)
    return [_quality(person, row, confidence) for person, row in enumerate(rows)]


def _quality(person: int, tally: tuple[float, float, float], confidence: float) -> Quality:
    hits, checks, answers = tally
    if checks < 1:
        return Quality(person, None, 0.0, 1.0, int(answers), checks)
    value = min(max(hits / checks, 0.0), 1.0)
    low, high = wilson(value * checks, checks, confidence=confidence)
    return Quality(person, value, low, high, int(answers), checks)
