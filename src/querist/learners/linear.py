"""Multinomial logistic regression with a Laplace posterior: the learner when nothing else is named."""

from __future__ import annotations

from collections.abc import Callable, Set
from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from querist._arrays import Array, Floats
from querist.errors import BadEvidence, BadInput
from querist.learners._checks import Matrix, check_finite, check_needs, count_codes
from querist.learners._constant import Constant, entropy_of
from querist.learners._features import Features
from querist.learners._laplace import FACTORED, Posterior
from querist.learners._newton import Optimum, Problem, minimise
from querist.learners._order import content_order
from querist.learners._span import Span, span_of
from querist.learners.info import About
from querist.learners.protocol import Items, Predictor
from querist.view import Evidence, Head, Need

_GIVES: frozenset[Need] = frozenset({"probs", "draws", "embed", "head"})


@dataclass(frozen=True)
class Linear:
    """Fit softmax(W·x + b) by minimising ½‖W‖² + C · Σ log loss, to full precision; intercepts are free.

    ``C`` and the optimum are scikit-learn's, for two classes too (there the penalty is that of one weight vector).
    None takes 1 for dense features, and 10 for sparse ones: rows of length 1, as TF-IDF gives them, need larger
    weights, and with C = 1 a model of fifty texts may follow its intercept alone.
    ``standardise`` dense features by mean and standard deviation of the pool; sparse ones are taken as they are.
    ``draws`` K from the Laplace posterior (exact Hessian), made when first asked for. ``covariance``: put that of the
    posterior into the head where it has at most 3,000 rows.

    A class without a label counts as one that was seen 1/C times at the origin (the mean of the pool), so that its
    probability is small where there are labels, but never 0: all such classes together weigh less than one label
    (Perks 1947). Setting them to zero instead was as accurate on digits, but then no score can tell that they exist.
    Without labels of two classes the predictor is ``Constant``.

    Evidence: probs, draws [N, K, C]; embed, the standardised features, or of sparse rows wider than 512 their 128
    leading singular directions; head on that embedding (for those wide rows its best approximation).
    Cost of a fit: about 100 products of [C, r] with [r, L], r = min(L, D); of draws, see ``Posterior.draws``.

    >>> x, y = np.array([[0.0], [1.0], [4.0], [5.0]]), np.array([0, 0, 1, 1])
    >>> model = Linear().fit(x, y, classes=2, rng=np.random.default_rng(0))
    >>> model.predict(x, {"probs"})["probs"].round(3).tolist()
    [[0.774, 0.226], [0.677, 0.323], [0.323, 0.677], [0.226, 0.774]]
    """

    C: float | None = None
    standardise: bool = True
    draws: int = 50
    max_iter: int = 100
    covariance: bool = False

    eats: ClassVar[str] = "features"
    about: ClassVar[About] = About(
        "multinomial logistic regression, Laplace posterior", tuple(sorted(_GIVES)), eats, "about 100·L·min(L, D)·C"
    )

    def __post_init__(self) -> None:
        if self.C is not None and not (isinstance(self.C, int | float) and 0 < self.C < float("inf")):
            raise BadInput(f"C must be a positive, finite number: got {self.C!r}")
        for name in ("draws", "max_iter"):
            value = getattr(self, name)
            if not isinstance(value, int) or value < 1:
                raise BadInput(f"{name} must be a whole number, 1 or more: got {value!r}")

    @property
    def provides(self) -> frozenset[Need]:
        """Name the evidence: probs, draws, embed, head."""
        return _GIVES

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
        """Train; ``warm``, a linear predictor, only shortens the way to the same optimum.

        Raises BadData, BadEvidence, BadLabel. A search that ends too early is said in the predictor's ``notes``.
        """
        counts = count_codes(targets, classes=classes, rows=items.shape[0])
        features, entropy = Features.of(items, pool, standardise=self.standardise), entropy_of(rng)
        matrix = features.read(items)
        check_finite(matrix)
        if np.count_nonzero(counts) < 2:
            return Constant(counts, features, _GIVES, self.draws, entropy)
        order = content_order(matrix, targets)  # draws go by the row
        matrix, targets = matrix[order], targets[order]
        coordinates, span = span_of(features.standardised(matrix.astype(np.float64, copy=False)))
        problem = _problem(coordinates, targets, counts, 1.0 / self.strength(items))
        optimum = minimise(problem, _start(problem, span, warm), max_iter=self.max_iter)
        posterior = Posterior(problem, optimum, span, self.draws, entropy)
        return LinearPredictor(features, posterior, self.covariance, _notes(optimum))

    def strength(self, items: Items) -> float:
        """Give the C that is used for some items."""
        if self.C is not None:
            return self.C
        return 10.0 if hasattr(items, "tocsr") else 1.0


