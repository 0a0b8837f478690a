"""The conformance suite of learners of spans, for the built-in one and for yours.

In a test file of your own, with pytest installed::

    from querist.testing.spans import SpanLearnerSuite

    class TestMine(SpanLearnerSuite):
        learner = Mine()

It is what ``LearnerSuite`` is for learners of classes: valid evidence at any number of labels, text by text and
repeatably, nothing changed in place, nobody else's chance touched.
"""

from __future__ import annotations

import random
from collections.abc import Mapping
from itertools import pairwise
from typing import Any, ClassVar

import numpy as np
import pytest
from numpy.typing import NDArray

from querist._arrays import Rows
from querist._check import check_view
from querist.errors import BadData, MissingEvidence
from querist.learners import Learner, Predictor, resolve
from querist.tasks._tokens import tokenise
from querist.tasks.spans import Spans
from querist.view import NEEDS, Need, Ragged, View

TASK = Spans(("ORG", "PER"))
_NAMES = {"PER": ("Ann", "Bob", "Eve", "Dan Roe"), "ORG": ("Acme", "Hooli", "Initech Ltd", "Vandelay")}
_FORMS = ("{PER} works for {ORG} .", "{ORG} fires {PER} and hires {PER2} .", "it rains", "yesterday {PER} left")


def make_texts(count: int = 40, *, seed: int = 0) -> tuple[NDArray[np.object_], NDArray[np.object_]]:
    """Make up texts [N] and what a learner reads of their spans, each int64 [S, 3].

    >>> texts, spans = make_texts(2)
    >>> len(texts), spans[0].shape[1]
    (2, 3)
    """
    rng = np.random.default_rng(seed)
    rows = [_text(_FORMS[at % len(_FORMS)], rng) for at in range(count)]
    texts = np.empty(count, object)
    texts[:] = [text for text, _ in rows]
    return texts, TASK.encode([label for _, label in rows])


def _text(form: str, rng: np.random.Generator) -> tuple[str, list[dict[str, Any]]]:
    names = {key: str(rng.choice(_NAMES[key[:3]])) for key in ("PER", "PER2", "ORG") if f"{{{key}}}" in form}
    text = form.format(**names)
    spans: list[dict[str, Any]] = [
        {"start": text.index(n), "end": text.index(n) + len(n), "label": key[:3]} for key, n in names.items()
    ]
    kept: list[dict[str, Any]] = []
    for span in sorted(spans, key=lambda span: span["start"]):
        if not kept or span["start"] >= kept[-1]["end"]:
            kept.append(span)
    return text, kept


