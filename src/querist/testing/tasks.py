"""What every task must hold to: a conformance suite for pytest."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np
import pytest
from numpy.typing import NDArray

from querist._query import resolve as resolve_strategy
from querist.errors import BadLabel
from querist.learners import resolve as resolve_learner
from querist.strategies.protocol import evidence_for
from querist.tasks import Answer, Label, Suggestion, Task, from_schema
from querist.view import Evidence, Ragged

ROWS = 60


class TaskSuite:
    """Check a task against its protocol: subclass it in a test module, with a task and labels to try.

    ``labels`` are canonical labels, at least one; ``strangers`` are not labels of the task. ``evidence`` gives
    predictions on N rows, random probabilities unless a task overrides it, and ``truth`` what is right of them.
    ``loss_metric`` names the metric whose error the losses average; default: the first. ``plain`` is false where a
    label is more than one class.

    ::

        class TestMine(TaskSuite):
            task = Mine(("a", "b"))
            labels = ["a", "b"]
            strangers = ["c", None]
    """

    task: ClassVar[Task]
    labels: ClassVar[Sequence[Label]]
    strangers: ClassVar[Sequence[Label]]
    loss_metric: ClassVar[str | None] = None
    plain: ClassVar[bool] = True

    def evidence(self, size: int) -> Evidence:
        """Make evidence on some rows."""
        rng = np.random.default_rng(5)
        return {"probs": rng.dirichlet(np.ones(self.task.classes), size)}

    def truth(self, size: int) -> NDArray[Any]:
        """Make true codes of some rows."""
        return np.random.default_rng(6).integers(self.task.classes, size=size)

    def _said(self, *labels: Label) -> list[Answer]:
        return [Answer("item", label, who=f"person-{i}") for i, label in enumerate(labels)]

    def test_check_keeps_canonical_labels(self) -> None:
        """A canonical label is its own canonical form."""
        for label in self.labels:
            assert self.task.check(label) == label
            assert type(self.task.check(label)) is type(label)

    def test_check_refuses_strangers(self) -> None:
        """A label of another task is an error that names it."""
        for label in self.strangers:
            with pytest.raises(BadLabel) as caught:
                self.task.check(label)
            assert repr(label) in str(caught.value)

    def test_encode_gives_codes(self) -> None:
        """Codes are int64, from 0 to C − 1, one a label, and different labels have different codes."""
        codes = self.task.encode(list(self.labels))
        assert len(codes) == len(self.labels)
        assert len(self.task.encode([])) == 0
        if not self.plain:
            return
        assert codes.dtype == np.int64
        assert codes.shape == (len(self.labels),)
        assert self.task.encode([]).shape == (0,)
        assert ((codes >= 0) & (codes < self.task.classes)).all()
        assert len(set(codes.tolist())) == len(self.labels)

    def test_schema_builds_the_task_again(self) -> None:
        """The schema is JSON, and the task built from it is equal."""
        assert from_schema(json.loads(json.dumps(self.task.schema))) == self.task

    def test_merge_of_nothing_is_none(self) -> None:
        """No answer, and answers without a label, give no label."""
        assert self.task.merge([]) is None
        assert self.task.merge([Answer("item", kind="skip"), Answer("item", kind="unsure", who="ann")]) is None

    def test_merge_of_agreement_is_that_label(self) -> None:
        """Where all agree, so does the merge, however many they are."""
        for label in self.labels:
            for people in (1, 2, 3):
                assert self.task.merge(self._said(*[label] * people)) == label

    def test_merge_counts_the_latest_answer_of_a_person(self) -> None:
        """Who changes their mind has one vote; who takes it back has none."""
        first, last = self.labels[0], self.labels[-1]
        changed = [Answer("item", first, who="ann"), Answer("item", last, who="ann")]
        assert self.task.merge(changed) == last
        assert self.task.merge([changed[0], Answer("item", kind="retract", who="ann")]) is None

    def test_decode_suggests_a_label_of_the_task(self) -> None:
        """A suggestion is a canonical label, and its confidence a probability or None."""
        for row in range(5):
            said = self.task.decode(self.evidence(5), row)
            assert isinstance(said, Suggestion)
            assert self.task.check(said.label) == said.label
            assert said.confidence is None or 0.0 <= said.confidence <= 1.0

    def test_decode_without_prediction_is_none(self) -> None:
        """Evidence that predicts nothing suggests nothing."""
        assert self.task.decode({}, 0) is None
        assert self.task.decode({"embed": np.zeros((1, 2))}, 0) is None

    def test_losses_have_one_value_a_row(self) -> None:
        """Losses are finite, at least 0, and their mean is the error of the first metric."""
        evidence, truth = self.evidence(ROWS), self.truth(ROWS)
        losses = self.task.losses(truth, evidence)
        assert losses.dtype == np.float64
        assert losses.shape == (ROWS,)
        assert (losses >= 0).all()
        metrics = self.task.metrics(truth, evidence)
        mean = next(iter(metrics.values())) if self.loss_metric is None else metrics[self.loss_metric]
        assert losses.mean() == pytest.approx(1 - mean, abs=1e-12)

    def test_metrics_do_not_depend_on_the_order_of_rows(self) -> None:
        """Metrics are floats and the same for the rows in another order."""
        evidence, truth = self.evidence(ROWS), self.truth(ROWS)
        order = np.random.default_rng(7).permutation(ROWS)
        turned: Evidence = {
            name: value.take(order) if isinstance(value, Ragged) else value[order] for name, value in evidence.items()
        }
        found = self.task.metrics(truth, evidence)
        assert found
        assert all(type(value) is float for value in found.values())
        assert self.task.metrics(truth[order], turned) == pytest.approx(found, rel=1e-12)

    def test_inputs_are_not_changed(self) -> None:
        """Metrics and losses leave their arguments as they were."""
        evidence, truth = self.evidence(ROWS), self.truth(ROWS)
        arrays = {name: value.values if isinstance(value, Ragged) else value for name, value in evidence.items()}
        before = {name: value.copy() for name, value in arrays.items()}
        self.task.metrics(truth, evidence)
        self.task.losses(truth, evidence)
        assert all((value == before[name]).all() for name, value in arrays.items())

    def test_names_the_classes_of_a_label(self) -> None:
        """Every class named is one of the schema's."""
        for label in self.labels:
            assert set(self.task.named(label)) <= set(self.task.schema["labels"])

    def test_says_what_a_study_of_it_starts_with(self) -> None:
        """The default learner and strategies are registered, and fit each other."""
        learner = resolve_learner(self.task.learner)[0]
        for name in (self.task.strategy, *self.task.compared):
            rule = resolve_strategy(name)[0]
            assert evidence_for(rule, name, learner.provides) <= learner.provides

    def test_cost_and_units(self) -> None:
        """A label costs something, in a unit with a name, and an item has at least one askable part."""
        assert self.task.unit
        assert all(self.task.cost(label) > 0 for label in self.labels)
        assert len(self.task.units("item")) >= 1
