"""The hybrid batch strategies against brute force on at most 12 points: those that measure or draw."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from itertools import pairwise
from math import fsum, sqrt
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.stats import chisquare

import querist
from querist._query import choose_from
from querist.errors import BadInput
from querist.select.kmeanspp import proportional
from querist.strategies.cluster_margin import ClusterMargin
from querist.strategies.discriminative import Discriminative, told_apart
from querist.strategies.falcun import Falcun, sharpened, within
from querist.strategies.galaxy import Galaxy, next_on
from querist.strategies.margin import Margin
from querist.strategies.tcm import Tcm
from querist.strategies.typiclust import Typiclust
from querist.view import Draw, Round, Selection, View

Points = NDArray[np.float64]
SEED = st.integers(0, 10_000)


def points(n: int, seed: int, d: int = 3) -> Points:
    return np.random.default_rng(seed).normal(size=(n, d))


def chances(n: int, seed: int, c: int = 4) -> Points:
    return np.random.default_rng([seed, 1]).dirichlet(np.ones(c), n)


def choose(rule: Any, n: int, seed: int = 0, **rows: Any) -> Selection:
    return querist.choose(rule, n, seed=seed, **rows)


def gap(a: Points, b: Points) -> float:
    return sqrt(fsum((x - y) ** 2 for x, y in zip(a.tolist(), b.tolist(), strict=True)))


def margins(probs: Points) -> list[float]:
    return [sorted(p)[-1] - sorted(p)[-2] for p in probs.tolist()]


# ranked-batch


@given(seed=SEED, asked=st.integers(1, 4))
@settings(max_examples=25, deadline=None)
def test_ranked_batch_moves_each_pick_from_the_pool_to_the_labelled(seed: int, asked: int) -> None:
    rows, probs, known = points(12, seed), chances(12, seed), points(asked, seed + 1)
    chosen = choose("ranked-batch", 12, embed=rows, probs=probs, labelled={"embed": known, "probs": chances(asked, 1)})
    left, taken = list(range(12)), list(known)
    for row, value in zip(chosen.rows.tolist(), chosen.value, strict=True):
        share = len(left) / (len(left) + len(taken))
        score = {}
        for x in left:
            near = 1 / (1 + min(gap(rows[x], c) for c in taken))
            score[x] = share * (1 - near) + (1 - share) * (1 - max(probs[x]))
        assert score[row] == pytest.approx(max(score.values()), rel=1e-12)
        assert value == pytest.approx(score[row], rel=1e-12)
        left.remove(row)
        taken.append(rows[row])


def test_ranked_batch_with_nothing_labelled_starts_at_the_middle() -> None:
    rows = points(12, 4)
    first = min(range(12), key=lambda x: gap(rows[x], rows.mean(axis=0)))
    chosen = choose("ranked-batch", 2, embed=rows, probs=chances(12, 4))
    assert (chosen.rows[0], chosen.value[0]) == (first, 1.0)


# falcun


@given(seed=SEED, gamma=st.sampled_from([0.0, 1.0, 10.0, 300.0]))
@settings(max_examples=25, deadline=None)
def test_falcun_draws_by_uncertainty_and_distance_to_the_rows_drawn(seed: int, gamma: float) -> None:
    probs = chances(10, seed)
    chosen = choose(Falcun(gamma=gamma), 10, seed=seed, probs=probs)
    unsure = [1 - m for m in margins(probs)]
    apart, left = list(unsure), list(range(10))
    assert chosen.propensity is not None
    for row, value, chance in zip(chosen.rows.tolist(), chosen.value, chosen.propensity, strict=True):
        low, high = min(apart[x] for x in left), max(apart[x] for x in left)
        relevance = {x: unsure[x] + ((apart[x] - low) / (high - low) if high > low else 0.0) for x in left}
        most = max(relevance.values())
        weight = {x: (r / most) ** gamma for x, r in relevance.items()}
        assert value == pytest.approx(relevance[row], rel=1e-9)
        assert chance == pytest.approx(weight[row] / fsum(weight.values()), rel=1e-9)
        left.remove(row)
        apart = [min(d, np.abs(p - probs[row]).sum()) for d, p in zip(apart, probs, strict=True)]


def test_falcun_draws_in_proportion() -> None:
    weight, rng = np.array([0.0, 1.0, 3.0, 6.0]), np.random.default_rng(5)
    seen = Counter(proportional(weight, rng) for _ in range(20_000))
    assert chisquare([seen[1], seen[2], seen[3]], [2_000, 6_000, 12_000]).pvalue > 0.01
    first = Counter(
        choose("falcun(gamma=1)", 1, seed=s, probs=np.array([[0.5, 0.5], [0.75, 0.25]])).rows[0] for s in range(900)
    )
    # r = (1 + 1, ½ + 0), so the first is drawn four times out of five
    assert chisquare([first[0], first[1]], [720, 180]).pvalue > 0.01


def test_defect_6_falcun_rescales_a_copy_and_never_the_distances() -> None:
    # After two draws d lies in [0, 0.1]; were d itself brought to [0, 1], later distances could not lower it.
    probs = np.array([[0.5, 0.5], [0.52, 0.48], [0.55, 0.45], [0.6, 0.4]])
    chosen = choose(Falcun(gamma=0.0), 4, seed=3, probs=probs)
    apart, left = [1 - m for m in margins(probs)], [0, 1, 2, 3]
    for row, value in zip(chosen.rows.tolist(), chosen.value, strict=True):
        span = [apart[x] for x in left]
        extra = (apart[row] - min(span)) / (max(span) - min(span)) if max(span) > min(span) else 0.0
        assert value == pytest.approx(1 - margins(probs)[row] + extra)
        left.remove(row)
        apart = [min(d, 2 * abs(p[0] - probs[row][0])) for d, p in zip(apart, probs, strict=True)]
    free = np.array([True, False, True])
    values = np.array([1.0, 7.0, 3.0])
    within(values, free)
    assert values.tolist() == [1.0, 7.0, 3.0]
    assert sharpened(np.zeros(3), free, 10.0).tolist() == [1.0, 0.0, 1.0]


def test_falcun_of_certain_copies_draws_uniformly() -> None:
    chosen = choose("falcun", 4, probs=np.tile([1.0, 0.0], (4, 1)))
    assert chosen.propensity is not None
    assert chosen.propensity == pytest.approx([1 / 4, 1 / 3, 1 / 2, 1])


# cluster-margin


def merged(rows: Points, clusters: int, distance: float | None = None) -> list[set[int]]:
    """Merge the two groups of least mean distance until there are so many, or until they are so far apart."""
    groups = [{i} for i in range(len(rows))]
    while len(groups) > 1:
        pairs = [(i, j) for i in range(len(groups)) for j in range(i)]
        mean = {
            (i, j): fsum(gap(rows[a], rows[b]) for a in groups[i] for b in groups[j]) / len(groups[i]) / len(groups[j])
            for i, j in pairs
        }
        i, j = min(pairs, key=lambda pair: mean[pair])
        if len(groups) <= clusters if distance is None else mean[i, j] > distance:
            break
        groups[j] |= groups[i]
        del groups[i]
    return groups


@given(seed=SEED, n=st.integers(1, 5), distance=st.sampled_from([None, 0.8, 1.5]))
@settings(max_examples=25, deadline=None)
def test_cluster_margin_takes_turns_smallest_cluster_first(seed: int, n: int, distance: float | None) -> None:
    rows, probs = points(12, seed), chances(12, seed)
    chosen = choose(ClusterMargin(factor=2, distance=distance), n, seed=seed, embed=rows, probs=probs)
    kept = set(np.argsort(margins(probs))[: 2 * n].tolist())
    groups = [g & kept for g in merged(rows, n, distance) if g & kept]
    home = [next(i for i, g in enumerate(groups) if row in g) for row in chosen.rows.tolist()]
    turns, expected = 0, []
    while len(expected) < n:
        expected += sorted(len(g) for g in groups if len(g) > turns)
        turns += 1
    assert [len(groups[i]) for i in home] == expected[:n]
    counts = Counter(home)
    for i, g in enumerate(groups):  # nobody has a second turn before everybody had a first
        assert all(counts[j] <= counts[i] + 1 or counts[i] == len(g) for j in counts)


def test_cluster_margin_draws_within_a_cluster_anew_for_every_seed_and_round() -> None:
    rows, probs = np.zeros((6, 2)), np.full((6, 2), 0.5)
    assert {int(choose("cluster-margin", 1, seed=s, embed=rows, probs=probs).rows[0]) for s in range(60)} == set(
        range(6)
    )
    view = View.of({"embed": rows, "probs": probs}, ids=list("abcdef"))
    rounds = {tuple(choose_from(ClusterMargin(), view, n=3, draw=Draw(0, p)).rows.tolist()) for p in range(8)}
    assert len(rounds) > 4  # defect 17: the same seed in each call


def test_cluster_margin_above_the_limit_clusters_the_candidates_only(monkeypatch: pytest.MonkeyPatch) -> None:
    rows, probs = points(60, 3), chances(60, 3)
    monkeypatch.setattr("querist.strategies.cluster_margin.MOST_ROWS", 40)
    chosen = choose(ClusterMargin(factor=2), 6, embed=rows, probs=probs)
    kept = np.argsort(margins(probs))[:12]
    groups = [{int(kept[i]) for i in g} for g in merged(rows[kept], 6)]
    assert sorted(len(next(g for g in groups if row in g)) for row in chosen.rows.tolist()) == sorted(map(len, groups))
    monkeypatch.setattr("querist.select.linkage.MOST_ROWS", 10)
    monkeypatch.setattr("querist.select.linkage.CENTRES", 8)
    assert len(set(choose(ClusterMargin(factor=2), 6, embed=rows, probs=probs).rows.tolist())) == 6


# galaxy


def bisected(line: list[int], label: dict[int, int], k: int) -> set[int]:
    """Give the rows that the definition allows as the next pick on the line of class k."""
    at = [i for i, row in enumerate(line) if row in label]
    pairs = [(a, b) for a, b in pairwise(at) if (label[line[a]] == k) != (label[line[b]] == k)]
    runs = [(b - a - 1, line[(a + 1 + b - 1) // 2]) for a, b in pairs if b - a > 1]
    if runs:
        return {middle for size, middle in runs if size == min(runs)[0]}
    free = [i for i, row in enumerate(line) if row not in label]
    beside: dict[int, int] = {}
    for i in free:
        for a, b in pairs:
            steps = b - i if i < a else i - a
            beside[i] = min(beside.get(i, steps), steps)
    return {line[i] for i in free if not pairs or beside[i] == min(beside.values())}


def lines_of(probs: Points) -> list[list[int]]:
    top = probs.max(axis=1)
    keys = [[(p[k] - m, p[k]) for p, m in zip(probs, top, strict=True)] for k in range(probs.shape[1])]
    return [sorted(range(len(probs)), key=lambda i: key[i], reverse=True) for key in keys]


@given(seed=SEED, asked=st.integers(0, 6), classes=st.integers(2, 4))
@settings(max_examples=25, deadline=None)
def test_galaxy_bisects_exactly_at_n_1(seed: int, asked: int, classes: int) -> None:
    probs, known = chances(6, seed, classes), chances(asked, seed + 1, classes)
    labels = np.random.default_rng(seed).integers(0, classes, asked)
    label = {6 + i: int(y) for i, y in enumerate(labels)}
    allowed = set().union(
        *(bisected(line, label, k) for k, line in enumerate(lines_of(np.concatenate([probs, known]))))
    )
    labelled = {"labelled": {"probs": known}, "labels": labels} if asked else {}
    found = {int(choose("galaxy", 1, seed=s, probs=probs, **labelled).rows[0]) for s in range(20)}
    assert found <= allowed


@given(seed=SEED)
@settings(max_examples=20, deadline=None)
def test_galaxy_in_a_batch_takes_the_predicted_label_for_the_answer(seed: int) -> None:
    probs, known, labels = chances(8, seed, 3), chances(4, seed + 1, 3), np.array([0, 1, 2, -1])
    every = np.concatenate([probs, known])
    label = {8 + i: int(y) if y >= 0 else int(known[i].argmax()) for i, y in enumerate(labels)}
    lines, order = lines_of(every), np.argsort(every.sum(axis=0))
    chosen = choose("galaxy", 8, seed=seed, probs=probs, labelled={"probs": known}, labels=labels)
    rng = Draw(seed).rng("galaxy")
    for row in chosen.rows.tolist():
        k = int(order[rng.integers(3)])
        assert row in bisected(lines[k], label, k)
        label[row] = int(probs[row].argmax())


def test_galaxy_finds_a_threshold_in_logarithmically_many_labels() -> None:
    share = np.linspace(0.99, 0.01, 64)
    probs, truth = np.column_stack([share, 1 - share]), np.repeat([0, 1], [40, 24])
    asked, labels = [0, 63], [0, 1]
    for _ in range(6):
        left = np.setdiff1d(np.arange(64), asked)
        given_rows = {"labelled": {"probs": probs[asked]}, "labels": labels}
        row = int(left[choose("galaxy", 1, probs=probs[left], **given_rows).rows[0]])
        asked, labels = [*asked, row], [*labels, int(truth[row])]
    assert {39, 40} <= set(asked)


def test_galaxy_goes_beside_the_cut_on_both_sides() -> None:
    side = np.array([-1, -1, 1, 0, -1, -1], np.int8)
    assert {next_on(side, np.random.default_rng(s).random(6)) for s in range(20)} == {1, 4}
    assert next_on(np.array([-1, 1, 1, 0, -1], np.int8), np.zeros(5)) == 4
    assert next_on(np.array([1, 1, -1], np.int8), np.zeros(3)) == 2
    assert Galaxy().select(View.of({"probs": np.ones((1, 1))}, ids=["a"]), np.zeros(1), n=1, draw=Draw(0)).rows == [0]


# discriminative


def log_odds(known: Points, others: Points, rows: Points) -> Points:
    """Minimise ½‖w‖² + Σ weight·log loss on standardised features, with SciPy."""
    every = np.concatenate([known, others])
    z = (every - every.mean(axis=0)) / every.std(axis=0)
    sign = np.where(np.arange(len(every)) < len(known), -1.0, 1.0)
    weight = len(every) / 2 / np.where(sign < 0, len(known), len(others))

    def loss(w: Points) -> float:
        return float(w[:-1] @ w[:-1] / 2 + weight @ np.logaddexp(0, -sign * (z @ w[:-1] + w[-1])))

    best = minimize(loss, np.zeros(z.shape[1] + 1), tol=1e-12).x
    return (rows - every.mean(axis=0)) / every.std(axis=0) @ best[:-1] + best[-1]


@given(seed=SEED)
@settings(max_examples=12, deadline=None)
def test_discriminative_retrains_after_each_part(seed: int) -> None:
    rows, known = points(10, seed), points(4, seed + 1)
    chosen = choose("discriminative(batches=3)", 6, embed=rows, labelled={"embed": known})
    for part in (0, 2, 4):
        before, now = chosen.rows[:part], chosen.rows[part : part + 2]
        left = np.setdiff1d(np.arange(10), before)
        odds = log_odds(np.concatenate([known, rows[before]]), rows[left], rows)
        assert odds[now] == pytest.approx(np.sort(odds[left])[::-1][:2], abs=2e-3)
        assert chosen.value[part : part + 2] == pytest.approx(odds[now], abs=2e-3)


def test_discriminative_leaves_constant_features_alone_and_starts_without_labels() -> None:
    rows = np.column_stack([points(8, 0, 1), np.ones(8)])
    assert np.isfinite(told_apart(rows[:2], rows[2:])(rows)).all()
    chosen = choose("discriminative", 4, embed=rows)
    assert chosen.value[0] == 0.0
    assert len(set(chosen.rows.tolist())) == 4
    view = View.of({"embed": rows}, ids=list("abcdefgh"))
    used_up = replace(view, targets=view.take(np.array([3])), labelled=View.of({"embed": rows[:2]}, ids=["x", "y"]))
    assert len(set(choose_from(Discriminative(), used_up, n=8, draw=Draw(0)).rows.tolist())) == 8


# tcm


def test_tcm_is_typiclust_for_the_first_rounds_and_then_margin() -> None:
    embed, probs = points(30, 0), chances(30, 0)
    view = View.of({"embed": embed, "probs": probs}, ids=[f"i{i}" for i in range(30)])
    view = replace(view, targets=view, labelled=view.take(np.arange(2)), labels=np.array([0, 1]))
    first, then = (choose_from(rule, view, n=5, draw=Draw(1)).rows.tolist() for rule in (Typiclust(), Margin()))
    one = Round(view.keys[:1], np.array([0]), np.zeros(1), "tcm")
    for done, expected in ((1, first), (2, first), (3, then), (4, then)):
        later = replace(view, past=(one,) * done)
        assert choose_from(Tcm(), later, n=5, draw=Draw(1)).rows.tolist() == expected
        assert choose_from(Tcm(rounds=done), later, n=5, draw=Draw(1)).rows.tolist() == then


def test_tcm_without_a_log_counts_an_answer_per_class_as_a_round() -> None:
    embed, probs = points(30, 0), chances(30, 0)
    rows = {"embed": embed, "probs": probs}
    for answers, rule in ((11, "typiclust"), (12, "margin")):  # four classes, three rounds
        labels = np.where(np.arange(20) < answers, 0, -1)
        asked = {"labelled": {"embed": embed[:20], "probs": probs[:20]}, "labels": labels}
        assert choose("tcm", 6, **rows, **asked).rows.tolist() == choose(rule, 6, **rows, **asked).rows.tolist()


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ("falcun(gamma=-1)", r"^gamma must be a number, 0 or more: got -1"),
        ("cluster-margin(factor=0.5)", r"^factor must be a number, 1 or more: got 0.5"),
        (
            "cluster-margin(distance=0)",
            r"^distance must be a positive number, or None for as many clusters as rows: got 0",
        ),
        ("discriminative(batches=0)", r"^batches must be a whole number, 1 or more: got 0"),
        ("tcm(rounds=-1)", r"^rounds must be a whole number, 0 or more: got -1"),
    ],
)
def test_options_that_make_no_sense_are_refused(spec: str, message: str) -> None:
    with pytest.raises(BadInput, match=message):
        choose(spec, 1, embed=np.eye(2), probs=np.eye(2))
