"""Shards, and the engines that work on them."""

from __future__ import annotations

import math
import operator
import os
import time
from dataclasses import dataclass

import numpy as np
import pytest

from querist._arrays import topk
from querist.engines import merge
from querist.engines.processes import Processes
from querist.engines.serial import Serial, about
from querist.errors import BadInput
from querist.strategies.entropy import Entropy
from querist.strategies.protocol import About, Strategy
from querist.strategies.random import Random
from querist.testing.views import make_view, sort_rows
from querist.view import Draw, Selection

ENGINES = [Serial(), Processes(2)]


@dataclass(frozen=True)
class Farthest(Strategy):
    """A joint strategy with chance: the row farthest from those chosen, the first one by its score."""

    needs = frozenset({"embed"})
    joint = True
    about = About("test", "max min d", "O(N·n)", "test")

    def score(self, view, draw):
        return (view.embed**2).sum(axis=1)

    def select(self, view, scores, *, n, draw):
        rows = [int(topk(scores, 1, draw.uniform(view.keys, "ties"))[0])]
        while len(rows) < n:
            far = ((view.embed[:, None] - view.embed[rows]) ** 2).sum(-1).min(1)
            rows.append(int(far.argmax()))
        return Selection(np.array(rows), scores[rows], np.full(n, 0.5))


def cut(view, count):
    return [view.take(rows) for rows in np.array_split(np.arange(len(view)), count)]


def ids(view, selection):
    return [view.ids[row] for row in selection.rows.tolist()]


def pid(_):
    return os.getpid()


def slow_first(item):
    time.sleep(0.2 if item == 0 else 0.0)
    return item


def double_or_fail(item):
    if item == 3:
        raise KeyError("three")
    return 2 * item


@pytest.mark.parametrize("engine", ENGINES)
def test_engines_give_results_in_the_order_of_the_items(engine):
    assert list(engine.map(slow_first, range(7))) == list(range(7))
    assert list(engine.map(operator.neg, [])) == []


@pytest.mark.parametrize("engine", ENGINES)
def test_an_exception_names_the_item_that_it_came_from(engine):
    found = []
    with pytest.raises(KeyError, match="three") as caught:
        found.extend(engine.map(double_or_fail, range(7)))
    assert found == [0, 2, 4]
    assert caught.value.__notes__ == ["while working on 3"]


def test_a_long_item_is_cut_in_the_note():
    assert len(about("x" * 1_000)) < 230
    assert about("x" * 1_000).endswith("x…")


def test_processes_are_others_and_read_ahead_only_a_little():
    read = []

    def items():
        for item in range(20):
            read.append(item)
            yield item

    results = Processes(2).map(pid, items())
    first = next(results)
    assert first != os.getpid()
    assert len(read) <= 4
    results.close()
    assert len(read) <= 4


def test_processes_refuse_no_jobs():
    with pytest.raises(BadInput, match=r"^jobs must be 1 or more: got 0$"):
        Processes(0)


def test_an_exception_in_a_process_crosses_over():
    with pytest.raises(ValueError, match=r"math domain error|nonnegative") as caught:
        list(Processes(1).map(math.sqrt, [4.0, -1.0]))
    assert caught.value.__notes__ == ["while working on -1.0"]


@pytest.mark.parametrize("rule", [Entropy(), Random(), Farthest()])
def test_processes_choose_what_this_process_chooses(rule):
    parts = cut(sort_rows(make_view(rule, 40)), 3)
    here, _, expected = merge.run(rule, parts, n=5, draw=Draw(1))
    there, _, found = merge.run(rule, parts, n=5, draw=Draw(1), mapper=Processes(2).map)
    assert ids(there, found) == ids(here, expected)


def test_survivors_are_sorted_by_key_and_few():
    parts = cut(make_view(Entropy(), 60), 4)
    view, scores, chosen = merge.run(Entropy(), parts[::-1], n=5, draw=Draw(0))
    assert len(view) == len(scores) == 20
    assert (np.diff(view.keys.astype(object)) > 0).all()
    assert scores.tolist() == Entropy().score(view, Draw(0)).tolist()
    assert chosen.value.tolist() == np.sort(scores)[::-1][:5].tolist()


def test_a_joint_choice_over_several_shards_has_no_known_propensity_but_one_shard_is_exact():
    view = sort_rows(make_view(Farthest(), 30))
    expected = Farthest().select(view, Farthest().score(view, Draw(0)), n=6, draw=Draw(0))
    whole, scores, chosen = merge.run(Farthest(), [view], n=6, draw=Draw(0))
    assert len(whole) == len(scores) == 30
    assert (ids(whole, chosen), chosen.propensity.tolist()) == (ids(view, expected), [0.5] * 6)
    _, _, several = merge.run(Farthest(), cut(view, 3), n=6, draw=Draw(0))
    assert several.propensity is None


def test_a_joint_strategy_keeps_its_reserve_among_the_survivors():
    view = sort_rows(make_view(Farthest(), 60))
    best = set(np.array(view.ids)[topk(Farthest().score(view, Draw(0)), 8, np.zeros(60))].tolist())
    few, _, _ = merge.run(Farthest(), cut(view, 3), n=2, draw=Draw(0))
    more, _, _ = merge.run(Farthest(), cut(view, 3), n=2, draw=Draw(0), reserve=8)
    assert not best <= set(few.ids)
    assert best <= set(more.ids)


def test_empty_shards_and_empty_pools():
    view = make_view(Entropy(), 6)
    none = view.take(np.empty(0, np.intp))
    found, _, chosen = merge.run(Entropy(), [none, view, none], n=2, draw=Draw(0))
    assert ids(found, chosen) == ids(view, Entropy().select(view, Entropy().score(view, Draw(0)), n=2, draw=Draw(0)))
    for n, shards in ((2, [none]), (0, [view, none])):
        survivors, scores, chosen = merge.run(Entropy(), shards, n=n, draw=Draw(0))
        assert len(survivors) == len(scores) == len(chosen) == 0


def test_no_shard_at_all_is_an_error():
    with pytest.raises(ValueError, match="there is no shard"):
        merge.run(Entropy(), [], n=1, draw=Draw(0))
