"""Spans: what a label is, how people's labels merge, tokens and tags, counts as the CoNLL script has them."""

from __future__ import annotations

from itertools import pairwise
from typing import ClassVar

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from querist.errors import BadInput, BadLabel
from querist.study import Study
from querist.tasks import Answer, from_labels
from querist.tasks._bio import spans_of, tag_count, tags_of
from querist.tasks._tokens import GIVEN, WORDS, text_of, tokenise, tokeniser_of, with_tokens
from querist.tasks.spans import Spans
from querist.testing.tasks import TaskSuite
from querist.view import Ragged

TASK = Spans(("ORG", "PER"))
ORG, PER = {"start": 0, "end": 3, "label": "ORG"}, {"start": 4, "end": 8, "label": "PER"}


def evidence_of(tags, classes=2):
    """Certain evidence for the tags of items whose tokens are one character long, with blanks between."""
    flat = np.array([tag for item in tags for tag in item], np.int64)
    starts = np.cumsum([0, *map(len, tags)]).astype(np.int64)
    place = np.concatenate([np.empty(0, np.int64), *(2 * np.arange(len(item)) for item in tags)])
    elements = np.eye(tag_count(classes))[flat] if len(flat) else np.empty((0, tag_count(classes)))
    return {"elements": Ragged(elements, starts), "places": Ragged(np.stack([place, place + 1], axis=1), starts)}


def truth_of(tags):
    places = [2 * np.arange(len(item)) for item in tags]
    found = np.empty(len(tags), object)
    for row, (item, place) in enumerate(zip(tags, places, strict=True)):
        offsets = np.stack([place, place + 1], axis=1)
        found[row] = spans_of(np.array(item, np.int64), offsets, np.array([0, len(item)]))[0]
    return found


class TestSpans(TaskSuite):
    task = TASK
    labels: ClassVar = [[], [ORG], [ORG, PER], [{"start": 1, "end": 2, "label": "PER"}]]
    strangers: ClassVar = [None, "ORG", 3]
    loss_metric = "exact"
    plain = False

    def evidence(self, size):
        rng = np.random.default_rng(3)
        return evidence_of([rng.integers(0, 5, rng.integers(0, 6)).tolist() for _ in range(size)])

    def truth(self, size):
        rng = np.random.default_rng(3)
        tags = [rng.integers(0, 5, rng.integers(0, 6)) for _ in range(size)]
        return truth_of([[0 if place % 3 else tag for place, tag in enumerate(item)] for item in tags])


@pytest.mark.parametrize(
    ("label", "message"),
    [
        ("ORG", 'a label must be a list of {"start", "end", "label"}, empty where nothing is there: got \'ORG\''),
        ([{"start": 0, "end": 3}], 'span 1 must have "start", "end" and "label": got {\'start\': 0, \'end\': 3}'),
        ([ORG, [5, 4, "PER"]], "span 2 must end behind its start: got start 5, end 4"),
        ([[4, 4, "PER"]], "span 1 must end behind its start: got start 4, end 4"),
        ([[-1, 4, "PER"]], "span 1 must start at 0 or later: got start -1"),
        ([[0, 2.5, "PER"]], "span 1: end must be a whole number of characters: got 2.5"),
        ([[True, 2, "PER"]], "span 1: start must be a whole number of characters: got True"),
        ([[0, 2, "PERS"]], "span 1: no class is called 'PERS': did you mean 'PER'?"),
        ([[0, 2, ""]], "span 1: no class is called '': known: ORG, PER"),
        (
            [ORG, {"start": 2, "end": 6, "label": "PER"}],
            "spans must not overlap: span 0–3 (ORG) and span 2–6 (PER) share characters 2 to 3; shorten or remove one",
        ),
    ],
)
def test_says_which_span_is_wrong_and_how(label, message):
    with pytest.raises(BadLabel) as caught:
        TASK.check(label)
    assert str(caught.value) == message


def test_a_span_lies_inside_its_text():
    assert TASK.check([[0, 3, "ORG"]], "abc") == [ORG]
    with pytest.raises(BadLabel) as caught:
        TASK.check([[0, 3, "ORG"]], "a😀")
    assert str(caught.value) == (
        "span 0–3 (ORG) lies outside the text, which has 2 characters; count code points, not bytes"
    )
    with pytest.raises(BadLabel, match="has 10 characters"):
        TASK.check([[0, 11, "ORG"]], with_tokens([("EU", "NNP"), ("rejects", "VBZ")]))


