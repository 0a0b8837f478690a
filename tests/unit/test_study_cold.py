"""The cold start: the stand-in goes on until the model beats the shares of the classes."""

from __future__ import annotations

import numpy as np
import pytest

from querist.study import Study

RNG = np.random.default_rng(0)
CENTRES = np.array([[0.0, 0.0], [8.0, 0.0], [0.0, 8.0], [8.0, 8.0]])
CODES = RNG.integers(0, 4, 400)
ITEMS = CENTRES[CODES] + RNG.normal(size=(400, 2))
NAMES = ["a", "b", "c", "d"]


def _rounds(codes: np.ndarray, *, rounds: int, strategy: str = "margin") -> list[str]:
    """Name the strategies of the rounds of a study that starts with no label."""
    study = Study.create(None, ITEMS, labels=NAMES, strategy=strategy, batch=4, audit=0.0)
    used = []
    for _ in range(rounds):
        for query in study.ask():
            study.tell(query.id, NAMES[codes[study.pool.rows([query.id])[0]]])
        used.append(study.step().strategy)
    return used


def test_a_model_that_learns_ends_the_cold_rule_and_for_good():
    used = _rounds(CODES, rounds=6)
    assert used[0] == "maxherding"  # two classes have a label, yet four labels foretell nothing
    assert used[-1] == "margin"
    assert used == sorted(used, reverse=True)  # never back to maxherding


def test_labels_that_nothing_foretells_keep_it():
    noise = np.random.default_rng(1).integers(0, 4, 400)
    assert _rounds(noise, rounds=5) == ["maxherding"] * 5


def test_a_study_that_begins_with_labels_of_two_classes_is_never_cold():
    given = [NAMES[code] if row < 4 else None for row, code in enumerate(CODES)]
    study = Study.create(None, (ITEMS, given), labels=NAMES, strategy="margin", batch=4, audit=0.0)
    assert study.step().strategy == "margin"


@pytest.mark.parametrize("strategy", ["k-center", "typiclust", "random"])
def test_a_strategy_that_needs_no_model_has_no_cold_rule(strategy):
    assert _rounds(CODES, rounds=2, strategy=strategy) == [strategy] * 2


def test_a_strategy_that_asks_for_second_opinions_begins_with_two_classes():
    noise = np.random.default_rng(1).integers(0, 4, 400)
    assert _rounds(noise, rounds=3, strategy="active-lab") == ["active-lab"] * 3
