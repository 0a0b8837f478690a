"""The facts that ``querist learners`` lists."""

from __future__ import annotations

from typing import NamedTuple


class About(NamedTuple):
    """What a learner is, one line each."""

    what: str
    gives: tuple[str, ...]
    """The evidence its predictors can give, a wrapper's as far as the model inside has it."""
    eats: str
    """``features`` or ``raw``, as in ``Learner.eats``."""
    cost: str
    """Of one fit, in L, N, C, D and K."""
