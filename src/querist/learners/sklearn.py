"""Any classifier that follows scikit-learn's conventions."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Set
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from querist._arrays import Array, Floats, blocks
from querist._load import is_literal
from querist.errors import BadInput, LearnerFailed
from querist.learners._checks import Matrix, check_finite, check_needs, count_codes, is_sparse
from querist.learners._constant import Constant
from querist.learners._estimator import Recipe, configured, find_class
from querist.learners._features import Features
from querist.learners.info import About
from querist.learners.protocol import Items, Predictor
from querist.view import Evidence, Need


@dataclass(frozen=True, init=False, repr=False, eq=False)
class Sklearn:
    """Wrap a scikit-learn classifier: an object, a dotted class name, or a bare name that scikit-learn has.

    A specification is ``sklearn:SVC(C=1.0, gamma='auto')``; ``standardise=True`` among the options scales dense
    features by mean and standard deviation of the pool before the classifier sees them. Every fit begins with a fresh
    copy; labels are passed in the order given; a ``random_state`` that is None is drawn from ``rng``. So a classifier
    that draws by position, a forest for instance, repeats for the same order of the rows only; ``committee`` puts them
    in an order of their content.

    Evidence: probs from predict_proba, decision from decision_function, whichever there are; embed, the features as
    the classifier sees them (of sparse rows wider than 512 their 128 leading singular directions). Columns are always
    the task's classes. A class without a label has probability 0, and in decision one less than the row's lowest, so
    that it is never among the best two. Two labelled classes of several: decision −f/2 and f/2, so that their gap is
    the distance |f|. Without labels of two classes the predictor is ``Constant``. Sparse rows become dense, block by
    block, for a classifier that takes no others. A fit costs what the classifier costs, and 0.1 ms; drawing a random
    state, where there is one to draw, costs scikit-learn another 0.15 ms.

    >>> Sklearn("sklearn.svm.SVC", C=2.0)
    Sklearn('SVC', C=2.0)
    >>> sorted(Sklearn("LogisticRegression").provides)
    ['decision', 'embed', 'probs']
    """

    estimator: Any
    standardise: bool

    eats: ClassVar[str] = "features"
    about: ClassVar[About] = About(
        "any scikit-learn classifier, for instance sklearn:SVC(C=1.0)",
        ("decision", "embed", "probs"),
        eats,
        "the classifier's",
    )

    def __init__(self, estimator: Any, *, standardise: bool = False, **options: Any) -> None:
        """Take a name, a class or an estimator, and options to set on it; raises UnknownName, BadInput."""
        found = find_class(estimator) if isinstance(estimator, str) else estimator
        if not hasattr(found, "get_params"):
            raise BadInput(f"{found!r} is not a scikit-learn estimator: it has no get_params")
        object.__setattr__(self, "estimator", configured(found, options))
        object.__setattr__(self, "standardise", standardise)
        if self.provides == {"embed"}:
            raise BadInput(
                f"{self._recipe.name} has neither predict_proba nor decision_function, so nothing can be ranked by it; "
                "choose a classifier that has one, or wrap it in sklearn.calibration.CalibratedClassifierCV"
            )

    @cached_property
    def _recipe(self) -> Recipe:
        return Recipe.of(self.estimator)

    def __repr__(self) -> str:
        return f"Sklearn({', '.join([repr(self._recipe.name), *(f'{k}={v!r}' for k, v in self._options.items())])})"

    @property
    def _options(self) -> dict[str, Any]:
        return {**self._recipe.options, **({"standardise": True} if self.standardise else {})}

    @property
    def spec(self) -> str | None:
        """The specification; None unless the class is scikit-learn's own and its options are plain values."""
        options = self._options
        if "." in self._recipe.name or not all(is_literal(v) for v in options.values()):
            return None
        given = ", ".join(f"{k}={v!r}" for k, v in options.items())
        return f"sklearn:{self._recipe.name}" + (f"({given})" if given else "")

    @cached_property
    def provides(self) -> frozenset[Need]:
        """Name the evidence: embed, and probs and decision as the classifier has them."""
        has: list[Need] = ["embed"]
        has += ["probs"] if hasattr(self.estimator, "predict_proba") else []
        has += ["decision"] if hasattr(self.estimator, "decision_function") else []
        return frozenset(has)

    @cached_property
    def _takes_sparse(self) -> bool:
        return self._recipe.takes_sparse

    def fit(
        self,
        items: Items,
        targets: NDArray[np.int64],
        *,
        classes: int,
        rng: np.random.Generator,
        pool: Items | None = None,
        warm: Predictor | None = None,
    ) -> Predictor:
        """Train a fresh copy; ``warm`` is not used, ``pool`` for scaling and for the embedding of wide sparse rows.

        What the classifier warns of becomes the predictor's ``notes``. Raises LearnerFailed, BadEvidence, BadLabel.
        """
        counts = count_codes(targets, classes=classes, rows=items.shape[0])
        features = Features.of(items, pool, standardise=self.standardise)
        matrix = features.read(items)
        check_finite(matrix)
        if np.count_nonzero(counts) < 2:
            return Constant(counts, features, self.provides)
        model, dense = self._recipe.fresh(rng), not self._takes_sparse
        notes = _train(model, _readable(features.standardised(matrix), dense), targets)
        return SklearnPredictor(features, model, counts, self.provides, dense, notes)


