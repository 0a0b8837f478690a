"""Labels of a part of a text: their form, how they merge, what they cost, what a study and the formats keep of them."""

from __future__ import annotations

import io
import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from querist.data.labels import canonical
from querist.errors import BadData, BadLabel
from querist.formats.conll import Conll
from querist.formats.csv import Csv
from querist.formats.doccano import Doccano
from querist.formats.jsonl import Jsonl
from querist.formats.label_studio import LabelStudio
from querist.formats.protocol import LabelRow
from querist.study import Study
from querist.tasks import Answer, from_labels
from querist.tasks._bio import UNSEEN, tags_of
from querist.tasks._tokens import tokenise, with_tokens
from querist.tasks.spans import Spans
from querist.view import Ragged

TASK = Spans(("ORG", "PER"))
TEXT = "Acme Ltd hires Ann Roe in May"
ORG, PER = {"start": 0, "end": 8, "label": "ORG"}, {"start": 15, "end": 22, "label": "PER"}
PART = {"spans": [PER], "asked": [[15, 22], [26, 29]]}


def test_a_label_of_a_part_is_kept_in_order_and_grows_to_its_spans():
    said = {"spans": [[15, 22, "PER"], [0, 8, "ORG"]], "asked": [(19, 25), (0, 4)]}
    assert TASK.check(said, TEXT) == {"spans": [ORG, PER], "asked": [[0, 8], [15, 25]]}
    assert TASK.check(TASK.check(PART, TEXT), TEXT) == PART
    assert TASK.named(PART) == ["PER"]
    assert from_labels("spans", [PART, None, [ORG]]) == TASK


def test_all_of_the_text_is_the_plain_label():
    assert TASK.check({"spans": [PER], "asked": None}) == [PER]
    assert TASK.check({"spans": [PER], "asked": [[0, 14], [15, 29]]}, TEXT) == [PER]
    assert TASK.check({"spans": [], "asked": [[0, 3]]}, "...") == []


@pytest.mark.parametrize(
    ("label", "message"),
    [
        (
            {"spans": [], "asked": []},
            '"asked" must hold a stretch [start, end] or more: got []; leave it away where all was looked at',
        ),
        (
            {"spans": [], "asked": [[0, 3], [4, 4]]},
            "stretch 2 of what was asked must be [start, end], whole numbers of characters from 0, the end behind the "
            "start: got [4, 4]",
        ),
        (
            {"spans": [], "asked": [[0, 2.5]]},
            "stretch 1 of what was asked must be [start, end], whole numbers of characters from 0, the end behind the "
            "start: got [0, 2.5]",
        ),
        (
            {"spans": [], "asked": [[4, 9], [0, 5]]},
            "stretches that were asked must not overlap: got [0, 5] and [4, 9]; join them to one",
        ),
        (
            {"spans": [], "asked": [[20, 40]]},
            "the stretch [20, 40] lies outside the text, which has 29 characters; count code points, not bytes",
        ),
        (
            {"spans": [ORG], "asked": [[15, 18]]},
            "span 0–8 (ORG) lies outside what was asked, [[15, 18]]: remove it, or add its stretch",
        ),
        ({"spans": "x", "asked": [[0, 1]]}, 'a label must be a list of {"start", "end", "label"}, empty where nothing '
         "is there: got 'x'"),
        ({"asked": [[0, 1]]}, 'a label must be a list of {"start", "end", "label"}, empty where nothing is there: got '
         "{'asked': [[0, 1]]}"),
    ],
)  # fmt: skip
def test_says_what_is_wrong_with_a_part(label, message):
    with pytest.raises(BadLabel) as caught:
        TASK.check(label, TEXT)
    assert str(caught.value) == message


def test_a_learner_sees_which_tokens_were_looked_at():
    table = TASK.encode([PART])[0]
    assert table.tolist() == [[15, 22, -1], [26, 29, -1], [15, 22, 1]]
    assert tags_of(table, tokenise(TEXT).offsets).tolist() == [UNSEEN, UNSEEN, UNSEEN, 3, 4, UNSEEN, 0]
    assert TASK.cost(PART, TEXT) == 3
    assert TASK.cost([PER], TEXT) == 7
    assert TASK.cost(PART) == 1


def test_a_token_that_was_seen_by_half_is_not_known():
    table = TASK.encode([{"spans": [], "asked": [[2, 14]]}])[0]
    assert tags_of(table, tokenise(TEXT).offsets).tolist() == [UNSEEN, 0, 0, UNSEEN, UNSEEN, UNSEEN, UNSEEN]


def test_an_oracle_answers_only_what_it_is_asked():
    assert TASK.within([ORG, PER], [[19, 22], [26, 29]], TEXT) == PART
    assert TASK.within([ORG, PER], [[0, 29]], TEXT) == [ORG, PER]
    assert TASK.within([ORG, PER], [[9, 14]], TEXT) == {"spans": [], "asked": [[9, 14]]}


def test_people_agree_where_they_looked():
    def merged(*labels):
        return TASK.merge([Answer("a", label, who=str(at)) for at, label in enumerate(labels)])

    assert merged(PART, {"spans": [ORG], "asked": [[0, 8]]}) == {
        "spans": [ORG, PER],
        "asked": [[0, 8], [15, 22], [26, 29]],
    }
    assert merged(PART, [ORG], [ORG]) == [ORG]
    assert merged([ORG], PART) == [ORG]
    assert merged(PART, [ORG]) == [ORG, PER]


