"""The audit of a study: a fair sample that trains nothing, and figures that it can carry."""

from __future__ import annotations

import numpy as np
import pytest

from querist.data import Pool
from querist.errors import BadInput
from querist.estimate.stopping.budget import Budget
from querist.store.protocol import Ranked
from querist.study import Study
from querist.study.audit import REASON, Reserve, due, mixed

WORDS = ("low", "high")


def pool(n: int = 200, *, seed: int = 0) -> Pool:
    X = np.random.default_rng(seed).normal(size=(n, 3))
    return Pool(tuple(f"item_{i:03}" for i in range(n)), X)


def classes(X: np.ndarray) -> np.ndarray:
    """Classes that the features tell in most items, not in all."""
    return (X[:, 0] + 0.4 * np.sin(40 * X[:, 1]) > 0).astype(int)


def truth(study: Study, item: str) -> str:
    return WORDS[classes(study.pool.read([item]))[0]]


def make(path: object = None, data: Pool | None = None, **options: object) -> Study:
    settings = {"labels": WORDS, "batch": 10, "strategy": "margin", "audit": 0.2, **options}
    return Study.create(path, pool() if data is None else data, **settings)  # type: ignore[arg-type]


def label(study: Study, rounds: int = 1) -> None:
    for _ in range(rounds):
        for query in study.ask():
            study.tell(query.id, truth(study, query.id))
        study.step()


def reserved(study: Study) -> set[str]:
    rows = Reserve(study.seed, study.settings.audit).order(study.pool)
    return {study.pool.ids[row] for row in rows.tolist()}


def queue(study: Study) -> list[Ranked]:
    ranking = study.store.ranking()
    assert ranking is not None
    return list(ranking.queue)


class TestShare:
    def test_a_fifth_of_every_ten_items_is_the_audits(self) -> None:
        study = make()
        for _ in range(3):
            places = queue(study)[:10]
            assert sum(place.reason == REASON for place in places) == 2
            assert sum(place.item in reserved(study) for place in places) == 2
            label(study)

    def test_small_batches_take_turns(self) -> None:
        study = make(batch=3)
        audits = 0
        for _ in range(5):
            audits += sum(query.reason == REASON for query in study.ask())
            label(study)
        assert audits == due(0.2, 15) == 3

    def test_the_strategy_never_takes_an_item_of_the_audit(self) -> None:
        study = make()
        label(study, 4)
        own = [place for place in queue(study) if place.reason != REASON]
        assert len(own) > 100
        assert not {place.item for place in own} & reserved(study)

    def test_each_audit_item_has_its_chance_among_the_rest(self) -> None:
        audits = [place for place in queue(make()) if place.reason == REASON]
        assert audits[0].propensity == 1 / 200
        assert audits[1].propensity == 1 / 199

    def test_later_items_join_without_moving_the_others(self) -> None:
        small, large = pool(100), pool(300)
        draw = Reserve(3, 0.1)
        assert (draw.mask(large)[:100] == draw.mask(Pool(large.ids[:100], large.items[:100]))).all()
        assert draw.mask(small).sum() > 0
        assert 15 <= draw.mask(large).sum() <= 45

    def test_without_an_audit_nothing_changes(self) -> None:
        plain, explicit = make(audit=0.0), Study.create(None, pool(), labels=WORDS, batch=10, strategy="margin")
        assert queue(plain) == queue(explicit)
        assert plain.status().estimates == ()
        assert not any(place.reason == REASON for place in queue(plain))

    @pytest.mark.parametrize("share", [-0.1, 1.0])
    def test_a_share_that_cannot_be(self, share: float) -> None:
        with pytest.raises(BadInput, match=r"the audit share must lie between 0 and 1, 1 excluded: got"):
            make(audit=share)

    def test_mixing_keeps_both_orders_and_everything(self) -> None:
        own, audit = [Ranked(f"o{i}", 0) for i in range(7)], [Ranked(f"a{i}", 0) for i in range(5)]
        names = [place.item for place in mixed(own, audit, share=0.3, asked=4, done=1)]
        assert [name for name in names if name[0] == "o"] == [place.item for place in own]
        assert [name for name in names if name[0] == "a"] == [place.item for place in audit]
        assert names[:6] == ["o0", "o1", "a0", "o2", "o3", "a1"]


