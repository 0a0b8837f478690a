"""Review queues: what the log and the model say deserves a second look, and what becomes of a decision."""

from __future__ import annotations

import numpy as np
import pytest

from querist import Study
from querist.errors import BadInput
from querist.study.review import KINDS
from querist.study.suspects import PLACE, Suspects
from querist.tasks import Answer

SIZE, WRONG = 120, ("i7", "i40", "i90")


def truth(at: int) -> str:
    return "high" if at % 2 else "low"


@pytest.fixture
def study():
    """Two clouds far apart, all labelled by ann, three of them wrongly; no audit."""
    draw = np.random.default_rng(0)
    items = draw.normal(size=(SIZE, 2)) + np.array([[8.0 * (at % 2), 0.0] for at in range(SIZE)])
    made = Study.create(None, items, labels=["low", "high"], audit=0.0)
    names = made.pool.ids
    flip = {"low": "high", "high": "low"}
    wrong = {names[int(one[1:])] for one in WRONG}
    made.record(Answer(id, flip[truth(at)] if id in wrong else truth(at), who="ann") for at, id in enumerate(names))
    made.step()
    return made


def wrong_ids(study) -> set[str]:
    return {study.pool.ids[int(one[1:])] for one in WRONG}


def items(queue) -> list[str]:
    return [doubt.item for doubt in queue.doubts]


def test_planted_errors_come_first_with_what_contradicts_them(study):
    found = study.review("label-errors")
    assert set(items(found)[:3]) == wrong_ids(study)
    first = found.doubts[0]
    assert first.label != first.other
    assert first.own < 0.5 < first.chance
    assert first.reason == (
        f"labelled {first.label}; a model trained without this label gives {first.label} {first.own:.2f} and "
        f"{first.other} {first.chance:.2f}"
    )
    assert [(each.who, each.label) for each in first.said] == [("ann", first.label)]
    assert found.sentence.startswith("120 labels judged, each by a model without it; about ")
    scores = [doubt.score for doubt in found.doubts]
    assert scores == sorted(scores, reverse=True)


def test_what_is_kept_does_not_come_back_and_trains_nothing(study):
    item = items(study.review())[0]
    before = study.labels(), study.status().classes
    study.note(item, "bob", reviewed=True)
    assert (study.labels(), study.status().classes) == before
    assert item not in items(study.review())
    study.step()
    assert item not in items(study.review())
    assert [each.who for each in study.answers(item)] == ["ann"], "a kept label is no second opinion"


@pytest.mark.parametrize("undo", ["note", "answer"])
def test_what_was_kept_comes_back_when_it_is_undone_or_answered_anew(study, undo):
    item = items(study.review())[0]
    study.note(item, "bob", reviewed=True)
    study.note(item, "bob", reviewed=False) if undo == "note" else study.tell(item, study.labels()[item], "eve")
    assert item in items(study.review())


def test_what_is_changed_leaves_the_queue_at_once_even_before_labels_are_judged_anew(study):
    first = study.review().doubts[0]
    study.tell(first.item, first.other, "bob")
    assert study.labels()[first.item] == first.other
    stale = study.review(fresh=False)
    assert first.item not in items(stale)
    assert stale.behind == 1
    assert stale.sentence.endswith("% of them may be wrong; 1 answer has come since")
    assert study.review().behind == 0


def test_labels_are_judged_once_for_the_same_answers(study):
    study.review()
    kept = study.store.get(PLACE)
    study.note(study.pool.ids[0], "ann", flag=True)
    study.review()
    assert study.store.get(PLACE) == kept
    assert Suspects.parse(kept).dump() == kept


def test_nothing_is_judged_for_a_reader_that_must_not_wait(study):
    assert study.review(fresh=False).sentence == "not judged yet: the labels are judged when the model is trained"
    assert study.store.get(PLACE) is None


def test_the_audit_is_never_judged():
    draw = np.random.default_rng(0)
    items = draw.normal(size=(400, 2)) + np.array([[8.0 * (at % 2), 0.0] for at in range(400)])
    study = Study.create(None, items, labels=["low", "high"], audit=0.3)
    audit = {study.pool.ids[row] for row in study.settings.held.order(study.pool).tolist()}
    flip = {"low": "high", "high": "low"}
    study.record(Answer(id, flip[truth(at)] if at % 10 == 0 else truth(at)) for at, id in enumerate(study.pool.ids))
    found = {doubt.item for doubt in study.review().doubts}
    wrong = {id for at, id in enumerate(study.pool.ids) if at % 10 == 0}
    assert wrong & audit
    assert wrong - audit <= found
    assert not audit & found
    study.finish()
    assert wrong <= {doubt.item for doubt in study.review().doubts}


def test_an_audit_whose_answers_train_once_scored_is_never_judged_either():
    items = np.random.default_rng(0).normal(size=(400, 2)) + np.array([[8.0 * (at % 2), 0.0] for at in range(400)])
    study = Study.create(None, items, labels=["low", "high"], audit="prequential")
    audit = {study.pool.ids[row] for row in study.settings.held.order(study.pool).tolist()}
    flip = {"low": "high", "high": "low"}
    study.record(Answer(id, flip[truth(at)] if at % 10 == 0 else truth(at)) for at, id in enumerate(study.pool.ids))
    found = {doubt.item for doubt in study.review().doubts}
    assert found
    assert not audit & found


