"""The hybrid strategies that take one row per cluster, against brute force on at most 12 points."""

from __future__ import annotations

from itertools import product
from math import fsum, log, sqrt
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

import querist
from querist.errors import BadInput
from querist.select.clusters import kmeans
from querist.select.exemplars import exemplars
from querist.strategies._clustered import outstanding
from querist.strategies.alfamix import flip_distance
from querist.strategies.clue import tempered
from querist.strategies.dropquery import keep
from querist.testing.views import Sizes, make_view
from querist.view import Draw, Head, Selection, View

Points = NDArray[np.float64]
SEED = st.integers(0, 10_000)
CENTRES = np.array([[0.0, 0.0], [50.0, 0.0], [0.0, 50.0]])


def points(n: int, seed: int, d: int = 3) -> Points:
    return np.random.default_rng(seed).normal(size=(n, d))


def chances(n: int, seed: int, c: int = 4) -> Points:
    return np.random.default_rng([seed, 1]).dirichlet(np.ones(c), n)


def choose(rule: Any, n: int, seed: int = 0, **rows: Any) -> Selection:
    return querist.choose(rule, n, seed=seed, **rows)


def gap(a: Points, b: Points) -> float:
    return sqrt(fsum((x - y) ** 2 for x, y in zip(a.tolist(), b.tolist(), strict=True)))


def entropy(p: Points) -> float:
    return -fsum(c * log(c) for c in p.tolist() if c > 0)


def unsure(p: Points) -> float:
    first, second = sorted(p.tolist())[:-3:-1]
    return 1 - (first - second)


def best_partition(rows: Points, weight: list[float], k: int) -> list[Points]:
    """Try every partition into k groups; give the weighted means of the one with least weighted squared distance."""
    cost, best = np.inf, []
    for home in product(range(k), repeat=len(rows) - 1):
        groups = np.array([0, *home])
        if len(set(groups)) < k:
            continue
        mean = [np.average(rows[groups == g], axis=0, weights=np.array(weight)[groups == g]) for g in range(k)]
        spent = fsum(w * gap(x, mean[g]) ** 2 for x, w, g in zip(rows, weight, groups, strict=True))
        if spent < cost:
            cost, best = spent, mean
    return best


def three_groups(seed: int) -> Points:
    """Nine rows in three groups far apart, so that k-means finds the best partition."""
    return np.repeat(CENTRES, 3, axis=0) + points(9, seed, 2)


# weighted k-means and CLUE


@pytest.mark.parametrize("seed", range(2))
@pytest.mark.parametrize("name", ["weighted-k-means", "clue", "clue(temperature=0.5)"])
def test_one_row_beside_each_weighted_centre(name: str, seed: int) -> None:
    rows, probs = three_groups(seed), chances(9, seed)
    if name == "weighted-k-means":
        weight = [unsure(p) for p in probs]
    else:
        sharper = probs ** (2.0 if "0.5" in name else 1.0)
        weight = [entropy(p / p.sum()) for p in sharper]
    means = best_partition(rows, weight, 3)
    expected = {min(range(9), key=lambda x: gap(rows[x], mean)) for mean in means}
    chosen = choose(name, 3, embed=rows, probs=probs)
    assert set(chosen.rows.tolist()) == expected
    assert chosen.value == pytest.approx([weight[x] for x in chosen.rows])
    assert chosen.value.tolist() == sorted(chosen.value, reverse=True)


@pytest.mark.parametrize("name", ["clue", "weighted-k-means"])
def test_the_weights_draw_the_centre(name: str) -> None:
    rows = np.array([[0.0], [1.0], [4.0], [50.0]])
    even, sure, odd = [0.5, 0.5], [0.99, 0.01], [0.6, 0.4]
    first = choose(name, 2, embed=rows, probs=np.array([even, sure, sure, odd])).rows
    other = choose(name, 2, embed=rows, probs=np.array([sure, sure, even, odd])).rows
    assert (set(first.tolist()), set(other.tolist())) == ({0, 3}, {2, 3})


