"""The cold start: the stand-in goes on until the model beats the shares of the classes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from querist.data import Pool
from querist.study import Study
from querist.study.cold import Rule, Taught, rule_of

RNG = np.random.default_rng(0)
CENTRES = np.array([[0.0, 0.0], [8.0, 0.0], [0.0, 8.0], [8.0, 8.0]])
CODES = RNG.integers(0, 4, 400)
ITEMS = CENTRES[CODES] + RNG.normal(size=(400, 2))
NAMES = ["a", "b", "c", "d"]


NOISE = np.random.default_rng(1).integers(0, 4, 400)


def _make(path: Path | None = None, strategy: str = "margin") -> Study:
    groups, time = np.arange(400) // 4, np.arange(400.0)
    items = Pool(tuple(f"item_{i:03}" for i in range(400)), ITEMS, group=groups, time=time)
    return Study.create(path, items, labels=NAMES, strategy=strategy, batch=4, audit=0.0)


def _round(study: Study, codes: np.ndarray) -> str:
    """Answer a batch, take a step, and name its strategy."""
    for query in study.ask():
        study.tell(query.id, NAMES[codes[study.pool.rows([query.id])[0] % 400]])
    return study.step().strategy


def _rounds(codes: np.ndarray, *, rounds: int, strategy: str = "margin") -> list[str]:
    """Name the strategies of the rounds of a study that starts with no label."""
    study = _make(strategy=strategy)
    return [_round(study, codes) for _ in range(rounds)]


def test_a_model_that_learns_ends_the_cold_rule_and_for_good():
    used = _rounds(CODES, rounds=6)
    assert used[0] == "maxherding"  # two classes have a label, yet four labels foretell nothing
    assert used[-1] == "margin"
    assert used == sorted(used, reverse=True)  # never back to maxherding


def test_labels_that_nothing_foretells_keep_it():
    assert _rounds(NOISE, rounds=5) == ["maxherding"] * 5


@pytest.mark.parametrize(
    ("strategy", "cold"),
    [
        ("group-cap", "group-cap(of='maxherding', k=1)"),  # all its own parameters are the defaults
        ("group-cap(k=2)", "group-cap(of='maxherding', k=2)"),
        ("time-gap", "time-gap(of='maxherding', gap=30.0)"),
        ("time-gap(of='entropy', gap=2)", "time-gap(of='maxherding', gap=2)"),
        ("subsample(of='margin')", "maxherding"),
    ],
)
def test_labels_that_nothing_foretells_keep_that_of_a_wrapper(strategy, cold):
    assert _rounds(NOISE, rounds=4, strategy=strategy) == [cold] * 4


@pytest.mark.parametrize("codes", [CODES, NOISE], ids=["learns", "noise"])
def test_a_study_that_is_opened_again_and_stepped_twice_leaves_it_at_the_same_place(tmp_path, codes):
    _make(tmp_path / "a.querist").close()
    used = []
    for _ in range(6):
        with Study.open(tmp_path / "a.querist") as study:
            used.append(_round(study, codes))
            assert study.step().strategy == used[-1]
            for at in range(2):  # rounds at the same place of the log
                ids = (f"new_{len(used)}_{at}",)
                study.add(Pool(ids, ITEMS[:1], group=np.zeros(1, np.int64), time=np.zeros(1)))
                assert study.step().strategy == used[-1]
    assert used == sorted(used, reverse=True)
    assert ("margin" in used) == (codes is CODES)


@pytest.mark.parametrize("own", ["maxherding", "k-center"])
def test_a_study_that_chose_another_strategy_without_one_is_not_cold(tmp_path, own):
    with _make(tmp_path / "a.querist", own) as study:
        assert [_round(study, NOISE) for _ in range(3)] == [own] * 3
    with Study.open(tmp_path / "a.querist", strategy="margin") as study:
        assert study.step().strategy == "margin"


def test_an_older_round_tells_it_by_its_name():
    study = _make()
    _round(study, NOISE)
    made = study.store.published()
    assert made is not None
    assert made.info["cold"] is True
    taught = Taught(study.learner, study._catch_up(), study._current(), study.seed)
    older = {name: value for name, value in made.info.items() if name != "cold"}
    assert rule_of(Rule(study.strategy, "margin"), taught, older).name == "maxherding"
    assert rule_of(Rule(study.strategy, "margin"), taught, {**older, "strategy": "margin"}).name == "margin"


def test_a_study_that_begins_with_labels_of_two_classes_is_never_cold():
    given = [NAMES[code] if row < 4 else None for row, code in enumerate(CODES)]
    study = Study.create(None, (ITEMS, given), labels=NAMES, strategy="margin", batch=4, audit=0.0)
    assert study.step().strategy == "margin"


@pytest.mark.parametrize("strategy", ["k-center", "typiclust", "random"])
def test_a_strategy_that_needs_no_model_has_no_cold_rule(strategy):
    assert _rounds(CODES, rounds=2, strategy=strategy) == [strategy] * 2


def test_a_strategy_that_asks_for_second_opinions_begins_with_two_classes():
    assert _rounds(NOISE, rounds=3, strategy="active-lab") == ["active-lab"] * 3