def _train(model: Any, matrix: Matrix, targets: NDArray[np.int64]) -> tuple[str, ...]:
    """Fit, and give what it warned of, one line each."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            model.fit(matrix, targets)
        except Exception as error:  # whatever somebody else's code may raise
            raise _failed(model, f"on {len(targets)} labels of {len(np.unique(targets))} classes", error) from error
    lines = (
        f"{w.category.__name__}: {str(w.message).strip().splitlines()[0]}" for w in caught if str(w.message).strip()
    )
    return tuple(dict.fromkeys(lines))


def _failed(model: Any, where: str, error: Exception) -> LearnerFailed:
    return LearnerFailed(f"{type(model).__name__} failed {where}: {type(error).__name__}: {error}")


def _readable(matrix: Matrix, dense: bool) -> Matrix:
    return matrix.toarray() if dense and is_sparse(matrix) else matrix


@dataclass(frozen=True, eq=False)
class SklearnPredictor:
    """A fitted classifier; ``counts`` [C] are the labels it saw of each class."""

    features: Features
    model: Any
    counts: NDArray[np.int64]
    provides: frozenset[Need]
    dense: bool = False
    notes: tuple[str, ...] = ()

    def predict(self, items: Items, needs: Set[Need]) -> Evidence:
        """Compute the evidence asked for; raises MissingEvidence, BadEvidence naming the row, LearnerFailed."""
        check_needs(needs, self.provides)
        matrix = self.features.read(items)
        check_finite(matrix)
        makers: dict[Need, Callable[[Matrix], Array]] = {
            "probs": self._probs,
            "decision": self._decision,
            "embed": self.features.embed,
        }
        return {need: makers[need](matrix) for need in needs}

    @cached_property
    def _seen(self) -> NDArray[np.intp]:
        return np.flatnonzero(self.counts)

    def _probs(self, matrix: Matrix) -> Floats:
        found = self._ask("predict_proba", matrix, len(self._seen))
        out = np.zeros((len(found), len(self.counts)))
        out[:, self._seen] = found / found.sum(axis=1, keepdims=True)
        return out

    def _decision(self, matrix: Matrix) -> Floats:
        seen, classes = len(self._seen), len(self.counts)
        found = self._ask("decision_function", matrix, 1 if seen == 2 else seen)
        if classes == 2:
            return found
        if seen == 2:
            found = found * np.array([-0.5, 0.5])
        out = np.tile(found.min(axis=1, keepdims=True) - 1.0, (1, classes))
        out[:, self._seen] = found
        return out

    def _eaten(self, matrix: Matrix) -> Matrix:
        return _readable(self.features.standardised(matrix), self.dense)

    def _ask(self, method: str, matrix: Matrix, columns: int) -> Floats:
        """Call a method of the classifier, and give float64 [N, columns]."""
        rows = matrix.shape[0]
        parts = blocks(rows, 8 * self.features.width) if self.dense and is_sparse(matrix) else [slice(0, rows)]
        call = getattr(self.model, method)
        try:
            with np.errstate(all="ignore"):  # what matters of it is looked at below
                found = [call(self._eaten(matrix[part])) for part in parts] if rows else []
        except Exception as error:  # whatever somebody else's code may raise
            raise _failed(self.model, f"in {method} on {rows} rows", error) from error
        out = np.concatenate(found).astype(np.float64, copy=False) if found else np.empty((0, columns))
        out = out[:, None] if out.ndim == 1 else out
        if out.shape != (rows, columns):
            raise LearnerFailed(
                f"{type(self.model).__name__}.{method} must give {columns} columns for {len(self._seen)} labelled "
                f"classes: got {out.shape}; only classifiers with one score per class can be used"
            )
        wrong = np.flatnonzero(~np.isfinite(out).all(axis=1))
        if len(wrong):
            raise LearnerFailed(
                f"{type(self.model).__name__}.{method} gave {out[wrong[0]].tolist()} on row {wrong[0]}: the classifier "
                "cannot cope with these features; are they constant within a class?"
            )
        return out
