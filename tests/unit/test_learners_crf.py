"""The conditional random field: its suite, its inference against the library and against all labellings."""

from __future__ import annotations

import sys
import tempfile
from itertools import pairwise, product
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from querist.errors import BadInput, BadLabel, MissingExtra
from querist.learners import resolve
from querist.learners._lattice import best, infer
from querist.learners._words import features
from querist.learners.crf import Crf, _read, _seen
from querist.study import Study
from querist.testing.spans import SpanLearnerSuite, make_texts

pytest.importorskip("pycrfsuite")


class TestCrf(SpanLearnerSuite):
    learner = "crf"


class TestCommitteeOfFields(SpanLearnerSuite):
    learner = Crf(members=3, max_iter=30, paths=3)


class TestBestPathOnly(SpanLearnerSuite):
    learner = Crf(paths=1)


# --- inference against the list of all labellings -------------------------------------------------------------------


def chains(seed, sizes, states):
    rng = np.random.default_rng(seed)
    starts = np.cumsum([0, *sizes]).astype(np.int64)
    return rng.normal(0, 2, (starts[-1], states)), rng.normal(0, 2, (states, states)), starts


def score(unary, transition, tags):
    return sum(unary[t, tag] for t, tag in enumerate(tags)) + sum(transition[a, b] for a, b in pairwise(tags))


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10**6), st.lists(st.integers(0, 5), min_size=1, max_size=5), st.integers(1, 3), st.integers(1, 9))
def test_inference_is_that_of_all_labellings(seed, sizes, states, n):
    unary, transition, starts = chains(seed, sizes, states)
    found, scores = infer(unary, transition, starts), best(unary, transition, starts, n=n)
    for item, (a, b) in enumerate(pairwise(starts)):
        every = list(product(range(states), repeat=b - a))
        logs = np.array([score(unary[a:b], transition, tags) for tags in every])
        weights = np.exp(logs - logs.max())
        assert found.partition[item] == pytest.approx(np.log(weights.sum()) + logs.max(), abs=1e-9)
        for t in range(b - a):
            marginal = [weights[[tags[t] == s for tags in every]].sum() / weights.sum() for s in range(states)]
            assert found.marginals[a + t].tolist() == pytest.approx(marginal, abs=1e-9)
        top = np.sort(logs)[::-1][:n]
        assert scores[item, : len(top)].tolist() == pytest.approx(top.tolist(), abs=1e-9)
        assert (scores[item, len(top) :] == -np.inf).all()


def test_inference_holds_on_ten_thousand_tokens_and_extreme_weights():
    unary, transition, starts = chains(0, [10_000, 1], 3)
    found = infer(unary * 100, transition * 20, starts)
    assert np.isfinite(found.partition).all()
    np.testing.assert_allclose(found.marginals.sum(axis=1), 1.0)
    assert best(unary * 100, transition * 20, starts, n=1)[0, 0] <= found.partition[0] + 1e-6


# --- the field against the library -----------------------------------------------------------------------------------


def test_marginals_and_sequence_probabilities_are_those_of_the_library():
    import pycrfsuite

    texts, spans = make_texts(30)
    learner = Crf()
    model = learner.fit(texts[:15], spans[:15], classes=2, rng=np.random.default_rng(0))
    evidence = model.predict(texts, {"elements", "paths"})
    with tempfile.TemporaryDirectory() as folder:
        from querist.tasks._bio import tags_of

        tokens = _read(texts[:15])
        tags = [tags_of(each, text.offsets) for each, text in zip(spans, tokens, strict=False)]
        learner._train(tokens, tags, Path(folder) / "model")
        tagger = pycrfsuite.Tagger()
        tagger.open(str(Path(folder) / "model"))
        for item, text in enumerate(_read(texts)):
            tagger.set(list(_seen(text.parts)))
            a, b = evidence["elements"].starts[item : item + 2]
            for t in range(b - a):
                for tag in tagger.labels():
                    assert evidence["elements"].values[a + t, int(tag)] == pytest.approx(
                        tagger.marginal(tag, t), abs=1e-6
                    )
            first = evidence["paths"].values[evidence["paths"].starts[item]]
            assert np.exp(first) == pytest.approx(tagger.probability(tagger.tag()), abs=1e-6)
        tagger.close()