stretch = st.tuples(st.integers(0, 30), st.integers(1, 6)).map(lambda p: [p[0], p[0] + p[1]])


def part(rows, asked):
    """A label of some spans, those that overlap left away, with their own and further stretches."""
    spans, free = [], 0
    for start, end in sorted(rows):
        if start >= free:
            spans.append([start, end, "PER"])
            free = end
    seen = sorted([*asked, *([s, e] for s, e, _ in spans)])
    joined = []
    for start, end in seen:
        if joined and start <= joined[-1][1]:
            joined[-1][1] = max(joined[-1][1], end)
        else:
            joined.append([start, end])
    return {"spans": spans, "asked": joined} if joined else []


@settings(max_examples=200, deadline=None)
@given(st.lists(st.tuples(st.lists(stretch, max_size=4), st.lists(stretch, max_size=3)), min_size=1, max_size=5))
def test_a_merge_is_always_a_label(people):
    """Spans of the merge never overlap: check would refuse them."""
    found = TASK.merge([Answer("a", part(*said), who=str(at)) for at, said in enumerate(people)])
    assert found is not None
    assert TASK.check(found) == found


@settings(max_examples=100, deadline=None)
@given(st.lists(stretch, min_size=1, max_size=4), st.lists(stretch, max_size=3))
def test_a_part_of_a_part_and_of_the_whole_are_the_same(rows, asked):
    label = part(rows, asked)
    stretches = [[s["start"], s["end"]] for s in TASK.check(label)["spans"]]
    assert TASK.within(label, stretches)["spans"] == TASK.check(label)["spans"]


def test_metrics_count_only_where_somebody_looked():
    offsets = tokenise(TEXT).offsets
    elements = np.eye(5)[[1, 2, 0, 3, 4, 0, 0]]
    found = {"elements": Ragged(elements, np.array([0, 7])), "places": Ragged(offsets, np.array([0, 7]))}
    truth = TASK.encode([PART])
    assert TASK.metrics(truth, found) == {"f1": 1.0, "precision": 1.0, "recall": 1.0, "exact": 1.0}
    assert TASK.losses(truth, found).tolist() == [0.0]
    assert TASK.metrics(TASK.encode([[PER]]), found)["precision"] == 0.5


def test_a_study_keeps_parts_and_counts_their_tokens(tmp_path):
    with Study.create(tmp_path / "a.querist", [TEXT, "Ann Roe left", "it rains"], task=TASK, batch=2) as study:
        first, second, third = study.pool.ids
        study.tell(first, PART)
        study.tell(second, {"spans": [], "asked": [[0, 12]]})
        study.step()
        assert study.labels() == {first: PART, second: []}
        assert [answer.cost for id in (first, second) for answer in study.answers(id)] == [3, 3]
        with pytest.raises(BadLabel, match=r"the stretch \[0, 90\] lies outside the text"):
            study.tell(third, {"spans": [], "asked": [[0, 90]]})
    with Study.open(tmp_path / "a.querist") as study:
        assert study.labels()[first] == PART


# --- formats ---------------------------------------------------------------------------------------------------------

ROW = LabelRow("a", {"text": TEXT}, (Answer("a", PART, who="ann"),), task="spans")


@pytest.mark.parametrize("form", [Jsonl(), Csv(), Conll()])
def test_formats_that_can_say_it_give_it_back(form):
    stream = io.StringIO()
    form.write_labels([ROW], stream)
    stream.seek(0)
    (answer,) = form.read_labels(stream)
    assert TASK.check(answer.label, TEXT) == PART


def test_conll_writes_a_token_that_nobody_looked_at_as_an_underscore(tmp_path):
    stream = io.StringIO()
    Conll().write_labels([ROW], stream)
    lines = stream.getvalue().splitlines()
    assert [line.split()[-1] for line in lines[2:9]] == ["_", "_", "_", "B-PER", "I-PER", "_", "O"]
    path = tmp_path / "a.conll"
    path.write_text(stream.getvalue() + "Ann _\nRoe _\n\n", encoding="utf-8")
    found = Conll().read(path)
    assert list(found.labels) == [PART, None]
    Conll().write(found, path)
    assert list(Conll().read(path).labels) == [PART, None]


def test_a_chunk_may_begin_behind_what_nobody_looked_at(tmp_path):
    path = tmp_path / "a.conll"
    path.write_text("Mr _\nRoe I-PER\nleft O\n\nI O\nAnn I-PER\n", encoding="utf-8")  # IOB1
    found = Conll().read(path)
    assert found.labels[0] == {"spans": [{"start": 3, "end": 6, "label": "PER"}], "asked": [[3, 11]]}


@pytest.mark.parametrize("form", [Doccano(), LabelStudio()])
def test_formats_that_cannot_say_it_refuse(form):
    with pytest.raises(BadData, match=r"item 'a' was looked at in part, which .* has no word for; export"):
        form.write_labels([ROW], io.StringIO())


def test_labels_of_parts_come_with_the_data():
    assert canonical([PART, [ORG], None], str) == [PART, [ORG], None]
    with pytest.raises(BadData, match="labels must be"):
        canonical([{"asked": []}], str)
    assert json.loads(json.dumps(TASK.check(PART, with_tokens([(w,) for w in TEXT.split()])))) == PART
