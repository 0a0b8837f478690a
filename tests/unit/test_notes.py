"""Notes: a flag and a comment beside the answers, kept, exported, never trained on."""

from __future__ import annotations

import io
import json

import numpy as np
import pytest

from querist import Study
from querist.errors import BadData, BadInput
from querist.formats import label_format
from querist.store import MemoryStore, Ranked, Ranking
from querist.tasks import Answer


@pytest.fixture
def study(tmp_path):
    with Study.create(
        tmp_path / "s.querist", np.array([[0.0], [0.1], [0.9], [1.0]]), labels=["low", "high"], batch=2
    ) as made:
        yield made


def test_a_note_is_no_answer(study):
    query = study.ask(1, "ann")[0]
    before = study.status()
    study.note(query.id, "ann", flag=True)
    after = study.status()
    assert (after.labelled, after.aside, after.leased) == (before.labelled, before.aside, before.leased) == (0, 0, 1)
    assert study.answers(query.id) == ()
    assert study.ask(1, "ann")[0].lease == query.lease


def test_a_note_leaves_the_answer_standing(study):
    item = study.pool.ids[0]
    study.tell(item, "low", "ann")
    study.note(item, "ann", comment="smudged")
    assert study.labels() == {item: "low"}
    assert study.step().labels == 1


@pytest.mark.parametrize("form", ["jsonl", "csv"])
def test_what_is_exported_reads_back(study, form):
    item, other = study.pool.ids[:2]
    study.note(item, "ann", flag=True)
    study.note(item, "ann", comment='=1+1, "ü"')
    study.tell(item, "low", "ann")
    study.note(other, "bob", flag=False, comment="odd")
    stream = io.StringIO(newline="")
    label_format(form).write_labels(list(study.rows()), stream)
    stream.seek(0)
    read = label_format(form).read_labels(stream)
    assert [(a.item, a.kind, a.who, a.label) for a in read] == [
        (item, "label", "ann", "low"),
        (item, "note", "ann", {"flag": True, "comment": '=1+1, "ü"'}),
        (other, "note", "bob", {"flag": False, "comment": "odd"}),
    ]


def test_an_exported_note_may_come_back_into_its_study(study):
    item = study.pool.ids[0]
    study.record([Answer(item, {"flag": True}, "note", "ann", uid="u1")])
    study.record([Answer(item, {"comment": "x"}, "note", "ann", uid="u2")])
    stream = io.StringIO()
    label_format("jsonl").write_labels(list(study.rows()), stream)
    stream.seek(0)
    study.record(label_format("jsonl").read_labels(stream))
    assert [row.answers[-1].label for row in study.rows()] == [{"flag": True, "comment": "x"}]


def test_an_item_was_chosen_before_its_first_answer_not_before_its_first_note():
    store = MemoryStore()
    store.add_items([("a", 1)])
    assert store.record([Answer("a", {"flag": True}, "note", "ann")]) == [1]
    store.rank(Ranking(1, [Ranked("a", 0.5)]))
    assert [claim.item for claim in store.claim("ann", 1)] == ["a"]


@pytest.mark.parametrize("said", [{}, None, "odd", {"flag": 1}, {"comment": 3}, {"flag": True, "colour": "red"}])
def test_a_note_of_another_form_is_refused(study, said):
    item = study.pool.ids[0]
    with pytest.raises(
        BadInput,
        match=r'a note must be \{"flag": true or false, "comment": "…", "reviewed": true or false, "informed": true or '
        r"false\}",
    ) as caught:
        study.record([Answer(item, said, "note", "ann")])
    assert repr(item) in str(caught.value)


def test_a_note_in_a_csv_must_be_json():
    stream = io.StringIO("id,label,kind\na,smudged,note\n")
    with pytest.raises(BadData, match=r"line 2: a note must be JSON, .*: got 'smudged'"):
        label_format("csv").read_labels(stream)


def test_jsonl_names_a_note_by_its_status(study):
    study.note(study.pool.ids[0], "ann", flag=True)
    stream = io.StringIO()
    label_format("jsonl").write_labels(list(study.rows()), stream)
    label = json.loads(stream.getvalue())["labels"][0]
    assert (label["status"], label["value"], label["by"]) == ("note", {"flag": True}, "ann")
