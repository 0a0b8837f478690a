"""A row scores the same whatever rows stand beside it, in whatever order, cut or layout of memory: to the last digit.

Ties between copies of a row in different shards would otherwise be decided by rounding.
"""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from querist.scores.bayes import bald, epig, expected_entropy, predictive_variance
from querist.scores.change import egl
from querist.scores.committee import consensus_entropy, kl_consensus, mean_std, variation_ratio, vote_entropy
from querist.scores.regression import member_std
from querist.scores.uncertainty import boundary_distance, entropy, least_confidence, margin, ratio

N = 37
SIZES = [(1, 2), (7, 10), (20, 130)]


def gradient(p):
    return egl(p, p)


def information_on_targets(draws):
    members, classes = draws.shape[1:]
    return epig(draws, np.random.default_rng(0).dirichlet(np.ones(classes), (5, members)))


SCORES = {
    2: [least_confidence, margin, ratio, entropy, boundary_distance, gradient],
    3: [
        vote_entropy,
        consensus_entropy,
        kl_consensus,
        bald,
        expected_entropy,
        variation_ratio,
        mean_std,
        member_std,
        predictive_variance,
        information_on_targets,
    ],
}
CASES = [pytest.param(score, axes, id=score.__name__) for axes, scores in SCORES.items() for score in scores]
# a matrix product of another library is true to rounding only
OF_TENSORS = [case for case in CASES if case.id != "information_on_targets"]


def evidence(axes, members, classes):
    shape = (N, classes) if axes == 2 else (N, members, classes)
    return np.random.default_rng(classes).dirichlet(np.ones(classes), shape[:-1])


def layouts(x):
    """The same numbers, laid out in memory in other ways."""
    yield np.asfortranarray(x)
    yield np.repeat(x, 2, axis=0)[::2]
    yield np.repeat(x, 2, axis=-1)[..., ::2]
    yield np.ascontiguousarray(np.swapaxes(x, 0, 1)).swapaxes(0, 1)


@pytest.mark.parametrize(("score", "axes"), CASES)
@given(cuts=st.lists(st.integers(0, N), max_size=4).map(sorted), sizes=st.sampled_from(SIZES))
@settings(max_examples=9, deadline=None)
def test_rows_in_parts_score_as_they_do_together(score, axes, cuts, sizes):
    x = evidence(axes, *sizes)
    whole = score(x)
    for same in (x, *layouts(x)):
        assert np.concatenate([score(part) for part in np.split(same, cuts)]).tolist() == whole.tolist()


@pytest.mark.parametrize(("score", "axes"), CASES)
@given(order=st.permutations(range(N)), sizes=st.sampled_from(SIZES))
@settings(max_examples=9, deadline=None)
def test_rows_in_another_order_score_the_same(score, axes, order, sizes):
    x = evidence(axes, *sizes)
    assert score(x[order]).tolist() == score(x)[order].tolist()


@pytest.mark.torch
@pytest.mark.parametrize(("score", "axes"), OF_TENSORS)
@pytest.mark.parametrize("sizes", SIZES)
def test_rows_of_a_tensor_score_alone_as_they_do_together(score, axes, sizes):
    torch = pytest.importorskip("torch")
    x = torch.asarray(evidence(axes, *sizes))
    by_column = x.T.contiguous().T if axes == 2 else x.transpose(0, 1).contiguous().transpose(0, 1)
    alone = torch.cat([score(x[i : i + 1]) for i in range(N)])
    assert alone.tolist() == score(x).tolist() == score(by_column).tolist()