def test_labels_are_brought_to_one_form():
    assert TASK.check(([4, 8, "PER"], {"start": np.int64(0), "end": 3, "label": " ORG ", "text": "EU."})) == [ORG, PER]
    assert TASK.check([[0, 3, "ORG"], [3, 4, "ORG"]])[1]["start"] == 3


@pytest.mark.parametrize("labels", ["ab", [], ["a", "a"], [1.5]])
def test_classes_are_named_once(labels):
    with pytest.raises(BadInput):
        Spans(labels)


def test_classes_are_found_in_labels():
    assert from_labels("spans", [[ORG, PER], [], None, [[0, 1, "MISC"]]]) == Spans(("MISC", "ORG", "PER"))


# --- merge ------------------------------------------------------------------------------------------------------------


def said(*labels):
    return [Answer("item", label, who=f"person-{i}") for i, label in enumerate(labels)]


def test_merge_keeps_what_more_than_half_marked():
    assert TASK.merge(said([ORG, PER], [ORG], [PER])) == [ORG, PER]
    assert TASK.merge(said([ORG, PER], [ORG], [])) == [ORG]
    assert TASK.merge(said([], [ORG], [PER])) == []


def test_of_two_opinions_the_earlier_counts():
    other = {"start": 2, "end": 6, "label": "PER"}
    assert TASK.merge(said([ORG], [other])) == [ORG]
    assert TASK.merge(said([other], [ORG])) == [other]


spans = st.lists(st.tuples(st.integers(0, 8), st.integers(1, 3), st.sampled_from(["ORG", "PER"])), max_size=3).map(
    lambda parts: [[start * 3 % 10, start * 3 % 10 + size, name] for start, size, name in parts]
)


def is_label(label):
    try:
        TASK.check(label)
    except BadLabel:
        return False
    return True


@given(st.lists(spans.filter(is_label), min_size=1, max_size=5))
def test_a_merge_is_a_label_of_the_task(labels):
    merged = TASK.merge(said(*labels))
    assert TASK.check(merged) == merged


# --- tokens and tags --------------------------------------------------------------------------------------------------


def test_tokens_cover_all_but_blanks_in_any_script():
    for text in [
        "Bob's U.N. vote: 3.5%!",
        "عرض 12",
        "東京都 です",
        "e\u0301a😀b",
        "नमस्ते दुनिया",
        "a\u200db",
        " \t\n",
        "",
    ]:
        found = tokenise(text)
        covered = "".join(text[a:b] for a, b in found.offsets.tolist())
        assert covered == "".join(text.split())
        assert [text[a:b] for a, b in found.offsets.tolist()] == list(found.parts)


@given(st.text())
def test_tokens_lie_apart_and_in_order(text):
    offsets = tokenise(text.replace("\x1e", "")).offsets
    assert (offsets[:, 1] > offsets[:, 0]).all()
    assert (offsets[1:, 0] >= offsets[:-1, 1]).all()


def test_tokens_that_came_with_the_data_stay():
    item = with_tokens([("EU's", "NNP"), ("1.", "CD")])
    assert text_of(item) == "EU's 1."
    assert tokenise(item).offsets.tolist() == [[0, 4], [5, 7]]
    assert (tokeniser_of(item), tokeniser_of("EU's")) == (GIVEN, WORDS)
    with pytest.raises(ValueError, match="read-only"):
        tokenise(item).offsets[0] = 1


@given(st.lists(st.lists(st.integers(0, 4), max_size=8), max_size=5))
def test_tags_become_spans_and_tags_again(tags):
    evidence, starts = evidence_of(tags), np.cumsum([0, *map(len, tags)])
    offsets, flat = evidence["places"].values, [tag for item in tags for tag in item]
    found, item = spans_of(np.array(flat, np.int64), offsets, starts)
    for row, (a, b) in enumerate(pairwise(starts)):
        again = tags_of(found[item == row], offsets[a:b])
        same = spans_of(again, offsets[a:b], np.array([0, b - a]))[0]
        assert same.tolist() == found[item == row].tolist()
        assert ((again > 0) == (np.array(flat[a:b], np.int64) > 0)).all()


