"""Strategies of boxes and frames against brute force, written from their one-line definitions."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import querist
from querist._load import make
from querist.errors import BadEvidence, BadInput, MissingEvidence
from querist.strategies.time_gap import farthest_first
from querist.view import Draw, View

seeds = st.integers(0, 10_000)


def margins(rng, count):
    first = rng.uniform(0.5, 1.0, count)
    return np.column_stack([first, 1 - first])


def walk(order, time, group, gap):
    """Take rows in order unless one of the same group, taken before, is nearer than gap."""
    taken = []
    for row in order:
        if all(group[row] != group[t] or not abs(time[row] - time[t]) < gap for t in taken):
            taken.append(row)
    return taken


@settings(max_examples=80, deadline=None)
@given(seeds, st.integers(1, 12), st.sampled_from([1.0, 3.0, 10.0]))
def test_time_gap_is_the_walk_along_the_order(seed, n, gap):
    rng = np.random.default_rng(seed)
    count = 12
    probs, time, group = margins(rng, count), rng.integers(0, 30, count).astype(float), rng.integers(0, 3, count)
    order = np.argsort(probs[:, 0], kind="stable").tolist()
    expected = walk(order, time, group, gap)
    found = querist.query(f"time-gap(of='margin', gap={gap})", n, probs=probs, time=time, group=group, seed=0).tolist()
    assert found[: len(expected)] == expected[:n]
    assert len(set(found)) == n
    if len(expected) < n:  # the rest is each the farthest of those left
        for at in range(len(expected), n):

            def nearest(row, before=tuple(found[:at])):
                return min([abs(time[row] - time[b]) for b in before if group[b] == group[row]], default=np.inf)

            left = [row for row in range(count) if row not in found[:at]]
            assert nearest(found[at]) == max(map(nearest, left))


def test_time_gap_of_unknown_times_and_without_groups():
    probs = margins(np.random.default_rng(0), 5)
    order = np.argsort(probs[:, 0]).tolist()
    view = View.of({"probs": probs}, ids=list("abcde"), time=np.full(5, np.nan))
    rule = make("strategies", "time-gap(of='margin')")
    assert rule.select(view, -np.abs(probs[:, 0]), n=5, draw=Draw(0)).rows.tolist() == order
    assert rule.context == {"time"}
    one = querist.query("time-gap(of='margin', gap=2)", 2, probs=probs, time=np.arange(5), seed=0)
    assert abs(one[0] - one[1]) >= 2
    assert farthest_first(np.array([np.nan, 0, 1]), np.zeros(3, int), np.array([1]), n=2).tolist() == [0]


def test_time_gap_says_what_it_needs():
    for gap in (0, -1, float("nan"), "3"):
        with pytest.raises(BadInput, match="gap must be a time greater than 0, in the unit of the data: got"):
            make("strategies", f"time-gap(gap={gap!r})" if gap == gap else "time-gap(gap=1e999)")
    with pytest.raises(MissingEvidence, match="strategy 'time-gap' needs time: pass time=…, or frames that know"):
        querist.query("time-gap", 1, probs=np.full((3, 2), 0.5))
    with pytest.raises(BadEvidence, match="time must have one finite number per row, 3: got"):
        querist.query("time-gap", 1, probs=np.full((3, 2), 0.5), time=[1, 2])
