"""What the audit of a study does by default, before it ends, at its end, and where it can tell nothing."""

from __future__ import annotations

import numpy as np
import pytest

from querist.data import Pool
from querist.errors import BadInput
from querist.estimate.looks import alpha_at
from querist.estimate.proportion import exact
from querist.estimate.protocol import Version
from querist.study import Study
from querist.study.audit import REASON, Reserve, warning_for
from querist.study.prequential import scored, so_far

WORDS = ("low", "high")


def pool(n: int, *, seed: int = 0) -> Pool:
    X = np.random.default_rng(seed).normal(size=(n, 3))
    return Pool(tuple(f"item_{i:04}" for i in range(n)), X)


def made(n: int = 600, *, labels: object = WORDS, **options: object) -> Study:
    return Study.create(None, pool(n), labels=labels, **{"batch": 20, "strategy": "margin", **options})  # type: ignore[arg-type]


def truth(study: Study, item: str) -> str:
    x = study.pool.read([item])[0]
    return WORDS[int(x[0] + 0.3 * np.sin(40 * x[1]) > 0)]


def label(study: Study, rounds: int = 1, *, said: str | None = None) -> None:
    for _ in range(rounds):
        for query in study.ask():
            study.tell(query.id, truth(study, query.id) if said is None else said)
        study.step()


def audits(study: Study) -> set[str]:
    return {study.pool.ids[row] for row in study.settings.held.order(study.pool).tolist()}


def found(study: Study) -> dict[str, dict]:
    return {one["metric"]: one for one in study.status().estimates}


class TestDefault:
    def test_a_tenth_of_what_is_asked_in_300_items(self) -> None:
        study = made()
        assert study.settings.audit == 0.1
        assert sum(query.reason == REASON for query in study.ask()) == 2

    def test_too_few_items_for_a_figure_have_none(self) -> None:
        assert made(299).settings.audit == 0.0
        assert made(300).settings.audit == 0.1
        assert made(300, audit=0.1).settings.audit == 0.1

    def test_labels_that_are_no_class_have_none(self) -> None:
        study = Study.create(None, pool(700), task="multilabel", labels=WORDS, strategy="random")
        assert study.settings.audit == 0.0
        with pytest.raises(
            BadInput, match="an audit needs labels of one class each: multilabel has others; leave audit"
        ):
            Study.create(None, pool(400), task="multilabel", labels=WORDS, strategy="random", audit=0.1)

    def test_one_class_has_none(self) -> None:
        assert made(labels=("low",), strategy="random").settings.audit == 0.0

    def test_another_word_is_refused(self) -> None:
        with pytest.raises(BadInput, match=r"audit must be a share, such as 0\.1, or 'prequential': got 'some'"):
            made(audit="some")

    def test_a_warning_says_what_can_be_proven(self) -> None:
        assert warning_for(Reserve(0, 0.1), pool(900)) is None
        said = warning_for(Reserve(0, 0.1), pool(400)) or ""
        held = len(Reserve(0, 0.1).order(pool(400)))
        assert said.startswith(f"the audit has {held} items: all answered right would prove an error of at most ")
        assert said.endswith("5 % takes 59")
        assert warning_for(Reserve(0, 0.0), pool(400)) is None


class TestSaved:
    def test_status_compares_with_random_labels(self) -> None:
        study = made(700, audit=0.3)
        assert study.status().saved is not None
        assert study.status().saved["value"] is None
        label(study, 6)
        saved = study.status().saved
        assert saved is not None
        assert saved["n"] >= 30
        assert saved == study.labels_saved().facts()


class TestPrequential:
    def test_each_answer_is_scored_by_the_model_before_it(self) -> None:
        study, right = made(audit="prequential"), []
        for _ in range(5):
            queries = study.ask()
            probs = study.predict(study.pool.read([query.id for query in queries]))["probs"]
            for query, row in zip(queries, probs, strict=True):
                if query.id in audits(study):
                    right.append(WORDS[row.argmax()] == truth(study, query.id))
                study.tell(query.id, truth(study, query.id))
            study.step()
        told = found(study)
        assert list(told) == ["accuracy_so_far"]
        assert told["accuracy_so_far"]["n"] == len(right) == 10
        assert told["accuracy_so_far"]["value"] == pytest.approx(np.mean(right))
        assert told["accuracy_so_far"]["sentence"].startswith("accuracy so far ")

    def test_scored_answers_train(self) -> None:
        study = made(audit="prequential")
        label(study, 2)
        assert study.history().versions[-1].labels == 40
        assert made_apart().history().versions[-1].labels == 36

    def test_answers_behind_a_gap_train_nothing_yet(self) -> None:
        study = made(audit="prequential")
        first, second = (query for query in study.ask() if query.reason == REASON)
        study.tell(second.id, "low")
        study.step()
        assert study.history().versions[-1].labels == 0
        study.tell(first.id, "low")
        study.step()
        assert study.history().versions[-1].labels == 2

    def test_rules_that_need_unseen_answers_get_none(self) -> None:
        study = made(audit="prequential")
        label(study, 4)
        assert len(study.history().truth) == 0
        assert study.advice("certified-target").sentence.startswith("not enough yet")
        assert study.labels_saved().why == "the audit's answers train the model too"

    def test_by_hand(self) -> None:
        versions = (Version(5, np.array([0, 1, -1]), audited=0), Version(9, np.array([1, 1, 0]), audited=1))
        assert scored(versions, np.array([0, -1, 0])).tolist() == [True, True]
        assert so_far(versions, np.array([-1]), look=1).value is None
        assert (
            so_far((), np.empty(0, np.int64), look=0).sentence == "accuracy so far: not enough yet: no audit label yet"
        )