class SpanLearnerSuite:
    """What holds for every learner of spans; set ``learner`` to an object, or to a specification."""

    learner: ClassVar[Learner | str]

    @pytest.fixture
    def made(self) -> Learner:
        """Give the learner under test."""
        return resolve(self.learner)[0]

    def train(self, learner: Learner, labelled: int = 20, *, seed: int = 0) -> Predictor:
        """Train on the first texts."""
        texts, spans = make_texts()
        rng = np.random.default_rng(seed)
        return learner.fit(texts[:labelled], spans[:labelled], classes=2, rng=rng, pool=texts)

    def test_declares_itself(self, made: Learner) -> None:
        """It eats texts, gives elements and places, and its specification builds the same again."""
        assert made.eats == "raw"
        assert {"elements", "places"} <= made.provides <= set(NEEDS)
        spec = resolve(made)[1]
        assert spec is None or resolve(spec)[1] == spec

    @pytest.mark.parametrize("labelled", [0, 1, 3, 20])
    def test_gives_what_it_provides(self, made: Learner, labelled: int) -> None:
        """Valid evidence at any number of labels: a distribution over 1 + 2C tags and a place for each token."""
        texts, _ = make_texts()
        model = self.train(made, labelled)
        evidence = model.predict(texts, model.provides)
        assert set(evidence) == model.provides
        check(evidence, texts)
        for need in model.provides:
            assert set(model.predict(texts, {need})) == {need}

    def test_learns(self, made: Learner) -> None:
        """On other texts of the same few forms most spans are found."""
        texts, spans = make_texts(60, seed=1)
        model = self.train(made, 40)
        assert TASK.metrics(spans, model.predict(texts, {"elements", "places"}))["f1"] > 0.8

    @pytest.mark.parametrize("cuts", [(1,), (7, 30), (20, 21, 22)])
    def test_predicts_text_by_text(self, made: Learner, cuts: tuple[int, ...]) -> None:
        """predict(concat) equals concat(predict), whatever the cut."""
        texts, _ = make_texts()
        model = self.train(made)
        parts = [texts[a:b] for a, b in pairwise([0, *cuts, len(texts)])]
        views = [View.of(model.predict(part, model.provides), ids=[""] * len(part)) for part in parts]
        self._same(View.concat(views).evidence(), model.predict(texts, model.provides))

    def test_does_not_mind_the_order_of_texts(self, made: Learner) -> None:
        """A permuted pool has permuted evidence."""
        texts, _ = make_texts()
        model, order = self.train(made), np.random.default_rng(1).permutation(len(texts))
        turned = {need: _take(value, order) for need, value in model.predict(texts, model.provides).items()}
        self._same(model.predict(texts[order], model.provides), turned)

    def test_repeats_itself(self, made: Learner) -> None:
        """The same labels and generator give the same evidence, and asking twice does."""
        texts, _ = make_texts()
        first, second = self.train(made, seed=3), self.train(made, seed=3)
        for other in (first, second):
            for need, value in other.predict(texts, other.provides).items():
                np.testing.assert_array_equal(_flat(value), _flat(first.predict(texts, {need})[need]))

    def test_leaves_the_global_generators_alone(self, made: Learner) -> None:
        """Neither NumPy's nor Python's global generator moves."""
        before = repr(np.random.get_state()), random.getstate()  # noqa: NPY002
        model = self.train(made)
        model.predict(make_texts()[0], model.provides)
        assert (repr(np.random.get_state()), random.getstate()) == before  # noqa: NPY002

    def test_takes_texts_of_any_kind(self, made: Learner) -> None:
        """Empty texts, blanks, one token, emoji, right to left, ten thousand tokens."""
        odd = np.array(["", " \n", "Ann", "😀😀", "محمد يعمل", "东京 で", "a" * 5000, "Bob left . " * 3334], object)
        model = self.train(made)
        evidence = model.predict(odd, model.provides)
        check(evidence, odd)
        assert np.diff(evidence["elements"].starts).tolist()[:3] == [0, 0, 1]

    def test_takes_no_text(self, made: Learner) -> None:
        """No text has evidence of the usual width."""
        model = self.train(made)
        evidence = model.predict(np.empty(0, object), model.provides)
        check(evidence, np.empty(0, object))

    def test_makes_a_new_predictor_while_the_old_one_serves(self, made: Learner) -> None:
        """A later fit changes nothing in the earlier predictor."""
        texts, spans = make_texts()
        old = self.train(made)
        before = old.predict(texts, {"elements"})["elements"].values.copy()
        new = made.fit(texts[20:], spans[20:], classes=2, rng=np.random.default_rng(0), pool=texts, warm=old)
        assert new is not old
        np.testing.assert_array_equal(old.predict(texts, {"elements"})["elements"].values, before)

    def test_keeps_a_place_for_a_class_without_labels(self, made: Learner) -> None:
        """Columns are the task's classes; one that nobody saw is not the best anywhere."""
        texts, spans = make_texts()
        only = np.empty(len(spans), object)
        only[:] = [each[each[:, 2] == 1] for each in spans]
        model = made.fit(texts, only, classes=2, rng=np.random.default_rng(0), pool=texts)
        evidence = model.predict(texts, {"elements", "places"})
        check(evidence, texts)
        assert TASK.metrics(only, evidence)["f1"] > 0.8

    def test_refuses_what_it_cannot_do(self, made: Learner) -> None:
        """Evidence that it does not give, and items that are no texts."""
        model = self.train(made)
        unknown = next(need for need in NEEDS if need not in made.provides)
        with pytest.raises(MissingEvidence, match=f"cannot give {unknown}"):
            model.predict(make_texts()[0], {unknown})
        with pytest.raises(BadData, match="reads texts"):
            model.predict(np.zeros((3, 2)), {"elements"})

    def _same(self, got: Mapping[Need, Any], expected: Mapping[Need, Any]) -> None:
        assert set(got) == set(expected)
        for need, value in expected.items():
            np.testing.assert_allclose(_flat(got[need]), _flat(value), rtol=1e-9, atol=1e-12)
            if isinstance(value, Ragged):
                np.testing.assert_array_equal(got[need].starts, value.starts)


def check(evidence: Mapping[Need, Any], texts: NDArray[np.object_]) -> None:
    """Check evidence on texts as a study would, and that it belongs to their tokens."""
    check_view(View.of(evidence, ids=[f"text_{i:02d}" for i in range(len(texts))]))
    tokens = [tokenise(text) for text in texts.tolist()]
    for need in ("elements", "places"):
        if need in evidence:
            assert np.diff(evidence[need].starts).tolist() == [len(each.parts) for each in tokens]
    if "elements" in evidence:
        values = evidence["elements"].values
        assert values.shape[-1] == 1 + 2 * TASK.classes
        assert (values >= 0).all()
        np.testing.assert_allclose(values.sum(axis=-1), 1.0, atol=1e-9)
    if "places" in evidence:
        places = np.concatenate([np.empty((0, 2)), *(each.offsets for each in tokens)])
        np.testing.assert_array_equal(evidence["places"].values, places)


def _take(value: Any, rows: Rows) -> Any:
    return value.take(rows) if isinstance(value, Ragged) else value[rows]


def _flat(value: Any) -> Any:
    return value.values if isinstance(value, Ragged) else value
