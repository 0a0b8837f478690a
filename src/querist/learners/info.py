"""The facts that ``querist learners`` lists."""

from __future__ import annotations

from typing import NamedTuple


class About(NamedTuple):
    """What a learner is, one line each."""

    what: str
    gives: tuple[str, ...]
    """The evidence its predictors may give; a wrapper says what depends on the model inside."""
    eats: str
    """``features`` or ``raw``, as in ``Learner.eats``."""
    cost: str
    """Of one fit, in L, N, C, D and K."""
