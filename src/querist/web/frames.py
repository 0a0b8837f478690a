"""The frames before and after an item, in the video or series that it belongs to."""

from __future__ import annotations

from functools import cached_property

import numpy as np

from querist._arrays import Rows
from querist.data import Pool

NEAR = 20
"""Frames on each side: the slices of most series, and more of a video than anybody looks at."""


class Frames:
    """The frames of a pool in order of time. Cost O(N log N) once, O(1) a question."""

    def __init__(self, pool: Pool) -> None:
        self.pool = pool

    def near(self, id: str) -> list[str]:
        """List the ids of the frames about an item in order of time, its own among them; none where time is unknown."""
        pool = self.pool
        row = int(pool.rows([id])[0])
        if pool.group is None or pool.time is None or np.isnan(pool.time[row]):
            return []
        order, place = self._order
        at = int(place[row])
        about = order[max(at - NEAR, 0) : at + NEAR + 1]
        same = about[(pool.group[about] == pool.group[row]) & ~np.isnan(pool.time[about])]
        return [pool.ids[each] for each in same.tolist()] if len(same) > 1 else []

    @cached_property
    def _order(self) -> tuple[Rows, Rows]:
        """The rows by group and time, and the place of each row among them."""
        assert self.pool.group is not None
        assert self.pool.time is not None
        order = np.lexsort((self.pool.time, self.pool.group))
        place = np.empty_like(order)
        place[order] = np.arange(len(order))
        return order, place
