"""The tag schemes of chunks: IOB1, IOB2, BILOU and BIOES; detected by proof, never guessed, and brought to IOB2."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Literal, NamedTuple, TypeAlias

from querist.errors import BadData

UNSEEN = "_"
"""The tag of a token that nobody looked at."""

Scheme: TypeAlias = Literal["IOB1", "IOB2", "BILOU", "BIOES"]


class Tag(NamedTuple):
    """A tag where it stands: its letter, its class ("" outside), where to find it, and whether a sentence begins."""

    letter: str
    label: str
    where: str
    first: bool


class Proof(NamedTuple):
    """A tag that only one scheme allows there."""

    scheme: Scheme
    tag: Tag
    why: str


def parse_tag(text: str, where: str, *, first: bool) -> Tag:
    """Read one tag; raises BadData.

    >>> parse_tag("B-PER", "line 1", first=True)[:2]
    ('B', 'PER')
    """
    letter, dash, label = text.partition("-")
    if text in ("O", UNSEEN):
        return Tag(text, "", where, first)
    if letter not in tuple("BILUES") or not dash or not label:
        raise BadData(
            f"{where}: the tag, in the last column, must be O or B-, I-, L-, U-, E- or S- with a class: got {text!r}; "
            "take other columns away, or write the tags last"
        )
    return Tag(letter, label, where, first)


SLIPS = 100
"""Proofs of one scheme for each contradiction that is taken for a slip of the pen."""


def scheme_of(tags: Sequence[Tag], notes: list[str] | None = None) -> Scheme:
    """Find the scheme that the tags prove; IOB2 where nothing is proved, since then all schemes read the same.

    ``I-X`` where no X goes before proves IOB1, ``B-X`` there proves IOB2; L or U prove BILOU, E or S BIOES. Raises
    BadData when the proofs contradict each other; fewer than one slip in ``SLIPS`` of I-X in IOB2 begins a chunk, and
    ``notes`` takes a line that says so.

    >>> scheme_of([parse_tag("O", "line 1", first=True), parse_tag("I-X", "line 2", first=False)])
    'IOB1'
    """
    found: dict[Scheme, list[Proof]] = {}
    for proof in _proofs(tags):
        found.setdefault(proof.scheme, []).append(proof)
    ends = [found[name] for name in ("BILOU", "BIOES") if name in found]
    proofs = [each[0] for each in ends or found.values()]
    if not ends and SLIPS * len(found.get("IOB1", ())) < len(found.get("IOB2", ())):
        if notes is not None:
            slips = found.get("IOB1", [])
            notes += [f"{p.tag.where}: I-{p.tag.label} {p.why}: taken as the beginning of a span" for p in slips]
        return "IOB2"
    if len(proofs) > 1:
        (one, a, why), (other, b, also) = proofs[:2]
        raise BadData(
            f"the tags are of no one scheme: {a.where}: {a.letter}-{a.label} {why}, as only {one} has it; {b.where}: "
            f"{b.letter}-{b.label} {also}, as only {other} has it; mend the wrong one"
        )
    return proofs[0].scheme if proofs else "IOB2"


def _proofs(tags: Sequence[Tag]) -> Iterator[Proof]:
    before = ""
    for tag in tags:
        previous = "" if tag.first else before
        if tag.letter in "LU":
            yield Proof("BILOU", tag, "ends a chunk")
        elif tag.letter in "ES":
            yield Proof("BIOES", tag, "ends a chunk")
        elif tag.letter in "BI" and previous != tag.label:
            yield Proof("IOB2" if tag.letter == "B" else "IOB1", tag, f"follows no {tag.label}")
        before = tag.label


def to_iob2(tags: Sequence[Tag], scheme: Scheme) -> list[str]:
    """Write tags in IOB2; raises BadData where a chunk of BILOU or BIOES is broken off or not begun.

    >>> to_iob2([parse_tag("I-X", "line 1", first=True), parse_tag("B-X", "line 2", first=False)], "IOB1")
    ['B-X', 'B-X']
    """
    if scheme in ("BILOU", "BIOES"):
        _check_closed(tags)
    begins = {"BILOU": "BU", "BIOES": "BS"}.get(scheme, "B")
    found, before = [], ""
    for tag in tags:
        previous = "" if tag.first else before
        begin = tag.letter in begins or previous != tag.label
        found.append(tag.letter if not tag.label else f"{'B' if begin else 'I'}-{tag.label}")
        before = tag.label
    return found


def _check_closed(tags: Sequence[Tag]) -> None:
    """Check that each chunk is begun by B and ended by L or E before another begins."""
    opened: Tag | None = None
    for tag in tags:
        starts = tag.first or tag.letter in "OBUS_"
        if starts and opened is not None:
            raise BadData(f"{opened.where}: the chunk of {opened.label} is not ended; end it with L- or E-")
        if tag.letter not in "OBUS_" and (opened is None or opened.label != tag.label):
            raise BadData(
                f"{tag.where}: {tag.letter}-{tag.label} goes on with a chunk that no B-{tag.label} has begun; mend it"
            )
        opened = tag if tag.letter in "BI" else None
    if opened is not None:
        raise BadData(f"{opened.where}: the chunk of {opened.label} is not ended; end it with L- or E-")
