"""Row-wise strategies against brute force written from their one-line definitions, in plain Python."""

from __future__ import annotations

from math import fsum, isclose, log, sqrt

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from querist import _arrays, choose, query
from querist.scores.bayes import bald, expected_entropy
from querist.scores.change import egl
from querist.scores.committee import consensus_entropy, kl_consensus, vote_entropy
from querist.scores.uncertainty import entropy, least_confidence, margin

ROWS, MEMBERS = 12, 5


def h(p):
    return -fsum(x * log(x) for x in p if x > 0)


def mean_of(members):
    return [fsum(column) / len(members) for column in zip(*members, strict=True)]


def divergence(p, q):
    return fsum(x * log(x / y) for x, y in zip(p, q, strict=True) if x > 0)


def votes(members):
    shares = [[(x == max(p)) / p.count(max(p)) for x in p] for p in members]
    return mean_of(shares)


def gradient_length(p, embed, bias):
    whole = 0.0
    for y, p_y in enumerate(p):
        error = [x - (c == y) for c, x in enumerate(p)]
        cells = [e * x for e in error for x in [*embed, *([1.0] if bias else [])]]
        whole += p_y * sqrt(fsum(cell * cell for cell in cells))
    return whole


OF_PROBS = {
    "least-confidence": lambda p: 1 - max(p),
    "margin": lambda p: -(sorted(p)[-1] - sorted(p)[-2]),
    "ratio": lambda p: sorted(p)[-2] / sorted(p)[-1],
    "entropy": h,
}
OF_DRAWS = {
    "vote-entropy": lambda members: h(votes(members)),
    "consensus-entropy": lambda members: h(mean_of(members)),
    "kl-consensus": lambda members: fsum(divergence(p, mean_of(members)) for p in members) / len(members),
    "bald": lambda members: h(mean_of(members)) - fsum(h(p) for p in members) / len(members),
}


def distribution(classes):
    """Probabilities with exact zeros and exact ties."""
    weights = st.lists(st.integers(0, 6), min_size=classes, max_size=classes).filter(any)
    return weights.map(lambda w: [x / sum(w) for x in w])


@st.composite
def probabilities(draw, least=2):
    classes = draw(st.integers(least, 5))
    return draw(st.lists(distribution(classes), min_size=1, max_size=ROWS))


@st.composite
def committees(draw):
    classes, members = draw(st.integers(1, 4)), draw(st.integers(1, MEMBERS))
    one = st.lists(distribution(classes), min_size=members, max_size=members)
    return draw(st.lists(one, min_size=1, max_size=ROWS))


def check(name, expected, **evidence):
    """The values are the definition's, and the order is that of the values."""
    ids = [f"item_{i:02d}" for i in range(len(expected))]
    chosen = choose(name, len(expected), seed=1, ids=ids, **evidence)
    assert sorted(chosen.rows.tolist()) == list(range(len(expected)))
    assert np.allclose(chosen.value, np.array(expected)[chosen.rows], rtol=1e-12, atol=1e-14)
    assert (np.diff(chosen.value) <= 0).all()


@pytest.mark.parametrize("name", OF_PROBS)
@given(probs=probabilities())
@settings(max_examples=60, deadline=None)
def test_scores_of_probabilities(name, probs):
    check(name, [OF_PROBS[name](p) for p in probs], probs=np.array(probs))


@pytest.mark.parametrize("name", OF_DRAWS)
@given(draws=committees())
@settings(max_examples=60, deadline=None)
def test_scores_of_draws(name, draws):
    check(name, [max(0.0, OF_DRAWS[name](members)) for members in draws], draws=np.array(draws))


@given(draws=committees())
@settings(max_examples=60, deadline=None)
def test_expected_entropy(draws):
    expected = [fsum(h(p) for p in members) / len(members) for members in draws]
    assert np.allclose(expected_entropy(np.array(draws)), expected, rtol=1e-12, atol=1e-14)