class TestTrainsNothing:
    def test_wrong_audit_answers_change_no_prediction(self) -> None:
        right, wrong = make(), make()
        for _ in range(3):
            for query in right.ask():
                right.tell(query.id, truth(right, query.id))
            for query in wrong.ask():
                said = truth(wrong, query.id)
                wrong.tell(query.id, said if query.id not in reserved(wrong) else WORDS[said == "low"])
            right.step(), wrong.step()
        assert (right.predict()["probs"] == wrong.predict()["probs"]).all()
        own = [[place for place in queue(study) if place.reason != REASON] for study in (right, wrong)]
        assert own[0] == own[1]

    def test_labels_that_came_with_the_data_do_not_train_there_either(self) -> None:
        from querist.data import Dataset

        items = pool()
        labels = [WORDS[int(x[0] > 0)] if i < 100 else None for i, x in enumerate(items.items)]
        study = make(data=Dataset(items, labels, "made", ()))  # type: ignore[arg-type]
        held = Reserve(0, 0.2).mask(items)[:100].sum()
        assert study.history().versions[0].labels == 100 - held

    def test_a_model_rebuilt_from_the_log_is_the_same(self, tmp_path) -> None:
        with make(tmp_path / "a.querist") as study:
            label(study, 3)
            probs = study.predict()["probs"]
        with Study.open(tmp_path / "a.querist") as again:
            assert (again.predict()["probs"] == probs).all()
            assert again.status().estimates

    def test_audit_items_carry_no_suggestion(self) -> None:
        study = make()
        label(study, 2)
        queries = study.ask(20)
        audits = [query for query in queries if query.reason == REASON]
        assert audits
        assert all(query.suggestion is None for query in audits)
        assert all(query.suggestion is not None for query in queries if query.reason != REASON)

    def test_their_answers_are_labels_all_the_same(self) -> None:
        study = make()
        label(study, 2)
        assert set(study.labels()) & reserved(study)
        assert study.step().labels == len(study.labels()) == 20


class TestFigures:
    def test_status_tells_every_metric(self) -> None:
        study = make()
        assert [one["value"] for one in study.status().estimates] == [None] * 4
        assert study.status().estimates[0]["sentence"] == "accuracy: not enough yet: no audit label yet"
        label(study, 6)
        found = {one["metric"]: one for one in study.status().estimates}
        assert set(found) == {"accuracy", "balanced_accuracy", "macro_f1", "log_loss"}
        assert found["accuracy"]["n"] == 12
        assert 0 <= found["accuracy"]["low"] < found["accuracy"]["value"] <= found["accuracy"]["high"] <= 1

    def test_answers_behind_a_gap_wait(self) -> None:
        study = make()
        first, second = (query for query in study.ask() if query.reason == REASON)
        study.tell(second.id, "low")
        study.step()
        assert study.status().estimates[0]["n"] == 0
        study.tell(first.id, "low")
        study.step()
        assert study.status().estimates[0]["n"] == 2

    def test_what_nobody_could_label_is_told(self) -> None:
        study = make()
        first, second = (query for query in study.ask() if query.reason == REASON)
        study.skip(first.id, unsure=True)
        study.tell(second.id, "low")
        study.step()
        found = study.status().estimates[0]
        assert found["n"] == 1
        assert found["sentence"].endswith("; 1 audit item that nobody could label not in it")

    def test_intervals_on_unseen_items_hold_at_all_rounds_together(self) -> None:
        missed, fresh = 0, np.random.default_rng(99).normal(size=(4000, 3))
        for seed in range(12):
            study = make(data=pool(150, seed=seed), seed=seed)
            outside = False
            for _ in range(6):
                label(study)
                right = np.mean(study.predict(fresh)["probs"].argmax(axis=1) == classes(fresh))
                found = study.status().estimates[0]
                outside |= not found["low"] <= right <= found["high"]
            missed += outside
        assert missed <= 2

    def test_history_and_advice(self) -> None:
        study = make()
        label(study, 5)
        history = study.history()
        assert [version.audited for version in history.versions] == [0, 2, 4, 6, 8, 10]
        assert [version.labels for version in history.versions] == [0, 8, 16, 24, 32, 40]
        assert (history.pool, history.left) == (None, 150)
        assert len(history.truth) == 10
        assert study.advice("budget(labels=40)").stop
        assert study.advice(Budget(labels=41)).sentence == "40 of 41 labels"
        assert not study.advice().stop

    def test_items_that_arrive_later_have_no_old_predictions(self) -> None:
        study = make()
        label(study, 2)
        before = len(study.history().versions[0].predicted)
        more = np.random.default_rng(5).normal(size=(300, 3))
        study.add(Pool(tuple(f"late_{i}" for i in range(300)), more))
        label(study)
        history = study.history()
        assert (history.versions[0].predicted >= 0).sum() == before
        assert (history.versions[-1].predicted >= 0).all()
        assert len(history.versions[-1].predicted) > before
