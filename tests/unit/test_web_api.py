"""The requests of the labelling app, on a real SQLite study."""

from __future__ import annotations

import io
import json

import numpy as np
import pytest
from PIL import Image
from web_site import TEXTS, Site, answer, claim, site, texts, texts_made, told

from querist import Study
from querist.formats import label_format
from querist.tasks import Answer
from querist.web import ledger
from querist.web.desk import Wish
from querist.web.training import Supervisor


@pytest.fixture(autouse=True)
def no_training(monkeypatch):
    """Keep the training process out of tests of other things."""
    monkeypatch.setattr(Supervisor, "start", lambda self: None)


@pytest.fixture
def films(tmp_path):
    with texts(tmp_path / "films.querist") as study, site(study) as made:
        yield made


class TestSession:
    def test_says_who_and_what(self, films):
        found = films.person("ann").get("/api/session").json()
        assert found["who"] == "ann"
        assert found["root"] is False
        study = found["study"]
        assert (study["name"], study["view"], study["view_url"]) == ("films", "text", None)
        assert study["task"] == {"type": "classification", "task": "classification", "labels": ["good", "bad"]}
        assert (study["batch"], study["overlap"], study["suggestions"]) == (4, 1, True)

    def test_ends_with_logout(self, films):
        ann = films.person("ann")
        claim(ann, 2)
        cookie = dict(ann.cookies)
        assert ann.post("/api/logout").status_code == 200
        ann.cookies.update(cookie)
        assert ann.get("/api/session").status_code == 401
        assert films.study.store.leases() == []

    def test_outlives_the_server(self, tmp_path):
        path = tmp_path / "films.querist"
        with texts(path) as study, site(study) as first:
            ann = first.person("ann")
        with Study.open(path) as study, site(study) as second:
            again = second.stranger()
            again.cookies.update(ann.cookies)
            found = again.get("/api/session").json()
        assert (found["who"], found["csrf"]) == ("ann", ann.headers["X-Querist-CSRF"])

    def test_guidelines_are_kept(self, films):
        ann = films.person("ann")
        assert ann.get("/api/guidelines").json() == {"text": ""}
        assert ann.put("/api/guidelines", json={"text": "Look <b>twice</b>."}).status_code == 200
        assert films.person("bob").get("/api/session").json()["study"]["guidelines"] == "Look <b>twice</b>."

    def test_guidelines_have_a_limit(self, films):
        assert films.person("ann").put("/api/guidelines", json={"text": "x" * 200_001}).status_code == 422


