"""Committees: bags that always end, members that differ, votes, given members."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from querist.errors import BadInput, UnknownName
from querist.learners import resolve
from querist.learners.committee import TRIES, Committee, CommitteePredictor, bag
from querist.learners.linear import Linear
from querist.learners.sklearn import Sklearn
from querist.testing.learners import Sample, make_sample, train


@given(codes=st.lists(st.integers(0, 3), min_size=2, max_size=30), seed=st.integers(0, 1000))
@settings(max_examples=100, deadline=None)
def test_a_bag_has_two_classes_where_there_are_two(codes: list[int], seed: int) -> None:
    targets = np.array(codes)
    rows = bag(targets, np.random.default_rng(seed))
    assert len(rows) == len(codes)
    assert (np.diff(rows) >= 0).all()
    assert len(np.unique(targets[rows])) >= min(2, len(np.unique(targets)))


def test_a_bag_ends_when_one_label_is_rare() -> None:
    targets = np.zeros(10_000, np.int64)
    targets[77] = 1
    rng = np.random.default_rng(0)
    bags = [bag(targets, rng) for _ in range(30)]
    assert all(77 in rows for rows in bags)
    assert TRIES == 10


def test_a_bag_repeats_and_omits_rows() -> None:
    rows = bag(np.arange(1000) % 2, np.random.default_rng(0))
    assert 0.6 < len(np.unique(rows)) / 1000 < 0.66


@pytest.mark.parametrize("base", ["linear", "sklearn:GaussianNB", "sklearn:SVC"])
def test_members_differ_and_their_mean_is_the_committee(base: str) -> None:
    sample = make_sample()
    few = Sample(sample.pool, sample.rows[:9], np.array([0, 1, 2, 2, 1, 0, 0, 2, 1]))
    evidence = train(Committee(members=6, base=base), few).predict(sample.pool, {"probs", "draws"})
    draws = evidence["draws"]
    assert draws.shape == (60, 6, 3)
    np.testing.assert_allclose(draws.mean(axis=1), evidence["probs"])
    assert len({draws[:, k].tobytes() for k in range(6)}) > 3


def test_members_without_probabilities_vote() -> None:
    sample = make_sample()
    for classes, some in ((3, sample), (2, sample.only(0, 1))):
        model = train(Committee(members=3, base="sklearn:SVC"), some, classes=classes)
        draws = model.predict(sample.pool[some.rows], {"draws"})["draws"]
        assert set(np.unique(draws)) == {0.0, 1.0}
        assert (draws.mean(axis=1).argmax(axis=1) == some.codes).mean() > 0.9


def test_voters_that_have_seen_one_class_say_its_share() -> None:
    sample = make_sample().only(2)
    probs = train(Committee(members=3, base="sklearn:SVC"), sample).predict(sample.pool, {"probs"})["probs"]
    labels = len(sample.codes)
    np.testing.assert_allclose(probs[0], np.array([1, 1, labels + 1]) / (labels + 3))


def test_embedding_and_head_are_those_of_the_base_on_all_labels() -> None:
    sample = make_sample()
    got = train(Committee(members=3), sample).predict(sample.pool, {"embed", "head"})
    base = train(Linear(), sample).predict(sample.pool, {"embed", "head"})
    np.testing.assert_array_equal(got["embed"], base["embed"])
    np.testing.assert_allclose(got["head"].weight, base["head"].weight)
    assert Committee(base="sklearn:SVC").provides == {"probs", "draws", "embed"}


def test_given_learners_are_trained_on_all_labels() -> None:
    sample = make_sample()
    committee = Committee.of([Linear(C=0.1), "sklearn:GaussianNB"])
    draws = train(committee, sample).predict(sample.pool, {"draws"})["draws"]
    for k, learner in enumerate((Linear(C=0.1), Sklearn("GaussianNB"))):
        np.testing.assert_allclose(draws[:, k], train(learner, sample).predict(sample.pool, {"probs"})["probs"])


def test_a_base_that_can_be_written_down_is() -> None:
    assert Committee(base=Linear()) == Committee()
    assert resolve(Committee(base=Linear(C=0.5)))[1] == "committee(base='linear(C=0.5)')"
    assert resolve("committee(members=10, base='linear')")[1] == "committee"
    spec = "committee(members=2, given=('linear', 'linear(C=2.0)'))"
    assert resolve(Committee.of([Linear(), "linear(C=2.0)"]))[1] == spec
    assert resolve(spec) == (Committee.of(["linear", "linear(C=2.0)"]), spec)


def test_notes_of_members_are_the_committees() -> None:
    model = train(Committee(members=3, base="sklearn:LogisticRegression(max_iter=1)"), make_sample())
    assert isinstance(model, CommitteePredictor)
    assert any(note.startswith("ConvergenceWarning") for note in model.notes)
    assert train(Committee(members=3), make_sample()).notes == ()  # type: ignore[attr-defined]


def test_bad_committees_are_refused() -> None:
    class Raw(Linear):
        eats = "raw"

    with pytest.raises(BadInput, match="members must be a whole number, 2 or more: got 1"):
        Committee(members=1)
    with pytest.raises(BadInput, match="members must be a whole number, 2 or more: got 1"):
        Committee.of(["linear"])
    with pytest.raises(UnknownName, match="no learner is called 'liner': did you mean 'linear'"):
        Committee(base="liner")
    with pytest.raises(BadInput, match=r"members must eat features: .*Raw.* eats raw items"):
        Committee.of([Raw(), Raw()])


@pytest.mark.parametrize("sparse", [False, True])
@pytest.mark.parametrize("base", ["linear", "sklearn:RandomForestClassifier(n_estimators=5)"])
def test_draws_do_not_depend_on_the_order_of_the_labels(base: str, sparse: bool) -> None:
    sample = make_sample(sparse=sparse)
    turn = np.random.default_rng(4).permutation(len(sample.rows))
    turned = Sample(sample.pool, sample.rows[turn], sample.codes[turn])
    one, other = (train(Committee(3, base), s).predict(sample.pool, {"draws"})["draws"] for s in (sample, turned))
    np.testing.assert_allclose(one, other, atol=1e-6)
