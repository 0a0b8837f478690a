"""The review queues and the grid over the wire, on a real SQLite study, with what the trainer writes down."""

from __future__ import annotations

import shutil
import time

import numpy as np
import pytest
from PIL import Image
from web_site import site

from querist import Study
from querist.study.opinions import Opinions
from querist.study.search import Goal
from querist.study.suspects import PLACE, Suspects
from querist.tasks import Answer
from querist.web import likeness, trainer
from querist.web.desk import Wish
from querist.web.reviews import judge
from querist.web.training import Supervisor

WORDS = {"good": "lovely warm friendly", "bad": "rude cold dirty"}
TEXTS = [f"a {WORDS['good' if i % 2 else 'bad']} room, said guest {i}" for i in range(80)]
WRONG = (4, 11, 30)


@pytest.fixture(autouse=True)
def no_training(monkeypatch):
    """Keep the training process out: the tests call what it does themselves."""
    monkeypatch.setattr(Supervisor, "start", lambda self: None)


def truth(at: int) -> str:
    return "good" if at % 2 else "bad"


@pytest.fixture(scope="module")
def template(tmp_path_factory):
    """Forty of eighty texts labelled by ann, three wrongly; the model has looked at them. An audit of a tenth."""
    other, path = {"good": "bad", "bad": "good"}, tmp_path_factory.mktemp("rooms") / "rooms.querist"
    with Study.create(path, TEXTS, labels=["good", "bad"], batch=4, audit=0.1) as study:
        held = set(study.settings.held.order(study.pool).tolist())
        rows = [row for row in range(44) if row not in held]
        study.record(
            Answer(study.pool.ids[row], other[truth(row)] if row in WRONG else truth(row), who="ann") for row in rows
        )
        trainer.step(study)
        judge(study)
    return path


@pytest.fixture
def rooms(template, tmp_path):
    """The app on a copy of that study."""
    shutil.copyfile(template, tmp_path / "rooms.querist")
    with Study.open(tmp_path / "rooms.querist") as study, site(study) as made:
        yield made


def review(person, kind="label-errors", n=20):
    found = person.get("/api/review", params={"kind": kind, "n": n})
    assert found.status_code == 200, found.text
    return found.json()


def send(person, *answers):
    given = [{"uid": f"u{time.monotonic_ns()}-{at}", **answer} for at, answer in enumerate(answers)]
    found = person.post("/api/answers", json={"answers": given})
    assert found.status_code == 200, found.text
    return found.json()


def grid(person, **wanted):
    found = person.post("/api/grid", json=wanted)
    assert found.status_code == 200, found.text
    return found.json()


def ids(found):
    return [one["item"]["id"] for one in found["items"]]


