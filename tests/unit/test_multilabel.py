"""Sets of classes: the task, binary relevance, and a study from data to export."""

from __future__ import annotations

import json
from typing import ClassVar

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from querist.data import load
from querist.errors import BadInput, BadLabel
from querist.learners import resolve
from querist.learners.binary_relevance import BinaryRelevance
from querist.simulate import simulate
from querist.study import Study
from querist.tasks import Answer, from_labels
from querist.tasks.multilabel import Multilabel
from querist.testing.tasks import TaskSuite
from querist.view import View

TASK = Multilabel(("art", "sport", "war"))


class TestMultilabel(TaskSuite):
    task = TASK
    labels: ClassVar = [[], ["art"], ["art", "war"], ["art", "sport", "war"]]
    strangers: ClassVar = [None, "music", 3, {"art": 1}]
    loss_metric = "hamming"
    plain = False

    def evidence(self, size):
        return {"decision": np.random.default_rng(5).normal(size=(size, 3))}

    def truth(self, size):
        return np.random.default_rng(6).integers(2, size=(size, 3))


@pytest.mark.parametrize(
    ("label", "message"),
    [
        (["art", "musik"], "no class is called 'musik': known: art, sport, war"),
        (["wars"], "no class is called 'wars': did you mean 'war'?"),
        (["art", " art"], "a set holds a class once: 'art' occurs twice in ['art', ' art']"),
        (None, "a label must be a list of classes, empty where none fits: got None"),
        ([["art"]], "no class is called ['art']: did you mean 'art'?"),
    ],
)
def test_says_what_is_wrong_with_a_label(label, message):
    with pytest.raises(BadLabel) as caught:
        TASK.check(label)
    assert str(caught.value) == message


def test_labels_are_brought_to_one_form():
    assert TASK.check(("war", " art ")) == ["art", "war"]
    assert TASK.check("war") == ["war"]
    assert from_labels("multilabel", [["b"], [], None, "a"]) == Multilabel(("a", "b"))


sets = st.sets(st.sampled_from(["art", "sport", "war"])).map(sorted)


@given(st.lists(sets, min_size=1, max_size=5))
def test_merge_is_the_vote_on_each_class(labels):
    merged = TASK.merge([Answer("i", label, who=str(at)) for at, label in enumerate(labels)])
    for name in TASK.labels:
        share = sum(name in label for label in labels) / len(labels)
        assert (name in merged) == (share > 0.5 or (share == 0.5 and name in labels[0]))


def test_metrics_by_hand():
    truth, said = np.array([[1, 1, 0], [0, 1, 0]]), {"decision": np.array([[1.0, -1, -1], [1, 1, -1]])}
    found = TASK.metrics(truth, said)
    assert found == pytest.approx({"micro_f1": 4 / 6, "macro_f1": (2 / 3 + 2 / 3) / 2, "hamming": 4 / 6, "exact": 0.0})


def test_metrics_are_those_of_scikit_learn():
    from sklearn.metrics import f1_score

    rng = np.random.default_rng(0)
    truth, f = rng.integers(2, size=(50, 3)), rng.normal(size=(50, 3))
    found = TASK.metrics(truth, {"decision": f})
    assert found["micro_f1"] == pytest.approx(f1_score(truth, f > 0, average="micro"))
    assert found["macro_f1"] == pytest.approx(f1_score(truth, f > 0, average="macro"))


def test_a_prediction_needs_decision():
    with pytest.raises(BadInput, match=r"needs decision \[N, C\]: got probs"):
        TASK.metrics(np.ones((1, 3), np.int64), {"probs": np.ones((1, 3))})


# --- binary relevance -------------------------------------------------------------------------------------------------


def cloud(seed=0, rows=60):
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(rows, 4))
    return x, (x[:, :3] + 0.3 * rng.normal(size=(rows, 3)) > 0.4).astype(np.int64)


