"""The map over the wire: drawn by the training process, sent as bytes; and the figures of the dashboard."""

from __future__ import annotations

import os
import shutil
import threading
import time

import numpy as np
import pytest
from web_site import answer, site, told

from querist import Study
from querist.study.landscape import audited, landscape
from querist.web import maps, seek
from querist.web.desk import Wish
from querist.web.training import Supervisor

N = 400


@pytest.fixture
def quiet(monkeypatch):
    """Keep the training process out of tests of other things."""
    monkeypatch.setattr(Supervisor, "start", lambda self: None)


@pytest.fixture(scope="module")
def template(tmp_path_factory):
    """A study of 400 points, 60 of them labelled, a fifth of those of the audit."""
    path = tmp_path_factory.mktemp("map") / "points.querist"
    rows = np.random.default_rng(0).normal(size=(N, 5))
    with Study.create(path, rows, labels=["low", "high"], batch=20, audit=0.2, strategy="margin") as made:
        for _ in range(3):
            for query in made.ask(who="ann"):
                label = "low" if query.data["features"][0] < 0 else "high"
                made.tell(query.id, label, who="ann", seconds=2.5)
            made.step()
    return path


@pytest.fixture
def study(template, tmp_path):
    """A copy of the template."""
    shutil.copyfile(template, tmp_path / "points.querist")
    with Study.open(tmp_path / "points.querist") as opened:
        yield opened


def drawn(study):
    maps.want(study.store, "pca")
    maps.write(study)


def columns(client):
    raw = client.get("/api/map/columns").content
    count = len(raw) // 8
    kinds = ("label", "<i2"), ("predicted", "<i2"), ("round", "<u2"), ("sure", "u1"), ("flags", "u1")
    found, at = {}, 0
    for name, kind in kinds:
        size = count * np.dtype(kind).itemsize
        found[name] = np.frombuffer(raw[at : at + size], kind)
        at += size
    return found


def test_without_a_map_the_server_says_so(study, quiet):
    with site(study) as films:
        ann = films.person("ann")
        assert ann.get("/api/map").json() == {
            "state": "none", "message": "", "version": "", "method": "", "items": 0, "pool": N, "round": 0, "stale": "",
        }  # fmt: skip
        assert ann.get("/api/map/places").status_code == 404
        assert "there is no map yet" in ann.get("/api/map/columns").json()["error"]


def test_places_and_columns_are_those_of_the_library(study, quiet):
    drawn(study)
    with site(study) as films:
        ann = films.person("ann")
        reply = ann.get("/api/map/places")
        places = np.frombuffer(reply.content, "<f4").reshape(-1, 2)
        direct = landscape(study)
        np.testing.assert_array_equal(places, direct.places)
        assert reply.headers["X-Querist-Version"] == direct.version == ann.get("/api/map").json()["version"]
        found = columns(ann)
        labels = study.labels()
        names = [labels.get(id) for id in study.pool.ids]
        assert [None if code < 0 else ["low", "high"][code] for code in found["label"]] == names
        np.testing.assert_array_equal(found["predicted"], direct.predicted)
        np.testing.assert_array_equal(found["flags"] == 1, audited(study))
        known = ~np.isnan(direct.uncertainty)
        np.testing.assert_allclose(found["sure"][known] / 254, direct.uncertainty[known], atol=1 / 508)
        assert set(found["sure"][~known]) == {255}


def test_nothing_that_the_model_says_of_the_audit_is_told(study, quiet):
    drawn(study)
    mask = audited(study)
    assert 40 < mask.sum() < 120
    with site(study) as films:
        ann = films.person("ann")
        found = columns(ann)
        assert set(found["predicted"][mask]) == {-1}
        assert set(found["sure"][mask]) == {255}
        row = int(np.flatnonzero(mask)[0])
        item = ann.post("/api/map/items", json={"rows": [row]}).json()["items"][0]
        assert item["audit"]
        assert item["predicted"] is None
        assert item["uncertainty"] is None


def test_columns_follow_the_answers_while_the_places_stay(study, quiet):
    drawn(study)
    with site(study) as films:
        ann = films.person("ann")
        before, version = columns(ann), ann.get("/api/map").json()["version"]
        row = int(np.flatnonzero((before["label"] < 0) & (before["flags"] == 0))[0])
        aside = int(np.flatnonzero((before["label"] < 0) & (before["flags"] == 0))[1])
        ids = study.pool.ids
        answer(ann, told(ids[row], "high", bulk=True), told(ids[aside], kind="skip"))
        after = columns(ann)
        assert (before["label"][row], after["label"][row]) == (-1, 1)
        assert after["round"][row] == study.store.published().round
        assert (after["label"][aside], after["flags"][aside]) == (-1, 2)
        assert ann.get("/api/map").json()["version"] == version
        item = ann.post("/api/map/items", json={"rows": [row]}).json()["items"][0]
        assert (item["id"], item["label"], item["mine"]["kind"]) == (ids[row], "high", "label")


def test_the_round_is_that_in_which_an_item_was_answered(study, quiet):
    drawn(study)
    with site(study) as films:
        found = columns(films.person("ann"))
        rows = study.pool.rows(list(study.labels()))
        assert sorted(set(found["round"][rows].tolist())) == [1, 2, 3]
        assert set(np.delete(found["round"], rows).tolist()) == {0}


