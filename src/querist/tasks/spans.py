"""Spans of a text, each of one class: named entities, for example."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, ClassVar, TypeAlias

import numpy as np
from numpy.typing import NDArray

from querist._arrays import Floats, to_numpy
from querist.errors import BadInput, BadLabel
from querist.tasks._asked import Parts, are_all, check_inside, grown, joined, parts_of, stretches, touches
from querist.tasks._bio import ASKED, UNSEEN, spans_of, tags_of
from querist.tasks._classes import OfClasses, as_class, in_order
from querist.tasks._tokens import text_of, tokenise
from querist.tasks.protocol import Answer, Label, Suggestion
from querist.view import Evidence

Span: TypeAlias = dict[str, Any]
"""``{"start", "end", "label"}``: the first character, the one after the last, the class."""


@dataclass(frozen=True)
class Spans(OfClasses):
    """Spans of C classes in a text; a label is a list of ``{"start", "end", "label"}``, which may be empty.

    Where only a part of the text was looked at, the label is ``{"spans": that list, "asked": [[start, end], …]}``: of
    the rest it says nothing, and nothing is learnt. A span at the edge of a stretch is marked as a whole, and its
    stretch grows to it; where the stretches hold every token, the label is the plain list.

    Offsets count code points from 0, the end is exclusive; spans are kept in order and never overlap. A triple
    ``[start, end, label]`` is read too. Models see tokens: a span takes the tokens that it touches. Raises BadInput as
    Classification does.

    >>> task = Spans(("ORG", "PER"))
    >>> task.check([{"start": 4, "end": 8, "label": "PER"}, [0, 3, "ORG"]])
    [{'start': 0, 'end': 3, 'label': 'ORG'}, {'start': 4, 'end': 8, 'label': 'PER'}]
    """

    kind: ClassVar[str] = "spans"
    called: ClassVar[str] = "a task of spans"
    unit: ClassVar[str] = "tokens"
    learner: ClassVar[str] = "crf"
    strategy: ClassVar[str] = "mnlp"
    compared: ClassVar[tuple[str, ...]] = ("random", "mnlp", "token-entropy")

    @staticmethod
    def from_labels(labels: Iterable[Label | None]) -> Spans:
        """Make the task of the classes that occur, sorted; None is no label.

        >>> Spans.from_labels([[], None, [[0, 2, "ORG"]]]).labels
        ('ORG',)
        """
        listed = (parts_of(label).spans for label in labels if label is not None)
        found = {as_class(_read(span, at)["label"]) for spans in listed for at, span in enumerate(spans)}
        return Spans(in_order(found))

    def check(self, label: Label, item: Any = None) -> Label:
        """Give the spans in order, with the stretches that were looked at where these are not everything.

        With the item, its text also says whether they lie inside it. Raises BadLabel that says which is wrong, and how:
        no list, an end that is not behind its start, an unknown class, a place outside the text, two that overlap, a
        span outside what was asked.

        >>> Spans(("PER",)).check([[4, 4, "PER"]])
        Traceback (most recent call last):
        ...
        querist.errors.BadLabel: span 1 must end behind its start: got start 4, end 4
        """
        listed, asked = parts_of(label)
        spans = [self._checked(span, at) for at, span in enumerate(listed)]
        if isinstance(item, str):
            _check_inside(spans, text_of(item))
            check_inside(asked or (), text_of(item))
        spans.sort(key=lambda span: span["start"])
        _check_apart(spans)
        if asked is None:
            return spans
        asked = grown(asked, spans)
        whole = isinstance(item, str) and are_all(asked, tokenise(item).offsets)
        return spans if whole else {"spans": spans, "asked": asked}

    def _checked(self, span: Any, at: int) -> Span:
        found = _read(span, at)
        label = self._named(found["label"], f"span {at + 1}: ")
        return {**found, "label": label}

    def within(self, label: Label, asked: Sequence[Sequence[int]], item: Any = None) -> Label:
        """Cut a label down to what it says of some stretches: as somebody answers who is asked for these alone.

        >>> Spans(("ORG", "PER")).within([[0, 3, "ORG"], [4, 8, "PER"], [9, 12, "PER"]], [[5, 7]])
        {'spans': [{'start': 4, 'end': 8, 'label': 'PER'}], 'asked': [[4, 8]]}
        """
        only = stretches(asked)
        spans = [span for span in parts_of(self.check(label)).spans if touches(span["start"], span["end"], only)]
        return self.check({"spans": spans, "asked": only}, item)

    def merge(self, answers: Sequence[Answer]) -> Label | None:
        """Keep the spans that more than half of the people marked who looked there, with the same ends and class.

        Each person's latest answer counts once. A span that just half marked stays where the earliest of these people
        marked it: so spans of the merge never overlap, since two that do have no person in common. None when no
        label is left.

        >>> said = [[[0, 3, "ORG"]], [[0, 3, "ORG"], [4, 8, "PER"]], [[4, 8, "PER"]]]
        >>> task = Spans(("ORG", "PER"))
        >>> [span["start"] for span in task.merge([Answer("i", s, who=str(k)) for k, s in enumerate(said)])]
        [0, 4]
        """
        given: dict[str, Parts] = {}
        for answer in answers:
            given.pop(answer.who, None)
            if answer.kind == "label":
                given[answer.who] = parts_of(self.check(answer.label))
        if not given:
            return None
        kept = list(_agreed(list(given.values())))
        seen = [each.asked for each in given.values() if each.asked is not None]
        whole = len(seen) < len(given)
        return self.check(kept if whole else {"spans": kept, "asked": joined(s for asked in seen for s in asked)})

    def encode(self, labels: Sequence[Label]) -> NDArray[np.object_]:
        """Code each label as int64 [S, 3] (start, end, class); an object array [L]. Raises BadLabel.

        Where a part of the text was looked at, rows of the class −1 are the stretches; without them all of it was.
        """
        coded = np.empty(len(labels), object)
        for row, label in enumerate(labels):
            spans, asked = parts_of(self.check(label))
            rows = [(start, end, ASKED) for start, end in asked or ()]
            rows += [(s["start"], s["end"], self._code[s["label"]]) for s in spans]
            coded[row] = np.array(rows, np.int64).reshape(-1, 3)
        return coded

    def named(self, label: Label) -> list[str | int]:
        """Name the class of each span."""
        return [span["label"] for span in parts_of(label).spans]

    def decode(self, evidence: Evidence, row: int) -> Suggestion | None:
        """Suggest the spans that the most probable tag of each token makes.

        Needs elements [M, 1 + 2C] (or [M, K, 1 + 2C], averaged over K), the tag probabilities of the tokens, and places
        [M, 2], their offsets. The confidence is the probability of the best labelling, from paths; None without.
        """
        if evidence.get("elements") is None or evidence.get("places") is None:
            return None
        rows = np.array([row])
        one: Evidence = {name: evidence[name].take(rows) for name in ("elements", "places")}
        spans = [
            {"start": start, "end": end, "label": self.labels[code]} for start, end, code in predicted(one)[0].tolist()
        ]
        paths = evidence.get("paths")
        best = None if paths is None else float(np.exp(to_numpy(paths.take(rows).values)[0]))
        return Suggestion(spans, None if best is None else min(best, 1.0))

    def losses(self, truth: NDArray[np.object_], evidence: Evidence) -> Floats:
        """Count 1 for each item with a span missing, wrong or too many, else 0; float64 [N]. Its mean is 1 − exact."""
        wrong = [not np.array_equal(a, b) for a, b in _compared(truth, evidence)]
        return np.array(wrong, np.float64)

    def metrics(self, truth: NDArray[np.object_], evidence: Evidence) -> dict[str, float]:
        """Compute f1, precision and recall of spans, and the share of items that are exact; {} on no rows.

        A span is right when start, end and class are: the counts of the CoNLL script, summed over items and classes.
        Where nothing is there to be right, f1 is 0. Of a text that was looked at in part, only what was predicted there
        counts. Cost O(M·C).
        """
        if len(truth) == 0:
            return {}
        sets = [(set(map(tuple, a.tolist())), set(map(tuple, b.tolist()))) for a, b in _compared(truth, evidence)]
        right = sum(len(a & b) for a, b in sets)
        there, found = sum(len(a) for a, _ in sets), sum(len(b) for _, b in sets)
        return {
            "f1": 2 * right / max(1, there + found),
            "precision": right / max(1, found),
            "recall": right / max(1, there),
            "exact": sum(a == b for a, b in sets) / len(sets),
        }

    def cost(self, label: Label, item: Any = None) -> float:
        """Count the tokens that were looked at, at least one; 1 where the item is not known."""
        if not isinstance(item, str):
            return 1.0
        if parts_of(label).asked is None:
            return float(max(1, len(tokenise(item).parts)))
        tags = tags_of(self.encode([label])[0], tokenise(item).offsets)
        return max(1.0, float((tags != UNSEEN).sum()))

    def units(self, item: str) -> tuple[str, ...]:
        """Ask a text as a whole."""
        return (item,)


def predicted(evidence: Evidence) -> list[NDArray[np.int64]]:
    """Give the spans [S, 3] that the evidence predicts of each item. Raises BadInput when it predicts nothing."""
    elements, places = evidence.get("elements"), evidence.get("places")
    if elements is None or places is None:
        raise BadInput(f"a prediction of spans needs elements and places: got {', '.join(evidence) or 'nothing'}")
    probs = to_numpy(elements.values)
    probs = probs.mean(axis=1) if probs.ndim == 3 else probs
    spans, item = spans_of(probs.argmax(axis=1), to_numpy(places.values), elements.starts)
    return np.split(spans, np.searchsorted(item, np.arange(1, len(elements))))


def _compared(truth: NDArray[np.object_], evidence: Evidence) -> Iterator[tuple[NDArray[np.int64], NDArray[np.int64]]]:
    """Give the true and the predicted spans of each item, without those predicted where nobody looked."""
    for rows, said in zip(truth, predicted(evidence), strict=True):
        asked = rows[rows[:, 2] == ASKED, :2].tolist()
        there = [touches(start, end, asked) for start, end, _ in said.tolist()] if asked else slice(None)
        yield rows[rows[:, 2] != ASKED], said[there]


def _agreed(given: Sequence[Parts]) -> Iterator[Span]:
    """Give the spans that most of the people marked who looked there; of just half, if the earliest of these did."""
    for span in {(s["start"], s["end"], s["label"]): s for each in given for s in each.spans}.values():
        there = [p for p in given if p.asked is None or touches(span["start"], span["end"], p.asked)]
        votes = [span in p.spans for p in there]
        if 2 * sum(votes) + votes[0] > len(votes):
            yield span


def _check_apart(spans: Sequence[Span]) -> None:
    for left, right in pairwise(spans):
        if right["start"] < left["end"]:
            raise BadLabel(
                f"spans must not overlap: {_said(left)} and {_said(right)} share characters "
                f"{right['start']} to {min(left['end'], right['end'])}; shorten or remove one"
            )


def _read(span: Any, at: int) -> Span:
    if isinstance(span, list | tuple) and len(span) == 3:
        span = dict(zip(("start", "end", "label"), span, strict=True))
    if not isinstance(span, Mapping) or not {"start", "end", "label"} <= span.keys():
        raise BadLabel(f'span {at + 1} must have "start", "end" and "label": got {span!r}')
    start, end = _whole(span, "start", at), _whole(span, "end", at)
    if start < 0:
        raise BadLabel(f"span {at + 1} must start at 0 or later: got start {start}")
    if end <= start:
        raise BadLabel(f"span {at + 1} must end behind its start: got start {start}, end {end}")
    return {"start": start, "end": end, "label": span["label"]}


def _whole(span: Mapping[str, Any], name: str, at: int) -> int:
    value = span[name]
    if isinstance(value, bool) or not isinstance(value, int | np.integer):
        raise BadLabel(f"span {at + 1}: {name} must be a whole number of characters: got {value!r}")
    return int(value)


def _check_inside(spans: Sequence[Span], text: str) -> None:
    for span in spans:
        if span["end"] > len(text):
            raise BadLabel(
                f"{_said(span)} lies outside the text, which has {len(text)} characters; count code points, not bytes"
            )


def _said(span: Span) -> str:
    return f"span {span['start']}–{span['end']} ({span['label']})"
