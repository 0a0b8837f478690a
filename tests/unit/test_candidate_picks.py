"""Yes or no about candidates becomes picks: in files for other programs, and for a picker to learn from."""

from __future__ import annotations

import io
import tracemalloc
from dataclasses import replace
from math import sqrt

import numpy as np
import pytest

from querist import load
from querist.data.patches import candidate_picks, candidate_pool
from querist.errors import BadData, UnknownItem
from querist.formats import LabelRow, label_format
from querist.formats._candidates import picked
from querist.study import Study
from querist.tasks import Answer
from querist.tasks.particles import Particles

mrcfile = pytest.importorskip("mrcfile", reason="needs the extra cryoem")
PLACES = [np.array([[20.0, 20.0], [60.0, 30.0], [30.0, 60.0]]), np.array([[40.0, 40.0]])]
SAID = ["particle", "no", "particle", "no"]


@pytest.fixture
def questions(tmp_path):
    """Patches round four candidates on two micrographs of 80 × 80 pixels."""
    for name in ("a.mrc", "b.mrc"):
        with mrcfile.new(tmp_path / name) as file:
            file.set_data(np.random.default_rng(0).normal(size=(80, 80)).astype(np.float32))
            file.voxel_size = 1.5
    return candidate_pool(load(tmp_path).pool, PLACES, 24, diameter=16)


def test_yes_is_a_pick_no_is_none_and_only_what_was_asked_is_searched(questions):
    found = candidate_picks(questions, dict(zip(questions.ids, SAID, strict=True)))
    assert found["a.mrc"]["points"] == [[20.0, 20.0], [30.0, 60.0]]
    assert found["b.mrc"]["points"] == []
    assert found["b.mrc"]["searched"] == [[24.0, 24.0, 32.0, 32.0]], "a diameter to each side: nothing is left to ask"
    assert len(found["a.mrc"]["searched"]) == 3
    assert Particles().check(found["a.mrc"])["diameter"] == 16.0
    half = candidate_picks(questions, {questions.ids[1]: "no"})
    assert [len(label["searched"]) for label in half.values()] == [1]
    with pytest.raises(UnknownItem, match="no item has the id 'c'"):
        candidate_picks(questions, {"c": "no"})


def test_a_square_reaches_half_way_to_the_next_candidate_without_an_answer(tmp_path):
    with mrcfile.new(tmp_path / "a.mrc") as file:
        file.set_data(np.zeros((80, 80), np.float32))
    places = [np.array([[30.0, 30.0], [30.0, 42.0], [30.0, 60.0], [38.0, 34.0]])]
    pool = candidate_pool(load(tmp_path).pool, places, 24, diameter=16)
    first, second, third, fourth = pool.ids
    asked = candidate_picks(pool, dict.fromkeys((first, second, fourth), "no"))["a.mrc"]["searched"]
    assert [square[2] for square in asked] == [30.0, 18.0, 26.0]
    alone = candidate_picks(pool, {first: "no", third: None})["a.mrc"]["searched"]
    assert alone == [pytest.approx([30 - 4 * sqrt(2), 30 - 4 * sqrt(2), 8 * sqrt(2), 8 * sqrt(2)])]


def test_no_square_of_answers_alone_holds_another_candidate(questions):
    """Candidates are half a diameter apart: the nearest two at any angle do not lie in each other's square."""
    turns = np.linspace(0, 2 * np.pi, 37)
    around = 8.001 * np.stack([np.cos(turns), np.sin(turns)], axis=1)
    row = LabelRow(questions.ids[0], questions.media(questions.ids[0]).data, (Answer(questions.ids[0], "no"),))
    x, y, side, _ = picked([row])[0].answers[0].label["searched"][0]
    inside = (np.abs(around + np.array([20 - x - side / 2, 20 - y - side / 2])) < side / 2).all(axis=1)
    assert not inside.any()


def test_a_study_of_candidates_is_exported_as_picks(questions):
    with Study.create(None, questions, labels=["particle", "no"], batch=2) as study:
        for id, label in zip(questions.ids, SAID, strict=True):
            study.tell(id, label, who="ann")
        rows = list(study.rows())
    stream = io.StringIO()
    label_format("star").write_labels(rows, stream)
    stream.seek(0)
    stream.name = "p.star"
    read = label_format("star").read_rows(stream)
    assert [(row.id, row.answers[0].label["points"]) for row in read] == [("a.mrc", [[20.0, 20.0], [30.0, 60.0]])]
    assert "1.500000" in stream.getvalue(), "the pixel size goes with the picks"
    assert {answer.who for row in picked(rows) for answer in row.answers} == {"ann"}


@pytest.mark.parametrize("form", [None, "jsonl"])
def test_what_several_people_agreed_on_is_what_the_study_says(questions, form):
    """Of the two answers it is not the latest that counts, as in a file of answers alone."""
    with Study.create(None, questions, labels=["particle", "no"], batch=2, overlap=3) as study:
        first, second = questions.ids[:2]
        for who, label in (("bob", "no"), ("ann", "particle")):
            study.tell(first, label, who=who)
        study.tell(second, "no", who="ann")
        rows, agreed = list(study.rows()), study.labels()
    assert agreed == {first: "no", second: "no"}
    assert [row.agreed for row in rows] == ["no", None], "one person agrees with nobody"
    if form is not None:
        stream = io.StringIO()
        label_format(form).write_labels(rows, stream)
        read = label_format(form).read_rows(io.StringIO(stream.getvalue()))
        assert read == rows
        rows = read
    assert label_of(rows)["points"] == []
    assert label_of([replace(row, agreed=None) for row in rows])["points"] == [[20.0, 20.0]]


def row_of(questions, at, *answers):
    id = questions.ids[at]
    return LabelRow(id, questions.media(id).data, tuple(Answer(id, *said, who=who) for who, *said in answers))