def made_apart() -> Study:
    study = made()
    label(study, 2)
    return study


class TestFinish:
    def test_the_last_model_learns_the_audit_and_the_figures_stand(self, tmp_path) -> None:
        study = Study.create(tmp_path / "a.querist", pool(320), labels=WORDS, batch=20, strategy="margin", audit=0.3)
        with study:
            label(study, 4)
            before, figures = study.predict()["probs"], study.status().estimates
            step = study.finish()
            after = study.predict()["probs"]
            assert step.labels == 80
            assert step.fresh
            assert not np.allclose(before, after)
            assert study.status().estimates == figures
            assert not study.finish().fresh
        with Study.open(tmp_path / "a.querist") as again:
            assert (again.predict()["probs"] == after).all()
            assert again.status().estimates == figures

    def test_it_equals_a_model_of_all_labels(self) -> None:
        study = made(audit=0.3)
        label(study, 4)
        study.finish()
        rows = study.pool.rows(list(study.labels()))
        codes = np.array([WORDS.index(one) for one in study.labels().values()])
        alone = study.learner.fit(
            study.pool.items[rows], codes, classes=2, rng=np.random.default_rng(0), pool=study.pool.items
        )
        assert study.predict()["probs"] == pytest.approx(alone.predict(study.pool.items, {"probs"})["probs"])


class TestDegenerate:
    """Never a false number: intervals widen, or the figures say that there is not enough."""

    def check(self, study: Study) -> dict[str, dict]:
        told = found(study)
        for one in told.values():
            assert one["value"] is None or one["low"] <= one["value"] <= one["high"]
        return told

    def test_no_audit_label(self) -> None:
        told = self.check(made())
        assert all((one["value"], one["n"]) == (None, 0) for one in told.values())
        assert (told["accuracy"]["low"], told["accuracy"]["high"]) == (0.0, 1.0)

    def test_all_of_one_class(self) -> None:
        study = made(audit=0.3)
        label(study, 4, said="low")
        told = self.check(study)
        assert told["accuracy"]["value"] == 1.0
        assert told["accuracy"]["low"] < 1.0
        assert (
            told["balanced_accuracy"]["sentence"] == "balanced accuracy: not enough yet: no audit label of 'high' yet"
        )
        assert not study.advice().stop

    def test_a_perfect_model_is_not_certain(self) -> None:
        X = np.where(np.arange(320) % 2, 1.0, -1.0)[:, None]
        study = Study.create(None, Pool(pool(320).ids, X), labels=WORDS, batch=20, strategy="margin", audit=0.3, seed=1)
        for _ in range(4):
            for query in study.ask():
                study.tell(query.id, WORDS[int(study.pool.read([query.id])[0][0] > 0)])
            study.step()
        told = self.check(study)["accuracy"]
        assert told["value"] == told["high"] == 1.0
        assert told["low"] == pytest.approx(exact(24, 24, confidence=1 - alpha_at(0.05, 4))[0])
        assert told["low"] < 0.8

    def test_a_worthless_model(self) -> None:
        study, coin = made(audit=0.3), np.random.default_rng(0)
        for _ in range(5):
            for query in study.ask():
                study.tell(query.id, WORDS[int(coin.random() < 0.5)])
            study.step()
        told = self.check(study)
        assert told["accuracy"]["low"] < 0.5 < told["accuracy"]["high"]

    def test_a_pool_of_one_item(self) -> None:
        study = made(1, audit=0.999, strategy="random")
        label(study, 2)
        told = self.check(study)
        assert told["accuracy"]["high"] - told["accuracy"]["low"] > 0.9 or told["accuracy"]["value"] is None

    def test_a_changed_label_set_forgets_what_came_before(self) -> None:
        study = made(audit=0.3)
        label(study, 3)
        history = study.history()
        import dataclasses

        other = dataclasses.replace(history.versions[-1], classes=("low", "high", "new"))
        changed = dataclasses.replace(history, versions=(*history.versions, other))
        assert changed.comparable() == (other,)
        from querist.estimate.stopping import rule

        assert rule()(changed).sentence.startswith("not enough yet: 1 models of the 4 that are compared")


class TestLooks:
    def test_each_model_spends_its_part_of_the_error(self) -> None:
        """All right: the lower end is the exact one at 1 − 6α/(π²t²), t the models that had audit answers."""
        study = made(audit=0.3)
        for look in range(1, 5):
            for query in study.ask():
                study.tell(query.id, "low")
            study.step()
            told = found(study)["accuracy"]
            level = 1 - alpha_at(0.05, look)
            assert told["confidence"] == 0.95
            assert told["low"] == pytest.approx(exact(told["n"], told["n"], confidence=level)[0], abs=1e-12)
