"""Classification: labels, votes, codes, suggestions, metrics; the conformance suite of tasks runs over it."""

from __future__ import annotations

import json
import warnings
from typing import ClassVar

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from querist.errors import BadInput, BadLabel, UnknownName
from querist.tasks import TASKS, Answer, Classification, Suggestion, from_schema
from querist.tasks._scores import ece
from querist.testing.tasks import TaskSuite
from querist.view import NEEDS


class TestTexts(TaskSuite):
    task = Classification(("cat", "dog", "newt"))
    labels: ClassVar = ["cat", "dog", "newt"]
    strangers: ClassVar = ["cow", "", None, 3, 1.5, ["cat"], True]


class TestNumbers(TaskSuite):
    task = Classification((-1, 1))
    labels: ClassVar = [-1, 1]
    strangers: ClassVar = ["one", 0, 1.5, None, True, float("nan")]


class TestOneClass(TaskSuite):
    task = Classification(("only",))
    labels: ClassVar = ["only"]
    strangers: ClassVar = ["other"]


class TestDecision(TestTexts):
    def evidence(self, size):
        return {"decision": np.random.default_rng(1).normal(size=(size, 3))}


class TestDraws(TestTexts):
    def evidence(self, size):
        return {"draws": np.random.default_rng(1).dirichlet(np.ones(3), (size, 7))}


# --- labels -----------------------------------------------------------------------------------------------------------


def test_labels_are_sorted_numbers_by_value():
    assert Classification.from_labels([10, 9, None, -1, 9]).labels == (-1, 9, 10)
    assert Classification.from_labels(["10", "9", "a", None]).labels == ("10", "9", "a")
    assert Classification.from_labels([np.int64(3), np.str_("a"), 2.0]).labels == (2, 3, "a")
    assert all(type(label) in (int, str) for label in Classification.from_labels([np.int64(3), np.str_("a")]).labels)


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        ((), "classification needs at least one label: got none; name the classes"),
        (("a", "b", "a"), "the classes must be distinct: 'a' occurs twice"),
        ((1, None), r"a class must be a string or an integer: got None \(NoneType\)"),
        ((0.5,), r"a class must be a string or an integer: got 0.5 \(float\)"),
    ],
)
def test_classes_that_cannot_be_are_refused(labels, message):
    with pytest.raises(BadInput, match=message):
        Classification(labels)


def test_labels_are_known_by_their_other_spelling_where_it_is_clear():
    numbers, texts, both = Classification((1, 3)), Classification(("1", "3")), Classification((3, "3", 4))
    for given_ in ("3", 3, np.int8(3), np.float64(3.0), np.str_("3")):
        assert numbers.check(given_) == 3
        assert type(numbers.check(given_)) is int
        assert texts.check(given_) == "3"
        assert type(texts.check(given_)) is str
    assert (both.check(3), both.check("3"), both.check("4")) == (3, "3", 4)


def test_an_unknown_label_names_near_ones():
    with pytest.raises(BadLabel, match=r"no class is called 'cta': did you mean 'cat'\?"):
        Classification(("cat", "dog")).check("cta")
    with pytest.raises(BadLabel, match="no class is called 'x': known: cat, dog"):
        Classification(("cat", "dog")).encode(["cat", "x"])


def test_schemas():
    assert set(TASKS) >= {"classification", "spans"}
    task = Classification((1, "b"))
    assert task.schema == {"task": "classification", "labels": [1, "b"]}
    assert from_schema(json.loads(json.dumps(task.schema))) == task
    with pytest.raises(UnknownName, match=r"no task is called 'classificaton': did you mean 'classification'\?"):
        from_schema({"task": "classificaton"})
    with pytest.raises(UnknownName, match="no task is called 'None'"):
        from_schema({})


# --- votes ------------------------------------------------------------------------------------------------------------


def say(text):
    """Read answers such as "ann:cat bob:dog ann:-retract"."""
    parts = [part.split(":") for part in text.split()]
    return [
        Answer("i", kind=label[1:], who=who) if label.startswith("-") else Answer("i", label, who=who)
        for who, label in parts
    ]


