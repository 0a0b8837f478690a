"""The review queues as the app shows them: from the log as it is now, and from labels that the trainer judged."""

from __future__ import annotations

import sys
import threading
import traceback
from collections.abc import Callable

from querist.errors import QueristError
from querist.study import Study
from querist.study import review as queues
from querist.study.suspects import PLACE, Suspects, refusal, stored
from querist.tasks.crowd import Crowd
from querist.web.ledger import Ledger
from querist.web.models import Item, Suggestion
from querist.web.models_review import Opinion, ReviewItem, ReviewKind, ReviewQueue

FITS = 5
LONGEST = 20.0
"""Seconds that the trainer spends on judging labels after a round, so that the next round need not wait."""


def judge(study: Study) -> None:
    """Judge the labels after a step, in the trainer; where the model takes long to train, say who can."""
    current = study.store.published()
    if current is None or refusal(study.task, study.learner):
        return
    seconds = current.info["step"]["fit_seconds"]
    try:
        if FITS * seconds <= LONGEST:
            study.review("label-errors")
        elif stored(study.store) is None:
            study.store.put(PLACE, Suspects(current.position, 0, cause=_too_long(seconds)).dump())
    except QueristError as error:  # the queue of before stays
        print(error, file=sys.stderr, flush=True)
    except Exception:  # a learner of somebody else's may raise anything, and training goes on
        traceback.print_exc()


def _too_long(seconds: float) -> str:
    return (
        f"not judged yet: the model takes {seconds:.0f} s to train, and judging takes {FITS} trainings; run "
        "`querist review STUDY` when it suits, and the queue appears here"
    )


class Reviews:
    """The queues of one study. The log is read event by event; any number of threads may call."""

    def __init__(self, study: Study, ledger: Ledger, item: Callable[[str, str], Item]) -> None:
        self._study, self._ledger, self._item = study, ledger, item
        self._lock = threading.Lock()
        self._looks = queues.Looks()
        self._found: tuple[bytes | None, Suspects | None] = (None, None)
        self._judged: tuple[int, Crowd | None] = (0, None)

    def queue(self, kind: ReviewKind, who: str, n: int) -> ReviewQueue:
        """Give the first items of a queue, and how many each queue holds."""
        self._ledger.read()
        with self._lock:
            self._looks.read(self._study.store.events(self._looks.position))
            found = {each: self._queue(each) for each in queues.KINDS}
        asked = found[kind]
        items = [self._shown(doubt, who) for doubt in asked.doubts[:n]]
        counts: dict[str, int] = {each: len(queue.doubts) for each, queue in found.items()}
        return ReviewQueue(kind=kind, items=items, counts=counts, sentence=asked.sentence, behind=asked.behind)

    def _queue(self, kind: str) -> queues.Queue:
        standing = queues.Standing(self._study.task, self._ledger.label, self._crowd)
        return queues.queue(kind, self._looks, standing, self._suspects())

    def _suspects(self) -> Suspects | None:
        raw = self._study.store.get(PLACE)
        if raw is None:
            cause = refusal(self._study.task, self._study.learner)
            return Suspects(0, 0, cause=cause) if cause else None
        if raw != self._found[0]:
            self._found = (raw, Suspects.parse(raw))
        return self._found[1]

    def _crowd(self) -> Crowd | None:
        """Judge the people, anew once there are 2 % more answers on items that several answered."""
        shared, before = self._looks.shared, self._judged[0]
        if shared > before + before // 50:
            self._judged = (shared, self._looks.crowd(self._study.task))
        return self._judged[1]

    def _shown(self, doubt: queues.Doubt, who: str) -> ReviewItem:
        item = self._item(doubt.item, who)
        if doubt.kind == "label-errors":
            item = item.model_copy(update={"suggestion": _suggestion(doubt)})
        said = [Opinion.model_validate({"who": a.who, "kind": a.kind, "label": a.label}) for a in doubt.said]
        return ReviewItem(
            item=item, kind=doubt.kind, score=doubt.score, reason=doubt.reason, label=doubt.label, said=said,
            other=doubt.other, chance=doubt.chance, own=doubt.own,
        )  # fmt: skip


def _suggestion(doubt: queues.Doubt) -> Suggestion:
    return Suggestion(
        label=doubt.other, confidence=doubt.chance, seen=None, round=0, age_seconds=0.0, strategy="review"
    )
