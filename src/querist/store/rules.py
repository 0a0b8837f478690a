"""What every store agrees on: the states of an item, what may be kept, and how it is written as JSON."""

from __future__ import annotations

import json
import math
import time
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any, NamedTuple, TypeAlias, get_args

from querist.errors import BadInput, BadLabel, UnknownItem, near
from querist.store.protocol import Ranking
from querist.tasks.protocol import Answer, Kind

Clock: TypeAlias = Callable[[], int]
"""Tells the time in milliseconds since 1970."""

KINDS = frozenset(get_args(Kind))
SET_ASIDE = frozenset({"skip", "unsure"})
LONGEST_HINT = 1_000
"""Ids compared with an unknown one: the search for near names is slow on long lists."""
_PLAIN = frozenset({str, int, bool, type(None)})


def milliseconds() -> int:
    """Tell the time in milliseconds since 1970.

    >>> milliseconds() > 1_700_000_000_000
    True
    """
    return time.time_ns() // 1_000_000


def shift(before: str | None, after: str | None) -> tuple[int, int]:
    """Say by how much the people who labelled an item, and who set it aside, change with one person's answer.

    ``before`` and ``after`` are the kind of the person's standing answer, None for none.

    >>> shift(None, "label"), shift("skip", "label"), shift("label", None)
    ((1, 0), (1, -1), (-1, 0))
    """
    return (after == "label") - (before == "label"), (after in SET_ASIDE) - (before in SET_ASIDE)


def standing(answer: Answer) -> str | None:
    """Name the kind of answer that stands after this one: none after a retract. A note is no answer in this sense.

    >>> standing(Answer("a", kind="unsure"))
    'unsure'
    """
    return None if answer.kind == "retract" else answer.kind


def kept_rows(info: Mapping[str, Any], reach: int) -> int:
    """Count the rows of a replaced ranking that stay: its batch, and all down to the last one handed out.

    ``info["batch"]`` says how long the batch was, nothing when it is absent; ``reach`` rows were handed out.

    >>> kept_rows({"batch": 10}, 3), kept_rows({}, 3)
    (10, 3)
    """
    batch = info.get("batch")
    return max(batch, reach) if isinstance(batch, int) else reach


def check_text(what: str, value: str) -> None:
    """Refuse text that a database cannot keep; raises BadInput."""
    if "\0" in value:
        raise BadInput(f"{what} must not hold the character NUL: got {value!r}")
    try:
        value.encode()
    except UnicodeEncodeError as error:
        raise BadInput(f"{what} must be valid Unicode: got {value!r} ({error.reason})") from None


def check_items(items: Iterable[tuple[str, int]]) -> None:
    """Refuse ids that cannot be kept, and keys that are not 64-bit digests; raises BadInput."""
    for id, key in items:
        check_text("an item's id", id)
        if not 0 <= key < 2**64:
            raise BadInput(f"the key of item {id!r} must be a 64-bit digest, 0 … 2⁶⁴ − 1: got {key}")


def check_claim(n: int, seconds: float, overlap: int) -> None:
    """Refuse a claim that makes no sense; raises BadInput."""
    if n < 0:
        raise BadInput(f"n must be 0 or more: got {n}")
    if not 0 < seconds < math.inf:
        raise BadInput(f"seconds must be positive and finite: got {seconds}")
    if overlap < 1:
        raise BadInput(f"overlap must be 1 or more: got {overlap}")


def check_hold(seconds: float) -> None:
    """Refuse to hold a lock for a time that makes no sense; raises BadInput."""
    if not 0 <= seconds < math.inf:
        raise BadInput(f"seconds must be finite, 0 to free the lock: got {seconds}")


