"""The second model beside the audit: it shortens intervals, and never sees an answer of the audit."""

from __future__ import annotations

import numpy as np
import pytest

from querist.data import Dataset, Pool
from querist.errors import BadInput
from querist.estimate.powered import powered_apart
from querist.study import Study
from querist.study.audit import answers
from querist.study.surrogate import MOST, expected_errors

WORDS = ("no", "yes")


def plane(n: int, seed: int = 0) -> Pool:
    x = np.random.default_rng(seed).normal(size=(n, 2))
    return Pool(tuple(f"item_{i:04}" for i in range(n)), x)


def checked(x: np.ndarray) -> np.ndarray:
    """A chequered plane: no line tells the classes."""
    return (x[:, 0] * x[:, 1] > 0).astype(int)


def given(pool: Pool, labelled: int) -> Dataset:
    """Label the first items beforehand."""
    codes = checked(pool.items)
    labels = [WORDS[codes[row]] if row < labelled else None for row in range(len(pool))]
    return Dataset(pool, labels, "plane", ())


def audited(n: int = 900, labelled: int = 300, answered: int = 60, *, wrong: bool = False) -> Study:
    """Start from labels, and answer the first items of the audit."""
    pool = plane(n)
    study = Study.create(None, given(pool, labelled), labels=WORDS, audit=0.3, strategy="random", batch=10)
    codes = checked(pool.items)
    for row in study.settings.held.order(pool)[:answered].tolist():
        study.tell(pool.ids[row], WORDS[codes[row] ^ wrong], who="a")
    study.step()
    return study


def doubts(study: Study) -> np.ndarray:
    order = study.settings.held.order(study.pool)
    found = expected_errors(study._catch_up(), study._current(), order, seed=study.seed)
    assert found is not None
    return found


def test_a_forest_sees_the_errors_of_a_line():
    study = audited()
    order, found = study.settings.held.order(study.pool), doubts(study)
    wrong = study.predict()["probs"].argmax(axis=1)[order] != checked(study.pool.items[order])
    assert found.shape == (len(order), 2)
    assert np.corrcoef(found[:, 1], wrong)[0, 1] > 0.8
    assert abs(np.corrcoef(found[:, 0], wrong)[0, 1]) < 0.4


def test_it_shortens_the_interval_of_the_accuracy():
    study = audited()
    found, fresh = study.status().estimates[0], np.random.default_rng(9).normal(size=(4000, 2))
    assert found["method"] == "prediction-powered, asymptotic"
    exact = 2 * 1.96 * (found["value"] * (1 - found["value"]) / found["n"]) ** 0.5
    assert found["high"] - found["low"] < 0.75 * exact
    assert found["low"] < np.mean(study.predict(fresh)["probs"].argmax(axis=1) == checked(fresh)) < found["high"]


def test_no_answer_of_the_audit_reaches_it():
    study = audited(wrong=True)
    labelled = study._catch_up().labelled
    assert doubts(study)[:, 1] == pytest.approx(doubts(audited())[:, 1])
    assert not set(labelled.tolist()) & set(study.settings.held.order(study.pool).tolist())


def test_few_answers_have_an_exact_interval():
    assert audited(answered=20).status().estimates[0]["method"] == "exact"


def test_what_was_set_aside_stays_out_of_the_value():
    pool = plane(900)
    study = Study.create(None, given(pool, 300), labels=WORDS, audit=0.3, strategy="random", batch=10)
    codes = checked(pool.items)
    hard = np.abs(pool.items[:, 0] * pool.items[:, 1]) < 0.1  # near the edges of the chequers, where a forest errs
    for row in study.settings.held.order(pool)[:100].tolist():
        if hard[row]:
            study.skip(pool.ids[row], who="a")
        else:
            study.tell(pool.ids[row], WORDS[codes[row]], who="a")
    study.step()
    found = study.status().estimates[0]
    order, truth = answers(study._catch_up(), study.settings.held)
    rows = order[: len(truth)][truth >= 0]
    right = study.predict()["probs"].argmax(axis=1)[rows] == codes[rows]
    assert found["method"] == "exact"
    assert found["value"] == pytest.approx(right.mean())
    assert found["why"] == f"{(truth < 0).sum()} audit items that nobody could label not in it"


def test_labels_of_one_class_leave_the_models_own_doubt():
    pool = plane(60)
    data = Dataset(pool, ["no" if row < 20 else None for row in range(60)], "plane", ())
    study = Study.create(None, data, labels=WORDS, audit=0.3, strategy="random")
    assert doubts(study).shape[1] == 1


def test_texts_have_a_forest_too():
    words = ("cat", "dog", "hat", "log")
    texts = [f"{words[i % 4]} {words[(i // 4) % 4]} {i}" for i in range(120)]
    labels = [WORDS[i % 2] if i < 80 else None for i in range(120)]
    data = Dataset(Pool(tuple(map(str, range(120))), np.array(texts, object)), labels, "texts", ())
    study = Study.create(None, data, labels=WORDS, audit=0.3, strategy="random")
    assert doubts(study).shape[1] == 2


def test_many_labels_are_sampled_the_same_way_each_time():
    n = MOST + 400
    first, second = (
        Study.create(None, given(plane(n), n - 50), labels=WORDS, audit=0.05, strategy="random") for _ in range(2)
    )
    assert len(first._catch_up().labelled) > MOST
    assert doubts(first).tolist() == doubts(second).tolist()


class TestTwoExpectations:
    def test_one_that_says_nothing_changes_nothing_but_a_degree_of_freedom(self):
        rng = np.random.default_rng(0)
        loss, f, others = (rng.random(60) < 0.3).astype(float), rng.random(60), rng.random(200)
        one, ends = powered_apart(loss, f, others)
        two, wider = powered_apart(loss, np.column_stack([f, np.ones(60)]), np.column_stack([others, np.ones(200)]))
        assert two == pytest.approx(one)
        assert ends[1] - ends[0] < wider[1] - wider[0] < 1.02 * (ends[1] - ends[0])

    def test_both_count_and_the_interval_covers(self):
        rng, hits, widths = np.random.default_rng(1), 0, []
        for _ in range(400):
            parts = rng.random((340, 2))
            loss = (rng.random(340) < parts.mean(axis=1)).astype(float)
            _, (low, high) = powered_apart(loss[:40], parts[:40], parts[40:], confidence=0.9)
            _, (near, far) = powered_apart(loss[:40], parts[:40, 0], parts[40:, 0], confidence=0.9)
            hits += low <= 0.5 <= high
            widths.append((high - low) / (far - near))
        assert 0.86 <= hits / 400 <= 0.945
        assert np.mean(widths) < 0.99

    def test_shapes_that_do_not_fit(self):
        with pytest.raises(BadInput, match="needs 4 losses"):
            powered_apart(np.ones(3), np.ones((3, 2)), np.ones((5, 2)))
        with pytest.raises(BadInput, match="needs 3 losses"):
            powered_apart(np.ones(5), np.ones(5), np.ones((5, 2)))
