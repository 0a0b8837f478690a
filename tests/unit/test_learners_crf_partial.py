"""The conditional random field on texts that were looked at in part."""

from __future__ import annotations

from itertools import pairwise, product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from querist.errors import BadInput
from querist.learners import _lattice
from querist.learners.crf import Crf, _clamped, _read, _runs, _sheet, filled
from querist.tasks._bio import ASKED, UNSEEN, tags_of
from querist.testing.spans import TASK, make_texts

pytest.importorskip("pycrfsuite")

NEEDS = frozenset({"elements", "places", "paths"})
TEXTS, SPANS = make_texts(60)


def fit(spans, *, rows=slice(0, 40), **options):
    return Crf(**options).fit(TEXTS[rows], spans[rows], classes=2, rng=np.random.default_rng(0))


def asked(stretches):
    """The spans of every text with the stretches that a function of its places names; spans outside are dropped."""
    found = np.empty(len(TEXTS), object)
    for row, (text, spans) in enumerate(zip(TEXTS, SPANS, strict=True)):
        label = TASK.within([(s, e, TASK.labels[c]) for s, e, c in spans.tolist()], stretches(text), text)
        found[row] = TASK.encode([label])[0]
    return found


def all_asked():
    """The same spans, each with one stretch that holds the text: what no task would keep, and a learner may get."""
    return np.array([np.vstack([[0, len(t), ASKED], s]) for t, s in zip(TEXTS, SPANS, strict=True)] + [None], object)[
        :-1
    ]


def same(one, other):
    a, b = one.predict(TEXTS, NEEDS), other.predict(TEXTS, NEEDS)
    for need in NEEDS:
        np.testing.assert_array_equal(a[need].values, b[need].values)


@pytest.mark.parametrize("members", [0, 2])
def test_parts_that_hold_everything_are_the_full_label_bit_for_bit(members):
    same(fit(all_asked(), members=members, confidence=0.9), fit(SPANS, members=members))


def test_what_nobody_looked_at_trains_nothing():
    """The full stop ends most texts: asked for their first half alone, no field has a weight for a stop."""
    half = asked(lambda text: [[0, len(text) // 2]])
    tags = [tags_of(spans, text.offsets) for spans, text in zip(half[:40], _read(TEXTS[:40]), strict=True)]
    assert any((each == UNSEEN).any() for each in tags)
    assert "0w=." in fit(SPANS).chain.number
    assert "0w=." not in fit(half, confidence=1).chain.number
    assert "0w=." in fit(half, confidence=0.5).chain.number


def test_it_learns_from_parts():
    """Names and a word beside them, asked in each text, teach most of what the whole texts teach."""
    part = asked(lambda text: [[0, len(text) // 2]])
    for confidence in (0.9, 1):
        model = fit(part, confidence=confidence)
        assert TASK.metrics(SPANS[40:], model.predict(TEXTS[40:], {"elements", "places"}))["f1"] > 0.7


def test_a_sure_model_fills_in_what_nobody_looked_at():
    texts, tags = (
        _read(TEXTS[:40]),
        [tags_of(s, t.offsets) for s, t in zip(SPANS[:40], _read(TEXTS[:40]), strict=True)],
    )
    field = fit(SPANS).chain
    gaps = [np.where(np.arange(len(each)) % 3 == 1, UNSEEN, each) for each in tags]
    np.testing.assert_array_equal(np.concatenate(filled(field, texts, gaps, 0.5)), np.concatenate(tags))
    none = filled(field, texts, gaps, 1.0)
    np.testing.assert_array_equal(np.concatenate(none), np.concatenate(gaps))


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10**6), st.lists(st.integers(UNSEEN, 4), min_size=1, max_size=5))
def test_clamped_marginals_are_those_of_the_labellings_that_agree(seed, known):
    """The field given some tags, against the list of all labellings with these tags."""
    field = fit(SPANS, max_iter=5).chain
    text = " ".join(np.random.default_rng(seed).choice(["Ann", "Acme", "rains", "hires", "."], len(known)).tolist())
    sheet, tags = _sheet([_read(np.array([text], object))[0].parts]), np.array(known)
    assert len(field.tags) == 5
    found = _lattice.infer(_clamped(field, sheet, tags), field.transition, sheet.starts).marginals
    unary, weight = field.unary(sheet), np.zeros((len(tags), 5))
    for path in product(range(5), repeat=len(tags)):
        if all(tag in (UNSEEN, field.tags[state]) for tag, state in zip(known, path, strict=True)):
            score = unary[np.arange(len(path)), path].sum() + sum(field.transition[a, b] for a, b in pairwise(path))
            weight[np.arange(len(path)), path] += np.exp(score)
    np.testing.assert_allclose(found, weight / weight.sum(axis=1, keepdims=True), atol=1e-9)


def test_runs():
    assert _runs(np.array([True, False, True, True])) == [(0, 1), (2, 4)]
    assert _runs(np.array([], bool)) == []


@pytest.mark.parametrize("confidence", [0, 1.5, -1])
def test_the_confidence_is_checked(confidence):
    with pytest.raises(BadInput, match="crf: confidence must lie above 0 and at most at 1: got"):
        Crf(confidence=confidence)
