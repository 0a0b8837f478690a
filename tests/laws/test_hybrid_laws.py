"""What holds for the hybrid strategies whatever the points: motions, copies, blocks, memory."""

from __future__ import annotations

import tracemalloc
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.stats import ortho_group

from querist import Head, _arrays, choose
from querist.select import distance, herding
from querist.strategies import information_density

Points = NDArray[np.float64]
MEASURING = ["cal", "epistemic", "ranked-batch", "information-density", "discriminative"]
CLUSTERING = ["cluster-margin", "weighted-k-means", "clue", "dropquery", "alfamix", "tcm(rounds=9)"]
LOOKING = ["falcun", "galaxy", "min-margin", "cost-sensitive", "distance-to-boundary"]


def points(n: int, seed: int, d: int = 3) -> Points:
    return np.random.default_rng(seed).normal(size=(n, d))


def chances(n: int, seed: int, c: int = 4) -> Points:
    return np.random.default_rng([seed, 1]).dirichlet(np.ones(c), n)


def evidence(name: str, n: int, seed: int = 0, d: int = 3, c: int = 4) -> dict[str, Any]:
    """Make what a strategy needs, for n rows and six labelled ones."""
    if name == "distance-to-boundary":
        return {"decision": points(n, seed, c)}
    if name == "min-margin":
        return {"draws": np.stack([chances(n, s, c) for s in (seed, seed + 1)], axis=1)}
    needs_head = name in ("dropquery", "alfamix")
    rows: dict[str, Any] = {"embed": points(n, seed, d), "labelled": {"embed": points(6, seed + 1, d)}}
    if needs_head:
        rows["head"] = Head(points(c, seed + 2, d), points(1, seed + 3, c)[0])
    elif name != "epistemic":
        rows["probs"] = chances(n, seed, c)
        rows["labelled"]["probs"] = chances(6, seed + 1, c)
    return {**rows, "labels": np.arange(6) % 2}


def moved(rows: dict[str, Any], move: Any) -> dict[str, Any]:
    labelled = {**rows["labelled"], "embed": move(rows["labelled"]["embed"])}
    return {**rows, "embed": move(rows["embed"]), "labelled": labelled}


@pytest.mark.parametrize("name", MEASURING)
@settings(max_examples=8, deadline=None)
@given(seed=st.integers(0, 10_000))
def test_moving_the_points_changes_nothing_and_neither_does_turning(name: str, seed: int) -> None:
    rows = evidence(name, 20, seed)
    turn = ortho_group.rvs(3, random_state=np.random.default_rng(seed))
    expected = choose(name, 6, seed=0, **rows)
    motions = [lambda x: x + np.array([100.0, -20.0, 3.0])]
    if name != "discriminative":  # which standardises each feature
        motions.append(lambda x: x @ turn)
    for motion in motions:
        found = choose(name, 6, seed=0, **moved(rows, motion))
        assert found.rows.tolist() == expected.rows.tolist()
        assert found.value == pytest.approx(expected.value, rel=1e-5, abs=1e-5)


@pytest.mark.parametrize("name", MEASURING + CLUSTERING + LOOKING)
def test_small_blocks_change_nothing(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = evidence(name, 80)
    whole = choose(name, 10, seed=0, **rows)
    monkeypatch.setattr(_arrays, "BLOCK_BYTES", 1000)
    monkeypatch.setattr(distance, "CACHE_BYTES", 100)
    monkeypatch.setattr(herding, "BLOCK_BYTES", 1000)
    monkeypatch.setattr(information_density, "BLOCK_BYTES", 1000)
    blocked = choose(name, 10, seed=0, **rows)
    assert blocked.rows.tolist() == whole.rows.tolist()
    assert blocked.value == pytest.approx(whole.value, rel=1e-6)


@pytest.mark.parametrize("name", MEASURING + CLUSTERING + LOOKING)
def test_memory_stays_far_below_a_full_matrix(name: str) -> None:
    rows, few = evidence(name, 4000, d=40, c=40), evidence(name, 20, d=40, c=40)  # N² is 128 MB
    choose(name, 2, seed=0, **few)  # imports
    tracemalloc.start()
    choose(name, 5, seed=0, **rows)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 70e6


@pytest.mark.parametrize("name", ["ranked-batch", "weighted-k-means", "clue", "dropquery", "alfamix"])
def test_copies_never_waste_a_pick_while_another_point_remains(name: str) -> None:
    where = np.repeat(np.arange(6), [5, 1, 4, 1, 3, 6])
    rows = evidence(name, 6)
    several = {key: value[where] if key in ("embed", "probs") else value for key, value in rows.items()}
    for seed in range(5):
        assert len(set(where[choose(name, 6, seed=seed, **several).rows])) == 6
