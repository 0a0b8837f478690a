"""The conformance suite catches what it is for: each broken strategy fails the test that names its fault."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest

from querist._arrays import float64, namespace, topk
from querist.scores.uncertainty import entropy
from querist.strategies.protocol import About, Strategy, top
from querist.strategies.random import Random
from querist.testing.strategies import StrategySuite
from querist.view import Draw, Selection


@dataclass(frozen=True)
class Good(Strategy):
    """A stranger's strategy, entropy again."""

    needs = frozenset({"probs"})
    about = About("mine", "H(p)", "O(N·C)", "myself")

    def score(self, view, draw):
        return entropy(view.probs)


class TestMine(StrategySuite):
    strategy = Good()


class TwoClassesOnly(Good):
    most_classes = 2

    def score(self, view, draw):
        assert view.probs.shape[-1] <= 2
        return entropy(view.probs)


class TestTwoClassesOnly(StrategySuite):
    strategy = TwoClassesOnly()


class OneShort(Good):
    def select(self, view, scores, *, n, draw):
        rows = top(view, scores, n - 1, draw)
        return Selection(rows, scores[rows])


class Repeats(Good):
    def select(self, view, scores, *, n, draw):
        return Selection(np.zeros(n, np.intp), scores[:1].repeat(n))


class WorstFirst(Good):
    def select(self, view, scores, *, n, draw):
        rows = top(view, scores, n, draw)[::-1]
        return Selection(rows, scores[rows])


class ByPosition(Good):
    def select(self, view, scores, *, n, draw):
        rows = topk(scores, n, -np.arange(len(scores), dtype=float))
        return Selection(rows, scores[rows])


class ByGenerator(Good):
    """Breaks ties by a stream of numbers in the order of the rows."""

    def shortlist(self, view, scores, *, n, draw):
        return self.select(view, scores, n=n, draw=draw).rows

    def select(self, view, scores, *, n, draw):
        rows = topk(scores, n, draw.rng("ties").uniform(size=len(scores)))
        return Selection(rows, scores[rows])


class PoolScaled(Good):
    def score(self, view, draw):
        scores = entropy(view.probs)
        return scores / (namespace(scores).sum(scores) + 1.0)


class LogOfZero(Good):
    def score(self, view, draw):
        p = float64(view.probs)
        with np.errstate(all="ignore"):
            return -namespace(p).sum(p * namespace(p).log(p), axis=-1)


class FirstClass(Good):
    def score(self, view, draw):
        return float64(view.probs)[:, 0]


class WritesToItsInput(Good):
    def score(self, view, draw):
        view.probs.sort(axis=-1)
        return entropy(view.probs)


class GlobalChance(Good):
    def score(self, view, draw):
        np.random.rand()  # noqa: NPY002
        return entropy(view.probs)


class SameNoiseEachRound(Random):
    def score(self, view, draw):
        return Draw(0).uniform(view.keys, "random")


class OnlyTiesAreDrawn(Good):
    """Claims chance, and has none but among equal scores."""

    def propensity(self, scores, rows):
        return np.full(len(rows), 0.5)


class Restless(Random):
    def score(self, view, draw):
        return np.random.default_rng().uniform(size=len(view))


class AsItLies(Good):
    """Adds up the classes in whatever order they lie in memory."""

    def score(self, view, draw):
        p = view.probs
        return -namespace(p).sum(p * namespace(p).log(p), axis=-1)


class NumPyOnly(Good):
    def score(self, view, draw):
        p = view.probs if isinstance(view.probs, np.ndarray) else np.ones((len(view), 2)) / 2
        return entropy(p)


class SinglePrecision(Good):
    def score(self, view, draw):
        return 1 - namespace(view.probs).max(view.probs, axis=-1)


class Peeks(Good):
    def score(self, view, draw):
        return entropy(view.probs) + (0.0 if view.embed is None else view.embed[:, 0])


class NoPropensityFromShards(Random):
    def select(self, view, scores, *, n, draw):
        rows = top(view, scores, n, draw)
        return Selection(rows, scores[rows], super().propensity(scores, rows))

    def propensity(self, scores, rows):
        return None


class NeedsAnAnswer(Good):
    context = frozenset({"labelled"})

    def score(self, view, draw):
        return entropy(view.probs) + float(view.labels[view.labels >= 0].min())


class FirstOfEitherOnly(Good):
    needs = frozenset()
    either = ("probs", "embed")

    def score(self, view, draw):
        return entropy(view.probs)


FAULTS = [
    (OneShort, "test_gives_as_many_distinct_rows_as_asked_for", (8, 3)),
    (Repeats, "test_gives_as_many_distinct_rows_as_asked_for", (8, 3)),
    (Repeats, "test_copies_of_a_row_are_items_of_their_own", (3,)),
    (WorstFirst, "test_best_comes_first", ()),
    (ByPosition, "test_chance_breaks_ties", ()),
    (ByGenerator, "test_shards", (3, True)),
    (PoolScaled, "test_scores_are_row_wise", None),
    (PoolScaled, "test_shards", (3, False)),
    (LogOfZero, "test_certain_predictions", ("one-hot", 5)),
    (FirstClass, "test_names_of_classes_play_no_part", (4,)),
    (WritesToItsInput, "test_inputs_stay_as_they_are", ()),
    (GlobalChance, "test_global_chance_is_left_alone", ()),
    (SameNoiseEachRound, "test_same_seed_same_picks", ()),
    (OnlyTiesAreDrawn, "test_same_seed_same_picks", ()),
    (Restless, "test_same_seed_same_picks", ()),
    (Restless, "test_row_order_plays_no_part_when_ids_are_given", (False,)),
    (AsItLies, "test_layout_of_memory_plays_no_part", ()),
    (NumPyOnly, "test_array_libraries_agree", ("array_api_strict",)),
    (SinglePrecision, "test_single_precision_is_computed_in_double", ()),
    (Peeks, "test_looks_at_nothing_that_it_does_not_declare", ()),
    (NoPropensityFromShards, "test_shards", (3, False)),
    (NeedsAnAnswer, "test_starts_cold", ("no answers",)),
    (FirstOfEitherOnly, "test_either_kind_of_evidence_is_enough", ()),
]


@pytest.mark.parametrize(("fault", "test", "arguments"), FAULTS, ids=[f"{f.__name__}-{t}" for f, t, _ in FAULTS])
def test_the_suite_catches(fault, test, arguments, monkeypatch):
    arguments = (monkeypatch,) if arguments is None else arguments
    with pytest.raises((AssertionError, ValueError, AttributeError, TypeError)):
        getattr(StrategySuite(), test)(fault(), *arguments)


def test_the_suite_wants_parameters_to_be_fixed():
    @dataclass
    class Loose:
        needs = either = ()
        context = frozenset()
        about = About("a", "b", "c", "d")

    with pytest.raises(AssertionError):
        StrategySuite().test_is_a_frozen_dataclass_that_says_what_it_needs(Loose())
