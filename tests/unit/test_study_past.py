"""What a strategy sees of earlier rounds, and that the guard of ``auto`` acts on it within a study."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

from querist.data import Dataset, Pool
from querist.strategies._guard import AUDIT, compare
from querist.study import Study
from querist.study.audit import REASON
from querist.study.past import LOOK_BACK, past
from querist.view import Round

WORDS = ("low", "high")
GIVES = frozenset({"probs", "embed"})


def pool(n: int = 400) -> Pool:
    points = np.random.default_rng(0).uniform(-1, 1, size=(n, 2))
    ids = tuple(f"item_{i:03}" for i in range(n))
    return Pool(ids, points, group=np.arange(n) // 20, time=np.arange(n, dtype=float))


def truth(items: Pool, item: str) -> str:
    """Tell the class by the first feature, and where the second is negative by the third decimal: by chance."""
    first, second = items.read([item])[0]
    return WORDS[int(first > 0 if second > 0 else int(abs(first) * 1000) % 2)]


@dataclass(frozen=True)
class Told:
    """Predicts by the first feature; sure of one half of the pool, whatever the labels say."""

    sure_below: bool
    provides: frozenset[str] = GIVES

    def predict(self, items: Any, needs: Any = GIVES) -> dict[str, Any]:
        X = np.asarray(items, float)
        chance = np.where((X[:, 1] < 0) == self.sure_below, 0.99, 0.55) + np.abs(X[:, 0]) / 200  # no ties
        high = np.where(X[:, 0] > 0, chance, 1 - chance)
        return {"probs": np.column_stack([1 - high, high]), "embed": X}


@dataclass(frozen=True)
class Stubborn:
    """Makes such a model: one that no label teaches anything."""

    sure_below: bool
    provides: frozenset[str] = GIVES
    eats: str = "vectors"

    def fit(self, items: Any, targets: Any, **_: Any) -> Told:
        return Told(self.sure_below)


def make(learner: Any = "linear", **options: Any) -> Study:
    """Start a study with ten labels of both classes, so that it is never cold."""
    settings = {"labels": WORDS, "batch": 10, "audit": 0.2, "reserve": 0, "strategy": "auto", **options}
    items = pool()
    given = [truth(items, id) if row < 10 else None for row, id in enumerate(items.ids)]
    return Study.create(None, Dataset(items, given), learner=learner, **settings)


def label(study: Study, rounds: int) -> None:
    for _ in range(rounds):
        for query in study.ask():
            study.tell(query.id, truth(study.pool, query.id))
        study.step()


def seen(study: Study) -> tuple[Round, ...]:
    return past(study.store, study._catch_up(), study.settings.held)


def reasons(study: Study) -> list[str]:
    ranking = study.store.ranking()
    assert ranking is not None
    return [place.reason for place in ranking.queue[: ranking.info["chosen"]] if place.reason != REASON]


@pytest.mark.parametrize("audit", [0.2, "prequential"])
def test_behind_each_round_stands_what_the_audit_asked_and_the_model_had_said(audit: Any) -> None:
    study = make(audit=audit)
    label(study, 2)
    asked = [query.id for query in study.ask() if query.reason == REASON]
    said = study.predict(study.pool.read(asked))["probs"].argmax(axis=1).tolist()
    label(study, 1)
    chosen, audited = seen(study)[-4:-2]
    assert len(asked) > 0
    assert (chosen.strategy, audited.strategy) == ("auto", AUDIT)
    assert audited.keys.tolist() == study.pool.keys[study.pool.rows(asked)].tolist()
    assert audited.labels.tolist() == [WORDS.index(truth(study.pool, item)) for item in asked]
    assert audited.said == {"class": said}
    assert not set(chosen.keys.tolist()) & set(audited.keys.tolist())


@pytest.mark.parametrize("strategy", ["auto", "class-quota(of='auto')"])
def test_what_is_said_of_each_pick_of_a_batch_is_read_back_without_the_reserve(strategy: str) -> None:
    study = make(strategy=strategy, reserve=7)
    label(study, 2)
    chosen = [one for one in seen(study) if one.strategy != AUDIT]
    assert all(one.said is not None for one in chosen)
    assert [len(one.said["class"]) for one in chosen if one.said] == [len(one.labels) for one in chosen]


def test_without_an_audit_there_are_the_rounds_only() -> None:
    study = make(audit=0.0)
    label(study, 2)
    assert [one.strategy for one in seen(study)] == ["auto", "auto", "auto"]


def test_an_item_that_was_asked_again_has_its_label_in_the_last_round() -> None:
    study = make(Stubborn(sure_below=False), strategy="margin", audit=0.0)
    for _ in range(2):  # nobody takes the batch: half of it is answered, the rest is chosen again
        for place in list(study.store.ranking().queue)[:5]:  # type: ignore[union-attr]
            study.tell(place.item, truth(study.pool, place.item))
        study.step()
    label(study, 2)
    found = seen(study)
    keys = np.concatenate([one.keys for one in found[:-1]])
    answered = np.concatenate([one.keys[one.labels >= 0] for one in found])
    assert len(np.unique(keys)) < len(keys)
    assert len(np.unique(answered)) == len(answered) == 5 + 5 + 10 + 10


def test_old_rounds_are_counted_and_not_read(monkeypatch: pytest.MonkeyPatch) -> None:
    study = make(strategy="random", batch=2, audit=0.0)
    label(study, LOOK_BACK + 4)
    read: list[int] = []
    ranking = study.store.ranking
    monkeypatch.setattr(study.store, "ranking", lambda number: (read.append(number), ranking(number))[1])
    found = seen(study)
    assert len(found) == LOOK_BACK + 5
    assert read == list(range(6, LOOK_BACK + 6))
    assert [len(one.keys) for one in found] == [0] * 5 + [2] * LOOK_BACK


@pytest.mark.parametrize(
    "strategy",
    [
        "auto", "time-gap(of='auto', gap=3, earlier=False)", "group-cap(of='auto', k=2)",
        "epsilon-random(of='auto', share=0.1)", "subsample(of='auto', m=200)",
    ],
)  # fmt: skip
def test_the_guard_draws_at_random_where_chosen_items_are_the_easy_ones_and_says_so(strategy: str) -> None:
    study = make(Stubborn(sure_below=True), strategy=strategy)  # unsure of the half in which it is always right
    label(study, 4)
    assert not any("drawn at random" in reason for reason in reasons(study))
    label(study, 6)
    found = compare(seen(study))
    assert found is not None
    assert found.active < 0.1 < found.audit
    words = f"erred on {100 * found.active:.0f} % of the items chosen lately, and on {100 * found.audit:.0f} % of"
    assert all(words in reason and "drawn at random" in reason for reason in reasons(study))
    places = [place for _ in range(2) for place in (label(study, 1), study.ask())[1]]
    below = [study.pool.read([query.id])[0][1] < 0 for query in places if query.reason != REASON]
    assert 0.2 < np.mean(below) < 0.95  # the strategy alone would take none of this half


def test_the_guard_leaves_a_study_alone_in_which_chosen_items_are_the_hard_ones() -> None:
    study = make(Stubborn(sure_below=False))
    label(study, 10)
    found = compare(seen(study))
    assert found is not None
    assert found.active > found.audit
    assert not any("drawn at random" in reason for reason in reasons(study))
