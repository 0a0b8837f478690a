"""The conformance suite of learners, for the built-in ones and for yours.

In a test file of your own, with pytest installed::

    from querist.testing.learners import LearnerSuite

    class TestMine(LearnerSuite):
        learner = Mine()

It is for classifiers that eat features. A learner that passes gives valid evidence at any number of labels, row by
row and repeatably, says what is wrong with its input, and never touches its inputs or anybody else's chance.
"""

from __future__ import annotations

import random
from collections.abc import Mapping, Set
from contextlib import suppress
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, ClassVar

import numpy as np
import pytest
from numpy.typing import NDArray

from querist._check import check_view
from querist.errors import BadData, BadEvidence, LearnerFailed, MissingEvidence
from querist.learners import Items, Learner, Predictor, resolve
from querist.view import NEEDS, Head, Need, View

CLASSES = 3


@dataclass(frozen=True, eq=False)
class Sample:
    """A pool of three clouds of points, the rows that are labelled, and their class codes."""

    pool: Items
    rows: NDArray[np.intp]
    codes: NDArray[np.int64]

    def only(self, *classes: int) -> Sample:
        """Keep the labels of some classes."""
        kept = np.isin(self.codes, classes)
        return Sample(self.pool, self.rows[kept], self.codes[kept])


def make_sample(*, seed: int = 0, rows: int = 60, features: int = 5, sparse: bool = False) -> Sample:
    """Make up a pool [N, D] of which every second row is labelled, the three classes in turn.

    >>> make_sample().pool.shape
    (60, 5)
    """
    rng = np.random.default_rng(seed)
    codes = np.arange(rows) // 2 % CLASSES
    pool: Any = rng.normal(size=(rows, features)) + 4.0 * rng.normal(size=(CLASSES, features))[codes]
    if sparse:
        from scipy.sparse import csr_matrix

        pool = csr_matrix(np.where(pool > 0, pool, 0.0))
    labelled = np.arange(0, rows, 2)
    return Sample(pool, labelled, codes[labelled].astype(np.int64))


