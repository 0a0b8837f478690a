"""A learner that goes on from its last model gets it in a study; a study that is opened again has the same model."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from querist.data import Dataset, Pool
from querist.learners import resolve
from querist.study import Study
from querist.study.lineage import ANEW
from querist.study.model import digest
from querist.study.search import Goal

WORDS = ("low", "high")
GIVES = frozenset({"probs", "embed"})


@dataclass(frozen=True)
class Trailed:
    """Tells how many labels each fit of its line had, and which items they were of; its figures hang on all of them."""

    trail: tuple[int, ...]
    taught: frozenset[float]
    provides: frozenset[str] = GIVES

    def predict(self, items: Any, needs: Any = GIVES) -> dict[str, Any]:
        x = np.asarray(items, float)
        slope = sum(labels * 7**at for at, labels in enumerate(reversed(self.trail))) % 13 - 6
        high = 1 / (1 + np.exp(-x @ np.array([1.0, slope])))
        return {"probs": np.column_stack([1 - high, high]), "embed": x}


@dataclass(frozen=True)
class Trail:
    """Goes on from the model that it is given."""

    warm_start: bool = True
    other: int = 0
    provides: frozenset[str] = GIVES
    eats: str = "vectors"

    def fit(self, items: Any, targets: Any, *, warm: Trailed | None = None, **_: Any) -> Trailed:
        before = Trailed((), frozenset()) if warm is None else warm
        return Trailed((*before.trail, len(targets)), before.taught | set(np.asarray(items)[:, 0].tolist()))


def pool(n: int = 400) -> Pool:
    points = np.random.default_rng(0).uniform(-1, 1, size=(n, 2))
    return Pool(tuple(f"item_{i:03}" for i in range(n)), points)


def word(items: Pool, item: str) -> str:
    return WORDS[int(items.read([item])[0][0] > 0)]


def make(path: Path | None = None, learner: Any = None, **options: Any) -> Study:
    """Start a study with ten labels of both classes, so that it is never cold."""
    items, settings = pool(), {"labels": WORDS, "batch": 4, "audit": 0, "reserve": 0, "strategy": "margin", **options}
    given = [word(items, id) if row < 10 else None for row, id in enumerate(items.ids)]
    return Study.create(path, Dataset(items, given), learner=Trail() if learner is None else learner, **settings)


def label(study: Study, rounds: int = 1) -> list[str]:
    """Answer the queue and take a step, so many times; gives the items of the next batch."""
    for _ in range(rounds):
        for query in study.ask():
            study.tell(query.id, word(study.pool, query.id))
        study.step()
    ranking = study.store.ranking()
    assert ranking is not None
    return [place.item for place in ranking.queue[: ranking.info["chosen"]]]


def trail(study: Study) -> tuple[int, ...]:
    found: Any = study.predictor
    return tuple(found.trail)


def test_each_round_goes_on_from_the_model_of_the_one_before_and_the_first_of_ten_begins_anew() -> None:
    study, own = make(), [10 + 4 * at for at in range(2 * ANEW + 2)]
    for round in range(1, 2 * ANEW + 3):
        first = (round - 1) // ANEW * ANEW
        assert trail(study) == tuple(own[first:round])
        label(study)


def test_a_learner_that_does_not_ask_gets_no_model() -> None:
    study = make(learner=Trail(warm_start=False))
    label(study, 3)
    assert trail(study) == (22,)


@pytest.mark.parametrize("rounds", [1, ANEW - 1, ANEW + 3])
def test_a_study_that_is_opened_again_has_the_same_model_and_asks_the_same(tmp_path: Path, rounds: int) -> None:
    with make(tmp_path / "whole.querist") as whole, make(tmp_path / "again.querist") as broken:
        label(whole, rounds)
        label(broken, rounds)
        was = trail(whole)
        assert trail(broken) == was
        expected = [label(whole) for _ in range(3)]
        assert len({*map(tuple, expected)}) == 3
        then = trail(whole)
    for at, items in enumerate(expected):  # opened again before every step
        with Study.open(tmp_path / "again.querist", learner=Trail()) as again:
            if at == 0:
                assert trail(again) == was
            assert label(again) == items
    with Study.open(tmp_path / "again.querist", learner=Trail()) as again:
        assert trail(again) == then


def test_two_who_train_one_study_in_turn_go_on_from_each_other_s_models(tmp_path: Path) -> None:
    alone = make()
    with make(tmp_path / "a.querist") as one, Study.open(tmp_path / "a.querist", learner=Trail()) as two:
        for study in (one, two, two, one, two):
            label(study)
            label(alone)
            assert trail(one) == trail(two) == trail(alone)


def test_items_that_join_later_were_not_there_before(tmp_path: Path) -> None:
    with make(tmp_path / "a.querist") as study:
        label(study, 2)
        study.add(Pool(("new_0", "new_1"), np.zeros((2, 2))))
        label(study, 2)
        found = trail(study)
    with Study.open(tmp_path / "a.querist", learner=Trail()) as again:
        assert trail(again) == found


def test_another_learner_begins_anew(tmp_path: Path) -> None:
    with make(tmp_path / "a.querist") as study:
        label(study, 3)
    with Study.open(tmp_path / "a.querist", learner=Trail(other=1)) as again:
        assert trail(again) == (22,)
        label(again)
        assert trail(again) == (26,)
        label(again)
        assert trail(again) == (26, 30)


@pytest.mark.parametrize("rounds", [3, 5])
def test_what_a_model_goes_on_from_knows_nothing_of_the_audit_and_the_last_model_is_one_fit(rounds: int) -> None:
    study = make(audit=0.3)
    held = set(study.pool.items[study.settings.held.mask(study.pool)][:, 0].tolist())
    label(study, rounds)
    assert len(trail(study)) == rounds + 1
    assert not held & study.predictor.taught  # type: ignore[attr-defined]
    said = study.labels()
    study.finish()
    assert trail(study) == (len(said),)
    assert held & study.predictor.taught  # type: ignore[attr-defined]
    label(study)
    assert trail(study) == (len(said) + 4,)


def test_a_round_begins_anew_when_a_label_that_taught_the_model_was_corrected_or_taken_back(tmp_path: Path) -> None:
    with make(tmp_path / "a.querist") as study:
        label(study, 2)
        assert trail(study) == (10, 14, 18)
        study.tell("item_000", WORDS[1 - WORDS.index(word(study.pool, "item_000"))])
        label(study)
        assert trail(study) == (22,)
        label(study)
        assert trail(study) == (22, 26), "and goes on from there"
        last = study.store.events()[-1].answer
        study.retract(last.item, last.who)
        label(study)
        assert trail(study) == (29,)
        label(study)
        found = trail(study)
        assert found == (29, 33)
    with Study.open(tmp_path / "a.querist", learner=Trail()) as again:
        assert trail(again) == found, "the log tells where the line began"
        label(again)
        assert trail(again) == (29, 33, 37)


def test_no_model_knows_what_the_sample_of_a_certified_search_has_come_to_hold() -> None:
    goal = Goal("high", recall=0.8, confidence=0.6, stop="certified")
    study = Study.create(
        None, Dataset(pool(), [None] * 400), labels=WORDS, learner=Trail(), goal=goal, batch=10, reserve=0
    )
    label(study, 12)
    known = study._catch_up()
    sample = known._order[: known.reserved.sum()]  # type: ignore[index]
    member = [row for row in sample if word(study.pool, study.pool.ids[row]) == "high"][-1]
    study.tell(study.pool.ids[member], "low")
    for _ in range(4):
        label(study)
        after = study._catch_up()
        held = set(study.pool.items[after.reserved][:, 0].tolist())
        assert after.reserved.sum() > len(sample), "another member is sought"
        assert not held & study.predictor.taught  # type: ignore[attr-defined]


def test_a_digest_names_the_models_that_a_model_goes_on_from() -> None:
    study = make()
    label(study, 2)
    *before, own = study._current().line
    made = study.store.published()
    assert made is not None
    assert made.info["model"] == digest(study.settings, (*before, own))
    assert len({digest(study.settings, (*part, own)) for part in ([], before[1:], before)}) == 3


@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        ("torch(warm_start=True)", True), ("torch", False), ("linear", False),
        ("laplace(base='torch(warm_start=True)')", True), ("laplace(base='linear')", False),
        ("dropout(base='torch(warm_start=True)')", True), ("bnn(base='torch(warm_start=True)')", True),
        ("ensemble(base='torch(warm_start=True)')", False), ("binary-relevance(base='torch(warm_start=True)')", True),
        ("detector(warm_start=True)", True), ("picker(warm_start=True)", True), ("picker", False),
    ],
)  # fmt: skip
def test_learners_around_others_ask_where_those_inside_do(spec: str, expected: bool) -> None:
    assert bool(getattr(resolve(spec)[0], "warm_start", False)) == expected


@pytest.mark.torch
@pytest.mark.parametrize("around", ["{}", "laplace(base={!r}, draws=3)"])
def test_a_network_goes_on_and_is_the_same_to_the_bit_when_opened_again(tmp_path: Path, around: str) -> None:
    pytest.importorskip("torch")
    spec = around.format("torch(warm_start=True, epochs=1, rate=1e-06)")  # so slow that it stays where it began

    def weights(study: Study) -> np.ndarray:
        model: Any = getattr(study.predictor, "model", study.predictor)
        return np.concatenate([value.detach().numpy().ravel() for value in model.network.module.parameters()])

    with make(tmp_path / "a.querist", spec) as study, make(None, spec.replace("True", "False")) as anew:
        label(study, 2)
        before = weights(study)
        label(study)
        assert 0 < np.abs(weights(study) - before).max() < 1e-3
        for given in (event.answer for event in study.store.events()[10:]):
            anew.tell(given.item, given.label)
        anew.step()
        assert anew.store.published().position == study.store.published().position  # type: ignore[union-attr]
        assert np.abs(weights(anew) - before).max() > 1e-2, "the same labels and chance, but new weights"
        found = np.asarray(study.predict()["probs"])
    with Study.open(tmp_path / "a.querist") as again:
        assert np.array_equal(np.asarray(again.predict()["probs"]), found)
        assert again._model is not None
        assert len(again._model.line) == 4