def test_each_class_is_learned_as_if_alone():
    x, y = cloud()
    model = BinaryRelevance().fit(x, y, classes=3, rng=np.random.default_rng(0), pool=x)
    evidence = model.predict(x, model.provides)
    for code in range(3):
        alone = resolve("linear")[0].fit(x, y[:, code], classes=2, rng=np.random.default_rng(0), pool=x)
        probs = alone.predict(x, {"probs"})["probs"]
        np.testing.assert_allclose(evidence["elements"].values[code::3], probs)
        np.testing.assert_allclose(evidence["decision"][:, code], np.log(probs[:, 1] / probs[:, 0]))
    assert TASK.metrics(y, evidence)["micro_f1"] > 0.85


@pytest.mark.parametrize("labelled", [0, 1, 5])
def test_any_number_of_labels_gives_valid_evidence(labelled):
    from querist._check import check_view

    x, y = cloud()
    model = BinaryRelevance().fit(x[:labelled], y[:labelled], classes=3, rng=np.random.default_rng(0), pool=x)
    for rows in (x, x[:0], x[:1]):
        evidence = model.predict(rows, model.provides)
        assert set(evidence) == {"decision", "elements", "embed"}
        check_view(View.of(evidence, ids=["" for _ in rows]))


def test_a_warm_fit_is_the_same_fit():
    x, y = cloud()
    rng = np.random.default_rng
    old = BinaryRelevance().fit(x[:20], y[:20], classes=3, rng=rng(0), pool=x)
    warm, cold = (BinaryRelevance().fit(x, y, classes=3, rng=rng(0), pool=x, warm=w) for w in (old, None))
    a, b = (model.predict(x, {"decision"})["decision"] for model in (warm, cold))
    np.testing.assert_allclose(a, b, atol=1e-5)


def test_its_specification_builds_it_again():
    assert resolve("binary-relevance(base='linear(C=0.1)')")[1] == "binary-relevance(base='linear(C=0.1)')"
    assert resolve("binary-relevance")[0].eats == "features"


def test_says_what_it_cannot_learn_from():
    x, _ = cloud()
    with pytest.raises(BadLabel) as caught:
        BinaryRelevance().fit(x, np.zeros(60, np.int64), classes=3, rng=np.random.default_rng(0))
    assert str(caught.value) == (
        "binary-relevance learns a table [L, C] of 0 and 1, 60 by 3: got int64 (60,); it belongs to the task multilabel"
    )
    with pytest.raises(BadInput) as other:
        BinaryRelevance(base="sklearn:LinearSVC")
    assert str(other.value).startswith("binary-relevance needs a base that gives probs: sklearn:LinearSVC gives none")


# --- a study ----------------------------------------------------------------------------------------------------------

TEXTS = [
    {"text": f"{a} {b} {at}", "label": [w for w in ("war", "art") if w in (a, b)]}
    for at, (a, b) in enumerate([("war", "peace"), ("art", "war"), ("calm", "peace"), ("art", "music")] * 10)
]


@pytest.mark.parametrize("strategy", ["mean-entropy", "binmin", "lci", "adaptive", "cvirs", "token-entropy"])
def test_a_study_learns_sets_and_suggests_them(strategy):
    with Study.create(None, TEXTS, task="multilabel", keep_labels=False, batch=12, strategy=strategy) as study:
        truth = {id: row["label"] for id, row in zip(study.pool.ids, TEXTS, strict=True)}
        for _ in range(2):
            for query in study.ask():
                study.tell(query.id, truth[query.id])
            study.step()
        codes = study.task.encode([truth[id] for id in study.pool.ids])
        assert study.task.metrics(codes, study.predict(needs={"decision"}))["hamming"] > 0.7
        queries = study.ask(8)
        assert all(set(query.suggestion) <= {"art", "war"} for query in queries)
        assert sum(study.status().classes.values()) == sum(len(label) for label in study.labels().values())
        json.dumps([query.suggestion for query in queries])


def test_a_simulation_measures_sets():
    found = simulate(
        load(TEXTS), task="multilabel", strategies=["random", "cvirs"], initial=6, batch=6, budget=18, seeds=[0]
    )
    assert [row["strategy"] for row in found.summary["rows"]] == ["random", "cvirs"]
    assert "micro_f1" in found.curves[0].points[0].metrics