class TestItems:
    def test_are_handed_out_in_the_order_of_the_queue(self, films):
        queue = [place.item for place in films.study.store.ranking().queue]
        items = claim(films.person("ann"), 3)
        assert [item["id"] for item in items] == queue[:3]
        first = items[0]
        assert first["view"] == "text"
        assert first["data"]["text"] in TEXTS
        assert "place 1 of round 1" in first["why"]
        assert first["lease"]
        assert first["expires"] > 1_700_000_000_000
        assert (first["mine"], first["note"], first["suggestion"], first["audit"]) == (None, None, None, False)

    def test_go_to_one_person_each(self, films):
        mine, theirs = claim(films.person("ann"), 3), claim(films.person("bob"), 3)
        assert not {item["id"] for item in mine} & {item["id"] for item in theirs}

    def test_own_open_ones_come_first(self, films):
        ann = films.person("ann")
        first = claim(ann, 3)
        assert [item["lease"] for item in claim(ann, 5)][:3] == [item["lease"] for item in first]

    @pytest.mark.parametrize("n", [0, 21, -1, "x", None])
    def test_a_wrong_number_is_refused(self, films, n):
        found = films.person("ann").post("/api/claim", json={"n": n})
        assert found.status_code == 422
        assert found.json()["error"].startswith("n: ")

    def test_heartbeat_extends_and_release_frees(self, films):
        ann = films.person("ann")
        item = claim(ann)[0]
        lease = ann.post("/api/heartbeat", json={}).json()["leases"]
        assert [each["item"] for each in lease] == [item["id"]]
        assert lease[0]["expires"] >= item["expires"]
        ann.post("/api/release", json={"items": [item["id"]]})
        assert claim(films.person("bob"))[0]["id"] == item["id"]

    def test_release_without_names_frees_all(self, films):
        ann = films.person("ann")
        claim(ann, 3)
        assert ann.post("/api/release", json={"items": None}).status_code == 200
        assert ann.post("/api/heartbeat").json() == {"leases": []}

    def test_a_beacon_may_release(self, films):
        ann = films.person("ann")
        claim(ann, 3)
        body = json.dumps({"items": None, "csrf": ann.headers.pop("X-Querist-CSRF")})
        found = ann.post("/api/release", content=body, headers={"Content-Type": "text/plain"})
        assert found.status_code == 200
        assert films.study.store.leases() == []

    def test_can_be_looked_at_again(self, films):
        ann = films.person("ann")
        id = claim(ann)[0]["id"]
        answer(ann, told(id, "bad"), told(id, kind="note", flag=True), told(id, kind="note", comment="odd"))
        again = ann.get(f"/api/items/{id}").json()
        assert again["mine"]["label"] == "bad"
        assert again["note"] == {"flag": True, "comment": "odd"}
        assert again["lease"] is None
        assert films.person("bob").get(f"/api/items/{id}").json()["mine"] is None

    def test_an_unknown_item_is_told(self, films):
        found = films.person("ann").get("/api/items/nobody")
        assert found.status_code == 404
        assert found.json()["error"].startswith("no item has the id 'nobody'")

    def test_items_of_other_processes_are_found(self, films):
        with Study.open(films.study.store.where) as other:
            other.add(["one more text"])
            new = other.pool.ids[-1]
            other.step()
        assert films.person("ann").get(f"/api/items/{new}").json()["data"] == {"text": "one more text"}

    def test_ids_may_hold_slashes(self, tmp_path):
        rows = [{"id": "a/b c/ü.png", "x": 1.0}, {"id": "../x", "x": 2.0}, {"id": "?#%", "x": float("nan")}]
        with Study.create(tmp_path / "s.querist", rows, labels=["a", "b"]) as study, site(study) as made:
            ann = made.person("ann")
            assert ann.get("/api/items/a%2Fb%20c%2F%C3%BC.png").json()["data"] == {"x": 1.0}
            assert ann.get("/api/items/%3F%23%25").json()["data"]["x"] is None

    def test_nothing_left_is_done(self, films):
        ann = films.person("ann")
        answer(ann, *(told(id, "good") for id in films.study.pool.ids))
        found = ann.post("/api/claim", json={"n": 5}).json()
        assert (found["items"], found["state"], found["free"]) == ([], "done", 0)

    def test_all_with_others_is_waiting(self, films):
        claim(films.person("ann"), 12)
        found = films.person("bob").post("/api/claim", json={"n": 5}).json()
        assert (found["state"], found["free"]) == ("waiting", 0)
        assert found["message"] == "all 12 items left are with other people"

    def test_why_tells_the_place(self, films):
        ann = films.person("ann")
        item = claim(ann)[0]
        found = ann.get(f"/api/why/{item['id']}").json()
        assert found["round"] == 1
        assert found["reason"] in item["why"]
        assert found["parts"][0] == {"name": "place in the queue", "value": 1.0}
        assert (found["probs"], found["neighbours"], found["cluster"]) == (None, [], None)


