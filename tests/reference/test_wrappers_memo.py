"""What a strategy says of each pick, its memo and what it asks of an item, goes with the pick through every wrapper."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pytest

from querist.strategies._wrapped import joined, picked
from querist.strategies.class_quota import ClassQuota
from querist.strategies.epsilon_random import EpsilonRandom
from querist.strategies.group_cap import GroupCap
from querist.strategies.prefilter import Prefilter
from querist.strategies.protocol import About, Strategy, host, top
from querist.strategies.subsample import Subsample
from querist.strategies.time_gap import TimeGap
from querist.view import Draw, Need, Ragged, Selection, View

N = 40


@dataclass(frozen=True)
class Noted(Strategy):
    """Take the highest probabilities of class 0, note the key of each pick, and ask for as many elements of it."""

    needs: ClassVar[frozenset[Need]] = frozenset({"probs"})
    joint: ClassVar[bool] = True
    about: ClassVar[About] = About("test", "p₀", "O(N)", "none")

    def score(self, view: View, draw: Draw) -> np.ndarray:
        return np.asarray(view.probs)[:, 0]

    def select(self, view: View, scores: np.ndarray, *, n: int, draw: Draw) -> Selection:
        rows = top(view, scores, n, draw)
        number = view.keys[rows].astype(int).tolist()
        values = np.array([[0, at] for at in number]).reshape(-1, 2)
        asks = Ragged(values, np.arange(len(rows) + 1))
        return Selection(rows, scores[rows], memo={"state": [1] * len(rows)}, asks=asks, said={"key": number})


def rows_of_groups() -> View:
    rng = np.random.default_rng(3)
    probs = rng.dirichlet(np.ones(3), N)
    group, time = rng.integers(0, 5, N), rng.permutation(N).astype(float)
    keys = np.arange(100, 100 + N, dtype=np.uint64)
    return View.of({"probs": probs}, ids=[str(key) for key in keys], keys=keys, group=group, time=time)


def check(chosen: Selection, view: View, own: list[int | None]) -> None:
    assert chosen.said == {"key": own}
    assert chosen.memo is not None
    assert set(chosen.memo["state"]) == {1}, "state of the rule, whatever its length"
    assert chosen.asks is not None
    asked = [run.tolist() for run in np.split(chosen.asks.values, chosen.asks.starts[1:-1])]
    assert asked == [[] if key is None else [[0, key]] for key in own]


@pytest.mark.parametrize("n", [3, 8, N])
@pytest.mark.parametrize(
    "wrapper",
    [
        GroupCap(of=Noted(), k=1),
        GroupCap(of=Noted(), k=3),
        ClassQuota(of=Noted()),
        Subsample(of=Noted(), m=20),
        Prefilter(of=Noted(), factor=2),
        TimeGap(of=Noted(), gap=3, earlier=False),
        EpsilonRandom(of=Noted(), share=0.0),
    ],
    ids=lambda wrapper: type(wrapper).__name__,
)
def test_what_is_said_of_a_pick_stands_beside_it(wrapper: Strategy, n: int) -> None:
    view, draw = rows_of_groups(), Draw(0)
    chosen = wrapper.select(view, host(wrapper.score(view, draw)), n=n, draw=draw)
    own: list[int | None] = view.keys[chosen.rows].astype(int).tolist()
    if isinstance(wrapper, TimeGap) and n == N:  # frames that fill a batch although they are too near: no rule's choice
        assert chosen.said is not None
        filled = [at for at, key in enumerate(chosen.said["key"]) if key is None]
        assert 0 < len(filled) < N
        assert filled == list(range(filled[0], N))
        own[filled[0] :] = [None] * len(filled)
    check(chosen, view, own)


def test_nothing_is_said_of_what_chance_picked() -> None:
    view, rule, seen = rows_of_groups(), EpsilonRandom(of=Noted(), share=0.4), set()
    for seed in range(20):
        draw = Draw(seed)
        chosen = rule.select(view, host(rule.score(view, draw)), n=10, draw=draw)
        coins = draw.rng("epsilon-random").random(10) < 0.4
        keys = view.keys[chosen.rows].astype(int).tolist()
        check(chosen, view, [None if coin else key for coin, key in zip(coins, keys, strict=True)])
        seen |= set(coins.tolist())
    assert seen == {True, False}


def test_choices_are_joined_and_taken_apart_with_all_that_they_say() -> None:
    said = Selection(
        np.array([5, 6]), np.array([2.0, 1.0]), memo={"weights": [0.1, 0.9]}, reason="own", said={"class": [1, 2]}
    )
    plain = Selection(np.array([9]), np.array([0.0]), np.array([0.5]), "other")
    both = joined([said, plain])
    assert (both.rows.tolist(), both.value.tolist()) == ([5, 6, 9], [2.0, 1.0, 0.0])
    assert (both.said, both.reason, both.propensity) == ({"class": [1, 2, None]}, "own", None)
    assert both.memo == {"weights": [0.1, 0.9]}
    assert both.asks is None
    assert joined([plain, said]).said == {"class": [None, 1, 2]}
    assert (joined([plain, plain]).memo, joined([plain, plain]).said) == (None, None)
    swapped = picked(both, np.array([2, 0]))
    assert (swapped.rows.tolist(), swapped.said) == ([9, 5], {"class": [None, 1]})


def test_a_memo_is_state_of_the_rule_however_long_its_lists_are() -> None:
    weights = {"class_weights": [0.1, 0.2, 0.7]}
    three = Selection(np.array([7, 8, 9]), np.zeros(3), memo=weights)
    two = Selection(np.array([1, 2]), np.zeros(2), memo={"class_weights": 4, "own": [5, 6]})
    assert picked(three, np.array([2, 0])).memo == weights
    assert joined([three, two]).memo == {**weights, "own": [5, 6]}


def test_what_is_said_has_an_entry_for_each_pick() -> None:
    with pytest.raises(AssertionError, match=r"said\['class'\]: 3 entries for 2 picks"):
        Selection(np.array([1, 2]), np.zeros(2), said={"class": [1, 2, 3]})


def test_items_behind_the_end_of_what_is_asked_are_asked_whole() -> None:
    asks = Ragged(np.array([[4, 5]]), np.array([0, 1]))
    chosen = picked(Selection(np.array([7, 8]), np.zeros(2), asks=asks), np.array([1, 0]))
    assert chosen.asks is not None
    assert (chosen.asks.values.tolist(), chosen.asks.starts.tolist()) == ([[4, 5]], [0, 0, 1])
    both = joined([Selection(np.array([9]), np.zeros(1)), chosen])
    assert both.asks is not None
    assert both.asks.starts.tolist() == [0, 0, 0, 1]
