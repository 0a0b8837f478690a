"""Yes or no about candidates becomes picks: in files for other programs, and for a picker to learn from."""

from __future__ import annotations

import io
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


def test_the_latest_answer_counts_and_what_was_set_aside_is_not_searched(questions):
    def row(id, *answers):
        return LabelRow(id, questions.media(id).data, answers)

    first, second, third, _ = questions.ids
    rows = [
        row(first, Answer(first, "no", who="ann"), Answer(first, "particle", who="bob")),
        row(second, Answer(second, None, "skip", who="ann")),
        row(third, Answer(third, "no", who="ann")),
        LabelRow("plain", {}, (Answer("plain", {"points": []}),)),
    ]
    plain, made = picked(rows)
    assert plain.id == "plain"
    assert made.answers[0].label["points"] == [[20.0, 20.0]]
    assert len(made.answers[0].label["searched"]) == 2
    assert made.answers[0].who == "", "two people answered"


def test_without_a_diameter_it_is_half_the_patch_or_an_error():
    data = {"micrograph": "a.mrc", "centre_x": 5.0, "centre_y": 6.0}
    rows = [LabelRow("a", {**data, "width": 24}, (Answer("a", "yes"),))]
    assert picked(rows)[0].answers[0].label["diameter"] == 12.0
    with pytest.raises(BadData, match=r"candidate 'a' tells no diameter: its data need 'diameter' in pixels"):
        picked([LabelRow("a", data, (Answer("a", "yes"),))])