class LearnerSuite:
    """What holds for every learner of classes; set ``learner`` to an object, or to a specification.

    ``tolerance`` is how far the evidence on a row may differ with the rows beside it; ``sparse`` says whether the
    learner takes CSR matrices.
    """

    learner: ClassVar[Learner | str]
    tolerance: ClassVar[float] = 1e-6
    sparse: ClassVar[bool] = True

    @pytest.fixture
    def made(self) -> Learner:
        """Give the learner under test."""
        return resolve(self.learner)[0]

    @pytest.fixture(params=["dense", "sparse"])
    def sample(self, request: pytest.FixtureRequest) -> Sample:
        """Give a pool and labels, dense and then sparse."""
        if request.param == "sparse" and not self.sparse:
            pytest.skip("this learner takes no sparse rows")
        return make_sample(sparse=request.param == "sparse")

    def test_declares_itself(self, made: Learner) -> None:
        """It says what it eats and gives, and its specification, where it has one, builds the same again."""
        assert made.eats == "features"
        assert made.provides
        assert made.provides <= set(NEEDS)
        spec = resolve(made)[1]
        assert spec is None or resolve(spec)[1] == spec

    def test_gives_what_it_provides(self, made: Learner, sample: Sample) -> None:
        """Everything provided, nothing else, in the right shape: rows of probabilities sum to 1, all is finite."""
        model = train(made, sample)
        assert model.provides <= made.provides
        evidence = model.predict(sample.pool, model.provides)
        assert set(evidence) == model.provides
        check(evidence, sample.pool.shape[0])
        for need in model.provides:
            assert set(model.predict(sample.pool, {need})) == {need}

    def test_learns(self, made: Learner, sample: Sample) -> None:
        """On clouds that hardly overlap most labels are right; so the columns are in the order of the codes."""
        model = train(made, sample)
        scores = _scores(model, sample.pool[sample.rows])
        assert (scores.argmax(axis=1) == sample.codes).mean() > 0.8

    @pytest.mark.parametrize("cuts", [(1,), (7, 30), (20, 40), tuple(range(1, 60, 6))])
    def test_predicts_row_by_row(self, made: Learner, sample: Sample, cuts: tuple[int, ...]) -> None:
        """predict(concat) equals concat(predict), whatever the cut."""
        model = train(made, sample)
        bounds = [0, *cuts, sample.pool.shape[0]]
        parts = [model.predict(sample.pool[a:b], model.provides) for a, b in pairwise(bounds)]
        for need, whole in model.predict(sample.pool, model.provides).items():
            if not isinstance(whole, Head):
                self._same(np.concatenate([part[need] for part in parts]), whole)

    def test_does_not_mind_the_order_of_rows(self, made: Learner, sample: Sample) -> None:
        """A permuted pool has permuted evidence."""
        model, order = train(made, sample), np.random.default_rng(1).permutation(sample.pool.shape[0])
        before, after = (model.predict(items, model.provides) for items in (sample.pool, sample.pool[order]))
        for need in model.provides - {"head"}:
            self._same(after[need], before[need][order])

    def test_repeats_itself(self, made: Learner, sample: Sample) -> None:
        """The same labels and generator give the same evidence, and asking twice does."""
        first, second = train(made, sample, seed=3), train(made, sample, seed=3)
        for need in first.provides - {"head"}:
            values = [model.predict(sample.pool, {need})[need] for model in (first, second, first)]
            np.testing.assert_array_equal(values[0], values[1])
            np.testing.assert_array_equal(values[0], values[2])

    def test_leaves_the_global_generators_alone(self, made: Learner, sample: Sample) -> None:
        """Neither NumPy's nor Python's global generator moves."""
        before = repr(np.random.get_state()), random.getstate()  # noqa: NPY002
        model = train(made, sample)
        model.predict(sample.pool, model.provides)
        assert (repr(np.random.get_state()), random.getstate()) == before  # noqa: NPY002

    def test_takes_and_leaves_arrays_that_nobody_may_write(self, made: Learner, sample: Sample) -> None:
        """Read-only arrays work, so nothing is changed in place."""
        for part in _buffers(sample.pool):
            part.flags.writeable = False
        items, codes = sample.pool[sample.rows], sample.codes.copy()
        for part in [*_buffers(items), codes]:
            part.flags.writeable = False
        model = made.fit(items, codes, classes=CLASSES, rng=np.random.default_rng(0), pool=sample.pool)
        check(model.predict(sample.pool, model.provides), sample.pool.shape[0])

    def test_makes_a_new_predictor_while_the_old_one_serves(self, made: Learner, sample: Sample) -> None:
        """A later fit, warm or not, changes nothing in the earlier predictor."""
        old = train(made, sample)
        before = {need: np.copy(v) for need, v in old.predict(sample.pool, old.provides - {"head"}).items()}
        other = Sample(sample.pool, sample.rows, (sample.codes + 1) % CLASSES)
        new = train(made, other, warm=old)
        assert new is not old
        check(new.predict(sample.pool, new.provides), sample.pool.shape[0])
        for need, value in before.items():
            np.testing.assert_array_equal(old.predict(sample.pool, {need})[need], value)

    @pytest.mark.parametrize("labels", [0, 1, 5])
    def test_says_what_is_known_before_two_classes_have_labels(
        self, made: Learner, sample: Sample, labels: int
    ) -> None:
        """Smoothed shares (n_c + 1) / (n + C) on every row, uniform without labels; decisions do not prefer a row."""
        one = sample.only(1)
        model = train(made, Sample(sample.pool, one.rows[:labels], one.codes[:labels]))
        evidence = model.predict(sample.pool, model.provides)
        check(evidence, sample.pool.shape[0])
        if "probs" in evidence:
            shares = (np.array([0, labels, 0]) + 1) / (labels + CLASSES)
            np.testing.assert_allclose(evidence["probs"], np.tile(shares, (sample.pool.shape[0], 1)), atol=1e-12)
        if "decision" in evidence:
            assert np.ptp(evidence["decision"], axis=0).max() == 0

    def test_keeps_a_place_for_a_class_without_labels(self, made: Learner, sample: Sample) -> None:
        """Columns are the task's classes; one that nobody saw is not the best anywhere among the labelled rows."""
        seen = sample.only(0, 2)
        model = train(made, seen)
        check(model.predict(sample.pool, model.provides), sample.pool.shape[0])
        scores = _scores(model, sample.pool[seen.rows])
        assert scores.shape[1] == CLASSES
        assert not (scores.argmax(axis=1) == 1).any()
        assert (scores.argmax(axis=1) == seen.codes).mean() > 0.8

    def test_takes_two_classes(self, made: Learner, sample: Sample) -> None:
        """Two classes: two columns of probabilities, one of decisions, positive towards class 1."""
        two = sample.only(0, 1)
        model = train(made, two, classes=2)
        evidence = model.predict(sample.pool[two.rows], model.provides)
        check(evidence, len(two.rows))
        if "probs" in evidence:
            assert (evidence["probs"].argmax(axis=1) == two.codes).mean() > 0.8
        if "decision" in evidence:
            assert evidence["decision"].shape == (len(two.rows), 1)
            assert ((evidence["decision"][:, 0] > 0) == two.codes).mean() > 0.8

    @pytest.mark.parametrize("dtype", ["float32", "float64", "int64", "bool"])
    def test_takes_any_numbers(self, made: Learner, sample: Sample, dtype: str) -> None:
        """Single and double precision, integers, booleans."""
        pool = sample.pool > 0 if dtype == "bool" else sample.pool.astype(dtype)
        other = Sample(pool, sample.rows, sample.codes)
        model = train(made, other)
        check(model.predict(other.pool, model.provides), other.pool.shape[0])

    @pytest.mark.parametrize("rows", [0, 1])
    def test_takes_hardly_any_rows(self, made: Learner, sample: Sample, rows: int) -> None:
        """No row and a single row have evidence of the usual width."""
        model = train(made, sample)
        few, many = (model.predict(items, model.provides) for items in (sample.pool[:rows], sample.pool))
        for need in model.provides - {"head"}:
            assert few[need].shape == (rows, *many[need].shape[1:])

    @pytest.mark.parametrize("features", [1, 5])
    def test_takes_features_that_say_nothing(self, made: Learner, features: int) -> None:
        """One feature; and features that are the same on every row, where a LearnerFailed is an answer too."""
        sample = make_sample(features=features)
        if features == 1:
            model = train(made, sample)
            check(model.predict(sample.pool, model.provides), len(sample.pool))
            return
        sample = Sample(np.ones_like(sample.pool), sample.rows, sample.codes)
        with suppress(LearnerFailed):
            model = train(made, sample)
            check(model.predict(sample.pool, model.provides), len(sample.pool))

    def test_trains_without_a_pool(self, made: Learner, sample: Sample) -> None:
        """Without a pool, the labelled rows must do."""
        rng = np.random.default_rng(0)
        model = made.fit(sample.pool[sample.rows], sample.codes, classes=CLASSES, rng=rng)
        check(model.predict(sample.pool, model.provides), sample.pool.shape[0])

    def test_refuses_evidence_that_it_does_not_give(self, made: Learner, sample: Sample) -> None:
        """MissingEvidence names what is missing, with labels or without."""
        unknown: Set[Need] = {next(n for n in NEEDS if n not in made.provides)}
        for some in (sample, Sample(sample.pool, sample.rows[:0], sample.codes[:0])):
            with pytest.raises(MissingEvidence, match=f"cannot give {next(iter(unknown))}"):
                train(made, some).predict(sample.pool, unknown)

    @pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
    def test_names_the_row_that_is_not_finite(self, made: Learner, sample: Sample, value: float) -> None:
        """BadEvidence on prediction and on training."""
        broken = sample.pool.copy()
        broken[7, 2] = value
        model = train(made, sample)
        with pytest.raises(BadEvidence, match=f"must be finite: row 7 holds {value}"):
            model.predict(broken, model.provides - {"head"})
        with pytest.raises(BadEvidence, match=f"must be finite: row 7 holds {value}"):
            made.fit(broken[:30], sample.codes, classes=CLASSES, rng=np.random.default_rng(0), pool=sample.pool)

    def test_refuses_items_of_another_form(self, made: Learner, sample: Sample) -> None:
        """Another number of features, and texts that nobody encoded."""
        model = train(made, sample)
        with pytest.raises(BadEvidence, match="must have 5 features, as the pool has: got 4"):
            model.predict(sample.pool[:, :4], model.provides)
        with pytest.raises(BadData, match="numeric matrix"):
            model.predict(np.array(["a text"], dtype=object), model.provides)

    def _same(self, got: NDArray[Any], expected: NDArray[Any]) -> None:
        np.testing.assert_allclose(got, expected, rtol=self.tolerance, atol=self.tolerance)


def train(
    learner: Learner, sample: Sample, *, classes: int = CLASSES, seed: int = 0, warm: Predictor | None = None
) -> Predictor:
    """Train on the labelled rows of a sample."""
    rng = np.random.default_rng(seed)
    return learner.fit(sample.pool[sample.rows], sample.codes, classes=classes, rng=rng, pool=sample.pool, warm=warm)


def check(evidence: Mapping[Need, Any], rows: int) -> None:
    """Check evidence on rows as a study would; raises BadEvidence."""
    check_view(View.of(evidence, ids=[f"item_{i:02d}" for i in range(rows)]))


def _scores(model: Predictor, items: Items) -> NDArray[Any]:
    """Give what a learner ranks classes by: probabilities, else decisions."""
    need: Need = "probs" if "probs" in model.provides else "decision"
    return np.asarray(model.predict(items, {need})[need])


def _buffers(items: Items) -> list[NDArray[Any]]:
    return [items.data, items.indices, items.indptr] if hasattr(items, "indptr") else [items]