class TestAnswers:
    def test_are_on_the_disk(self, films):
        ann = films.person("ann")
        item = claim(ann)[0]
        sent = told(item["id"], "good", seconds=1.5, lease=item["lease"])
        assert answer(ann, sent) == {"recorded": [{"uid": sent["uid"], "position": 1}], "refused": []}
        with Study.open(films.study.store.where) as other:
            kept = other.store.events()[0].answer
        assert kept == Answer(item["id"], "good", "label", "ann", 1.5, 1.0, item["lease"], sent["uid"])

    def test_count_once_however_often_sent(self, films):
        ann, sent = films.person("ann"), told(films.study.pool.ids[0], "good")
        assert answer(ann, sent) == answer(ann, sent)
        assert len(films.study.store.events()) == 1

    def test_the_good_ones_are_kept_beside_bad_ones(self, films):
        ann, ids = films.person("ann"), films.study.pool.ids
        found = answer(ann, told(ids[0], "good"), told(ids[1], "ugly"), told("nobody", "good"), told(ids[2], "bad"))
        assert [each["position"] for each in found["recorded"]] == [1, 2]
        assert [each["error"] for each in found["refused"]] == [
            "no class is called 'ugly': known: bad, good",
            found["refused"][1]["error"],
        ]
        assert found["refused"][1]["error"].startswith("no item has the id 'nobody'")

    def test_unsure_and_skip_are_stored_and_offered_last(self, films):
        ann = films.person("ann")
        first, second = claim(ann, 2)
        answer(ann, told(first["id"], kind="unsure"), told(second["id"], kind="skip"))
        assert [item["id"] for item in claim(ann, 12)][-2:] == [first["id"], second["id"]]
        assert ann.get("/api/status").json()["aside"] == 2

    def test_retract_takes_back(self, films):
        ann, id = films.person("ann"), films.study.pool.ids[0]
        answer(ann, told(id, "good"))
        answer(ann, told(id, kind="retract"))
        assert ann.get("/api/status").json()["labelled"] == 0
        assert ann.get(f"/api/items/{id}").json()["mine"] is None

    def test_a_late_answer_is_kept(self, films):
        ann = films.person("ann")
        item = claim(ann)[0]
        ann.post("/api/release", json={})
        assert answer(ann, told(item["id"], "good", lease=item["lease"]))["refused"] == []
        assert ann.get("/api/status").json()["labelled"] == 1

    def test_history_is_the_person_s_own_newest_first(self, films):
        ann, bob, ids = films.person("ann"), films.person("bob"), films.study.pool.ids
        answer(ann, told(ids[0], "good"), told(ids[1], kind="skip"))
        answer(bob, told(ids[2], "bad"))
        found = ann.get("/api/history?n=5").json()
        assert [(each["item"], each["kind"], each["label"]) for each in found] == [
            (ids[1], "skip", None),
            (ids[0], "label", "good"),
        ]
        assert found[0]["preview"] == films.study.pool.media(ids[1]).data["text"]
        assert len(ann.get("/api/history?n=1").json()) == 1

    def test_status_counts(self, films):
        ann, ids = films.person("ann"), films.study.pool.ids
        answer(ann, told(ids[0], "good"), told(ids[1], "good"), told(ids[2], kind="skip"))
        found = ann.get("/api/status").json()
        assert (found["items"], found["labelled"], found["aside"], found["remaining"]) == (12, 2, 1, 10)
        assert found["classes"] == {"good": 2, "bad": 0}
        assert found["people"] == [{"who": "ann", "n": 2}]
        assert found["per_minute"] == 0.0, "nobody timed them"
        assert found["behind"] == 3
        assert found["model"]["round"] == 1
        assert found["sentence"] == "2 of 12 items labelled, 3 answers since the last training"

    def test_speed_counts_the_labels_that_the_seconds_of_a_label_are_of(self, films, monkeypatch):
        ann, ids = films.person("ann"), films.study.pool.ids
        answer(
            ann,
            told(ids[0], "good", seconds=5),
            told(ids[1], "bad", seconds=3),
            told(ids[2], "bad"),
            told(ids[3], "bad", seconds=1),
        )
        last = films.study.store.events()[-1].at
        for seconds, speed in ((0, 36.0), (5, 18.0), (595, 0.3), (601, 0.0)):
            monkeypatch.setattr(ledger, "milliseconds", lambda now=last + 1000 * seconds: now)
            assert ann.get("/api/status").json()["per_minute"] == speed
        assert ann.get("/api/dashboard").json()["pace"]["n"] == 3

    def test_one_label_or_two_count_over_a_minute_at_least(self, films, monkeypatch):
        ann, ids = films.person("ann"), films.study.pool.ids
        for id, speed in zip(ids, (1.0, 2.0, 180.0), strict=False):
            answer(ann, told(id, "good", seconds=0.4))
            at = films.study.store.events()[0].at
            monkeypatch.setattr(ledger, "milliseconds", lambda now=at: now)
            assert ann.get("/api/status").json()["per_minute"] == speed

    def test_status_knows_answers_of_other_processes(self, films):
        ann = films.person("ann")
        ann.get("/api/status")
        with Study.open(films.study.store.where) as other:
            other.tell(other.pool.ids[0], "bad", "cli")
        assert ann.get("/api/status").json()["classes"]["bad"] == 1


