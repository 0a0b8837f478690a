"""A study that seeks one class: its order, its random sample, what it tells, and when it stops."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from querist.data import Dataset, Pool
from querist.errors import BadEvidence, BadInput
from querist.estimate.recall import certified, depth_of, expected_left, knee, left_of, members_needed, recall_of
from querist.simulate.find import find
from querist.strategies.find import Find
from querist.study import Study
from querist.study.audit import REASON
from querist.study.search import Goal
from querist.view import Draw, View

WORDS = ("ham", "spam")


def items(n: int = 700, share: float = 0.25) -> tuple[Pool, np.ndarray]:
    rng = np.random.default_rng(3)
    y = (rng.random(n) < share).astype(int)
    return Pool(tuple(f"m{i:04}" for i in range(n)), rng.normal(size=(n, 4)) + 1.4 * y[:, None]), y


POOL, TRUTH = items()
TOLD = {id: WORDS[code] for id, code in zip(POOL.ids, TRUTH.tolist(), strict=True)}


def make(path: object = None, **goal: object) -> Study:
    return Study.create(path, POOL, labels=WORDS, goal=Goal("spam", **goal), batch=20, seed=2)  # type: ignore[arg-type]


def answer(study: Study) -> list[str]:
    ids = [query.id for query in study.ask()]
    for id in ids:
        study.tell(id, TOLD[id])
    return ids


class TestRules:
    def test_the_last_of_45_random_members_lies_beyond_95_percent_in_nine_of_ten_draws(self) -> None:
        rng = np.random.default_rng(0)
        stops = np.array([rng.choice(400, members_needed(), replace=False).max() + 1 for _ in range(4000)])
        assert (stops >= 0.95 * 400).mean() >= 0.9
        fewer = np.array([rng.choice(400, members_needed() - 8, replace=False).max() + 1 for _ in range(4000)])
        assert (fewer >= 0.95 * 400).mean() < 0.9

    def test_one_member_missed_is_reason_to_go_on(self) -> None:
        assert [certified(found, 45).stop for found in (44, 45)] == [False, True]
        assert certified(12, 12).sentence == (
            "not enough yet: the random sample holds 12 members; a recall of 95 % needs 45"
        )

    def test_the_knee_needs_a_flat_end(self) -> None:
        assert not knee([True] * 200 + [True, False] * 20).stop
        assert knee([True] * 200 + [False] * 60).stop
        assert not knee([True] * 20 + [False] * 60).stop  # few found: the end must be flatter
        assert knee([False] * 9).sentence == "not enough yet: nothing was found so far"

    @given(st.lists(st.booleans(), max_size=60))
    def test_the_depth_is_the_first_place_with_enough(self, flags: list[bool]) -> None:
        total = sum(flags)
        if total:
            at = depth_of(flags, total, recall=0.9)
            assert at is not None
            assert sum(flags[:at]) >= 0.9 * total > sum(flags[: at - 1])
        else:
            assert depth_of(flags, 1) is None

    def test_what_is_left_follows_from_the_recall(self) -> None:
        low, high = left_of(90, recall_of(45, 45))
        assert low == 0
        assert 5 < high < 10
        assert left_of(5, recall_of(0, 3))[1] == float("inf")
        assert expected_left(np.empty(0)).value == 0


class TestStudy:
    def test_the_most_probable_come_first(self) -> None:
        study = make()
        while study.status().labelled < 60:
            answer(study)
            study.step()
        probs = study.predict()["probs"][:, 1]
        ids = [query.id for query in study.ask()]
        asked = probs[study.pool.rows(ids)]
        open_rows = [row for row, id in enumerate(POOL.ids) if id not in study.labels()]
        assert np.allclose(np.sort(asked), np.sort(probs[open_rows])[-20:])

    def test_the_knee_stops_and_says_how_many_are_left(self) -> None:
        study = make()
        for _ in range(35):
            answer(study)
            study.step()
            advice = study.status().advice
            assert advice is not None
            if advice["stop"]:
                break
        assert advice["sentence"].startswith("stop: reading finds ")
        assert study.status().classes["spam"] >= 0.9 * TRUTH.sum()
        assert "members left unread" in study.status().estimates[0]["sentence"]

    def test_a_certified_search_draws_a_sample_first_and_trains_nothing_on_it(self) -> None:
        study = make(stop="certified")
        reasons, spam = [], 0
        while spam < 45:
            ranking = study.store.ranking()
            assert ranking is not None
            reasons += [place.reason for place in ranking.queue[:20]]
            spam += sum(TOLD[id] == "spam" for id in answer(study))
            study.step()
        assert set(reasons) == {REASON}
        ranking = study.store.ranking()
        assert ranking is not None
        assert ranking.queue[0].reason != REASON
        known = study._known
        assert (known.codes[known.reserved] == 1).sum() == 45
        assert not set(known.labelled.tolist()) & set(np.flatnonzero(known.reserved).tolist())

    def test_a_member_counts_once_the_batch_that_reaches_it_was_read(self) -> None:
        study, found = make(stop="certified"), []
        for _ in range(40):
            answer(study)
            study.step()
            info = study.store.published().info  # type: ignore[union-attr]
            found.append((set(info["hits"]), set(info["ahead"]["hits"])))
            if study.status().advice["stop"]:  # type: ignore[index]
                break
        for (_, ahead), (hits, _) in itertools.pairwise(found):
            assert ahead <= hits
        before, last = found[-2][0], found[-1][0]
        assert len(before) < 45 == len(last)
        assert study.status().estimates[0]["metric"] == "recall"

    def test_half_a_batch_read_counts_nothing(self) -> None:
        study = make(stop="certified")
        while not study.store.published().info["ahead"]["hits"]:  # type: ignore[union-attr]
            answer(study)
            study.step()
        before = study.store.published().info["hits"]  # type: ignore[union-attr]
        for query in study.ask(3):
            study.tell(query.id, TOLD[query.id])
        study.step()
        assert study.store.published().info["hits"] == before  # type: ignore[union-attr]

    def test_a_search_is_stored(self, tmp_path: object) -> None:
        place = f"{tmp_path}/s.querist"
        make(place, stop="certified").close()
        with Study.open(place) as study:
            assert study.settings.goal == {"target": "spam", "recall": 0.95, "confidence": 0.9, "stop": "certified"}
            assert study.settings.held.members == (1, 45)


class TestErrors:
    def test_a_class_that_is_none(self) -> None:
        with pytest.raises(BadInput, match=r"no class is called 'spma': did you mean 'spam'"):
            Study.create(None, POOL, labels=WORDS, goal=Goal("spma"))

    def test_another_strategy(self) -> None:
        with pytest.raises(BadInput, match="a search chooses by its own strategy, find"):
            Study.create(None, POOL, labels=WORDS, goal=Goal("spam"), strategy="margin")

    def test_a_rule_that_is_none(self) -> None:
        with pytest.raises(BadInput, match="no stopping rule of a search is called 'kne'"):
            Goal("spam", stop="kne")

    @pytest.mark.parametrize("recall", [0.0, 1.0])
    def test_a_recall_that_is_none(self, recall: float) -> None:
        with pytest.raises(BadInput, match="the recall to reach must lie between 0 and 1, both excluded: got "):
            Goal("spam", recall=recall)

    def test_a_target_that_the_evidence_lacks(self) -> None:
        view = View.of({"probs": np.full((2, 2), 0.5)}, ids=["a", "b"])
        with pytest.raises(BadEvidence, match="find seeks class 4: probs has the classes 0 to 1"):
            Find(4).score(view, Draw(0))
        with pytest.raises(BadInput, match="target must be the place of a class, 0 or more: got -1"):
            Find(-1)

    def test_a_simulation_of_a_class_that_no_item_has(self) -> None:
        data = Dataset(POOL, [TOLD[id] for id in POOL.ids], "mails")
        with pytest.raises(BadInput, match="no item of 'mails' is 'eggs'"):
            find(data, Goal("eggs"))


def test_a_replayed_search_repeats_and_counts_the_sample() -> None:
    data = Dataset(POOL, [TOLD[id] for id in POOL.ids], "mails")
    cheap, sure = (find(data, Goal("spam", stop=stop), seeds=[4])[0] for stop in ("knee", "certified"))
    assert find(data, Goal("spam"), seeds=[4])[0] == cheap
    assert cheap.members == TRUTH.sum()
    assert sure.depth > cheap.depth
    assert (sure.stopped or 700) > 45 / 0.25 * 0.7
    assert cheap.work_saved == pytest.approx((700 - cheap.depth) / 700 - 0.05)