def check_answer(answer: Answer) -> None:
    """Refuse an answer that cannot be kept, whatever its label; raises BadInput."""
    if answer.kind not in KINDS:
        raise BadInput(f"no answer is of the kind {answer.kind!r}: {near(str(answer.kind), KINDS)}")
    check_text("who", answer.who)
    for what, number in (("seconds", answer.seconds), ("cost", answer.cost)):
        if number is not None and not math.isfinite(number):
            raise BadInput(f"{what} of an answer must be a finite number: item {answer.item!r} has {number}")
    for what, text in (("lease", answer.lease), ("uid", answer.uid)):
        if text is not None:
            check_text(what, text)
    if answer.kind == "note":
        check_note(answer)
    if answer.uid == "":
        raise BadInput(
            f"uid must not be empty: the answer on item {answer.item!r} has ''; leave it out, or make one up"
        )


def check_note(answer: Answer) -> None:
    """Refuse a note that says nothing, or anything but a flag, a comment and what a review was; raises BadInput.

    >>> check_note(Answer("a", {"flag": True}, "note"))
    """
    said = answer.label
    kinds = {"flag": bool, "comment": str, "reviewed": bool, "informed": bool}
    good = isinstance(said, dict) and said and all(type(said[name]) is kinds.get(name) for name in said)
    if not good:
        raise BadInput(
            'a note must be {"flag": true or false, "comment": "…", "reviewed": true or false, "informed": true or '
            f"false}}, or some of these: item {answer.item!r} has {said!r}"
        )
    check_text("a comment", said.get("comment", ""))


class Sent(NamedTuple):
    """What makes a repeated sending the same answer: its item, author, kind and label as JSON."""

    item: str
    who: str
    kind: str
    label: str | None

    @staticmethod
    def of(answer: Answer) -> Sent:
        """Take from an answer what a repetition shares."""
        return Sent(answer.item, answer.who, answer.kind, encode_label(answer))


def check_same(uid: str, known: Sent, given: Sent) -> None:
    """Refuse a uid that another answer has: taking it for a repetition would lose an answer. Raises BadInput."""
    if known != given:
        raise BadInput(
            f"uid {uid!r} belongs to another answer, {known.kind} on item {known.item!r} by {known.who!r}: "
            f"got {given.kind} on item {given.item!r} by {given.who!r}; give every answer a uid of its own"
        )


def encode_label(answer: Answer) -> str | None:
    """Write a label as JSON, None for none; raises BadLabel.

    >>> encode_label(Answer("a", "Käfer")), encode_label(Answer("a", kind="skip"))
    ('"K\\\\u00e4fer"', None)
    """
    if answer.label is None:
        return None
    try:
        return json.dumps(answer.label, allow_nan=False)
    except (TypeError, ValueError) as error:
        raise BadLabel(
            f"the label of item {answer.item!r} cannot be kept as JSON: {error}; "
            "give plain strings, numbers, lists or mappings"
        ) from None


def plain(answer: Answer) -> Answer:
    """Give the answer with its label as it reads back from JSON, sharing nothing that can change; raises BadLabel.

    >>> plain(Answer("a", ("x", 1))).label
    ['x', 1]
    """
    if type(answer.label) in _PLAIN:
        return answer
    text = encode_label(answer)
    return answer if text is None else replace(answer, label=json.loads(text))


def check_ranking(ranking: Ranking) -> str:
    """Refuse a ranking that cannot be published; give its info as JSON, keys sorted. Raises BadInput. Cost O(N)."""
    seen: set[str] = set()
    for place in ranking.queue:
        if place.item in seen:
            raise BadInput(f"a ranking must list an item once: {place.item!r} occurs twice")
        if math.isnan(place.value):
            raise BadInput(f"a value in a ranking must be a number: item {place.item!r} has {place.value}")
        seen.add(place.item)
    try:
        return json.dumps(dict(ranking.info), allow_nan=False, sort_keys=True)
    except (TypeError, ValueError) as error:
        raise BadInput(f"the info of a ranking must be JSON: {error}") from None


def unknown(items: Sequence[str], known: Collection[str]) -> UnknownItem:
    """Make the error for ids that are not in the study, naming the first."""
    more = f" (and {len(items) - 1} more)" if len(items) > 1 else ""
    return UnknownItem(f"no item has the id {items[0]!r}{more}: {near(items[0], known)}")