def test_weighted_k_means_looks_at_the_most_uncertain_rows_only() -> None:
    rows, probs = points(12, 0), chances(12, 0)
    kept = sorted(range(12), key=lambda x: -unsure(probs[x]))
    for n in range(1, 7):
        assert set(choose("weighted-k-means(beta=1)", n, embed=rows, probs=probs).rows.tolist()) == set(kept[:n])
        assert set(choose("weighted-k-means(beta=2)", n, embed=rows, probs=probs).rows.tolist()) <= set(kept[: 2 * n])


def test_defect_17_no_cluster_is_left_out_of_the_batch() -> None:
    centres = 100 * points(8, 1, 2)
    rows = np.repeat(centres, 4, axis=0) + 0.1 * points(32, 2, 2)
    for name in ("weighted-k-means", "clue"):
        chosen = choose(name, 8, embed=rows, probs=chances(32, 0))
        assert {row // 4 for row in chosen.rows.tolist()} == set(range(8))


def test_centres_that_share_their_nearest_row_get_one_each() -> None:
    rows = np.array([[0.0], [1.0], [3.0], [10.0]])
    ties = np.array([0.1, 0.2, 0.3, 0.4])
    assert exemplars(rows, np.array([[0.1], [0.2], [0.0]]), ties=ties).tolist() == [0, 1, 2]
    assert exemplars(rows, np.array([[9.0]] * 6), ties=ties).tolist() == [3, 2, 1, 0]


@given(seed=SEED)
@settings(max_examples=25, deadline=None)
def test_exemplars_are_the_nearest_rows_left(seed: int) -> None:
    rows, centres = points(12, seed), points(7, seed + 1)
    left = list(range(12))
    for centre, row in zip(centres, exemplars(rows, centres, ties=np.arange(12.0)).tolist(), strict=True):
        assert row == min(left, key=lambda x: gap(rows[x], centre))
        left.remove(row)


def test_exemplars_of_copies_are_settled_by_the_tie_numbers_far_from_the_origin() -> None:
    rows = np.repeat(1e6 + points(2, 0, 20), 5, axis=0)
    for best in range(5):
        ties = np.roll(np.arange(10.0), best)
        expected = max(range(5), key=lambda x: ties[x])
        assert exemplars(rows, rows[:1] + 1e-3, ties=ties).tolist() == [expected]


def test_copies_leave_fewer_centres_and_the_best_of_the_others_follow() -> None:
    rows, probs = np.repeat([[0.0], [9.0]], 4, axis=0), chances(8, 3)
    chosen = choose("clue", 5, embed=rows, probs=probs)
    first, rest = chosen.rows[:2].tolist(), chosen.rows[2:].tolist()
    assert {row // 4 for row in first} == {0, 1}
    left = [sorted(set(range(4 * g, 4 * g + 4)) - set(first), key=lambda row: -entropy(probs[row])) for g in (0, 1)]
    turn = sorted((rows[0] for rows in left), key=lambda row: -entropy(probs[row]))  # one of each place, the best first
    assert rest == [*turn, max((rows[1] for rows in left), key=lambda row: entropy(probs[row]))]


def test_rows_of_weight_0_do_not_move_a_centre_unless_all_are() -> None:
    rows, rng = np.array([[0.0], [1.0], [5.0]]), np.random.default_rng(0)
    assert kmeans(rows, 1, rng=rng, weight=np.array([1.0, 3.0, 0.0])).tolist() == [[0.75]]
    assert kmeans(rows, 1, rng=rng, weight=np.zeros(3)).tolist() == [[2.0]]


def test_tempered_probabilities_are_those_of_divided_logits() -> None:
    logits = points(6, 0, 3)
    probs = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    sharper = np.exp(logits / 0.1) / np.exp(logits / 0.1).sum(axis=1, keepdims=True)
    assert tempered(probs, 0.1) == pytest.approx(sharper)
    assert tempered(np.array([[1e-300, 1.0], [0.0, 1.0]]), 0.01).tolist() == [[0.0, 1.0], [0.0, 1.0]]


# dropquery


@pytest.mark.parametrize("seed", range(4))
def test_dropquery_counts_the_dropouts_that_change_the_class(seed: int) -> None:
    rows, head = points(9, seed, 4), Head(points(3, seed + 1, 4), points(1, seed + 2)[0])
    view = View.of({"embed": rows, "head": head}, ids=[f"i{i}" for i in range(9)])
    expected = []
    for x, key in zip(rows, view.keys, strict=True):
        predicted, changed = max(range(3), key=lambda c: head.weight[c] @ x + head.bias[c]), 0
        for sample in range(3):
            mask = [u >= 0.75 for u in keep(np.array([key]), 4, draw=Draw(seed), stream=f"dropout/{sample}")[0]]
            z = [4.0 * value if kept else 0.0 for value, kept in zip(x, mask, strict=True)]
            changed += max(range(3), key=lambda c: head.weight[c] @ z + head.bias[c]) != predicted
        expected.append(changed / 3)
    chosen = choose("dropquery", 9, seed=seed, ids=view.ids, embed=rows, head=head)
    assert dict(zip(chosen.rows.tolist(), chosen.value, strict=True)) == dict(enumerate(expected))


def test_a_mask_keeps_each_feature_of_each_item_with_its_own_chance() -> None:
    keys = querist.view.keys_of([f"i{i}" for i in range(400)])
    kept = keep(keys, 50, draw=Draw(0), stream="dropout/0") >= 0.75
    assert kept.mean() == pytest.approx(0.25, abs=0.01)
    assert kept.mean(axis=0).max() < 0.36
    assert abs(np.corrcoef(kept[:, 0], kept[:, 1])[0, 1]) < 0.15
    other = keep(keys, 50, draw=Draw(0), stream="dropout/1") >= 0.75
    assert (kept == other).mean() == pytest.approx(0.625, abs=0.02)


def test_defect_6_dropout_is_scaled_by_what_is_kept() -> None:
    # logits (h, 2) with h = 1: kept and scaled, h becomes 4 and wins; unscaled it never would.
    head = Head(np.array([[1.0], [0.0]]), np.array([0.0, 2.0]))
    chosen = choose("dropquery(samples=2000)", 1, embed=np.ones((1, 1)), head=head)
    assert chosen.value[0] == pytest.approx(0.25, abs=0.04)


LONG = np.array([[1.0, 0.0, 0.01], [10.0, 0.0, 0.01], [100.0, 0.0, 0.01], [0.0, 1.0, 0.01]])


def test_dropquery_clusters_the_rows_that_flip_by_direction() -> None:
    # The third feature, when kept, is scaled past the bias and turns the class of the first four; no other row turns.
    head = Head(np.array([[0.0, 0.0, 1.0], [0.0, 0.0, 0.0]]), np.array([0.0, 0.011]))
    rows = np.concatenate([LONG, -LONG])
    for seed in range(5):
        chosen = choose("dropquery(samples=401, rate=0.2)", 2, seed=seed, embed=rows, head=head)
        assert 3 in chosen.rows
        assert set(chosen.rows.tolist()) < {0, 1, 2, 3}
        assert (chosen.value > 0.5).all()


def test_alfamix_clusters_the_rows_that_flip_by_direction() -> None:
    head, asked = Head(np.eye(3), np.zeros(3)), {"embed": np.array([[5.0, 5.0, 5.0]])}
    for seed in range(5):
        chosen = choose("alfamix(epsilon=1e6)", 2, seed=seed, embed=LONG, head=head, labelled=asked, labels=[0])
        assert 3 in chosen.rows
        assert (chosen.value > 0.99).all()


def test_the_level_falls_until_there_are_enough_candidates() -> None:
    scores = np.array([1.0, 2 / 3, 1 / 3, 0.0, 1 / 3])
    assert outstanding(scores, 2, level=0.5).tolist() == [0, 1]
    assert outstanding(scores, 3, level=0.5).tolist() == [0, 1, 2, 4]
    assert outstanding(scores, 5, level=0.5).tolist() == [0, 1, 2, 3, 4]


# alfamix


def loss_gradient(head: Head, z: Points, label: int) -> Points:
    """Differentiate the cross-entropy numerically."""

    def loss(at: Points) -> float:
        logits = head.weight @ at + head.bias
        return float(np.log(np.exp(logits - logits.max()).sum()) + logits.max() - logits[label])

    steps = 1e-5 * np.eye(len(z))
    return np.array([(loss(z + step) - loss(z - step)) / 2e-5 for step in steps])


@pytest.mark.parametrize("seed", range(8))
def test_alfamix_candidates_are_the_rows_that_some_mix_flips(seed: int) -> None:
    rows, known, labels = points(12, seed), points(6, seed + 1), np.array([5, 2, 2, 5, 7, -1])
    head, epsilon = Head(points(8, seed + 2), 0.3 * points(1, seed + 3, 8)[0]), 0.5
    anchors = [known[labels == code].mean(axis=0) for code in (2, 5, 7)]  # defect 17: no class stands at its position
    chosen = choose(f"alfamix(epsilon={epsilon})", 12, embed=rows, head=head, labelled={"embed": known}, labels=labels)
    score = dict(zip(chosen.rows.tolist(), chosen.value.tolist(), strict=True))
    flipped = set()
    for i, z in enumerate(rows):
        predicted = int((head.weight @ z + head.bias).argmax())
        g = loss_gradient(head, z, predicted)
        for anchor in anchors:
            alpha = epsilon / sqrt(3) * gap(anchor, z) * g / (np.linalg.norm(g) * (anchor - z))
            mix = alpha * anchor + (1 - alpha) * z
            if (head.weight @ mix + head.bias).argmax() != predicted:
                flipped.add(i)
    assert {i for i, value in score.items() if value > 0.5} == flipped
    few = choose(f"alfamix(epsilon={epsilon})", 1, embed=rows, head=head, labelled={"embed": known}, labels=labels)
    assert set(few.rows.tolist()) <= (flipped or set(range(12)))


def test_the_distance_to_a_flip_is_exact_for_two_classes_and_infinite_for_one() -> None:
    weight, bias, z = np.array([[2.0, 0.0], [0.0, 1.0]]), np.array([0.5, 0.0]), np.array([[1.0, 1.0]])
    line = weight[0] - weight[1]
    expected = float((z[0] @ line + 0.5) / np.linalg.norm(line))
    assert flip_distance(z @ weight.T + bias, weight @ weight.T)[0] == pytest.approx(expected)
    assert flip_distance(np.ones((2, 1)), np.ones((1, 1))).tolist() == [np.inf, np.inf]
    certain = flip_distance(np.array([[4000.0, 0.0]]), np.eye(2))  # p = (1, 0) in floating point
    assert certain[0] == pytest.approx(4000 / sqrt(2))


def test_alfamix_without_answers_spreads_over_the_pool() -> None:
    rows = np.concatenate([np.tile([1.0, 0.0], (5, 1)), np.tile([0.0, 1.0], (5, 1))]) + 0.01 * points(10, 0, 2)
    head = Head(points(2, 1, 2), np.zeros(2))
    asked = {"labelled": {"embed": rows[:3]}, "labels": [-1, -1, -1]}
    for given_rows in ({}, asked):
        chosen = choose("alfamix", 2, embed=rows, head=head, **given_rows)
        assert chosen.value.tolist() == [0.0, 0.0]
        assert {row // 5 for row in chosen.rows.tolist()} == {0, 1}


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ("weighted-k-means(beta=0)", r"^beta must be a whole number, 1 or more: got 0"),
        ("clue(temperature=0)", r"^temperature must be a positive number: got 0"),
        ("dropquery(samples=0)", r"^samples must be a whole number, 1 or more: got 0"),
        ("dropquery(rate=1.0)", r"^rate must be a number between 0 and 1: got 1.0"),
        ("alfamix(epsilon=0)", r"^epsilon must be a positive number: got 0"),
    ],
)
def test_options_that_make_no_sense_are_refused(spec: str, message: str) -> None:
    with pytest.raises(BadInput, match=message):
        choose(spec, 1, embed=np.eye(2), probs=np.eye(2))


def test_a_head_of_another_library_is_read() -> None:
    xp = pytest.importorskip("array_api_strict")
    rule = querist._query.resolve("dropquery")[0]
    view = make_view(rule, 6, sizes=Sizes(classes=3))
    foreign = Head(xp.asarray(view.head.weight), xp.asarray(view.head.bias))
    assert (
        choose(rule, 3, embed=view.embed, head=foreign).rows.tolist()
        == choose(rule, 3, embed=view.embed, head=view.head).rows.tolist()
    )
