"""Several people on the same items: the consensus of a study, who can be relied on, and second opinions."""

from __future__ import annotations

import numpy as np
import pytest

from querist.data import Pool
from querist.study import Study
from querist.tasks import Answer, Classification
from querist.tasks.crowd import Crowd

WORDS = ("no", "yes")
TASK = Classification(WORDS)


def made(n: int = 40, overlap: int = 3, **options: object) -> Study:
    X = np.random.default_rng(0).normal(size=(n, 2)) + np.array([[4.0 * (i % 2), 0.0] for i in range(n)])
    data = Pool(tuple(f"item_{i:02}" for i in range(n)), X)
    settings = {"labels": WORDS, "batch": 10, "strategy": "random", "audit": 0.0, **options}
    return Study.create(None, data, overlap=overlap, **settings)  # type: ignore[arg-type]


def truth(item: str) -> int:
    return int(item[-2:]) % 2


def answer(study: Study, item: str, who: str, *, right: bool) -> None:
    study.tell(item, WORDS[truth(item) if right else 1 - truth(item)], who=who)


class TestMerge:
    def test_a_reliable_person_outvotes_two_who_are_not(self) -> None:
        said = [{"ann": i % 2, "bob": i % 2, "cat": i % 2, "dan": 1 - i % 2 if i % 3 else i % 2} for i in range(30)]
        said += [{"ann": i % 2, "bob": i % 2, "eve": 1 - i % 2 if i % 3 else i % 2} for i in range(30)]
        crowd = Crowd.of(said, classes=2)
        answers = [Answer("i", "no", who="dan"), Answer("i", "no", who="eve"), Answer("i", "yes", who="ann")]
        assert TASK.merge(answers) == "no"
        assert TASK.merge(answers, crowd) == "yes"

    def test_one_persons_answer_stands_however_bad_they_are(self) -> None:
        said = [{"ann": i % 2, "bob": i % 2, "dan": 1 - i % 2} for i in range(30)]
        crowd = Crowd.of(said, classes=2)
        assert crowd.posterior({"dan": 0})[0] < 0.2
        assert TASK.merge([Answer("i", "no", who="dan")], crowd) == "no"

    def test_equals_go_to_the_earliest(self) -> None:
        crowd = Crowd.of([{"ann": 0, "bob": 1}], classes=2)
        first, second = Answer("i", "no", who="ann"), Answer("i", "yes", who="bob")
        assert TASK.merge([first, second], crowd) == "no"
        assert TASK.merge([second, first], crowd) == "yes"

    def test_nothing_left_is_none(self) -> None:
        crowd = Crowd.of([{"ann": 0, "bob": 1}], classes=2)
        back = [Answer("i", "no", who="ann"), Answer("i", kind="retract", who="ann")]
        assert TASK.merge(back, crowd) is None

    def test_the_posterior_is_that_of_the_fit(self) -> None:
        said = [{"ann": i % 2, "bob": (i // 2) % 2} for i in range(12)]
        crowd = Crowd.of(said, classes=2)
        assert [crowd.posterior(one) for one in said] == pytest.approx(crowd.found.probs, abs=1e-4)

    def test_a_stranger_says_nothing(self) -> None:
        crowd = Crowd.of([{"ann": 0, "bob": 0}], classes=2)
        assert crowd.posterior({"zoe": 1}) == pytest.approx(crowd.found.prior)


class TestStudy:
    def crowd(self) -> Study:
        """Twenty items shared by two good people and one who answers at random."""
        study, coin = made(), np.random.default_rng(1)
        for item in study.pool.ids[:20]:
            answer(study, item, "ann", right=True)
            answer(study, item, "bob", right=True)
            answer(study, item, "dan", right=bool(coin.random() < 0.5))
        return study

    def test_the_consensus_weighs_people_over_all_items(self) -> None:
        study, item = self.crowd(), "item_30"
        answer(study, item, "dan", right=False)
        assert study.labels()[item] == WORDS[1 - truth(item)]
        answer(study, item, "ann", right=True)
        assert study.labels()[item] == WORDS[truth(item)]

    def test_reading_bit_by_bit_or_at_once_agrees(self, tmp_path) -> None:
        rng = np.random.default_rng(4)
        data = Pool(tuple(f"item_{i:02}" for i in range(30)), np.zeros((30, 1)))
        made = Study.create(tmp_path / "a.querist", data, labels=WORDS, overlap=4, strategy="random", audit=0.0)
        with made as study:
            for who in ("ann", "bob", "dan", "eve"):
                for item in study.pool.ids:
                    answer(study, item, who, right=bool(rng.random() < {"ann": 0.9, "bob": 0.8}.get(who, 0.45)))
                    study.labels()
                    if rng.random() < 0.3:
                        study.note(item, who, reviewed=True, informed=True)
                        study.labels()
            stepwise = study.labels()
        with Study.open(tmp_path / "a.querist") as again:
            assert again.labels() == stepwise

    def test_a_crowd_that_is_no_more_leaves_nothing_behind(self, tmp_path) -> None:
        """Eve's label is an opinion until the note says that it is none; somebody looks in between."""
        data = Pool(tuple(f"item_{i:02}" for i in range(21)), np.zeros((21, 1)))
        path = tmp_path / "a.querist"
        with Study.create(path, data, labels=WORDS, overlap=2, strategy="random", audit=0.0) as study:
            for item in study.pool.ids[1:]:
                study.tell(item, "yes", who="ann")
            study.tell("item_00", "no", who="ann")
            study.tell("item_00", "yes", who="eve")
            assert study.labels()["item_00"] == "yes", "the more usual class"
            study.note("item_00", "eve", reviewed=True, informed=True)
            assert study.labels()["item_00"] == "no", "the earlier of two"
        with Study.open(path) as again:
            assert again.labels()["item_00"] == "no"

    def test_people_are_judged_when_somebody_looks_and_an_opinion_has_changed(self, monkeypatch) -> None:
        study, fits, real = self.crowd(), [], Crowd.of
        monkeypatch.setattr(Crowd, "of", staticmethod(lambda *said, **more: fits.append(1) or real(*said, **more)))
        assert study.answers("item_00")[0].who == "ann"
        assert fits == []
        labels = study.labels()
        study.note("item_00", "ann", flag=True)
        study.skip("item_39", "ann")
        study.skip("item_05", "eve")
        assert study.labels() == labels
        assert (study.status().labelled, study.dashboard().agreement["items"], len(fits)) == (20, 20, 1)
        answer(study, "item_30", "ann", right=True)
        assert len(study.labels()) == 21
        assert len(fits) == 2

    def test_status_tells_how_well_people_label(self) -> None:
        found = {one["who"]: one for one in self.crowd().status().annotators}
        assert list(found) == ["ann", "bob", "dan"]
        assert found["ann"]["value"] > found["dan"]["high"]
        assert found["dan"]["votes"] == 20
        assert found["ann"]["sentence"].startswith("right in ")

    def test_one_person_is_judged_by_nobody(self) -> None:
        study = made(overlap=1)
        answer(study, "item_00", "ann", right=True)
        assert study.status().annotators == ()

    def test_with_one_opinion_each_the_latest_answer_stands(self) -> None:
        study = made(overlap=1)
        answer(study, "item_00", "ann", right=True)
        answer(study, "item_00", "bob", right=False)
        assert study.labels()["item_00"] == WORDS[1 - truth("item_00")]
        assert {one["who"] for one in study.status().annotators} == {"ann", "bob"}


class TestSecondOpinions:
    def start(self, overlap: int = 3, **options: object) -> Study:
        study = made(strategy="active-lab", overlap=overlap, **options)
        for item in study.pool.ids[:20]:
            answer(study, item, "ann", right=True)
            answer(study, item, "bob", right=int(item[-2:]) not in (4, 7))
        study.step()
        return study

    def queue(self, study: Study) -> list[str]:
        ranking = study.store.ranking()
        assert ranking is not None
        return [place.item for place in ranking.queue]

    def test_disputed_items_are_asked_again_before_agreed_ones(self) -> None:
        study = self.start()
        places = self.queue(study)
        assert set(study.pool.ids[:20]) < set(places)
        agreed = [places.index(item) for item in study.pool.ids[:20] if item not in ("item_04", "item_07")]
        assert max(places.index("item_04"), places.index("item_07")) < min(agreed)

    def test_nobody_is_asked_the_same_item_twice(self) -> None:
        study = self.start()
        asked = {query.id for query in study.ask(40, who="ann")}
        assert asked == set(study.pool.ids[20:])

    def test_overlap_bounds_the_opinions(self) -> None:
        study = self.start(overlap=2)
        assert not set(self.queue(study)) & set(study.pool.ids[:20])

    def test_without_several_opinions_only_new_items_are_asked(self) -> None:
        study = made(strategy="active-lab", overlap=1)
        for item in study.pool.ids[:20]:
            answer(study, item, "ann", right=True)
        study.step()
        assert not set(self.queue(study)) & set(study.pool.ids[:20])

    def test_items_of_the_audit_are_not_asked_again_by_the_strategy(self) -> None:
        study = self.start(audit=0.3)
        own = {place.item for place in study.store.ranking().queue if place.reason == "active-lab"}  # type: ignore[union-attr]
        held = {study.pool.ids[row] for row in np.flatnonzero(study._known.reserved)}
        assert own
        assert not own & held

    def test_other_strategies_never_ask_again_on_their_own(self) -> None:
        study = made(strategy="margin", overlap=3)
        for item in study.pool.ids[:20]:
            answer(study, item, "ann", right=True)
        study.step()
        reasons = {p.item: p.reason for p in study.store.ranking().queue}  # type: ignore[union-attr]
        assert all(reasons[item] == "waits for another opinion" for item in study.pool.ids[:20])
