"""Open items side by side, to label many at once; and which items must not be labelled so."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from querist._arrays import Rows
from querist.data import Pool
from querist.store.rules import milliseconds
from querist.study.landscape import audited
from querist.tasks import Classification
from querist.web import likeness, show
from querist.web.kept import Kept
from querist.web.likeness import Likeness
from querist.web.models import AnswerGiven, Refused
from querist.web.models_review import GridOfItems, GridRequest, Tile
from querist.web.trouble import Trouble

MOST_WORDS = 240
NOT_SEEN = "the model has not looked at the items yet: label a few, or train, and come back; search works at once"


class Closed(NamedTuple):
    """Why items are not for many hands: bool [N] each."""

    audit: NDArray[np.bool_]
    labelled: NDArray[np.bool_]
    away: NDArray[np.bool_]

    @property
    def any(self) -> NDArray[np.bool_]:
        """Mark the items that are closed for whatever reason."""
        return self.audit | self.labelled | self.away


class Grid:
    """The grid of one study; any number of threads may call."""

    def __init__(self, kept: Kept) -> None:
        self._study, self._ledger, self._seeker, self._catch_up, self._suggests = kept
        self._lock = threading.Lock()
        self._seen: tuple[int, Likeness | None] = (-1, None)
        self._audit: NDArray[np.bool_] = np.zeros(0, bool)

    def show(self, wanted: GridRequest, who: str) -> GridOfItems:
        """Show open items; raises Trouble when there is nothing to go by."""
        self._ledger.read()
        seen = self._likeness()
        closed = self._closed(who, 0 if seen is None else len(seen.places))
        rows, words = self._rows(wanted, seen)
        open_rows = rows[~closed.any[rows]]
        return GridOfItems(
            tiles=[self._tile(int(row), who, seen) for row in open_rows[: wanted.n]],
            total=len(open_rows),
            sentence=words,
            left_out=_left_out(closed, rows),
            sizes=self._sizes(seen, closed),
        )

    def refused(self, who: str, given: Iterable[AnswerGiven]) -> list[Refused]:
        """Say which answers to many items at once cannot be kept: those on items closed since, or of the audit.

        An answer that stands already, and is sent once more, is none of them.
        """
        bulk = [each for each in given if each.bulk and each.kind == "label" and each.item in self._study.pool]
        if not bulk:
            return []
        self._ledger.read()
        bulk = [each for each in bulk if not self._stands(each, who)]
        closed, rows = self._closed(who), self._study.pool.rows([each.item for each in bulk])
        causes = ((each, _cause(closed, row)) for each, row in zip(bulk, rows.tolist(), strict=True))
        return [Refused(uid=each.uid, error=f"item {each.item!r} {cause}") for each, cause in causes if cause]

    def _stands(self, given: AnswerGiven, who: str) -> bool:
        event = self._ledger.standing(given.item, who)
        return event is not None and event.answer.uid == given.uid

    # What is looked for.

    def _rows(self, wanted: GridRequest, seen: Likeness | None) -> tuple[Rows, str]:
        if wanted.by == "ids":
            chosen = dict.fromkeys(wanted.ids)
            there = [id for id in chosen if id in self._study.pool]
            return self._study.pool.rows(there), f"of the {len(chosen):,} that were chosen"
        if wanted.by == "search":
            return self._seeker.rows(wanted.value), f"items with “{wanted.value}”" if wanted.value else "open items"
        if seen is None:
            raise Trouble(409, NOT_SEEN)
        if wanted.by == "class":
            return self._of_class(
                seen, wanted.value
            ), f"items that the model holds for {wanted.value}, the surest first"
        row = int(self._study.pool.rows([wanted.value])[0])
        if row >= len(seen.places):
            raise Trouble(409, f"item {wanted.value!r} is newer than the model: train, then look again")
        return seen.nearest(row), f"items like {wanted.value}, as the model sees them, the nearest first"

    def _of_class(self, seen: Likeness, name: str) -> Rows:
        labels = [str(label) for label in self._study.task.schema["labels"]]
        if name not in labels:
            raise Trouble(400, f"no class is called {name!r}")
        return seen.of_class(labels.index(name))

    # What must not be labelled by many at once.

    def _closed(self, who: str, items: int = 0) -> Closed:
        audit, pool = self._audited(items)
        away = [
            claim.item for claim in self._study.store.leases() if claim.who != who and claim.expires > milliseconds()
        ]
        return Closed(audit, _mask(pool, self._ledger.labelled()), _mask(pool, away))

    def _audited(self, items: int) -> tuple[NDArray[np.bool_], Pool]:
        """Mark the audit's items; the log is read for a search alone, whose sample ends with what was found."""
        held, study = self._study.settings.held, self._study
        with self._catch_up:
            search = held.mode == "sample"
            now = audited(study, items) if search or len(study.pool) < items else None
            pool = study.pool
            if now is not None and search:
                return now, pool
            if len(self._audit) != len(pool):
                self._audit = np.zeros(len(pool), bool) if held.mode == "final" else held.mask(pool)
            return self._audit, pool

    # What is shown.

    def _likeness(self) -> Likeness | None:
        current = self._study.store.published()
        number = 0 if current is None else current.round
        with self._lock:
            if self._seen[0] != number or (self._seen[1] is not None and self._seen[1].round != number):
                found = likeness.read(self._study.store)
                self._seen = (number, found if self._suggests or found is None else likeness.without_word(found))
            return self._seen[1]

    def _sizes(self, seen: Likeness | None, closed: Closed) -> dict[str, int]:
        labels = self._study.task.schema["labels"]
        if seen is None or not isinstance(self._study.task, Classification):
            return {}
        free = seen.predicted[~closed.any[: len(seen.predicted)]]
        counts = np.bincount(free[free >= 0], minlength=len(labels)).tolist()
        return {str(label): count for label, count in zip(labels, counts, strict=True)}

    def _aside(self, item: str, who: str) -> Literal["skip", "unsure"] | None:
        event = self._ledger.standing(item, who)
        kind = None if event is None else event.answer.kind
        return kind if kind in ("skip", "unsure") else None

    def _tile(self, row: int, who: str, seen: Likeness | None) -> Tile:
        pool = self._study.pool
        id = pool.ids[row]
        known = seen is not None and row < len(seen.predicted) and seen.predicted[row] >= 0
        label = self._study.task.schema["labels"][seen.predicted[row]] if seen is not None and known else None
        return Tile(
            id=id,
            text=show.preview(pool, id, MOST_WORDS),
            image=show.link("media", id) if show.is_image(pool) else None,
            predicted=label,
            chance=round(float(seen.chance[row]), 4) if seen is not None and known else None,
            mine=self._aside(id, who),
        )


def _mask(pool: Pool, ids: Iterable[str]) -> NDArray[np.bool_]:
    mask = np.zeros(len(pool), bool)
    mask[pool.rows([id for id in ids if id in pool])] = True
    return mask


def _cause(closed: Closed, row: int) -> str:
    if closed.audit[row]:
        return "belongs to the audit: it is looked at by itself, when it is asked"
    if closed.away[row]:
        return "is with somebody else just now"
    return "has a label meanwhile" if closed.labelled[row] else ""


def _left_out(closed: Closed, rows: Rows) -> str:
    counts = [
        (int(closed.audit[rows].sum()), "of the audit, which are looked at one by one"),
        (int((closed.labelled & ~closed.audit)[rows].sum()), "labelled"),
        (int((closed.away & ~closed.audit & ~closed.labelled)[rows].sum()), "with other people"),
    ]
    parts = [f"{count:,} {words}" for count, words in counts if count]
    return f"not shown: {'; '.join(parts)}" if parts else ""
