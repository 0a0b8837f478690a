"""Stretches of texts in the app: handed out with an item, and taken as the label of a part."""

from __future__ import annotations

import json

import numpy as np
import pytest
from web_site import claim, site

from querist.store.memory import MemoryStore
from querist.study import Study
from querist.study.stretches import keep
from querist.testing.spans import TASK, make_texts
from querist.view import Ragged
from querist.web.training import Supervisor

pytest.importorskip("pycrfsuite")


def test_what_is_asked_comes_with_the_item_and_a_part_is_an_answer(tmp_path, monkeypatch):
    monkeypatch.setattr(Supervisor, "start", lambda self: None)
    texts, spans = make_texts(20)
    with Study.create(tmp_path / "a.querist", list(texts), task=TASK, strategy="subsequence", batch=4) as study:
        for id, rows in zip(study.pool.ids[:8], spans, strict=False):
            study.tell(id, [(s, e, TASK.labels[c]) for s, e, c in rows.tolist()])
        study.step()
        with site(study) as made:
            ann = made.person("ann")
            items = claim(ann, 2)
            asked = items[0]["data"]["asked"]
            assert asked
            assert all(0 <= start < end <= len(items[0]["data"]["text"]) for start, end in asked)
            label = {"spans": [], "asked": asked}
            told = ann.post("/api/answers", json={"answers": [{"uid": "u1", "item": items[0]["id"], "kind": "label",
                            "label": label, "lease": items[0]["lease"]}]})  # fmt: skip
            assert told.status_code == 200, told.text
        assert study.labels()[items[0]["id"]] == TASK.check(label, study.pool.raw(items[0]["id"]))


def test_what_a_step_asked_for_that_was_killed_before_it_published_is_forgotten():
    store = MemoryStore()
    keep(store, 2, ["a", "b"], Ragged(np.array([[0, 3]]), np.array([0, 1, 1])))
    assert json.loads(store.get("asked/2")) == {"a": [[0, 3]]}
    keep(store, 2, ["a"], None)  # the round is made anew, and asks for the whole of it
    assert json.loads(store.get("asked/2")) == {}
    keep(store, 3, ["a"], None)
    assert store.get("asked/3") is None