def test_two_who_look_at_once_count_each_round_once(study, quiet, monkeypatch):
    drawn(study)
    read, second = study.store.published, []
    with site(study) as films:
        atlas = films.server.desk.atlas

        def slow(number=None):
            if number is not None and not second:  # the other one comes while the first reads
                second.append(threading.Thread(target=atlas.columns))
                second[0].start()
                second[0].join(timeout=0.5)
            return read(number)

        monkeypatch.setattr(study.store, "published", slow)
        atlas.columns()
        second[0].join()
        assert len(atlas._round_times()) == study.store.published().round


def test_a_map_that_is_behind_says_in_what(study, quiet):
    drawn(study)
    with site(study) as films:
        ann = films.person("ann")
        assert ann.get("/api/map").json()["stale"] == ""
        open_items = [id for id in study.pool.ids if id not in study.labels()]
        answer(ann, *[told(id, "low") for id in open_items[:5]])
        study.step()
        assert ann.get("/api/map").json()["stale"] == "drawn with model v4, of 5"
        maps.write(study)
        assert ann.get("/api/map").json()["stale"] == ""


def test_the_same_representation_keeps_the_places(study):
    drawn(study)
    first = maps.read(study.store)
    for id in [id for id in study.pool.ids if id not in study.labels()][:20]:
        study.tell(id, "high")
    study.step()
    maps.write(study)
    second = maps.read(study.store)
    assert second.round == first.round + 1
    assert second.version == first.version
    np.testing.assert_array_equal(second.places, first.places)
    assert (second.predicted != first.predicted).any()


def test_search_finds_ids_and_texts(tmp_path, quiet):
    texts = [f"{'Good' if number % 2 else 'bad'} film {number}" for number in range(30)]
    with Study.create(tmp_path / "f.querist", texts, labels=["good", "bad"]) as study, site(study) as films:
        ann = films.person("ann")
        assert ann.get("/api/map/search?q=gOOd").json() == {"rows": list(range(1, 30, 2)), "total": 15}
        assert ann.get("/api/map/search?q=film 12").json()["rows"] == [12]
        assert ann.get(f"/api/map/search?q={study.pool.ids[3]}").json()["rows"] == [3]
        assert ann.get("/api/map/search?q=").status_code == 422
        study.add(["a GOOD film that came later"])
        assert ann.get("/api/map/search?q=came later").json()["rows"] == [30]
        found = ann.post("/api/grid", json={"by": "search", "value": "CAME LATER"}).json()
        assert [tile["id"] for tile in found["tiles"]] == [study.pool.ids[30]]


def test_search_folds_each_text_once_for_the_map_and_the_grid(tmp_path, quiet, monkeypatch):
    seen = []
    monkeypatch.setattr(seek, "_told", lambda pool, row: seen.append(row) or f"Room {row}")
    rows = [{"id": str(number), "room": number} for number in range(20)]
    with Study.create(tmp_path / "r.querist", rows, labels=["good", "bad"]) as study, site(study) as rooms:
        ann = rooms.person("ann")
        for _ in range(2):
            assert ann.get("/api/map/search?q=ROOM 7").json()["rows"] == [7]
            assert ann.post("/api/grid", json={"by": "search", "value": "rOOm 1", "n": 50}).json()["total"] == 11
    assert seen == list(range(20))


def test_rows_that_are_not_there_are_refused(study, quiet):
    drawn(study)
    with site(study) as films:
        found = films.person("ann").post("/api/map/items", json={"rows": [N]})
        assert (found.status_code, found.json()["error"]) == (
            400, f"rows count from 0, and the map has {N}: fetch it again",
        )  # fmt: skip


def test_a_learner_without_a_representation_has_no_map_and_says_why(study):
    learner = type(study.learner)
    maps.want(study.store, "pca")
    kept, learner.provides = learner.provides, frozenset({"probs"})
    try:
        maps.write(study)
    finally:
        learner.provides = kept
    assert "a map needs a representation of the items" in maps.drawn(study.store)["error"]


def test_a_study_in_memory_is_told_why_it_has_no_map(quiet):
    with Study.create(None, np.eye(4), labels=["a", "b"]) as study, site(study) as films:
        found = films.person("ann").post("/api/map")
        assert found.status_code == 409
        assert "in memory" in found.json()["error"]


@pytest.mark.skipif(os.name != "posix", reason="starts the training process")
def test_the_training_process_draws_the_map_and_keeps_it_current(tmp_path):
    rows = np.random.default_rng(0).normal(size=(60, 3))
    study = Study.create(tmp_path / "n.querist", rows, labels=["low", "high"], batch=4, audit=0)
    with study, site(study, wish=Wish(map="pca")) as films:
        ann = films.person("ann")
        assert ann.post("/api/map").json()["state"] == "drawing"
        info = until(ann, lambda info: info["state"] == "ready")
        assert (info["items"], info["round"], info["stale"]) == (60, 1, "")
        answer(ann, *[told(id, ["low", "high"][at % 2]) for at, id in enumerate(study.pool.ids[:8])])
        until(ann, lambda info: info["round"] == 2 and not info["stale"])


def until(client, come):
    end = time.monotonic() + 60
    while not come(info := client.get("/api/map").json()):
        assert time.monotonic() < end, info
        time.sleep(0.1)
    return info


def test_the_dashboard_over_the_wire_is_that_of_the_library(study, quiet):
    for id in list(study.labels())[:25]:
        study.tell(id, study.labels()[id], who="bob", seconds=4.0)
    with site(study) as films:
        assert films.person("ann").get("/api/dashboard").json() == as_json(study.dashboard().facts())


def as_json(value):
    """Turn tuples into lists, as JSON does."""
    if isinstance(value, dict):
        return {name: as_json(inner) for name, inner in value.items()}
    return [as_json(inner) for inner in value] if isinstance(value, list | tuple) else value