class TestRounds:
    @pytest.fixture
    def trained(self, films):
        ids = films.study.pool.ids
        for id, text in zip(ids, TEXTS, strict=True):
            if ids.index(id) < 6:
                films.study.tell(id, "good" if "good" in text else "bad", "ann")
        from querist.web.trainer import step

        assert step(films.study)["fresh"]
        return films

    def test_suggestions_come_with_their_model(self, trained):
        item = claim(trained.person("ann"))[0]
        found = item["suggestion"]
        assert found["label"] == ("good" if "good" in item["data"]["text"] else "bad")
        assert 0.5 <= found["confidence"] <= 1
        assert found["round"] == 2
        assert found["strategy"] == "auto"
        assert 0 <= found["age_seconds"] < 60

    def test_suggestions_can_be_hidden(self, trained):
        with site(trained.study, wish=Wish(hide_suggestions=True)) as blind:
            ann = blind.person("eve")
            assert ann.get("/api/session").json()["study"]["suggestions"] is False
            assert claim(ann)[0]["suggestion"] is None

    def test_why_shows_chances_and_neighbours(self, trained):
        ann = trained.person("ann")
        found = ann.get(f"/api/why/{claim(ann)[0]['id']}").json()
        assert sum(each["p"] for each in found["probs"]) == pytest.approx(1, abs=1e-5)
        assert len(found["neighbours"]) == 3
        distances = [near["distance"] for near in found["neighbours"]]
        assert distances == sorted(distances)
        assert {near["label"] for near in found["neighbours"]} <= {"good", "bad"}
        assert {"entropy in nats", "lead over the second class"} <= {part["name"] for part in found["parts"]}

    def test_why_shows_the_items_that_it_stands_for(self, trained):
        ann, ids = trained.person("ann"), trained.study.pool.ids
        batch = [item["id"] for item in claim(ann, 4)]
        found = [ann.get(f"/api/why/{id}").json()["cluster"] for id in batch]
        rest = {id for id in ids[6:] if id not in batch}
        assert sum(each["count"] for each in found) == len(rest) == 2
        examples = [example for each in found for example in each["examples"]]
        assert {example["id"] for example in examples} == rest
        assert all(example["preview"] in TEXTS for example in examples)

    def test_a_label_taken_back_is_no_neighbour(self, trained):
        ann = trained.person("ann")
        id = claim(ann)[0]["id"]
        near = ann.get(f"/api/why/{id}").json()["neighbours"][0]["id"]
        answer(ann, told(near, kind="retract"))
        assert near not in {each["id"] for each in ann.get(f"/api/why/{id}").json()["neighbours"]}

    def test_models_are_listed_newest_first(self, trained):
        found = trained.person("ann").get("/api/status").json()
        assert [model["round"] for model in found["models"]] == [2, 1]
        assert [model["labels"] for model in found["models"]] == [6, 0]
        assert found["model"] == found["models"][0]
        assert found["model"]["at"] >= found["models"][1]["at"]


class TestExchange:
    @pytest.mark.parametrize("form", ["jsonl", "csv"])
    def test_what_is_exported_reads_back(self, films, form):
        ann, ids = films.person("ann"), films.study.pool.ids
        answer(ann, told(ids[0], "good"), told(ids[1], kind="unsure"), told(ids[1], kind="note", comment="=cmd|x"))
        found = ann.get(f"/api/export?format={form}")
        assert found.headers["content-disposition"] == f'attachment; filename="labels.{form}"'
        stream = io.StringIO(found.text, newline="")
        read = [(a.item, a.kind, a.label, a.who) for a in label_format(form).read_labels(stream)]
        assert read == [
            (ids[0], "label", "good", "ann"),
            (ids[1], "unsure", None, "ann"),
            (ids[1], "note", {"comment": "=cmd|x"}, "ann"),
        ]

    def test_import_takes_what_fits(self, films):
        ann, ids = films.person("ann"), films.study.pool.ids
        lines = [{"id": ids[0], "label": "good"}, {"id": "nobody", "label": "good"}, {"id": ids[1], "label": "ugly"}]
        body = "\n".join(map(json.dumps, lines)).encode()
        sent = ann.post("/api/upload", content=body, headers={"X-Filename": "labels.jsonl"}).json()
        found = ann.post("/api/import", json={"upload": sent["upload"], "format": "jsonl"}).json()
        assert found["imported"] == 1
        assert [each["where"] for each in found["skipped"]] == ["nobody", ids[1]]
        assert films.study.answers(ids[0])[0].who == "ann"

    def test_an_unknown_format_is_told(self, films):
        found = films.person("ann").get("/api/export?format=docx")
        assert found.status_code == 400
        assert "no format that carries labels is called 'docx'" in found.json()["error"]


