"""Learners by name and by object, and the facts that are listed about them."""

from __future__ import annotations

import pickle
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from querist._load import find, names, spec_of
from querist.errors import BadData, BadInput, UnknownName
from querist.learners import resolve
from querist.learners._checks import as_matrix
from querist.learners.committee import Committee
from querist.learners.info import About
from querist.learners.linear import Linear
from querist.learners.sklearn import Sklearn
from querist.testing.learners import make_sample, train
from querist.view import NEEDS


@pytest.mark.parametrize(
    ("text", "learner", "spec"),
    [
        ("linear", Linear(), "linear"),
        ("linear(C=1.0)", Linear(C=1.0), "linear(C=1.0)"),
        ("linear(draws=5, C=2.0)", Linear(C=2.0, draws=5), "linear(C=2.0, draws=5)"),
        ("committee(members=4)", Committee(members=4), "committee(members=4)"),
    ],
)
def test_a_specification_is_resolved_and_shortened(text: str, learner: object, spec: str) -> None:
    assert resolve(text) == (learner, spec)
    assert resolve(learner) == (learner, spec)


def test_a_classifier_is_wrapped() -> None:
    learner, spec = resolve(LogisticRegression(C=0.5))
    assert isinstance(learner, Sklearn)
    assert spec == "sklearn:LogisticRegression(C=0.5)"
    assert spec_of(learner, "learners") == spec


def test_a_dotted_name_is_never_part_of_a_specification() -> None:
    assert resolve("sklearn:sklearn.svm.SVC(C=2.0)")[1] == "sklearn:SVC(C=2.0)"
    assert resolve("sklearn:sklearn.dummy.DummyClassifier")[1] == "sklearn:DummyClassifier"
    assert resolve("sklearn:sklearn.linear_model._logistic.LogisticRegressionCV")[1] == "sklearn:LogisticRegressionCV"


def test_a_committee_of_a_stranger_has_no_specification(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "my_models.py").write_text("from sklearn.svm import SVC\nclass Mine(SVC): ...\n", encoding="utf-8")
    monkeypatch.syspath_prepend(str(tmp_path))
    learner, spec = resolve("committee(base='sklearn:my_models.Mine')")
    assert spec is None
    assert learner.provides == {"probs", "draws", "embed"}


@pytest.mark.parametrize(
    "text",
    [
        "sklearn:evil_module.Thing",
        "sklearn(estimator='evil_module.Thing')",
        "committee(base='sklearn:evil_module.Thing(a=1.0)')",
        "committee(base=\"sklearn(estimator='evil_module.Thing')\")",
        "committee(base='committee(base=\\'sklearn(estimator=\"evil_module.Thing\")\\')')",
    ],
)
def test_a_dotted_name_is_refused_unread_where_others_may_have_written_it(
    text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "evil_module.py").write_text("raise SystemExit('code of a study file ran')", encoding="utf-8")
    monkeypatch.syspath_prepend(str(tmp_path))
    with pytest.raises(
        BadInput, match=r"'evil_module.Thing' names a class by its module, and importing a module runs its code"
    ):
        resolve(text, dotted=False)
    assert "evil_module" not in sys.modules
    with pytest.raises(SystemExit, match="ran"):  # the guard ends with the call
        resolve(text)


def test_a_bare_name_is_allowed_where_a_dotted_one_is_not() -> None:
    assert resolve("committee(base='sklearn:SVC(C=2.0)')", dotted=False)[1] == "committee(base='sklearn:SVC(C=2.0)')"
    assert resolve("sklearn(estimator='SVC')", dotted=False)[1] == "sklearn:SVC"


def test_learners_and_predictors_travel_between_processes() -> None:
    sample = make_sample()
    for text in ("linear", "committee(members=2)", "sklearn:SVC(C=2.0)"):
        learner = pickle.loads(pickle.dumps(resolve(text)[0]))
        assert resolve(learner)[1] == text
        model = train(learner, sample)
        copy = pickle.loads(pickle.dumps(model))
        for need in model.provides - {"head"}:
            values = [m.predict(sample.pool, {need})[need] for m in (model, copy)]
            np.testing.assert_array_equal(values[0], values[1])


def test_a_stranger_with_the_right_methods_is_a_learner_without_a_specification() -> None:
    class Mine(Linear):
        pass

    learner = Mine()
    assert resolve(learner) == (learner, None)


def test_what_is_no_learner_is_refused() -> None:
    with pytest.raises(
        BadInput, match=r"3 is not a learner: it lacks fit, provides, eats; give a name such as 'linear'"
    ):
        resolve(3)
    with pytest.raises(UnknownName, match="no learner is called 'linnear': did you mean 'linear'"):
        resolve("linnear")
    with pytest.raises(BadInput, match=r"cannot build 'linear\(c=1\)': .*its options are"):
        resolve("linear(c=1)")


def test_every_learner_says_what_it_is() -> None:
    assert {"linear", "sklearn", "committee"} <= set(names("learners"))
    for name in ("linear", "sklearn", "committee"):
        about = find("learners", name).about
        assert isinstance(about, About)
        assert all(about)
        assert about.eats == find("learners", name).eats
        assert set(about.gives) <= set(NEEDS)
        assert resolve(name if name != "sklearn" else "sklearn:SVC")[0].provides <= set(about.gives)


def test_importing_the_learners_loads_nothing_heavy() -> None:
    code = (
        "import sys, querist.learners.linear; print(sorted({'sklearn', 'numba', 'pandas', 'torch'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"


@pytest.mark.parametrize("items", [np.array(["a"]), np.zeros(3), [[1.0]], np.zeros((2, 2), complex), "text"])
def test_items_that_are_no_matrix_are_refused(items: object) -> None:
    with pytest.raises(BadData, match=r"this learner eats a numeric matrix \[N, D\]: got .*querist.embed.encoder_for"):
        as_matrix(items)
