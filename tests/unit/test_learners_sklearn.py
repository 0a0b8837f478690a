"""The wrapper of scikit-learn classifiers: names, labels in order, classes without labels, chance, failures."""

from __future__ import annotations

from dataclasses import FrozenInstanceError
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

from querist._load import make
from querist.errors import BadInput, LearnerFailed, UnknownName
from querist.learners import resolve
from querist.learners.sklearn import Sklearn, SklearnPredictor
from querist.scores.uncertainty import boundary_distance
from querist.testing.learners import Sample, make_sample, train


class Keeps(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """A classifier that keeps what it was given, and can be told what to answer."""

    def __init__(self, random_state: int | None = None, columns: int = 3, answer: float = 1.0) -> None:
        self.random_state = random_state
        self.columns = columns
        self.answer = answer

    def fit(self, x: Any, y: Any) -> Keeps:
        self.seen_ = (x, y)
        return self

    def predict(self, x: Any) -> Any:
        return np.zeros(len(x))

    def predict_proba(self, x: Any) -> Any:
        return np.full((len(x), self.columns), self.answer)


def fitted(learner: Sklearn, sample: Sample, **options: Any) -> SklearnPredictor:
    model = train(learner, sample, **options)
    assert isinstance(model, SklearnPredictor)
    return model


@pytest.mark.parametrize("name", ["SVC", "sklearn.svm.SVC"])
def test_a_specification_builds_the_classifier(name: str) -> None:
    learner = make("learners", f"sklearn:{name}(C=2.0, gamma='auto')")
    assert isinstance(learner.estimator, SVC)
    assert (learner.estimator.C, learner.estimator.gamma) == (2.0, "auto")
    assert repr(learner) == "Sklearn('SVC', C=2.0, gamma='auto')"
    assert learner.spec == "sklearn:SVC(C=2.0, gamma='auto')"
    assert learner.provides == {"decision", "embed"}


def test_a_class_or_an_estimator_is_wrapped_and_left_as_it_is() -> None:
    svc = SVC(C=3.0)
    assert Sklearn(svc, gamma="auto").spec == "sklearn:SVC(C=3.0, gamma='auto')"
    assert svc.gamma == "scale"
    assert Sklearn(SVC, C=3.0).spec == "sklearn:SVC(C=3.0)"
    assert Sklearn(SVC).spec == "sklearn:SVC"


def test_what_cannot_be_written_down_has_no_specification() -> None:
    pipeline = make_pipeline(StandardScaler(), LogisticRegression())
    assert Sklearn(pipeline).spec is None
    assert Sklearn(Keeps()).spec is None
    assert repr(Sklearn(Keeps(columns=2))).endswith(".Keeps', columns=2)")
    assert resolve(Sklearn(pipeline))[1] is None


def test_it_never_changes() -> None:
    with pytest.raises(FrozenInstanceError):
        Sklearn(SVC).estimator = None  # type: ignore[misc]


@pytest.mark.parametrize(
    ("name", "error", "message"),
    [
        ("SCV", UnknownName, "scikit-learn has no classifier called 'SCV': did you mean 'SVC'"),
        ("sklearn.svm.SCV", UnknownName, "sklearn.svm has no 'SCV': did you mean 'SVC'"),
        (
            "sklearn.svn.SVC",
            UnknownName,
            "no module 'sklearn.svn' .is its package installed.*did you mean 'sklearn.svm'",
        ),
        ("sklearn.svm.__doc__", BadInput, "is not a scikit-learn estimator: it lacks fit, predict"),
        ("os.path.join", BadInput, "os.path.join is not a scikit-learn estimator: it lacks fit"),
        ("LinearRegression", UnknownName, "scikit-learn has no classifier called 'LinearRegression'"),
        ("sklearn.linear_model.LinearRegression", BadInput, "has neither predict_proba nor decision_function"),
    ],
)
def test_a_wrong_name_is_refused(name: str, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        Sklearn(name)


def test_a_wrong_option_or_object_is_refused() -> None:
    with pytest.raises(UnknownName, match="SVC has no option 'gama': did you mean 'gamma'"):
        make("learners", "sklearn:SVC(gama=1.0)")
    with pytest.raises(BadInput, match="is not a scikit-learn estimator: it has no get_params"):
        Sklearn(3)
    with pytest.raises(BadInput, match="LinearRegression has neither predict_proba nor decision_function"):
        Sklearn(LinearRegression())


def test_labels_are_passed_in_the_order_given() -> None:
    sample = make_sample()
    order = np.random.default_rng(1).permutation(len(sample.rows))
    model = fitted(Sklearn(Keeps()), Sample(sample.pool, sample.rows[order], sample.codes[order]))
    np.testing.assert_array_equal(model.model.seen_[0], sample.pool[sample.rows[order]])
    np.testing.assert_array_equal(model.model.seen_[1], sample.codes[order])


def test_a_random_state_is_drawn_unless_it_was_given() -> None:
    sample = make_sample()
    first, again, other = (fitted(Sklearn(Keeps()), sample, seed=s).model.random_state for s in (1, 1, 2))
    assert first == again != other
    assert fitted(Sklearn(Keeps(random_state=6211)), sample).model.random_state == 6211
    assert Sklearn(Keeps()).estimator.random_state is None


def test_a_nested_random_state_is_drawn_too() -> None:
    learner = Sklearn(make_pipeline(StandardScaler(), RandomForestClassifier(n_estimators=3)))
    sample = make_sample()
    a, b = (fitted(learner, sample, seed=1).predict(sample.pool, {"probs"})["probs"] for _ in range(2))
    np.testing.assert_array_equal(a, b)


def test_evidence_is_what_scikit_learn_says() -> None:
    sample = make_sample()
    x, y = sample.pool[sample.rows], sample.codes
    evidence = fitted(Sklearn("LogisticRegression"), sample).predict(sample.pool, {"probs", "decision", "embed"})
    expected = LogisticRegression().fit(x, y)
    np.testing.assert_allclose(evidence["probs"], expected.predict_proba(sample.pool), atol=1e-12)
    np.testing.assert_array_equal(evidence["decision"], expected.decision_function(sample.pool))
    np.testing.assert_array_equal(evidence["embed"], sample.pool)


def test_features_are_standardised_by_the_pool_on_request() -> None:
    learner = make("learners", "sklearn:SVC(standardise=True)")
    assert learner.spec == "sklearn:SVC(standardise=True)"
    assert repr(learner) == "Sklearn('SVC', standardise=True)"
    sample = make_sample()
    scaled = StandardScaler().fit_transform(sample.pool)
    evidence = fitted(learner, sample).predict(sample.pool, {"decision", "embed"})
    expected = SVC().fit(scaled[sample.rows], sample.codes)
    np.testing.assert_allclose(evidence["decision"], expected.decision_function(scaled), atol=1e-9)
    np.testing.assert_allclose(evidence["embed"], scaled, atol=1e-12)


def test_one_score_per_class_is_asked_for_of_a_machine_of_pairs() -> None:
    sample = make_sample()
    got = fitted(Sklearn("SVC", decision_function_shape="ovo"), sample).predict(sample.pool, {"decision"})["decision"]
    expected = SVC(decision_function_shape="ovr").fit(sample.pool[sample.rows], sample.codes)
    np.testing.assert_array_equal(got, expected.decision_function(sample.pool))


def test_two_labelled_classes_of_four_keep_their_distance_to_the_boundary() -> None:
    sample = make_sample().only(0, 2)
    decision = fitted(Sklearn(SVC), sample, classes=4).predict(sample.pool, {"decision"})["decision"]
    f = SVC().fit(sample.pool[sample.rows], sample.codes).decision_function(sample.pool)
    assert decision.shape == (60, 4)
    np.testing.assert_allclose(boundary_distance(decision), -np.abs(f))
    np.testing.assert_array_equal(decision.argmax(axis=1) == 2, f > 0)
    np.testing.assert_allclose(decision[:, [1, 3]], (-np.abs(f) / 2 - 1)[:, None].repeat(2, axis=1))


def test_three_labelled_classes_of_four_leave_the_fourth_last() -> None:
    sample = make_sample()
    model = fitted(Sklearn("LogisticRegression"), sample, classes=4)
    evidence = model.predict(sample.pool, {"probs", "decision"})
    assert (evidence["probs"][:, 3] == 0).all()
    np.testing.assert_allclose(evidence["decision"][:, 3], evidence["decision"][:, :3].min(axis=1) - 1)


def test_probabilities_are_brought_to_sum_to_one() -> None:
    sample = make_sample()
    np.testing.assert_allclose(fitted(Sklearn(Keeps()), sample).predict(sample.pool, {"probs"})["probs"], 1 / 3)


def test_warnings_become_notes() -> None:
    model = fitted(Sklearn("LogisticRegression", max_iter=1), make_sample())
    assert len(model.notes) == 1
    assert model.notes[0].startswith("ConvergenceWarning: ")
    assert "\n" not in model.notes[0]
    assert fitted(Sklearn("LogisticRegression"), make_sample()).notes == ()


def test_a_failure_names_classifier_labels_and_classes() -> None:
    with pytest.raises(LearnerFailed, match=r"SVC failed on 30 labels of 3 classes: .*gamma") as caught:
        train(Sklearn(SVC, gamma="wrong"), make_sample())
    assert isinstance(caught.value.__cause__, ValueError)


def test_answers_that_cannot_be_used_are_failures() -> None:
    sample = make_sample()
    with pytest.raises(
        LearnerFailed, match=r"Keeps.predict_proba must give 3 columns for 3 labelled classes: got \(60, 2\)"
    ):
        fitted(Sklearn(Keeps(columns=2)), sample).predict(sample.pool, {"probs"})
    with pytest.raises(
        LearnerFailed, match=r"Keeps.predict_proba gave \[nan, nan, nan\] on row 0: the classifier cannot"
    ):
        fitted(Sklearn(Keeps(answer=np.nan)), sample).predict(sample.pool, {"probs"})


def test_a_failure_of_prediction_is_named() -> None:
    class Breaks(Keeps):
        def predict_proba(self, x: Any) -> Any:
            raise RuntimeError("out of luck")

    sample = make_sample()
    model = fitted(Sklearn(Breaks()), sample)
    with pytest.raises(LearnerFailed, match="Breaks failed in predict_proba on 60 rows: RuntimeError: out of luck"):
        model.predict(sample.pool, {"probs"})


def test_sparse_rows_become_dense_in_blocks_for_a_classifier_that_needs_them_so(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    shapes: list[Any] = []

    class Dense(Keeps):
        def __sklearn_tags__(self) -> Any:
            tags = super().__sklearn_tags__()
            tags.input_tags.sparse = False
            return tags

        def predict_proba(self, x: Any) -> NDArray[Any]:
            shapes.append((type(x), x.shape))
            return np.ones((len(x), 3))

    monkeypatch.setattr("querist._arrays.BLOCK_BYTES", 25 * 5 * 8)
    sample = make_sample(sparse=True)
    model = fitted(Sklearn(Dense()), sample)
    assert isinstance(model.model.seen_[0], np.ndarray)
    assert model.predict(sample.pool, {"probs"})["probs"].shape == (60, 3)
    assert shapes == [(np.ndarray, (25, 5)), (np.ndarray, (25, 5)), (np.ndarray, (10, 5))]


def test_the_published_protocol_is_that_of_scikit_learn_to_the_last_digit() -> None:
    rng = np.random.default_rng(3)
    x = rng.normal(size=(208, 60))
    y = (x[:, 0] + rng.normal(size=208) > 0).astype(np.int64)
    learner = make("learners", "sklearn:SVC(kernel='rbf', gamma='auto', C=1.0, random_state=6211)")
    model = learner.fit(x[:50], y[:50], classes=2, rng=rng, pool=x)
    expected = SVC(kernel="rbf", gamma="auto", C=1.0, random_state=6211).fit(x[:50], y[:50])
    decision = model.predict(x[50:], {"decision"})["decision"]
    np.testing.assert_array_equal(decision[:, 0], expected.decision_function(x[50:]))
