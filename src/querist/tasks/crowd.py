"""What several people say of the same items, taken together: who can be relied on, and what the items then are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from querist._arrays import Floats
from querist.estimate.annotators import Quality, quality
from querist.estimate.consensus import consensus
from querist.estimate.dawid_skene import Consensus
from querist.scores.votes import Votes

Said = Mapping[str, int]
"""Who said which class (its code) of one item."""


@dataclass(frozen=True, eq=False)
class Crowd:
    """The people who label a study, judged by all items that they shared.

    ``people`` names them in the order of the codes of ``votes``; ``found`` are their confusion matrices.

    >>> said = [{"ann": 0, "bob": 0, "eve": 1}, {"ann": 1, "bob": 1, "eve": 0}] * 5
    >>> crowd = Crowd.of(said, classes=2)
    >>> crowd.posterior({"ann": 0, "eve": 1}).round(2).tolist()
    [0.93, 0.07]
    """

    people: tuple[str, ...]
    votes: Votes
    found: Consensus

    @staticmethod
    def of(said: Sequence[Said], *, classes: int) -> Crowd:
        """Fit the model of Dawid and Skene to all answers; cost that of ``estimate.consensus``."""
        people = tuple(dict.fromkeys(who for one in said for who in one))
        code = {who: at for at, who in enumerate(people)}
        rows = [(item, code[who], label) for item, one in enumerate(said) for who, label in one.items()]
        item, person, label = np.array(rows, np.int64).reshape(-1, 3).T
        votes = Votes(item, person, label, items=len(said), people=len(people), classes=classes)
        return Crowd(people, votes, consensus(votes))

    @cached_property
    def _code(self) -> dict[str, int]:
        return {who: at for at, who in enumerate(self.people)}

    def posterior(self, said: Said) -> Floats:
        """Give the probability of each class of an item from what people said of it; float64 [C].

        Formula: π_c Π θ_{person, c, label}, normalised. Somebody who is not among the people says nothing.
        """
        log = np.log(self.found.prior)
        for who, label in said.items():
            if who in self._code:
                log = log + np.log(self.found.confusion[self._code[who], :, label])
        share = np.exp(log - log.max())
        return np.asarray(share / share.sum())

    def qualities(self, *, confidence: float = 0.95) -> dict[str, Quality]:
        """Tell how often each person is right, judged by the others, with an interval."""
        return dict(zip(self.people, quality(self.votes, self.found, confidence=confidence), strict=True))
