"""What a strategy is: which evidence it needs, one score, one selector."""

from __future__ import annotations

from typing import ClassVar, NamedTuple, Protocol

import numpy as np

from querist._arrays import Array, Floats, Rows, topk, within_top
from querist.errors import MissingEvidence
from querist.scores.estimates import Estimate
from querist.view import Draw, Need, Selection, View


class About(NamedTuple):
    """The facts that ``querist strategies`` lists, one line each."""

    family: str
    formula: str
    cost: str
    source: str


class Strategy(Protocol):
    """A rule that ranks items: a frozen dataclass whose fields are its parameters.

    ``needs`` is the evidence that must be there; of ``either`` the first kind that the learner gives is used.
    ``context`` names what else it looks at, of labelled, asked (which rows are labelled, without evidence on them),
    targets, outcomes, votes, past, group, time. ``joint`` is true when the choice of a row depends on the other rows
    chosen, so that shards give a two-round approximation instead of the same picks. ``cold`` names the strategy that
    stands in from the start of a study without labels until its model foretells classes better than their shares do;
    None: this one needs none. ``most_classes`` is the largest number of classes it is defined for; None: any. ``floor``
    is the score at which nothing is expected of a row: powers of scores and scores per cost count from it.
    ``calibrated`` asks a study for tempered probabilities, which cost it five more fits. ``relabels`` asks it for
    labelled rows too: those that may get another person's opinion are candidates, and the labelled rows come as models
    predict them that were not trained on them.

    These nine are read on the object: most strategies give them as class variables, one that holds another strategy
    computes them. Every parameter has a default, so that a name alone makes a strategy.
    """

    @property
    def needs(self) -> frozenset[Need]:
        """Name the evidence that must be there."""
        return frozenset()

    @property
    def either(self) -> tuple[Need, ...]:
        """Name kinds of evidence of which one is enough, the preferred first."""
        return ()

    @property
    def context(self) -> frozenset[str]:
        """Name what it looks at beside the evidence on the rows."""
        return frozenset()

    @property
    def joint(self) -> bool:
        """Say whether the choice of a row depends on the other rows chosen."""
        return False

    @property
    def cold(self) -> str | None:
        """Name the strategy that stands in at the start, or None."""
        return "maxherding"

    @property
    def most_classes(self) -> int | None:
        """Give the largest number of classes it is defined for, or None."""
        return None

    @property
    def floor(self) -> float:
        """Give the score at which nothing is expected of a row."""
        return 0.0

    @property
    def calibrated(self) -> bool:
        """Say whether a study should temper the probabilities."""
        return False

    @property
    def relabels(self) -> bool:
        """Say whether labelled rows that may get another opinion are candidates."""
        return False

    about: ClassVar[About]

    def score(self, view: View, draw: Draw) -> Array:
        """Score each row given the context, higher is more informative; [N], row-wise."""
        ...

    def estimate(self, view: View) -> Estimate | None:
        """Estimate the scores of a large pool fast, for a rule that takes the n highest; None: score in full.

        Only the rows that may be among the n highest are then scored in full, so that the choice stays the same.
        """
        return None

    def shortlist(self, view: View, scores: Floats, *, n: int, draw: Draw) -> Rows:
        """Name the rows of one shard that the final choice must see; at least min(n, N) of them."""
        if self.joint:
            return self.select(view, scores, n=n, draw=draw).rows
        return top(view, scores, n, draw)

    def select(self, view: View, scores: Floats, *, n: int, draw: Draw) -> Selection:
        """Choose min(n, N) distinct rows, best first."""
        rows = top(view, scores, n, draw)
        return Selection(rows, scores[rows], self.propensity(scores, rows))

    def propensity(self, scores: Floats, rows: Rows) -> Floats | None:
        """Give the probability of each pick given those before, from the scores of all N rows; None without chance.

        Shards need it apart from ``select``, which sees the scores of the survivors only.
        """
        return None


def top(view: View, scores: Floats, n: int, draw: Draw) -> Rows:
    """Give the n best rows; equal scores are ordered by a keyed draw, never by position."""
    return topk(scores, n, draw.uniform(view.keys, "ties"))


def contenders(estimate: Estimate | None, n: int) -> Rows | None:
    """Give, in order, the rows that may be among the n best by a strategy's estimate; None: any may.

    Cost: two reads of the estimate.
    """
    if estimate is None:
        return None
    rows = within_top(estimate.values, n, 2 * estimate.error)
    return rows if 2 * len(rows) <= len(estimate.values) else None


def evidence_for(strategy: Strategy, name: str, provides: frozenset[Need]) -> frozenset[Need]:
    """Say which evidence to compute for a strategy, out of what a learner provides.

    >>> from querist.strategies.margin import Margin
    >>> sorted(evidence_for(Margin(), "margin", frozenset({"decision", "embed"})))
    ['decision']
    """
    if strategy.calibrated and "decision" in provides:  # tempering makes probabilities of decision values
        provides |= {"probs"}
    missing: frozenset[str] = strategy.needs - provides
    choice = next((n for n in strategy.either if n in provides), None)
    if missing or (strategy.either and choice is None):
        wanted = sorted(missing) + ([] if choice or not strategy.either else [" or ".join(strategy.either)])
        raise MissingEvidence(
            f"strategy {name!r} needs {', '.join(wanted)}, and the learner gives {', '.join(sorted(provides))}: "
            "choose another strategy, or a learner that gives it (see `querist learners`)"
        )
    return strategy.needs | ({choice} if choice else frozenset())


def host(scores: Array) -> Floats:
    """Bring scores to NumPy as float64 [N]."""
    from querist._arrays import to_numpy

    return np.asarray(to_numpy(scores), dtype=np.float64)