class TestReview:
    def test_shows_the_label_who_gave_it_and_what_contradicts_it(self, rooms):
        found = review(rooms.person("bob"))
        wrong = {rooms.study.pool.ids[row] for row in WRONG if rooms.study.pool.ids[row] in rooms.study.labels()}
        assert wrong
        assert set(ids(found)[: len(wrong)]) == wrong
        first = found["items"][0]
        assert first["said"] == [{"who": "ann", "kind": "label", "label": first["label"]}]
        assert first["item"]["suggestion"]["label"] == first["other"] != first["label"]
        assert first["item"]["suggestion"]["confidence"] == first["chance"] > first["own"]
        assert first["item"]["data"]["text"] in TEXTS
        assert first["item"]["lease"] is None
        assert found["counts"]["label-errors"] == len(found["items"])
        assert found["behind"] == 0

    def test_what_is_kept_is_gone_for_everybody_and_trains_nothing(self, rooms):
        bob, eve = rooms.person("bob"), rooms.person("eve")
        item = ids(review(bob))[0]
        before = rooms.study.labels()
        send(bob, {"item": item, "kind": "note", "reviewed": True})
        assert item not in ids(review(eve))
        assert rooms.study.labels() == before
        assert rooms.server.desk.status().behind == 0
        send(bob, {"item": item, "kind": "note", "reviewed": False})
        assert item in ids(review(eve))

    def test_a_change_and_its_undo(self, rooms):
        bob = rooms.person("bob")
        first = review(bob)["items"][0]
        item = first["item"]["id"]
        send(
            bob,
            {"item": item, "kind": "label", "label": first["other"]},
            {"item": item, "kind": "note", "reviewed": True},
        )
        assert rooms.study.labels()[item] == first["other"]
        assert item not in ids(review(bob))
        assert review(bob)["behind"] == 1
        send(bob, {"item": item, "kind": "retract"}, {"item": item, "kind": "note", "reviewed": False})
        assert rooms.study.labels()[item] == first["label"]
        assert item in ids(review(bob))

    def test_undoing_a_second_change_leaves_the_first_one_informed(self, rooms):
        bob = rooms.person("bob")
        item = next(id for id in rooms.study.pool.ids if id not in rooms.study.labels())
        seen = {"item": item, "kind": "note", "reviewed": True, "informed": True}
        send(bob, {"item": item, "kind": "label", "label": "good"})
        assert bob.get(f"/api/items/{item}").json()["mine"]["informed"] is False
        send(bob, {"item": item, "kind": "label", "label": "bad"}, seen)
        mine = bob.get(f"/api/items/{item}").json()["mine"]
        assert (mine["label"], mine["informed"]) == ("bad", True)
        send(bob, {"item": item, "kind": "label", "label": "good"}, seen)
        back = {**seen, "reviewed": False, "informed": mine["informed"]}
        send(bob, {"item": item, "kind": "label", "label": mine["label"]}, back)
        opinions = Opinions()
        for event in rooms.study.store.events():
            opinions.take(event.answer)
        assert opinions.of(item) == {"bob": "good"}, "what was said before any review"
        assert rooms.study.labels()[item] == "bad"
        assert bob.get(f"/api/items/{item}").json()["mine"]["informed"] is True

    def test_the_other_queues_come_from_the_log(self, rooms):
        bob = rooms.person("bob")
        free = [id for id in rooms.study.pool.ids if id not in rooms.study.labels()]
        send(
            bob,
            {"item": free[0], "kind": "unsure"},
            {"item": free[1], "kind": "note", "flag": True, "comment": "odd"},
            {"item": free[2], "kind": "label", "label": "good"},
        )
        send(rooms.person("eve"), {"item": free[2], "kind": "label", "label": "bad"})
        assert ids(review(bob, "unsure")) == [free[0]]
        assert [one["reason"] for one in review(bob, "flagged")["items"]] == ["flagged by bob: “odd”"]
        disputed = review(bob, "disagreements")
        assert ids(disputed) == [free[2]]
        assert disputed["items"][0]["reason"].startswith("bob says good, eve says bad; bad stands")
        assert {kind: disputed["counts"][kind] for kind in ("unsure", "flagged", "disagreements")} == {
            "unsure": 1,
            "flagged": 1,
            "disagreements": 1,
        }

    def test_an_unknown_kind_is_refused(self, rooms):
        assert rooms.person("bob").get("/api/review", params={"kind": "odd"}).status_code == 422


class TestJudging:
    def test_takes_no_long_time_of_the_trainer(self, rooms, monkeypatch):
        monkeypatch.setattr("querist.web.reviews.LONGEST", 0.0)
        rooms.study.store.put(PLACE, Suspects(0, 40).dump())
        judge(rooms.study)
        assert Suspects.parse(rooms.study.store.get(PLACE)).labels == 40, "an older queue stays"

    def test_what_a_learner_raises_ends_no_training(self, rooms, monkeypatch, capsys):
        def fit(*_, **__):
            raise ValueError("no such fold")

        before = rooms.study.store.get(PLACE)
        send(rooms.person("bob"), {"item": rooms.study.pool.ids[50], "kind": "label", "label": "good"})
        monkeypatch.setattr("querist.study.suspects.cross_fitted", fit)
        judge(rooms.study)
        assert rooms.study.store.get(PLACE) == before
        assert "ValueError: no such fold" in capsys.readouterr().err

    def test_says_who_can_where_it_takes_long(self, tmp_path, monkeypatch):
        monkeypatch.setattr("querist.web.reviews.LONGEST", 0.0)
        with Study.create(tmp_path / "s.querist", TEXTS, labels=["good", "bad"]) as study:
            study.record(Answer(id, truth(at)) for at, id in enumerate(study.pool.ids[:20]))
            study.step()
            judge(study)
            with site(study) as made:
                assert "run `querist review STUDY`" in review(made.person("ann"))["sentence"]
            assert study.review().sentence.startswith("20 labels judged"), "whoever asks for it gets it"


