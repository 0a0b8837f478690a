"""Defects found in public packages that row-wise strategies could share, each by its number in our list of them."""

from __future__ import annotations

from math import log

import numpy as np
import pytest

from querist import choose, query
from querist._query import choose_from, resolve
from querist.errors import BadEvidence
from querist.scores.bayes import bald
from querist.scores.change import egl
from querist.scores.committee import consensus_entropy, kl_consensus
from querist.scores.uncertainty import entropy, margin
from querist.view import Draw, View


def test_3_ties_drawn_again_do_not_repeat_a_row():
    draws = np.full((40, 4, 2), 0.5)
    for seed in range(50):
        for name in ("bald", "power-bald"):
            assert len(set(query(name, 10, draws=draws, seed=seed).tolist())) == 10


def test_7_gradient_length_is_euclidean_and_not_a_sum_of_sizes():
    assert egl(np.array([[0.5, 0.5]]), np.array([[3.0, 4.0]]), bias=False)[0] == pytest.approx(5 * 0.5**0.5)


def test_8_and_12_and_13_zero_probabilities_give_no_nan_that_wins():
    probs = np.array([[1.0, 0.0, 0.0], [0.4, 0.3, 0.3]])
    assert entropy(probs).tolist() == pytest.approx([0.0, 1.0889], abs=1e-4)
    assert query("entropy", 1, probs=probs).tolist() == [1]
    draws = np.array([[[1.0, 0.0], [0.0, 1.0]], [[1.0, 0.0], [1.0, 0.0]]])
    assert kl_consensus(draws).tolist() == pytest.approx([log(2), 0.0])
    assert bald(draws).tolist() == pytest.approx([log(2), 0.0])


def test_9_and_10_divergence_is_the_mean_over_members_not_their_sum_or_maximum():
    draws = np.array([[[1.0, 0.0], [1.0, 0.0], [0.0, 1.0]]])
    parts = [log(1.5), log(1.5), log(3.0)]
    assert kl_consensus(draws)[0] == pytest.approx(sum(parts) / 3)


def test_10_entropy_of_draws_is_that_of_their_mean_not_the_mean_of_entropies():
    assert consensus_entropy(np.array([[[1.0, 0.0], [0.0, 1.0]]]))[0] == pytest.approx(log(2))


def test_10_ties_at_the_smallest_margin_are_drawn_among_the_smallest():
    probs = np.array([[0.9, 0.1], [0.5, 0.5], [0.5, 0.5], [0.5, 0.5]])
    picks = {query("margin", 1, probs=probs, seed=seed).tolist()[0] for seed in range(40)}
    assert picks == {1, 2, 3}


def test_11_sampling_prefers_the_informative_end():
    sure, unsure = [[0.9, 0.1], [0.9, 0.1]], [[1.0, 0.0], [0.0, 1.0]]
    first = [query("power-bald", 1, draws=np.array([sure, unsure]), seed=seed).tolist()[0] for seed in range(50)]
    assert first == [1] * 50


def test_11_rows_that_do_not_sum_to_one_are_refused_and_not_passed_through_a_softmax():
    with pytest.raises(BadEvidence, match="must sum to 1"):
        query("entropy", 1, probs=np.array([[0.9, 0.8], [0.1, 0.2]]))


def test_12_information_subtracts_each_row_s_own_mean():
    draws = np.array([[[0.5, 0.5], [0.5, 0.5]], [[0.9, 0.1], [0.2, 0.8]]])
    assert consensus_entropy(draws)[0] > consensus_entropy(draws)[1]
    assert bald(draws)[0] < bald(draws)[1]


def test_14_a_second_batch_from_the_rest_holds_nothing_of_the_first():
    probs = np.random.default_rng(0).dirichlet(np.ones(3), 30)
    first = query("margin", 10, probs=probs, seed=0)
    rest = np.setdiff1d(np.arange(30), first)
    second = rest[query("margin", 10, probs=probs[rest], seed=0)]
    both = query("margin", 20, probs=probs, seed=0)
    assert [*first.tolist(), *second.tolist()] == both.tolist()


def test_16_batches_keep_their_ranking():
    probs = np.random.default_rng(0).dirichlet(np.ones(3), 30)
    chosen = choose("margin", 30, probs=probs)
    assert chosen.value.tolist() == sorted(margin(probs), reverse=True)


@pytest.mark.parametrize("name", ["random", "power-bald"])
def test_17_another_round_draws_anew_under_the_same_seed(name):
    draws = np.random.default_rng(0).dirichlet(np.ones(3), (50, 4))
    view = View.of({"draws": draws}, ids=[str(i) for i in range(50)])
    rule, _ = resolve(name)
    rounds = [tuple(choose_from(rule, view, n=10, draw=Draw(7, position)).rows.tolist()) for position in range(10)]
    assert len(set(rounds)) == 10


def test_18_the_caller_s_arrays_are_left_alone():
    probs = np.random.default_rng(0).dirichlet(np.ones(3), 9)
    before = probs.copy()
    for name in ("margin", "ratio", "entropy", "least-confidence"):
        query(name, 3, probs=probs)
    assert (probs == before).all()


def test_the_two_largest_are_found_in_any_column_order():
    """A partial sort of the wrong axis, or of the array in place, gives another pair."""
    probs = np.array([[0.1, 0.6, 0.3], [0.3, 0.1, 0.6], [0.6, 0.3, 0.1]])
    assert margin(probs).tolist() == pytest.approx([-0.3] * 3)
