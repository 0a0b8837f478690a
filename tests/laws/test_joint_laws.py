"""What holds for the joint strategies whatever the points: copies, motions, blocks, memory, and their errors."""

from __future__ import annotations

import tracemalloc
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.stats import ortho_group

import querist
from querist import _arrays
from querist._query import choose
from querist.errors import BadInput, MissingEvidence
from querist.select import distance, herding
from querist.select.clusters import typicality
from querist.select.kcenter import kcenter
from querist.strategies.badge import Badge
from querist.strategies.k_center import KCenter
from querist.strategies.maxherding import Maxherding
from querist.strategies.protocol import Strategy
from querist.strategies.typiclust import Typiclust
from querist.strategies.uherding import Uherding
from querist.view import Draw, View

Points = NDArray[np.float64]
ALL = [KCenter(), Badge(), Typiclust(), Maxherding(), Uherding()]
COVERING = [KCenter(), Typiclust(most=5), Maxherding(sigma=1.5), Uherding(sigma=1.5)]


def points(n: int, seed: int, d: int = 3) -> Points:
    return np.random.default_rng(seed).normal(size=(n, d))


def chances(n: int, seed: int, c: int = 4) -> Points:
    return np.random.default_rng([seed, 1]).dirichlet(np.ones(c), n)


@pytest.mark.parametrize("rule", ["k-center", "maxherding", "uherding", "badge"])
def test_copies_never_waste_a_pick_while_another_point_remains(rule: str) -> None:
    where = np.repeat(np.arange(6), [5, 1, 4, 1, 3, 6])
    embed, probs = points(6, 8)[where], chances(6, 8)[where]
    evidence = {"embed": embed, "probs": probs}
    for seed in range(5):
        assert len(set(where[choose(rule, 6, seed=seed, **evidence).rows])) == 6
        if rule != "badge":
            labelled = {"embed": embed[:6], "probs": probs[:6]}  # copies of places 0 and 1
            rows = choose(rule, 4, seed=seed, **evidence, labelled=labelled).rows
            assert set(where[rows]) == {2, 3, 4, 5}


@pytest.mark.parametrize("rule", COVERING, ids=lambda rule: type(rule).__name__)
@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 10_000))
def test_moving_and_turning_the_points_changes_nothing(rule: Strategy, seed: int) -> None:
    # Groups far apart, so that k-means has one answer: its seeding settles equal candidates by their last digits.
    rows = points(30, seed) + 40 * np.repeat(np.eye(5, 3, k=-1) - np.eye(5, 3, k=-2), 6, axis=0)
    asked, p = points(4, seed + 1), chances(34, seed)
    turn = ortho_group.rvs(3, random_state=np.random.default_rng(seed))

    def picks(move: Any) -> list[int]:
        labelled = {"embed": move(asked), "probs": p[30:]}
        return choose(rule, 6, seed=0, embed=move(rows), probs=p[:30], labelled=labelled).rows.tolist()

    expected = picks(lambda x: x)
    assert picks(lambda x: x + np.array([100.0, -20.0, 3.0])) == expected
    assert picks(lambda x: x @ turn) == expected


@pytest.mark.parametrize("rule", ALL, ids=lambda rule: type(rule).__name__)
def test_small_blocks_change_nothing(rule: Strategy, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = {"embed": points(80, 1), "probs": chances(80, 1)}
    labelled = {"embed": points(5, 2), "probs": chances(5, 2)}
    whole = choose(rule, 10, seed=0, **rows, labelled=labelled)
    monkeypatch.setattr(_arrays, "BLOCK_BYTES", 1000)
    monkeypatch.setattr(distance, "CACHE_BYTES", 100)
    monkeypatch.setattr(herding, "BLOCK_BYTES", 1000)
    blocked = choose(rule, 10, seed=0, **rows, labelled=labelled)
    assert blocked.rows.tolist() == whole.rows.tolist()
    assert blocked.value == pytest.approx(whole.value, rel=1e-10)


@pytest.mark.parametrize("rule", ALL, ids=lambda rule: type(rule).__name__)
def test_memory_stays_far_below_a_full_matrix(rule: Strategy) -> None:
    n, d, c = 4000, 40, 40  # N² and N·C·D are 128 and 51 MB
    rows = {"embed": points(n, 1, d).astype(np.float32), "probs": chances(n, 1, c).astype(np.float32)}
    choose(rule, 2, seed=0, embed=rows["embed"][:20], probs=rows["probs"][:20])  # imports
    tracemalloc.start()
    choose(rule, 5, seed=0, **rows)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 40e6


def test_typicality_of_rows_that_are_no_targets() -> None:
    line = np.array([[0.0], [1.0], [3.0]])
    assert typicality(np.array([[2.0]]), line, k=2, own=np.array([-1])) == pytest.approx([1.0], rel=1e-4)
    assert typicality(line, line, k=0, own=np.arange(3)).tolist() == [0.0, 0.0, 0.0]


def test_k_center_from_any_start_takes_ties_by_the_keyed_numbers() -> None:
    square = np.array([[1.0, 0.0], [-1.0, 0.0], [0.0, 1.0], [0.0, -1.0]])
    for first in range(4):
        ties = np.roll([0.9, 0.1, 0.2, 0.3], first)
        assert kcenter(square, np.full(4, np.inf), n=1, ties=ties)[0].tolist() == [first]


@pytest.mark.parametrize("rule", ["maxherding", "uherding"])
@pytest.mark.parametrize("sigma", ["0", "-1.0", "'wide'", "1e999"])
def test_a_radius_that_is_no_positive_number_is_refused(rule: str, sigma: str) -> None:
    with pytest.raises(BadInput, match=r"sigma must be a positive number, or None to take it from the data: got"):
        querist.query(f"{rule}(sigma={sigma})", 1, embed=np.eye(2))


def test_missing_targets_say_what_to_give() -> None:
    view = View.of({"embed": np.eye(2)}, ids=["a", "b"])
    with pytest.raises(MissingEvidence, match=r"^coverage is measured on targets, and the view has none: set targets"):
        Maxherding().score(view, Draw(0))