class TestCreate:
    @pytest.fixture
    def empty(self, tmp_path):
        (tmp_path / "data").mkdir()
        (tmp_path / "data" / "films.csv").write_text(
            "id,text,label\n" + "".join(f"{i},{t},{'good' if i < 2 else ''}\n" for i, t in enumerate(TEXTS))
        )
        with site(root=tmp_path) as made:
            yield made

    def test_before_a_study_there_is_none(self, empty):
        ann = empty.person("ann")
        found = ann.get("/api/session").json()
        assert (found["study"], found["root"]) == (None, True)
        refused = ann.post("/api/claim", json={"n": 1})
        assert refused.status_code == 409
        assert refused.json()["error"] == "no study is open yet: make one on the new-study page first"

    def test_files_under_the_root_are_listed(self, empty):
        ann = empty.person("ann")
        assert ann.get("/api/files").json() == {"entries": [{"name": "data", "kind": "folder", "size": 0}]}
        entry = ann.get("/api/files?path=data").json()["entries"][0]
        assert (entry["name"], entry["kind"]) == ("films.csv", "file")

    def test_preview_says_what_was_read(self, empty):
        found = empty.person("ann").post("/api/preview", json={"path": "data/films.csv", "text": "text"}).json()
        assert (found["rows"], found["kind"], found["labels"]) == (12, "text", ["good"])
        assert found["sample"][0]["text"] == TEXTS[0]
        assert found["columns"] == ["id", "text", "label"]

    def test_preview_names_every_column_under_its_own_name(self, empty):
        (empty.server.root / "more.csv").write_text("key,title,body,n\na,A,first words,1\nb,B,other words,2\n")
        found = empty.person("ann").post("/api/preview", json={"path": "more.csv", "text": "body", "id": "key"}).json()
        assert found["columns"] == ["key", "body", "title", "n"]

    def test_a_study_is_made_and_opened(self, empty):
        ann = empty.person("ann")
        given = {"path": "data/films.csv", "name": "my films", "labels": ["good", "bad"], "text": "text", "batch": 3}
        made = ann.post("/api/studies", json=given)
        assert made.status_code == 200, made.text
        assert made.json()["study"]["name"] == "my films"
        assert (empty.server.root / "my films.querist").exists()
        assert ann.get("/api/session").json()["study"]["batch"] == 3
        assert ann.get("/api/status").json()["labelled"] == 2
        assert len(claim(ann, 3)) == 3
        again = ann.post("/api/studies", json={**given, "name": "other"})
        assert again.status_code == 409

    def test_an_upload_becomes_a_study(self, empty):
        ann = empty.person("ann")
        body = ("text\n" + "\n".join(TEXTS)).encode()
        sent = ann.post("/api/upload", content=body, headers={"X-Filename": "f%C3%BC%3Cb%3E.csv"}).json()
        assert (sent["name"], sent["size"]) == ("fü<b>.csv", len(body))
        made = ann.post(
            "/api/studies", json={"upload": sent["upload"], "name": "up", "labels": ["a", "b"], "text": "text"}
        )
        assert made.status_code == 200, made.text
        assert made.json()["study"]["view"] == "text"

    @pytest.mark.parametrize(
        ("change", "status", "text"),
        [
            ({"name": "../x"}, 400, "a study's name has letters, digits"),
            ({"name": "data"}, 200, ""),
            ({"task": "dancing"}, 400, "no task is called 'dancing': known are "),
            ({"path": None}, 400, "say where the data are"),
            ({"upload": "x"}, 400, "say where the data are"),
            ({"learner": "nobody"}, 400, "no learner is called 'nobody'"),
            ({"learner": "sklearn:os.system"}, 400, "os.system"),
            ({"strategy": "nobody"}, 400, "no strategy is called 'nobody'"),
            ({"labels": ["a", "a"]}, 400, "the classes must be distinct"),
            ({"batch": 0}, 422, "batch: "),
        ],
    )
    def test_a_wrong_wish_is_told(self, empty, change, status, text):
        given = {"path": "data/films.csv", "name": "x", "labels": ["good", "bad"], "text": "text", **change}
        found = empty.person("ann").post("/api/studies", json=given)
        assert found.status_code == status, found.text
        assert text in found.text

    def test_a_failed_study_leaves_nothing(self, empty):
        given = {"path": "data/films.csv", "name": "x", "labels": ["ugly"], "text": "text"}
        assert empty.person("ann").post("/api/studies", json=given).status_code == 400
        assert not list(empty.server.root.glob("*.querist*"))

    def test_the_catalogue_lists_what_there_is(self, empty):
        found = empty.person("ann").get("/api/catalogue").json()
        assert {"classification"} <= {each["name"] for each in found["tasks"]}
        assert {"linear"} <= {each["name"] for each in found["learners"]}
        assert {"margin", "uherding"} <= {each["name"] for each in found["strategies"]}
        assert {"csv", "jsonl"} <= {each["name"] for each in found["formats"]}
        assert all(each["line"] for kind in found.values() for each in kind)