def test_paths_are_log_probabilities_best_first():
    texts, spans = make_texts(30)
    model = Crf(paths=7).fit(texts[:10], spans[:10], classes=2, rng=np.random.default_rng(0))
    paths = model.predict(texts, {"paths"})["paths"]
    for a, b in pairwise(paths.starts):
        assert 1 <= b - a <= 7
        assert (np.diff(paths.values[a:b]) <= 0).all()
        assert np.exp(paths.values[a:b]).sum() <= 1 + 1e-9


def test_before_two_tags_have_labels_every_token_has_the_smoothed_shares():
    texts, spans = make_texts(4)
    empty = np.empty(1, object)
    empty[0] = np.empty((0, 3), np.int64)
    model = Crf().fit(np.array(["it rains"], object), empty, classes=2, rng=np.random.default_rng(0))
    found = model.predict(texts, {"elements"})["elements"].values
    np.testing.assert_allclose(found, np.tile([3 / 7, 1 / 7, 1 / 7, 1 / 7, 1 / 7], (len(found), 1)))
    nothing = Crf().fit(texts[:0], spans[:0], classes=2, rng=np.random.default_rng(0))
    np.testing.assert_allclose(nothing.predict(texts, {"elements"})["elements"].values, 0.2)


def test_members_differ_and_depend_on_the_generator():
    texts, spans = make_texts(30)
    fits = [Crf(members=3).fit(texts[:8], spans[:8], classes=2, rng=np.random.default_rng(s)) for s in (0, 1)]
    first, second = (fit.predict(texts, {"elements"})["elements"].values for fit in fits)
    assert first.shape[1:] == (3, 5)
    assert np.abs(first[:, 0] - first[:, 1]).max() > 0.01
    assert np.abs(first - second).max() > 0.01


# --- features and options --------------------------------------------------------------------------------------------


def test_features_say_what_a_word_looks_like():
    found = features("U.N.", 0)
    assert {"0W=U.N.", "0w=u.n.", "0S=X.X.", "0stop", "0capital", "0capitals", "0p2=u.", "0q2=n."} <= set(found)
    assert features("", -1) == ("-1edge",)
    assert "0c0=NNP" in features("EU\x1fNNP", 0)
    assert features("EU\x1fNNP", 2) == ("2w=eu", "2s=X", "2c0=NNP")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ("c1=-1", "crf: c1 and c2 must be 0 or more: got -1 and 0.05"),
        ("paths=0", "crf: paths must be a whole number, 1 or more: got 0"),
        ("members=1.5", "crf: members must be a whole number, 0 or more: got 1.5"),
    ],
)
def test_options_are_checked(options, message):
    with pytest.raises(BadInput) as caught:
        resolve(f"crf({options})")
    assert str(caught.value) == message


def test_a_missing_library_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "pycrfsuite", None)
    texts, spans = make_texts(4)
    with pytest.raises(MissingExtra, match=r"needs python-crfsuite: pip install 'querist\[text\]'"):
        Crf().fit(texts, spans, classes=2, rng=np.random.default_rng(0))


def test_a_learner_of_classes_and_one_of_spans_say_that_the_task_is_another_one():
    texts, _ = make_texts(4)
    with pytest.raises(BadLabel) as caught:
        Study.create(None, texts.tolist(), task="spans", labels=["a"], learner="linear", strategy="random")
    assert str(caught.value) == (
        "this learner learns one class for each item, and the labels of this task have parts: leave the learner to the "
        "task, which names its own, or see `querist learners`"
    )
    with pytest.raises(BadLabel) as other:
        Study.create(None, texts.tolist(), labels=["a", "b"], learner="crf", strategy="random")
    assert str(other.value) == (
        "crf learns spans, an object array [L] of tables [S, 3]: got int64; it belongs to the task spans"
    )
