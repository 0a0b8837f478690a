"""What a strategy is: which evidence it needs, one score, one selector."""

from __future__ import annotations

from typing import ClassVar, NamedTuple, Protocol

import numpy as np

from querist._arrays import Array, Floats, Rows, topk
from querist.errors import MissingEvidence
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
    ``context`` names what else it looks at, of labelled, targets, votes, past. ``joint`` is true when the choice of a
    row depends on the other rows chosen, so that shards give a two-round approximation instead of the same picks.
    ``cold`` names the strategy that stands in while fewer than two classes have a label; None: this one needs none.
    ``most_classes`` is the largest number of classes it is defined for; None: any.
    """

    needs: ClassVar[frozenset[Need]] = frozenset()
    either: ClassVar[tuple[Need, ...]] = ()
    context: ClassVar[frozenset[str]] = frozenset()
    joint: ClassVar[bool] = False
    cold: ClassVar[str | None] = "maxherding"
    most_classes: ClassVar[int | None] = None
    about: ClassVar[About]

    def score(self, view: View, draw: Draw) -> Array:
        """Score each row given the context, higher is more informative; [N], row-wise."""
        ...

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


def evidence_for(strategy: Strategy, name: str, provides: frozenset[Need]) -> frozenset[Need]:
    """Say which evidence to compute for a strategy, out of what a learner provides.

    >>> from querist.strategies.margin import Margin
    >>> sorted(evidence_for(Margin(), "margin", frozenset({"decision", "embed"})))
    ['decision']
    """
    missing: frozenset[str] = strategy.needs - provides
    choice = next((n for n in strategy.either if n in provides), None)
    if missing or (strategy.either and choice is None):
        wanted = sorted(missing) or [" or ".join(strategy.either)]
        raise MissingEvidence(
            f"strategy {name!r} needs {', '.join(wanted)}, and the learner gives {', '.join(sorted(provides))}: "
            "choose another strategy, or a learner that gives it (see `querist learners`)"
        )
    return strategy.needs | ({choice} if choice else frozenset())


def host(scores: Array) -> Floats:
    """Bring scores to NumPy as float64 [N]."""
    from querist._arrays import to_numpy

    return np.asarray(to_numpy(scores), dtype=np.float64)