@pytest.mark.parametrize(
    ("answers", "merged"),
    [
        ("a:cat", "cat"),
        ("a:dog b:cat c:cat", "cat"),
        ("a:dog b:cat", "dog"),
        ("a:cat b:dog c:dog d:cat", "cat"),
        ("a:dog a:cat", "cat"),
        ("a:dog b:cat a:dog", "cat"),  # the dog came again later than the cat
        ("a:dog b:cat a:-retract", "cat"),
        ("a:dog a:-retract", None),
        ("a:dog a:-skip", None),
        ("a:-unsure b:-skip", None),
        ("a:-retract a:dog", "dog"),
    ],
)
def test_votes(answers, merged):
    assert Classification(("cat", "dog")).merge(say(answers)) == merged


# --- suggestions ------------------------------------------------------------------------------------------------------


def test_suggestions():
    task = Classification(("a", "b", "c"))
    probs = np.array([[0.1, 0.6, 0.3], [0.4, 0.4, 0.2]])
    assert task.decode({"probs": probs}, 0) == Suggestion("b", 0.6)
    assert task.decode({"probs": probs, "decision": -probs}, 1) == Suggestion("a", 0.4)
    assert task.decode({"decision": np.array([[-5.0, -1.0, -3.0]])}, 0) == Suggestion("b", None)
    draws = np.array([[[1.0, 0.0, 0.0], [0.0, 0.8, 0.2], [0.0, 1.0, 0.0]]])
    assert task.decode({"draws": draws}, 0) == Suggestion("b", pytest.approx(0.6))
    rounded = np.array([[0.0, 1.0 + 1e-7, 0.0]], np.float32)
    assert task.decode({"probs": rounded}, 0).confidence == 1.0


def test_the_sign_of_one_decision_column_decides():
    decision = np.array([[-0.1], [0.0], [0.1]])
    task = Classification(("no", "yes"))
    assert [task.decode({"decision": decision}, row).label for row in range(3)] == ["no", "no", "yes"]
    assert Classification(("only",)).decode({"decision": decision}, 2) == Suggestion("only", None)


def test_torch_like_evidence_is_taken():
    import array_api_strict as xp

    task = Classification((0, 1))
    probs = xp.asarray([[0.2, 0.8], [0.7, 0.3]])
    assert task.losses(np.array([1, 1]), {"probs": probs}).tolist() == [0.0, 1.0]


def test_evidence_that_predicts_nothing_has_no_metrics():
    with pytest.raises(BadInput, match="a prediction needs probs, draws or decision: got embed"):
        Classification((0, 1)).metrics(np.array([0]), {"embed": np.eye(1)})
    assert "embed" in NEEDS


# --- metrics ----------------------------------------------------------------------------------------------------------

CASES = st.integers(2, 5).flatmap(
    lambda classes: st.tuples(
        st.just(classes), st.lists(st.integers(0, classes - 1), min_size=1, max_size=40), st.integers(0, 2**32 - 1)
    )
)


def ranked_classes(truth, classes):
    return [1] if classes == 2 else [c for c in range(classes) if 0 < (truth == c).sum() < len(truth)]


def at_95(truth, probs, classes):
    """The highest sensitivity of all thresholds at a specificity of 95 %, by trying each."""
    best = []
    for c in classes:
        mine, others = probs[truth == c, c], probs[truth != c, c]
        cuts = [*probs[:, c], np.inf]
        best.append(max((mine >= cut).mean() for cut in cuts if (others < cut).mean() >= 0.95 - 1e-9))
    return np.mean(best)


@settings(max_examples=60, deadline=None)
@given(CASES)
def test_metrics_agree_with_scikit_learn(case):
    from sklearn import metrics

    classes, truth, seed = case
    truth = np.array(truth)
    probs = np.random.default_rng(seed).dirichlet(np.full(classes, 0.5), len(truth))
    said = probs.argmax(axis=1)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        known = {
            "accuracy": metrics.accuracy_score(truth, said),
            "balanced_accuracy": metrics.balanced_accuracy_score(truth, said),
            "macro_f1": metrics.f1_score(truth, said, average="macro"),
            "log_loss": metrics.log_loss(truth, probs, labels=range(classes)),
        }
    task = Classification(tuple(range(classes)))
    found = task.metrics(truth, {"probs": probs})
    if len(set(truth.tolist())) > 1:
        ranked = [metrics.roc_auc_score(truth == c, probs[:, c]) for c in ranked_classes(truth, classes)]
        known |= {"auroc": np.mean(ranked), "sensitivity_at_95": at_95(truth, probs, ranked_classes(truth, classes))}
    order = ("accuracy", "balanced_accuracy", "macro_f1", "log_loss", "ece", "auroc", "sensitivity_at_95")
    assert list(found) == [name for name in order if name in {*known, "ece"}], "the first is the default"
    assert {name: found[name] for name in known} == pytest.approx(known, abs=1e-10)
    assert 0 <= found["ece"] <= 1
    assert list(task.metrics(truth, {"decision": probs})) == ["accuracy", "balanced_accuracy", "macro_f1"]
    assert task.metrics(truth, {"decision": probs}) == {
        n: found[n] for n in ("accuracy", "balanced_accuracy", "macro_f1")
    }


