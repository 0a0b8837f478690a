"""How fast people label: the seconds that a label takes, and the labels of each hour."""

from __future__ import annotations

from collections import Counter, deque
from typing import Any

import numpy as np

RECENT = 1_000
"""Labels of each person that the median is taken over, the last ones."""
HOURS = 24
HOUR = 3_600_000
"""Milliseconds of an hour."""


class Pace:
    """Labels and their seconds, added one by one; cost O(1) each.

    >>> pace = Pace()
    >>> for at, seconds in enumerate([2.0, 4.0, 9.0, None]):
    ...     pace.add("ann", HOUR * at, seconds)
    >>> facts = pace.facts()
    >>> facts["median"], facts["people"][0]["n"], facts["hours"][-4:]
    (4.0, 3, [1, 1, 1, 1])
    """

    def __init__(self) -> None:
        self._seconds: dict[str, deque[float]] = {}
        self._hours: Counter[int] = Counter()

    def add(self, who: str, at: int, seconds: float | None) -> None:
        """Count a label of a person, given at a time in milliseconds since 1970; ``seconds`` None: nobody timed it."""
        self._hours[at // HOUR] += 1
        if seconds is not None:
            self._seconds.setdefault(who, deque(maxlen=RECENT)).append(seconds)

    def facts(self) -> dict[str, Any]:
        """Give as JSON the median seconds of a label, of all and of each person with quartiles, and labels by hour.

        ``hours`` are the 24 hours up to that of the last label, whose end is ``until`` in milliseconds since 1970; all
        are empty or None before the first. Labels that nobody timed count for the hours alone.
        """
        every = [second for one in self._seconds.values() for second in one]
        last = max(self._hours, default=None)
        return {
            "median": _quantile(every, 0.5),
            "n": len(every),
            "people": [_person(who, list(one)) for who, one in self._seconds.items()],
            "hours": [] if last is None else [self._hours[hour] for hour in range(last - HOURS + 1, last + 1)],
            "until": None if last is None else (last + 1) * HOUR,
        }


def _person(who: str, seconds: list[float]) -> dict[str, Any]:
    ends = {"low": _quantile(seconds, 0.25), "high": _quantile(seconds, 0.75)}
    return {"who": who, "median": _quantile(seconds, 0.5), **ends, "n": len(seconds)}


def _quantile(seconds: list[float], share: float) -> float | None:
    return round(float(np.quantile(seconds, share)), 3) if seconds else None