@given(probs=probabilities(least=1), data=st.data(), bias=st.booleans())
@settings(max_examples=60, deadline=None)
def test_expected_gradient_length(probs, data, bias):
    embed = data.draw(st.lists(st.tuples(*[st.floats(-9, 9)] * 3), min_size=len(probs), max_size=len(probs)))
    expected = [gradient_length(p, e, bias) for p, e in zip(probs, embed, strict=True)]
    check(f"egl(bias={bias})", expected, probs=np.array(probs), embed=np.array(embed))


@given(draws=committees())
@settings(max_examples=60, deadline=None)
def test_divergence_from_the_consensus_is_bald(draws):
    assert np.allclose(kl_consensus(np.array(draws)), bald(np.array(draws)), rtol=1e-10, atol=1e-14)


@given(one=probabilities(least=1), members=st.integers(1, 9))
@settings(max_examples=60, deadline=None)
def test_identical_members_do_not_disagree(one, members):
    draws = np.repeat(np.array(one)[:, None, :], members, axis=1)
    for score in (kl_consensus(draws), bald(draws)):
        assert (score >= 0).all()
        assert (score < 1e-12).all()
    certain = np.eye(draws.shape[-1])[draws.argmax(-1)]
    assert vote_entropy(certain).tolist() == [0.0] * len(one)
    assert np.allclose(consensus_entropy(draws), entropy(np.array(one)), rtol=1e-12, atol=1e-14)


@given(probs=st.lists(distribution(2), min_size=1, max_size=ROWS))
@settings(max_examples=60, deadline=None)
def test_two_classes_make_one_ranking(probs):
    """Least confidence, margin, ratio and entropy all grow with the smaller probability."""
    p = np.array(probs)
    order = np.argsort(p.min(axis=1), kind="stable")
    for score in (least_confidence(p), margin(p), entropy(p)):
        assert (np.diff(score[order]) >= -1e-15).all()
    ids = [str(i) for i in range(len(p))]
    distinct = len(set(p.min(axis=1).round(12).tolist())) == len(p)
    picks = {name: query(name, 3, probs=p, ids=ids, seed=0).tolist() for name in OF_PROBS}
    assert not distinct or len({tuple(rows) for rows in picks.values()}) == 1


@given(draws=committees(), limit=st.integers(1, 400))
@settings(max_examples=60, deadline=None)
def test_blocks_change_nothing(draws, limit):
    whole = {score: score(np.array(draws)) for score in (vote_entropy, consensus_entropy, kl_consensus, bald)}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_arrays, "BLOCK_BYTES", limit)
        for score, expected in whole.items():
            assert score(np.array(draws)).tolist() == expected.tolist()


@pytest.mark.torch
@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("classes", [2, 4])
def test_expected_gradient_length_is_what_automatic_differentiation_gives(bias, classes):
    torch = pytest.importorskip("torch")
    rng = np.random.default_rng(classes)
    embed, weight = rng.normal(size=(8, 3)), rng.normal(size=(classes, 3)) * 3
    head = torch.nn.Linear(3, classes, bias=bias, dtype=torch.float64)
    head.load_state_dict({"weight": torch.tensor(weight), **({"bias": torch.ones(classes)} if bias else {})})
    probs = torch.softmax(head(torch.tensor(embed)), dim=1).detach()
    expected = []
    for row, p in zip(torch.tensor(embed), probs, strict=True):
        lengths = []
        for y in range(classes):
            head.zero_grad()
            torch.nn.functional.cross_entropy(head(row[None]), torch.tensor([y])).backward()
            lengths.append(sqrt(sum(float((q.grad**2).sum()) for q in head.parameters())))
        expected.append(float(p @ torch.tensor(lengths, dtype=torch.float64)))
    assert np.allclose(egl(probs.numpy(), embed, bias=bias), expected, rtol=1e-6, atol=0)


def test_expected_gradient_length_of_a_nearly_certain_row_does_not_cancel():
    rest = 2.0**-40
    score = egl(np.array([[1 - rest, rest]]), np.array([[0.0]]))
    assert isclose(float(score[0]), 2 * sqrt(2) * rest * (1 - rest), rel_tol=1e-12)