def test_a_sure_mistake_costs_what_it_costs_in_scikit_learn():
    from sklearn.metrics import log_loss

    truth, probs = np.array([0, 1]), np.array([[1.0, 0.0], [1.0, 0.0]])
    found = Classification((0, 1)).metrics(truth, {"probs": probs})["log_loss"]
    assert found == pytest.approx(log_loss(truth, probs))
    assert found == pytest.approx(36.0437 / 2, abs=1e-4)


def test_equal_probabilities_rank_nothing():
    task, truth = Classification(("no", "yes")), np.array([0, 1, 0, 1])
    found = task.metrics(truth, {"probs": np.full((4, 2), 0.5)})
    assert (found["auroc"], found["sensitivity_at_95"]) == (0.5, 0.0)
    assert "auroc" not in task.metrics(np.zeros(4, np.int64), {"probs": np.full((4, 2), 0.5)})


def test_no_rows_have_no_metrics():
    assert Classification((0, 1)).metrics(np.empty(0, np.int64), {"probs": np.empty((0, 2))}) == {}


def by_hand(confidence, right, bins):
    order = np.argsort(confidence, kind="stable")
    parts = np.array_split(order, min(bins, len(order)))
    return sum(len(p) / len(order) * abs(right[p].mean() - confidence[p].mean()) for p in parts)


@pytest.mark.parametrize("size", [1, 7, 15, 45, 300])
def test_ece_is_the_mean_gap_over_bins_of_equal_mass(size):
    rng = np.random.default_rng(size)
    confidence = rng.permutation(np.linspace(0.2, 1.0, size))  # no two alike
    right = rng.random(size) < confidence
    assert ece(confidence, right) == pytest.approx(by_hand(confidence, right, 15))


def test_ece_of_the_well_and_the_badly_calibrated():
    assert ece(np.full(100, 0.75), np.arange(100) % 4 > 0) == pytest.approx(0.0)
    assert ece(np.ones(10), np.zeros(10, bool)) == 1.0
    confidence, right = np.repeat([0.6, 0.9], 50), np.tile([True, False], 50)
    assert ece(confidence, right) == pytest.approx((0.1 + 0.4) / 2)


def test_ece_does_not_depend_on_the_order_of_equal_confidences():
    confidence, right = np.repeat([0.5, 0.8], 20), np.arange(40) % 3 == 0
    for seed in range(5):
        order = np.random.default_rng(seed).permutation(40)
        assert ece(confidence[order], right[order]) == pytest.approx(ece(confidence, right))


@pytest.mark.parametrize(
    ("given", "labels"),
    [
        (np.array(["a", "b"]), ("a", "b")),
        ([" a", "b "], ("a", "b")),
        (np.array([1, 2]), (1, 2)),
        ([1.0, 2.0], (1, 2)),
        ([True, False], ("true", "false")),
    ],
)
def test_classes_are_kept_in_their_canonical_form(given, labels):
    task = Classification(given)
    assert (task.labels, [type(label) for label in task.labels]) == (labels, [type(label) for label in labels])
    assert from_schema({"task": "classification", "labels": given}) == task
    assert Classification.from_labels(given).labels == tuple(sorted(labels))
    assert [task.check(label) for label in given] == list(labels)
    assert task.encode(list(given)).tolist() == list(range(len(labels)))


def test_a_text_is_no_list_of_classes():
    message = r"the classes must be a list: got the text 'ab'; write labels=\['a', 'b'\]"
    with pytest.raises(BadInput, match=message):
        Classification("ab")
    with pytest.raises(BadInput, match=message):
        from_schema({"task": "classification", "labels": "ab"})


def test_a_class_needs_a_name():
    with pytest.raises(BadInput, match=r"a class must be a string or an integer: got '  ' \(str\)"):
        Classification(("a", "  "))