def test_few_labels_and_other_tasks_say_why_there_is_nothing():
    study = Study.create(None, np.array([[0.0], [0.1], [0.9], [1.0]]), labels=["low", "high"])
    assert study.review().sentence == "not enough yet: 0 labels to judge; it takes 5, and two of each of two classes"
    sets = Study.create(None, np.eye(4), task="multilabel", labels=["a", "b"])
    assert sets.review().sentence == "label errors are told where a label is one class: the task is multilabel"


def test_disagreements_come_least_certain_first():
    study = Study.create(None, np.arange(12.0)[:, None], labels=["a", "b"], overlap=3, audit=0.0)
    ids = study.pool.ids
    for id in ids[2:]:
        for who in ("ann", "bob", "eve"):
            study.tell(id, "a" if int(study.pool.rows([id])[0]) % 2 else "b", who)
    for who, label in (("ann", "a"), ("bob", "b")):
        study.tell(ids[0], label, who)
    for who, label in (("ann", "a"), ("bob", "b"), ("eve", "b")):
        study.tell(ids[1], label, who)
    found = study.review("disagreements")
    assert items(found) == [ids[0], ids[1]]
    assert found.doubts[1].reason.startswith("ann says a, bob and eve say b; b stands, with probability 0.")
    assert (found.doubts[1].label, found.doubts[1].other) == ("b", "a")
    study.note(ids[0], "eve", reviewed=True)
    assert items(study.review("disagreements")) == [ids[1]]


def test_marks_in_a_part_of_a_text_are_counted():
    study = Study.create(None, ["Ann met Bob in Paris"], task="spans", labels=["PER", "LOC"], overlap=2)
    (item,) = study.pool.ids
    ann, bob = {"start": 0, "end": 3, "label": "PER"}, {"start": 8, "end": 11, "label": "PER"}
    study.tell(item, {"spans": [ann, bob], "asked": [[0, 11]]}, who="ann")
    study.tell(item, [ann], who="bob")
    (doubt,) = study.review("disagreements").doubts
    assert doubt.reason.startswith("ann says 2 marks, bob says 1 mark")


def test_labels_that_came_with_the_data_are_no_disagreement():
    study = Study.create(None, np.arange(4.0)[:, None], labels=["a", "b"])
    study.record([Answer(study.pool.ids[0], "a", who="import"), Answer(study.pool.ids[0], "b", who="ann")])
    assert items(study.review("disagreements")) == []


def test_unsure_items_are_listed_until_they_are_labelled_or_kept():
    study = Study.create(None, np.arange(4.0)[:, None], labels=["a", "b"])
    first, second, third = study.pool.ids[:3]
    study.skip(first, "ann", unsure=True)
    study.skip(second, "ann", unsure=True)
    study.tell(second, "a", "bob")
    study.skip(third, "ann")
    found = study.review("unsure")
    assert [(one.item, one.score, one.reason) for one in found.doubts] == [
        (first, 1.0, "ann could not tell; nobody has labelled it"),
        (second, 0.5, "ann could not tell; it is labelled a"),
    ]
    study.tell(first, "b", "ann")
    study.note(second, "eve", reviewed=True)
    assert items(study.review("unsure")) == []


def test_flagged_items_come_with_the_comment():
    study = Study.create(None, np.arange(4.0)[:, None], labels=["a", "b"])
    item = study.pool.ids[0]
    study.note(item, "ann", flag=True, comment="blurred")
    study.note(study.pool.ids[1], "ann", comment="no flag")
    assert [one.reason for one in study.review("flagged").doubts] == ["flagged by ann: “blurred”"]
    study.note(item, "bob", reviewed=True)
    assert items(study.review("flagged")) == []
    study.note(item, "ann", comment="still blurred")
    assert items(study.review("flagged")) == []
    study.note(item, "eve", flag=True)
    assert items(study.review("flagged")) == [item]


def test_a_queue_of_an_unknown_kind_is_refused(study):
    with pytest.raises(BadInput, match="no review queue is called 'unsuer'"):
        study.review("unsuer")


@pytest.mark.parametrize("kind", KINDS)
def test_every_queue_is_json(study, kind):
    import json

    facts = study.review(kind).facts()
    assert json.loads(json.dumps(facts))["kind"] == kind
    assert facts["count"] == len(facts["items"])


def test_a_model_that_is_often_wrong_does_not_tell_how_many_labels_are(study):
    noise = np.random.default_rng(1)
    made = Study.create(None, noise.normal(size=(90, 2)), labels=["a", "b", "c"], audit=0.0)
    made.record(Answer(id, "abc"[int(noise.integers(3))], who="ann") for id in made.pool.ids)
    made.step()
    assert made.review().sentence.endswith("; the model agrees with too few of them to tell how many are wrong")