def label_of(rows, **options):
    return picked(rows, **options)[0].answers[0].label


SMALL = pytest.approx(16 / sqrt(2))
"""The side of a square inside a circle of a diameter."""


def test_the_latest_answer_counts_and_what_was_set_aside_is_not_searched(questions):
    rows = [
        row_of(questions, 0, ("ann", "no"), ("bob", "particle")),
        row_of(questions, 1, ("ann", None, "skip")),
        row_of(questions, 2, ("ann", "no")),
        LabelRow("plain", {}, (Answer("plain", {"points": []}),)),
    ]
    plain, made = picked(rows)
    assert plain.id == "plain"
    assert made.answers[0].label["points"] == [[20.0, 20.0]]
    assert [square[2] for square in made.answers[0].label["searched"]] == [SMALL, SMALL]
    assert made.answers[0].who == "", "two people answered"


@pytest.mark.parametrize("kind", ["skip", "unsure", "note"])
def test_what_was_touched_without_a_label_does_not_show_that_all_candidates_are_there(questions, kind):
    rows = [row_of(questions, 0, ("ann", "no")), row_of(questions, 1, ("ann", None, kind))]
    assert [square[2] for square in label_of(rows)["searched"]] == [SMALL]
    assert [square[2] for square in label_of([*rows, row_of(questions, 2)])["searched"]] == [32.0]


def test_a_label_taken_back_since_is_none(questions):
    rows = [row_of(questions, 0, ("ann", "particle"), ("ann", None, "skip")), row_of(questions, 1, ("ann", "no"))]
    assert label_of(rows)["points"] == []
    assert len(label_of(rows)["searched"]) == 1


def test_what_most_people_say_is_so(questions):
    rows = [row_of(questions, 0, ("ann", "particle"), ("bob", "particle"), ("eve", "no"))]
    assert label_of(rows)["points"] == [[20.0, 20.0]]


@pytest.mark.parametrize("label", ["yes", "Particle", "particles", True, " true "])
def test_a_class_that_means_yes(questions, label):
    assert label_of([row_of(questions, 0, ("ann", label))])["points"] == [[20.0, 20.0]]


@pytest.mark.parametrize("label", ["particle-free", "particle?", "True negative", "no", False, "ice"])
def test_another_class_means_that_nothing_is_there(questions, label):
    rows = [row_of(questions, 0, ("ann", "particle")), row_of(questions, 1, ("ann", label))]
    assert label_of(rows)["points"] == [[20.0, 20.0]]


@pytest.mark.parametrize("label", ["good", 1, "particle-free"])
def test_without_a_class_that_means_yes_nothing_is_guessed(questions, label):
    rows = [row_of(questions, 0, ("ann", label)), row_of(questions, 1, ("ann", "no"))]
    with pytest.raises(BadData) as error:
        picked(rows)
    assert str(error.value) == (
        f"which class of a candidate is a particle? None is called 'particle', 'yes' or 'true': got '{label}'; "
        "rename the class that is one"
    )


def test_picks_that_stood_before_stay_where_no_candidate_was_answered(questions):
    rows = [row_of(questions, 0, ("ann", "particle")), row_of(questions, 1, ("ann", "no"))]
    before = {"points": [[22.0, 20.0], [60.0, 31.0], [70.0, 70.0]], "searched": [[0.0, 0.0, 80.0, 80.0]]}
    found = label_of(rows, standing={"a.mrc": before})
    assert found["points"] == [[70.0, 70.0], [20.0, 20.0]]
    assert found["searched"] == [[0.0, 0.0, 80.0, 80.0], *label_of(rows)["searched"]]
    assert label_of(rows, standing={"a.mrc": {**before, "searched": None}})["searched"] is None
    assert label_of(rows, standing={"a.mrc": label_of(rows)}) == label_of(rows), "twice is once"
    assert label_of(rows, standing={"b.mrc": before}) == label_of(rows)


def test_many_candidates_need_little_memory(questions):
    rng = np.random.default_rng(0)
    data = [{"micrograph": "a.mrc", "centre_x": x, "centre_y": y, "diameter": 20.0} for x, y in rng.random((4000, 2))]
    rows = [LabelRow(str(i), each, (Answer(str(i), "no"),) if i % 2 else ()) for i, each in enumerate(data)]
    tracemalloc.start()
    picked(rows)
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert most < 20e6, "a table of all pairs takes 128 MB"


def test_searched_squares_end_with_the_micrograph(questions, tmp_path):
    label = label_of([row_of(questions, 0, ("ann", "no"))], whole=True)
    assert label["searched"] == [[4.0, 4.0, 32.0, 32.0]]
    corner = {**label, "searched": [[-8.0, -8.0, 32.0, 32.0], [70.0, 4.0, 32.0, 32.0], [4.0, 4.0, 32.0, 32.0]]}
    with Study.create(None, load(tmp_path).pool, task=Particles(diameter=16)) as study:
        said = study.check("a.mrc", corner)["searched"]
    assert said == [[-0.5, -0.5, 24.5, 24.5], [70.0, 4.0, 10.0, 32.0], [4.0, 4.0, 32.0, 32.0]]


def test_without_a_diameter_it_is_half_the_patch_or_an_error():
    data = {"micrograph": "a.mrc", "centre_x": 5.0, "centre_y": 6.0}
    rows = [LabelRow("a", {**data, "width": 24}, (Answer("a", "yes"),))]
    assert picked(rows)[0].answers[0].label["diameter"] == 12.0
    with pytest.raises(BadData, match=r"candidate 'a' tells no diameter: its data need 'diameter' in pixels"):
        picked([LabelRow("a", data, (Answer("a", "yes"),))])
