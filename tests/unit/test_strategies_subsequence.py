"""Asking for stretches: which elements the strategy marks, what a study hands out, what a simulation pays."""

from __future__ import annotations

import json
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from querist.data import load
from querist.errors import BadInput
from querist.scores.elements import runs, uncertain_elements
from querist.simulate import simulate
from querist.store import open_store
from querist.strategies.subsequence import Subsequence
from querist.study import Study
from querist.study.stretches import answered, in_places, keep
from querist.tasks import Answer
from querist.testing.spans import TASK, make_texts
from querist.view import Draw, Ragged, Selection, View

pytest.importorskip("pycrfsuite")


def slow(values, above, window):
    """Mark by the definition, one item."""
    if not values:
        return []
    first = [v > above or v == max(values) for v in values]
    return [any(first[max(0, t - window) : t + window + 1]) for t in range(len(values))]


ITEMS = st.lists(st.lists(st.integers(0, 4).map(lambda v: v / 4), max_size=6), min_size=1, max_size=6)


@settings(max_examples=200, deadline=None)
@given(ITEMS, st.sampled_from([0.0, 0.25, 0.6, 1.0]), st.integers(0, 3))
def test_uncertain_elements_and_their_runs_are_those_of_the_definition(items, above, window):
    flat = np.array([v for item in items for v in item])
    starts = np.cumsum([0, *map(len, items)]).astype(np.int64)
    expected = [slow(item, above, window) for item in items]
    marked = uncertain_elements(flat, starts, above=above, window=window)
    assert marked.tolist() == [m for item in expected for m in item]
    found = runs(marked, starts)
    for (a, b), item in zip(pairwise(found.starts), expected, strict=True):
        inside = [any(first <= t < after for first, after in found.values[a:b].tolist()) for t in range(len(item))]
        assert inside == item
        assert all(left[1] < right[0] for left, right in pairwise(found.values[a:b].tolist()))


def test_the_score_is_the_mean_over_what_is_asked():
    elements = Ragged(np.array([[0.6, 0.4], [1.0, 0.0], [1.0, 0.0], [0.7, 0.3], [0.95, 0.05]]), np.array([0, 3, 5, 5]))
    view = View.of({"elements": elements, "places": elements}, ids=["a", "b", "c"])
    found = Subsequence(doubt=0.2, window=1).score(view, Draw(0))
    np.testing.assert_allclose(found, [0.2, 0.175, 0.0])


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"doubt": 1.5}, r"doubt must be a probability, 0 to 1: got 1\.5"),
        ({"window": -1}, "window must be a whole number of elements, 0 or more: got -1"),
        ({"window": 0.5}, r"window must be a whole number of elements, 0 or more: got 0\.5"),
    ],
)
def test_options_are_checked(options, message):
    with pytest.raises(BadInput, match=message):
        Subsequence(**options)


TEXTS, SPANS = make_texts(40)
LABELS = [[(s, e, TASK.labels[c]) for s, e, c in spans.tolist()] for spans in SPANS]


def started(path=None, **options):
    study = Study.create(path, list(TEXTS), task=TASK, strategy="subsequence", batch=6, seed=1, **options)
    truth = dict(zip(study.pool.ids, LABELS, strict=True))
    for id in list(truth)[:8]:
        study.tell(id, truth[id])
    study.step()
    return study, truth


def test_a_study_hands_out_the_stretches_and_keeps_them(tmp_path):
    study, _ = started(tmp_path / "a.querist")
    with study:
        queries = study.ask(6)
        assert all(query.asked for query in queries)
        for query in queries:
            text = study.pool.raw(query.id)
            assert all(0 <= start < end <= len(text) for start, end in query.asked)
            assert text[query.asked[0][0] : query.asked[0][1]].strip() != ""
        assert sum(len(study.pool.raw(q.id)) for q in queries) > sum(b - a for q in queries for a, b in q.asked)
    with Study.open(tmp_path / "a.querist") as again:
        assert {q.id: q.asked for q in again.ask(6)} == {q.id: q.asked for q in queries}


def test_a_strategy_that_asks_whole_items_hands_out_none():
    study, truth = started()
    with study:
        other = Study.create(None, list(TEXTS), task=TASK, strategy="mnlp", batch=3)
        assert [query.asked for query in other.ask(3)] == [None] * 3
        assert study.run(lambda ids: [Answer(id, truth[id]) for id in ids], budget=14).labelled == 14
        parts = [answer for id in truth for answer in study.answers(id) if isinstance(answer.label, dict)]
        assert parts
        for answer in parts:
            assert answer.cost == TASK.cost(answer.label, study.pool.raw(answer.item))
            assert answer.cost < TASK.cost([], study.pool.raw(answer.item))


def test_an_oracle_answers_and_is_paid_for_the_stretches_alone():
    study, truth = started()
    with study:
        queries = study.ask(6)
        whole = [Answer(q.id, truth[q.id], cost=10.0) for q in queries]
        parts = answered(study, queries, whole)
        for query, one in zip(queries, parts, strict=True):
            text = study.pool.raw(query.id)
            assert one.label == TASK.within(truth[query.id], query.asked, text)
            assert one.cost == pytest.approx(10 * TASK.cost(one.label, text) / TASK.cost([], text))
        skip = Answer(queries[0].id, kind="skip")
        assert answered(study, queries, [skip]) == [skip]


def test_a_simulation_pays_for_the_tokens_that_were_asked(tmp_path):
    path = tmp_path / "texts.jsonl"
    rows = [{"text": text, "label": [dict(zip(("start", "end", "label"), one, strict=True)) for one in label]}
            for text, label in zip(TEXTS, LABELS, strict=True)]  # fmt: skip
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    found = simulate(
        load(path, text="text", label="label"), strategies=("random", "subsequence"), task="spans",
        learner="crf(max_iter=10)", initial=6, batch=6, budget=18, seeds=range(1), cost="tokens", stratify=False,
    )  # fmt: skip
    cost = {curve.strategy: curve.points[-1].cost for curve in found.curves if curve.strategy}
    assert cost["subsequence"] < 0.8 * cost["random"]


def test_places_that_are_no_pairs_are_asked_whole():
    """Boxes have four numbers: nothing there is a stretch of a text."""
    chosen = Selection(np.array([0]), np.ones(1), asks=Ragged(np.array([[0, 1]]), np.array([0, 1])))
    boxes, tokens = (Ragged(np.zeros((2, width)), np.array([0, 2])) for width in (4, 2))
    assert in_places(View.of({"places": boxes}, ids=["a"]), chosen).asks is None
    assert in_places(View.of({"places": tokens}, ids=["a"]), chosen).asks.values.tolist() == [[0, 0]]
    assert in_places(View.of({"places": tokens}, ids=["a"]), Selection(np.array([0]), np.ones(1))).asks is None


def test_an_item_behind_the_end_of_the_runs_is_asked_whole(tmp_path):
    """A wrapper that adds rows by score does not know their runs."""
    view = View.of({"places": Ragged(np.array([[0, 3], [4, 6], [0, 2]]), np.array([0, 2, 3]))}, ids=["a", "b"])
    chosen = Selection(np.array([0, 1]), np.ones(2), asks=Ragged(np.array([[0, 2]]), np.array([0, 1])))
    store = open_store(tmp_path / "a.querist", create=True)
    keep(store, 1, ["a", "b"], in_places(view, chosen).asks)
    assert json.loads(store.get("asked/1")) == {"a": [[0, 6]]}
    store.close()