def test_a_token_belongs_to_the_first_span_that_touches_it():
    offsets = tokenise("New-York times").offsets
    assert tags_of(np.array([[0, 3, 0], [4, 14, 1]]), offsets).tolist() == [1, 3]
    assert tags_of(np.array([[8, 9, 0]]), offsets).tolist() == [0, 0]
    assert tags_of(np.empty((0, 3), np.int64), offsets).tolist() == [0, 0]


# --- counts -----------------------------------------------------------------------------------------------------------


def names(tags):
    return ["O" if tag == 0 else ("B-" if tag % 2 else "I-") + ["ORG", "PER"][(tag - 1) // 2] for tag in tags]


@settings(max_examples=60)
@given(
    st.lists(st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4)), min_size=1, max_size=7), min_size=1, max_size=6)
)
def test_counts_are_those_of_seqeval(pairs):
    metrics = pytest.importorskip("seqeval.metrics")
    true, guess = ([[pair[k] for pair in item] for item in pairs] for k in (0, 1))
    found = TASK.metrics(truth_of(true), evidence_of(guess))
    a, b = [names(item) for item in true], [names(item) for item in guess]
    assert found["f1"] == pytest.approx(float(metrics.f1_score(a, b, zero_division=0)))
    assert found["precision"] == pytest.approx(float(metrics.precision_score(a, b, zero_division=0)))
    assert found["recall"] == pytest.approx(float(metrics.recall_score(a, b, zero_division=0)))


def test_counts_by_hand():
    found = TASK.metrics(truth_of([[1, 2, 0, 3], [0]]), evidence_of([[1, 2, 0, 1], [0]]))
    assert found == {"f1": 0.5, "precision": 0.5, "recall": 0.5, "exact": 0.5}
    assert TASK.metrics(truth_of([]), evidence_of([])) == {}


def test_a_prediction_needs_elements_and_places():
    with pytest.raises(BadInput, match="needs elements and places: got probs"):
        TASK.metrics(truth_of([[0]]), {"probs": np.ones((1, 1))})


def test_cost_counts_tokens():
    assert TASK.cost([], "EU rejects it.") == 4.0
    assert TASK.cost([], "") == TASK.cost([]) == 1.0


# --- a study ----------------------------------------------------------------------------------------------------------

TEXTS = [f"{name} works for {firm} ." for name in ("Ann", "Bob", "Eve", "Dan") for firm in ("Acme", "Initech", "Hooli")]


def label_of(text):
    words = tokenise(text)
    (a, b), (c, d) = words.offsets[0].tolist(), words.offsets[3].tolist()
    return [{"start": a, "end": b, "label": "PER"}, {"start": c, "end": d, "label": "ORG"}]


def test_a_study_learns_spans_and_suggests_them():
    with Study.create(None, TEXTS, task="spans", labels=["PER", "ORG"], batch=8) as study:
        assert study.settings.learner == "crf"
        for query in study.ask():
            study.tell(query.id, label_of(query.data["text"]))
        assert study.step().labels == 8
        queries = study.ask(4)
        assert [query.suggestion for query in queries] == [label_of(query.data["text"]) for query in queries]
        assert all(0 < query.confidence <= 1 for query in queries)
        assert study.status().classes == {"PER": 8, "ORG": 8}
        assert {row.answers[0].cost for row in study.rows()} == {5.0}


def test_a_study_refuses_spans_outside_the_text():
    with Study.create(None, TEXTS, task="spans", labels=["PER", "ORG"]) as study:
        with pytest.raises(BadLabel, match="lies outside the text"):
            study.tell(study.pool.ids[0], [[0, 99, "PER"]])
        assert study.status().labelled == 0


def test_a_study_starts_with_the_spans_in_its_data():
    rows = [{"text": text, "label": label_of(text) if at < 3 else None} for at, text in enumerate(TEXTS)]
    with Study.create(None, rows, task="spans") as study:
        assert study.status().labelled == 3
        assert study.status().classes == {"ORG": 3, "PER": 3}
