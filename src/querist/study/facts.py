"""What a study tells about itself: queries, steps, status."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from html import escape
from typing import Any

from querist.store import Store
from querist.store.protocol import Claim, Counts, Published
from querist.study.known import Known
from querist.study.settings import Settings
from querist.tasks import Label


@dataclass(frozen=True)
class Query:
    """One item handed out: what to show, what the model thinks, why it was chosen.

    ``confidence`` is the model's probability that its suggestion is right; ``acquisition`` is how much the strategy
    expects to learn, and no probability. ``round`` names the model that chose and suggested. ``asked`` are the
    stretches [start, end] of a text that are asked for; None: all of it.
    """

    id: str
    data: Any
    suggestion: Label | None
    confidence: float | None
    acquisition: float
    reason: str
    lease: str
    round: int
    asked: list[list[int]] | None = None

    @staticmethod
    def of(claim: Claim, data: Any, said: Mapping[str, Any]) -> Query:
        """Put together what was claimed, what it shows, and what the model said of the items of its round."""
        label, confidence, asked = said.get(claim.item, (None, None, None))
        return Query(claim.item, data, label, confidence, claim.value, claim.reason, claim.token, claim.round, asked)


class Suggested:
    """What a round said of the items of its queue, read from the store once."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._read: tuple[int, Mapping[str, Any]] = (0, {})

    def of(self, round: int) -> Mapping[str, Any]:
        """Give the label, the confidence and the stretches that are asked by item."""
        if self._read[0] != round:
            said = json.loads(self._store.get(f"suggestions/{round}") or b"{}")
            asked = json.loads(self._store.get(f"asked/{round}") or b"{}")
            found = {id: (*said.get(id, (None, None)), asked.get(id)) for id in {**said, **asked}}
            self._read = (round, found)
        return self._read[1]


@dataclass(frozen=True)
class Step:
    """What one step did; ``fresh`` is False when the round was there already for this log position."""

    round: int
    position: int
    labels: int
    strategy: str
    fit_seconds: float
    query_seconds: float
    fresh: bool = True

    def facts(self) -> dict[str, Any]:
        """Give the step as JSON."""
        return asdict(self)


@dataclass(frozen=True)
class Status:
    """Where a study stands; ``seen`` is the log position that the current model has seen."""

    items: int
    labelled: int
    aside: int
    leased: int
    remaining: int
    classes: dict[str, int]
    round: int
    position: int
    seen: int
    learner: str
    strategy: str
    batch: int
    version: str
    estimates: tuple[dict[str, Any], ...] = ()
    """The metrics of the current model from the audit, each with its interval and its sentence; none without one."""
    advice: dict[str, Any] | None = None
    """What the default stopping rule says: ``stop`` and its ``sentence``; None without an audit."""
    saved: dict[str, Any] | None = None
    """How many random labels each label was worth, with an interval; None without an audit, or where training is slow:
    ``Study.labels_saved()`` then tells it."""
    annotators: tuple[dict[str, Any], ...] = ()
    """How often each person is right, judged by the others, with an interval and a sentence; none before two people
    have labelled one item."""
    representation: dict[str, Any] | None = None
    """How much of its representation a network kept in the last round: ``cka``, from 1 (the same) to 0, and its
    ``sentence``; None for a model whose representation never moves, and before there are two."""

    def facts(self) -> dict[str, Any]:
        """Give the status as JSON."""
        return asdict(self)

    def sentence(self) -> str:
        """Say it in one sentence."""
        behind = self.position - self.seen
        news = f"; {behind} {'answer' if behind == 1 else 'answers'} since the last step" if behind else ""
        return f"{self.labelled} of {self.items} items labelled, {self.leased} out, round {self.round}{news}"

    def html(self) -> str:
        """Show it in a notebook."""
        most = max([*self.classes.values(), 1])
        rows = "".join(_bar(name, count, most) for name, count in self.classes.items())
        facts = escape(f"{self.learner} + {self.strategy}, batch {self.batch}")
        return (
            '<div style="font:15px/22px system-ui,sans-serif;max-width:32em">'
            f"<strong>{escape(self.sentence())}</strong><br>{facts}"
            f'<table style="border-collapse:collapse;margin-top:8px">{rows}</table></div>'
        )


def status_of(settings: Settings, known: Known, *, counts: Counts, current: Published | None) -> Status:
    """Put the status together from what the store and the log say."""
    tally = Counter(str(name) for label in known.labels.values() for name in known.task.named(label))
    return Status(
        items=len(known.pool),
        labelled=counts.answered,
        aside=counts.aside,
        leased=counts.leased,
        remaining=counts.open + counts.aside,
        classes={str(label): tally[str(label)] for label in known.task.schema["labels"]},
        round=0 if current is None else current.round,
        position=known.position,
        seen=0 if current is None else current.position,
        learner=settings.learner_text,
        strategy=settings.strategy_text,
        batch=settings.batch,
        version=settings.version,
        estimates=() if current is None else tuple(current.info.get("estimates", ())),
        advice=None if current is None else current.info.get("advice"),
        saved=None if current is None else current.info.get("saved"),
        annotators=_annotators(known),
        representation=None if current is None else current.info.get("representation"),
    )


def _annotators(known: Known) -> tuple[dict[str, Any], ...]:
    found = {} if known.crowd is None else known.crowd.qualities()
    return tuple({"who": who, **quality.facts()} for who, quality in found.items())


def _bar(name: str, count: int, most: int) -> str:
    width = 160 * count // most
    bar = f'<div style="background:#0072B2;height:10px;border-radius:2px;width:{width}px"></div>'
    return (
        f'<tr><td style="padding:0 8px;text-align:left">{escape(name)}</td>'
        f'<td style="padding:0 8px;text-align:right">{count}</td><td style="text-align:left">{bar}</td></tr>'
    )
