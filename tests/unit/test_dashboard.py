"""The figures of the dashboard against direct computation, and what they say where the labels do not carry them."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from querist import Study
from querist.estimate.agreement import agreement
from querist.estimate.by_class import LEAST, by_class, confusion
from querist.estimate.pace import HOUR, Pace
from querist.estimate.reliability import reliability
from querist.study.search import Goal
from querist.tasks._scores import ece

CODES = st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), min_size=1, max_size=80)


@given(CODES)
def test_figures_by_class_are_the_shares_and_lie_in_their_intervals(pairs):
    truth, said = np.array(pairs).T
    for code, found in enumerate(by_class(truth, said, classes="abcd")):
        hit = np.sum((truth == code) & (said == code))
        sizes = np.sum(said == code), np.sum(truth == code), np.sum((said == code) | (truth == code))
        parts = found.precision, found.recall, found.f1
        values = hit / max(sizes[0], 1), hit / max(sizes[1], 1), 2 * hit / max(sizes[0] + sizes[1], 1)
        for part, size, value in zip(parts, sizes, values, strict=True):
            assert part.n == size
            if size < LEAST:
                assert part.value is None
                assert f"{size} of {LEAST} audit items" in part.sentence
            else:
                assert part.value == pytest.approx(value)
                assert part.low <= part.value <= part.high


@given(CODES)
def test_the_confusion_matrix_counts_every_item_once(pairs):
    truth, said = np.array(pairs).T
    cells = confusion(truth, said, classes=4)
    assert sum(n for *_, n in cells) == len(pairs)
    assert all(n == np.sum((truth == one) & (said == other)) for one, other, n in cells)


def test_reliability_is_told_from_30_items_on_and_is_the_error_of_its_bins():
    rng = np.random.default_rng(0)
    sure = rng.uniform(0.4, 1, 90)
    right = rng.random(90) < sure
    assert reliability(sure[:29], right[:29], rng) is None
    found = reliability(sure, right, np.random.default_rng(1))
    assert sum(one.n for one in found.bins) == found.n == 90
    assert len(found.bins) == 9
    assert found.ece == pytest.approx(ece(sure, right, bins=9))
    assert found.ece == pytest.approx(sum(one.n * abs(one.right - one.confidence) for one in found.bins) / 90)


def test_a_calibrated_model_shows_about_the_error_that_chance_shows():
    rng = np.random.default_rng(0)
    errors, chance = [], []
    for _ in range(60):
        sure = rng.uniform(0.5, 1, 60)
        found = reliability(sure, rng.random(60) < sure, rng)
        errors.append(found.ece)
        chance.append(found.by_chance)
    assert np.mean(errors) == pytest.approx(np.mean(chance), abs=0.015)


def test_alpha_is_that_of_the_textbook(monkeypatch):
    # Krippendorff 2011, "Computing Krippendorff's Alpha-Reliability": ten binary units of two observers, α = 0.095.
    monkeypatch.setattr("querist.estimate.agreement.LEAST", 10)
    said = [{"A": int(a), "B": int(b)} for a, b in zip("0100000010", "1110010000", strict=True)]
    found = agreement(said, classes=2)
    assert found.alpha == pytest.approx(1 - 19 * 4 / (14 * 6))
    assert found.share == pytest.approx(0.6)


def test_agreement_says_what_is_missing_below_20_shared_items():
    found = agreement([{"ann": 0, "bob": 0}] * 19 + [{"ann": 1}] * 50, classes=2)
    assert (found.items, found.alpha) == (19, None)
    assert found.sentence == "agreement: not enough yet: 19 of 20 items that two people labelled"


def test_alpha_is_undefined_where_only_one_class_was_named():
    found = agreement([{"ann": 0, "bob": 0}] * 30, classes=2)
    assert (found.share, found.alpha, found.pairs[0].kappa) == (1.0, None, None)
    assert "only one class was ever named" in found.sentence


def test_perfect_agreement_is_not_certain():
    found = agreement([{"ann": number % 2, "bob": number % 2} for number in range(40)], classes=2)
    assert found.alpha == 1.0
    assert 0.7 < found.low < 0.95
    assert found.pairs[0].kappa == 1.0


@pytest.mark.parametrize(("err", "classes", "people"), [(0.1, 2, 2), (0.3, 5, 3)])
def test_the_interval_of_alpha_covers(err, classes, people):
    rng = np.random.default_rng(0)

    def draw(n):
        truth = rng.integers(classes, size=n)
        said = np.where(rng.random((people, n)) < err, rng.integers(classes, size=(people, n)), truth)
        return [{str(who): int(said[who, item]) for who in range(people)} for item in range(n)]

    alpha = agreement(draw(20_000), classes=classes).alpha
    found = [agreement(draw(40), classes=classes) for _ in range(150)]
    assert np.mean([one.low <= alpha <= one.high for one in found]) >= 0.9


def test_pace_counts_hours_up_to_the_last_label_and_leaves_what_nobody_timed():
    pace = Pace()
    assert pace.facts() == {"median": None, "n": 0, "people": [], "hours": [], "until": None}
    pace.add("ann", 10 * HOUR + 5, 2.0)
    pace.add("bob", 12 * HOUR, 6.0)
    pace.add("ann", 12 * HOUR + 1, None)
    found = pace.facts()
    assert found["hours"] == [0] * 21 + [1, 0, 2]
    assert found["until"] == 13 * HOUR
    assert found["people"][0] == {"who": "ann", "median": 2.0, "low": 2.0, "high": 2.0, "n": 1}


@pytest.fixture(scope="module")
def template(tmp_path_factory):
    """A study of 600 points in three classes, 240 labelled, half of those of the audit."""
    path = tmp_path_factory.mktemp("dashboard") / "points.querist"
    rng = np.random.default_rng(0)
    rows = rng.normal(size=(600, 6))
    classes = (rows[:, 0] + rng.normal(size=600) * 0.5 > 0).astype(int) + (rows[:, 1] > 1)
    with Study.create(path, rows, labels=["a", "b", "c"], batch=60, audit=0.5, strategy="margin") as study:
        for _ in range(4):
            for query in study.ask():
                label = "abc"[classes[study.pool.rows([query.id])[0]]]
                study.tell(query.id, label, who="ann", seconds=3.0)
            study.step()
    return path


@pytest.fixture
def study(template, tmp_path):
    """A copy of the template."""
    shutil.copyfile(template, tmp_path / "points.querist")
    with Study.open(tmp_path / "points.querist") as opened:
        yield opened


def test_the_model_s_figures_are_those_of_its_predictions_on_the_audit_s_answers(study):
    found = study.dashboard().facts()
    order = study.settings.held.order(study.pool)
    labels = study.labels()
    answered = [row for row in order.tolist() if study.pool.ids[row] in labels]
    truth = np.array(["abc".index(labels[study.pool.ids[row]]) for row in answered])
    probs = study.predict(needs={"probs"})["probs"][answered]
    said = probs.argmax(axis=1)
    assert found["confusion"]["n"] == len(answered) == study.status().estimates[0]["n"]
    cells = {(one, other): n for one, other, n in found["confusion"]["cells"]}
    assert sum(n for (one, other), n in cells.items() if one == other) == np.sum(truth == said)
    recall = found["by_class"][1]["recall"]
    assert recall["value"] == pytest.approx(np.mean(said[truth == 1] == 1))
    assert recall["n"] == np.sum(truth == 1)
    raw = found["reliability"]["raw"]
    assert raw["ece"] == pytest.approx(ece(probs.max(axis=1).round(4), truth == said, bins=len(raw["bins"])), abs=1e-3)


def test_answers_since_the_model_count_for_the_next_one(study):
    before = study.dashboard().facts()
    order = study.settings.held.order(study.pool)
    fresh = next(id for id in (study.pool.ids[row] for row in order.tolist()) if id not in study.labels())
    study.tell(fresh, "a")
    assert study.dashboard().confusion == before["confusion"]
    study.step()
    assert study.dashboard().confusion["n"] == before["confusion"]["n"] + 1


def test_the_curve_and_the_forecast_are_those_of_the_study(study):
    found = study.dashboard()
    assert [point["labels"] for point in found.curve] == [60, 120, 180, 240]
    last = {name: study.status().estimates[0][name] for name in ("value", "low", "high", "n")}
    assert {name: value for name, value in found.curve[-1].items() if name != "labels"} == last
    for ahead in found.forecast:
        assert ahead["value"] == study.forecast(ahead["more"]).value
        assert (ahead["low"], ahead["high"]) == (study.forecast(ahead["more"]).low, study.forecast(ahead["more"]).high)


def test_the_figures_are_json_and_do_not_change_by_looking(study):
    first = json.dumps(study.dashboard().facts(), allow_nan=False)
    assert json.dumps(study.dashboard().facts(), allow_nan=False) == first
    assert study.dashboard().pace["median"] == 3.0


@pytest.mark.parametrize(
    ("options", "why"),
    [
        ({"audit": 0}, "this study has no audit: nothing can be said of the model without bias"),
        (
            {"audit": "prequential"},
            "the audit's answers train the model: figures by class need answers that it has not",
        ),
        ({"audit": 0.5}, "no audit item was answered when this model was trained"),
        (
            {"goal": Goal("a", stop="certified")},
            "a search tells its recall from its random sample: figures by class need an audit, which it has not",
        ),
    ],
)
def test_without_answers_that_the_model_has_not_seen_nothing_is_claimed(options, why):
    rows = np.random.default_rng(0).normal(size=(40, 2))
    with Study.create(None, rows, labels=["a", "b"], **options) as study:
        found = study.dashboard()
        assert found.why.startswith(why)
        assert (found.by_class, found.confusion, found.reliability) == ((), None, None)


def test_people_are_compared_on_what_they_share(study):
    labels = study.labels()
    assert study.dashboard().agreement is None
    for at, id in enumerate(list(labels)[:40]):
        study.tell(id, labels[id] if at % 4 else "a", who="bob")
    found = study.dashboard().agreement
    pair = found["pairs"][0]
    assert (found["items"], pair["who"], pair["other"], pair["items"]) == (40, "ann", "bob", 40)
    same = np.mean([labels[id] == ("a" if at % 4 == 0 else labels[id]) for at, id in enumerate(list(labels)[:40])])
    assert pair["share"] == pytest.approx(same)


def test_a_label_of_a_review_is_no_second_opinion(study):
    """Bob agrees with ann on 40 items; in a review eve takes 20 of the labels over, and bob changes 10 of his own."""
    labels = study.labels()
    items = list(labels)[:40]
    for id in items:
        study.tell(id, labels[id], who="bob")
    before = study.dashboard().agreement, study.status().annotators
    assert before[0]["share"] == 1.0
    other = {"a": "b", "b": "c", "c": "a"}
    for who, some in (("eve", items[:20]), ("bob", items[20:30])):
        for id in some:
            study.tell(id, other[labels[id]], who=who)
            study.note(id, who, reviewed=True, informed=True)
    assert (study.dashboard().agreement, study.status().annotators) == before
    assert study.labels()[items[0]] == other[labels[items[0]]], "it is an answer all the same"
    study.tell(items[20], other[labels[items[20]]], who="bob")  # said again, without the others in sight
    assert study.dashboard().agreement["share"] < 1.0


class TestANoteOfAReview:
    """Bob said "good" of his own accord; what later notes say may not take that away."""

    @pytest.fixture
    def shared(self):
        with Study.create(None, np.zeros((30, 1)), labels=["good", "bad"], overlap=2, audit=0.0) as made:
            for id in made.pool.ids:
                made.tell(id, "good", who="ann")
                made.tell(id, "good", who="bob")
            yield made

    def agreement(self, study):
        found = study.dashboard().agreement
        return found["items"], found["share"]

    def test_counts_once_however_often_it_is_sent(self, shared):
        id = shared.pool.ids[0]
        shared.tell(id, "bad", who="bob")
        for _ in range(2):
            shared.note(id, "bob", reviewed=True, informed=True)
        assert self.agreement(shared) == (30, 1.0)

    def test_is_of_no_label_that_was_kept_before(self, shared):
        id = shared.pool.ids[0]
        shared.note(id, "bob", reviewed=True)
        shared.note(id, "bob", reviewed=True, informed=True)
        assert self.agreement(shared) == (30, 1.0)

    def test_brings_no_opinion_back_that_was_retracted(self, shared):
        id = shared.pool.ids[0]
        shared.retract(id, "bob")
        shared.note(id, "bob", informed=True)
        assert self.agreement(shared) == (29, 1.0)

    def test_a_flag_between_the_label_and_the_note_is_no_matter(self, shared):
        id = shared.pool.ids[0]
        shared.tell(id, "bad", who="bob")
        shared.note(id, "bob", flag=True)
        shared.note(id, "bob", reviewed=True, informed=True)
        assert self.agreement(shared) == (30, 1.0)

    @pytest.mark.parametrize("own", [True, False], ids=["said again of his own accord", "informed"])
    def test_an_export_tells_it_of_the_label_that_stands(self, shared, own):
        id = shared.pool.ids[0]
        shared.tell(id, "bad", who="bob")
        shared.note(id, "bob", reviewed=True, informed=True)
        if own:
            shared.tell(id, "bad", who="bob")
        with Study.create(None, np.zeros((30, 1)), labels=["good", "bad"], overlap=2, audit=0.0) as again:
            again.record([replace(answer, uid=None) for row in shared.rows() for answer in row.answers])
            assert self.agreement(again) == ((30, pytest.approx(29 / 30)) if own else (29, 1.0))