class TestImages:
    @pytest.fixture
    def digits(self, tmp_path):
        with Study.create(tmp_path / "d.querist", "digits", keep_labels=False) as study, site(study) as made:
            yield made

    def test_rows_of_pictures_are_shown_as_pictures(self, digits):
        ann = digits.person("ann")
        if ann.get("/api/session").json()["study"]["view"] != "image":
            pytest.skip("this set says no shape")
        item = claim(ann)[0]
        found = ann.get(item["data"]["image"])
        assert found.headers["content-type"] == "image/png"
        assert found.content.startswith(b"\x89PNG")

    def test_a_picture_that_is_away_is_told_without_its_place(self, tmp_path):
        for name in ("a", "b"):
            Image.new("RGB", (4, 4), "red" if name == "a" else "blue").save(tmp_path / f"{name}.png")
        study = Study.create(None, tmp_path, labels=["red", "blue"])
        with site(study) as made:
            ann = made.person("ann")
            assert ann.get("/api/media/a.png").headers["content-type"] == "image/png"
            (tmp_path / "a.png").unlink()
            found = ann.get("/api/media/a.png")
        assert (found.status_code, found.json()["error"]) == (
            409,
            "the picture of item 'a.png' cannot be read: its file is away, or has changed",
        )

    def test_a_text_has_no_picture(self, films):
        found = films.person("ann").get(f"/api/media/{films.study.pool.ids[0]}")
        assert found.status_code == 404
        assert found.json()["error"].endswith("is no image")


class TestTrainingThatCannotBe:
    def test_a_learner_given_as_an_object_is_said(self, tmp_path):
        from sklearn.linear_model import SGDClassifier

        model = SGDClassifier(loss="log_loss", random_state=np.random.RandomState(0))
        with texts_made(tmp_path / "o.querist", learner=model, strategy="random") as study, site(study) as made:
            if study.settings.learner is not None:
                pytest.skip("this learner can be written down")
            found = made.person("ann").post("/api/train", json={})
        assert found.status_code == 409
        assert "was given as an object, which another process cannot build" in found.json()["error"]

    def test_a_study_in_memory_is_said(self):
        with texts_made(None) as study, site(study) as made:
            found = made.person("ann").post("/api/train", json={})
        assert found.status_code == 409
        assert found.json()["error"].startswith("this study is in memory")


def test_a_site_is_made_of_its_server(films):
    assert isinstance(films, Site)


class TestAudit:
    """The figures of the audit on the status page."""

    def test_nothing_is_claimed_without_one(self, films):
        status = films.person("ann").get("/api/status").json()
        assert (status["estimate"], status["curve"], status["stop"]) == (None, [], None)

    def test_the_estimate_the_curve_and_the_advice_are_those_of_the_study(self, tmp_path):
        rows = np.random.default_rng(0).normal(size=(120, 2))
        where = tmp_path / "audited.querist"
        with Study.create(where, rows, labels=["left", "right"], batch=10, audit=0.5) as study, site(study) as made:
            for _ in range(3):
                for query in study.ask(20):
                    study.tell(query.id, "left" if query.data["features"][0] < 0 else "right", "ann")
                study.step()
            status, said = made.person("ann").get("/api/status").json(), study.status()
            found = said.estimates[0]
            assert status["estimate"]["sentence"] == found["sentence"]
            assert 0 <= status["estimate"]["low"] <= found["value"] <= status["estimate"]["high"] <= 1
            assert [point["labels"] for point in status["curve"]] == [20, 40, 60]
            assert status["curve"][-1]["value"] == found["value"]
            assert status["stop"] == said.advice