def _problem(coordinates: Floats, targets: NDArray[np.int64], counts: NDArray[np.int64], prior: float) -> Problem:
    """Append the intercept's column, and a row at the origin for every class without a label."""
    classes, labels = len(counts), len(targets)
    unseen = np.flatnonzero(counts == 0)
    rows = np.zeros((labels + len(unseen), coordinates.shape[1] + 1))
    rows[:labels, :-1] = coordinates
    rows[:, -1] = 1.0
    truth = np.zeros((classes, len(rows)))
    truth[targets, np.arange(labels)] = 1.0
    truth[unseen, labels + np.arange(len(unseen))] = 1.0 / classes
    # two columns of half the weight vector each: twice the precision makes the penalty that of one vector
    return Problem(rows, truth, prior * (2.0 if classes == 2 else 1.0))


def _start(problem: Problem, span: Span, warm: Predictor | None) -> Floats:
    start = problem.start()
    if isinstance(warm, LinearPredictor):
        weight, bias = warm.weight, warm.bias
        width = start.shape[1] - 1 if span.rows is None else span.rows.shape[1]
        if weight.shape == (len(start), width):
            start[:, :-1], start[:, -1] = span.lower(weight), bias
    return start


def _notes(optimum: Optimum) -> tuple[str, ...]:
    if optimum.converged:
        return ()
    return (
        f"linear: the optimum was not reached, the largest slope is {optimum.slope:.2g}; "
        "raise max_iter, standardise the features, or lower C",
    )


@dataclass(frozen=True, eq=False)
class LinearPredictor:
    """A fitted ``Linear``; weights [C, D] are on the standardised features."""

    features: Features
    posterior: Posterior
    covariance: bool = False
    notes: tuple[str, ...] = ()

    @property
    def provides(self) -> frozenset[Need]:
        """Name the evidence: probs, draws, embed, head."""
        return _GIVES

    @cached_property
    def weight(self) -> Floats:
        """The weights, [C, D]."""
        return self.posterior.span.lift(np.ascontiguousarray(self.posterior.optimum.theta[:, :-1]))

    @property
    def bias(self) -> Floats:
        """The intercepts, [C]."""
        return self.posterior.optimum.theta[:, -1]

    def predict(self, items: Items, needs: Set[Need]) -> Evidence:
        """Compute the evidence asked for; raises MissingEvidence, BadEvidence naming the row."""
        check_needs(needs, self.provides)
        matrix = self.features.read(items)
        makers: dict[Need, Callable[[Matrix], Array | Head]] = {
            "probs": self._probs,
            "draws": self._draws,
            "embed": self._embed,
            "head": lambda _: self._head,
        }
        return {need: makers[need](matrix) for need in needs}

    def _probs(self, matrix: Matrix) -> Floats:
        return softmax(_logits(matrix, *self._on_items))

    def _draws(self, matrix: Matrix) -> Floats:
        logits = _logits(matrix, *self._drawn_on_items)
        return softmax(logits.reshape(len(logits), self.posterior.count, len(self.bias)))

    def _embed(self, matrix: Matrix) -> Array:
        check_finite(matrix)
        return self.features.embed(matrix)

    @cached_property
    def _head(self) -> Head:
        directions = self.features.directions
        if directions is not None:
            return Head(self.weight @ directions, self.bias, prior=self.posterior.problem.prior)
        small = self.weight.size + self.bias.size <= FACTORED
        covariance = self.posterior.covariance() if self.covariance and small else None
        return Head(self.weight, self.bias, covariance, self.posterior.problem.prior)

    @cached_property
    def _on_items(self) -> tuple[Floats, Floats]:
        return self._unstandardised(self.weight, self.bias)

    @cached_property
    def _drawn_on_items(self) -> tuple[Floats, Floats]:
        weights, biases = self.posterior.draws
        return self._unstandardised(weights.reshape(-1, weights.shape[-1]), biases.ravel())

    def _unstandardised(self, weight: Floats, bias: Floats) -> tuple[Floats, Floats]:
        """Turn weights [m, D] on standardised features into [D, m] on the items themselves, which saves a copy."""
        mean, scale = self.features.mean, self.features.scale
        if mean is None or scale is None:
            return np.ascontiguousarray(weight.T), bias
        return np.ascontiguousarray((weight / scale).T), bias - weight @ (mean / scale)


def _logits(matrix: Matrix, weight: Floats, bias: Floats) -> Floats:
    with np.errstate(invalid="ignore", over="ignore"):
        logits = np.asarray(matrix @ weight)
        logits += bias
    # a gap in a row makes its logits one too: looking at those is cheaper than at the features
    if not np.isfinite(logits).all():
        check_finite(matrix)
        raise BadEvidence("logits must be finite: the features are too large; standardise them")
    return logits


_FEW = 32


def softmax(logits: Floats) -> Floats:
    """Turn logits into probabilities along the last axis, in place.

    >>> softmax(np.array([[0.0, 0.0, 1000.0]])).tolist()
    [[0.0, 0.0, 1.0]]
    """
    if logits.shape[-1] > _FEW:
        top = logits.max(axis=-1)
    else:
        # column by column: a reduction over a short last axis is several times slower
        top = logits[..., 0].copy()
        for c in range(1, logits.shape[-1]):
            np.maximum(top, logits[..., c], out=top)
    logits -= top[..., None]
    np.exp(logits, out=logits)
    logits /= (logits @ np.ones(logits.shape[-1]))[..., None]
    return logits