class TestGrid:
    def test_shows_the_nearest_open_items_without_those_that_are_not_free(self, rooms):
        study, ann, bob = rooms.study, rooms.person("ann"), rooms.person("bob")
        held = ann.post("/api/claim", json={"n": 2}).json()["items"]
        found = grid(bob, by="like", value=study.pool.ids[3], n=100)
        shown = {tile["id"] for tile in found["tiles"]}
        audit = {study.pool.ids[row] for row in study.settings.held.order(study.pool).tolist()}
        assert shown == set(study.pool.ids) - set(study.labels()) - audit - {one["id"] for one in held}
        half = [tile["text"] for tile in found["tiles"]][: len(shown) // 2 - 1]
        assert all("lovely" in text for text in half), "the nearest are of its kind"
        assert f"{len(audit)} of the audit, which are looked at one by one" in found["left_out"]
        assert found["total"] == len(shown)
        mine = grid(ann, by="ids", ids=[one["id"] for one in held])
        assert {tile["id"] for tile in mine["tiles"]} == {one["id"] for one in held} - audit

    def test_shows_an_item_once_that_is_named_twice(self, rooms):
        bob = rooms.person("bob")
        one = grid(bob, by="search", n=1)["tiles"][0]["id"]
        twice = grid(bob, by="ids", ids=[one, one])
        assert ([tile["id"] for tile in twice["tiles"]], twice["total"]) == ([one], 1)
        assert twice["sentence"] == "of the 1 that were chosen"

    def test_shows_what_is_predicted_as_a_class_the_surest_first(self, rooms):
        found = grid(rooms.person("bob"), by="class", value="bad", n=100)
        assert found["total"] == found["sizes"]["bad"] == len(found["tiles"])
        chances = [tile["chance"] for tile in found["tiles"]]
        assert chances == sorted(chances, reverse=True)
        assert all("rude" in tile["text"] for tile in found["tiles"])

    def test_searches_texts_and_ids(self, rooms):
        study, bob = rooms.study, rooms.person("bob")
        open_ids = [tile["id"] for tile in grid(bob, by="search", value="", n=100)["tiles"]]
        assert len(open_ids) > 20
        assert [t["id"] for t in grid(bob, by="search", value=open_ids[0].upper())["tiles"]] == open_ids[:1]
        text = TEXTS[study.pool.rows(open_ids[1:2])[0]]
        assert open_ids[1] in [t["id"] for t in grid(bob, by="search", value=text.split(", ")[1].upper())["tiles"]]

    def test_before_a_model_there_is_search_only(self, tmp_path):
        with Study.create(tmp_path / "s.querist", TEXTS, labels=["good", "bad"]) as study, site(study) as made:
            ann = made.person("ann")
            assert grid(ann, by="search", value="guest 7")["total"] > 0
            refused = ann.post("/api/grid", json={"by": "class", "value": "good"})
            assert refused.status_code == 409
            assert "label a few, or train" in refused.json()["error"]

    def test_many_are_labelled_in_one_transaction_and_what_is_closed_is_refused(self, rooms):
        study, ann, bob = rooms.study, rooms.person("ann"), rooms.person("bob")
        audit, *_ = [study.pool.ids[row] for row in study.settings.held.order(study.pool)]
        held = next(one["id"] for one in ann.post("/api/claim", json={"n": 9}).json()["items"] if not one["audit"])
        labelled = next(iter(study.labels()))
        free = [tile["id"] for tile in grid(bob, by="class", value="good")["tiles"]]
        before = study.store.events()[-1].position
        answers = [
            {"item": id, "kind": "label", "label": "good", "bulk": True} for id in (*free, audit, held, labelled)
        ]
        taken = send(bob, *answers)
        assert len(taken["recorded"]) == len(free)
        assert [one["position"] for one in taken["recorded"]] == list(range(before + 1, before + 1 + len(free)))
        errors = [one["error"] for one in taken["refused"]]
        assert [error.partition("' ")[2] for error in errors] == [
            "belongs to the audit: it is looked at by itself, when it is asked",
            "is with somebody else just now",
            "has a label meanwhile",
        ]
        assert study.labels()[free[0]] == "good"
        send(bob, *({"item": id, "kind": "retract", "bulk": True} for id in free))
        assert not set(free) & set(study.labels())

    def test_an_answer_that_is_sent_once_more_counts_once_and_is_not_refused(self, rooms):
        bob = rooms.person("bob")
        (tile,) = grid(bob, by="search", n=1)["tiles"]
        given = {"uid": "once", "item": tile["id"], "kind": "label", "label": "good", "bulk": True}
        first, again = (bob.post("/api/answers", json={"answers": [given]}).json() for _ in range(2))
        assert first == again
        assert again["refused"] == []
        other = {**given, "uid": "other"}
        assert bob.post("/api/answers", json={"answers": [other]}).json()["recorded"] == []

    def test_items_that_another_process_added_are_found(self, rooms):
        with Study.open(rooms.study.store.where) as other:
            old = other.ask(1, who="eve")[0].id
            other.add([f"a lovely warm new room {i}" for i in range(30)])
            other.tell(old, "good", who="eve")
            trainer.step(other)
        found = grid(rooms.person("bob"), by="class", value="good", n=100)
        assert any("new room" in tile["text"] for tile in found["tiles"])
        assert found["sizes"]["good"] == found["total"]

    def test_a_search_is_closed_for_its_sample_alone(self, tmp_path):
        rows = np.random.default_rng(0).normal(size=(300, 2))
        goal = Goal("yes", stop="certified")
        with Study.create(tmp_path / "search.querist", rows, labels=["no", "yes"], goal=goal) as study:
            order = study.settings.held.order(study.pool)[:60]
            study.record(Answer(study.pool.ids[row], "yes", who="ann") for row in order)
            with site(study) as made:
                found = grid(made.person("bob"), by="search", n=1)
        assert found["total"] == 240
        assert found["left_out"].startswith("not shown: 45 of the audit")

    def test_shows_nobody_the_word_of_the_model_where_it_is_hidden(self, rooms):
        seen = grid(rooms.person("ann"), by="like", value=rooms.study.pool.ids[3])
        with site(rooms.study, wish=Wish(hide_suggestions=True)) as blind:
            ann = blind.person("ann")
            found = grid(ann, by="like", value=rooms.study.pool.ids[3])
            assert [tile["id"] for tile in found["tiles"]] == [tile["id"] for tile in seen["tiles"]]
            assert {tile["predicted"] for tile in seen["tiles"]} == {"good", "bad"}
            assert {tile["predicted"] for tile in found["tiles"]} == {None}
            assert {tile["chance"] for tile in found["tiles"]} == {None}
            assert set(found["sizes"].values()) == {0}
            assert ann.get(f"/api/why/{found['tiles'][0]['id']}").json()["probs"] is None

    def test_images_come_as_thumbnails(self, tmp_path):
        folder = tmp_path / "dots"
        folder.mkdir()
        for at in range(6):
            Image.new("L", (32, 32), 40 * at).save(folder / f"{at}.png")
        with Study.create(tmp_path / "dots.querist", folder, labels=["dark", "light"]) as study, site(study) as made:
            tile = grid(made.person("ann"), by="search", value="3.png")["tiles"][0]
            assert made.person("ann").get(tile["image"], params={"width": 64}).status_code == 200


class TestLikeness:
    def test_many_directions_become_few_and_keep_the_neighbours(self):
        draw = np.random.default_rng(0)
        centres = draw.normal(size=(4, 200))
        points = (centres[np.arange(100) % 4] + 0.3 * draw.normal(size=(100, 200))).astype(np.float32)
        places = likeness._narrow(points)
        assert places.shape == (100, likeness.WIDTH)
        near = np.argsort(-(places @ places[0]))[:25]
        assert set(near % 4) == {0}

    def test_reads_back_what_was_written(self, rooms):
        found = likeness.read(rooms.study.store)
        assert found.round == rooms.study.store.published().round
        assert len(found.places) == len(rooms.study.pool)
        assert found.nearest(5)[0] == 5
