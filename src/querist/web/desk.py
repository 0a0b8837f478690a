"""One study as its labellers see it: items out, answers in. Any number of requests use it at once."""

from __future__ import annotations

import io
import threading
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

from querist.data.images import Images
from querist.errors import BadData, BadInput
from querist.formats import label_format, open_text
from querist.store.protocol import Claim, Counts
from querist.study import Study
from querist.study.loop import LEASE_SECONDS
from querist.tasks import Answer
from querist.web import explain, levels, show, sights, tiles
from querist.web.atlas import Atlas
from querist.web.frames import Frames
from querist.web.grid import Grid
from querist.web.images import Shown, shown
from querist.web.kept import Kept
from querist.web.ledger import Ledger
from querist.web.models import (
    AnswerGiven,
    AnswersTaken,
    Claimed,
    HistoryEntry,
    Item,
    Lease,
    Leases,
    Levels,
    Recorded,
    Refused,
    StatusInfo,
    StudyInfo,
    Suggestion,
    TaskSchema,
    Training,
    Why,
)
from querist.web.models_figures import DashboardInfo
from querist.web.models_files import Imported, Skipped
from querist.web.overview import status_info
from querist.web.reviews import Reviews
from querist.web.rounds import Rounds
from querist.web.seek import Seeker
from querist.web.tiles import Tile
from querist.web.training import Plan, State, Supervisor
from querist.web.trouble import Trouble

GUIDELINES = "web/guidelines"
CHUNK = 500
"""Imported answers in one transaction, so that nobody waits longer than some milliseconds."""
NOTED = ("flag", "comment", "reviewed", "informed")
MOST_TOLD = 200
"""Lines of what an import left out."""


class File(NamedTuple):
    """A file to send."""

    name: str
    data: bytes


class Wish(NamedTuple):
    """How a study is shown: a view of somebody else's, whether suggestions are hidden, and how its map is drawn."""

    view: Path | None = None
    hide_suggestions: bool = False
    map: str = "pca"


AS_IT_IS = Wish()


class Desk:
    """A study, and what is kept beside it so that no request reads the pool or the log whole."""

    def __init__(self, study: Study, name: str, wish: Wish = AS_IT_IS) -> None:
        self.study, self.name, self.wish = study, name, wish
        self._lock = threading.Lock()
        self._ledger = Ledger(study.store, study.task, study.settings.overlap)
        self._rounds = Rounds(study.store)
        self._frames = Frames(study.pool)
        self.reviews = Reviews(study, self._ledger, self.item)
        kept = Kept(study, self._ledger, Seeker(study), self._lock, self._suggests)
        self.grid = Grid(kept)
        self._training = Supervisor(_plan(study, self._news, self._rounds.warm))
        self._training.start()
        self.atlas = Atlas(kept, self._training)

    def close(self) -> None:
        """End the training process; the study stays open."""
        self._training.close()

    def _news(self) -> int:
        self._ledger.read()
        current = self.study.store.published()
        return self._ledger.since(0 if current is None else current.position)

    # What the study is.

    def info(self) -> StudyInfo:
        """Say what the browser must know before the first item."""
        settings, view = self.study.settings, self.wish.view
        schema = dict(self.study.task.schema)
        return StudyInfo(
            name=self.name,
            task=TaskSchema.model_validate({"type": schema["task"], **schema}),
            view="custom" if view is not None else show.view_of(self.study.task, self.study.pool),
            view_url=None if view is None else f"/views/{view.name}",
            guidelines=self.guidelines(),
            suggestions=self._suggests,
            overlap=settings.overlap,
            batch=settings.batch,
        )

    @property
    def _suggests(self) -> bool:
        return self.study.settings.suggestions and not self.wish.hide_suggestions

    def guidelines(self) -> str:
        """Read how to label."""
        return (self.study.store.get(GUIDELINES) or b"").decode()

    def set_guidelines(self, text: str) -> None:
        """Keep how to label."""
        self.study.store.put(GUIDELINES, text.encode())

    # Items out.

    def claim(self, who: str, n: int) -> Claimed:
        """Hand out items, the person's own open ones first; an empty list says what to wait for."""
        claims = self.study.store.claim(who, n, seconds=LEASE_SECONDS, overlap=self.study.settings.overlap)
        self._ledger.read()
        items = [self._item(claim.item, who, claim) for claim in claims]
        counts = self.study.store.counts()
        free = max(counts.open + counts.aside - counts.leased, 0)
        state, message = ("ready", "") if items else self._empty(counts)
        return Claimed.model_validate({"items": items, "state": state, "free": free, "message": message})

    def _empty(self, counts: Counts) -> tuple[str, str]:
        remaining = counts.open + counts.aside
        if not remaining:
            return "done", "every item has a label"
        if self._training.brief[0] == "running":
            return "training", "a new queue is being made"
        if self._training.refusal() is None and self._news() and self._training.brief[0] != "failed":
            self._training.want()
            return "training", "the queue is used up, and a new one is being made"
        if counts.leased >= remaining:
            return "waiting", f"all {remaining} items left are with other people"
        return "waiting", "the queue is used up; " + (self._training.brief[1] or "train to get a new one")

    def _item(self, id: str, who: str, claim: Claim | None) -> Item:
        self._know(id)
        place = self._rounds.place(id) if claim is None else None
        round = claim.round if claim is not None else place.round if place is not None else 0
        row = claim if claim is not None else place.row if place is not None else None
        rank = claim.rank + 1 if claim is not None else place.rank if place is not None else 0
        return Item(
            id=id,
            lease=None if claim is None else claim.token,
            expires=None if claim is None else claim.expires,
            view=show.view_of(self.study.task, self.study.pool),
            data=self._data(round, id),
            suggestion=self._suggestion(round, id) if self._suggests else None,
            why="" if row is None else show.why(row, rank, round),
            audit=row is not None and show.is_audit(row.reason),
            mine=show.standing(self._ledger.standing(id, who), informed=self._ledger.informed(id, who)),
            note=self._ledger.note(id, who),
        )

    def _data(self, round: int, id: str) -> dict[str, Any]:
        """Give what is shown of an item; where a round asks for a part of a text, ``asked`` are the stretches."""
        shown, asked = show.data_of(self.study.pool, id, self._near(id)), self._rounds.get(round).asked.get(id)
        return shown | {"asked": asked} if asked else shown

    def _near(self, id: str) -> list[str]:
        if self._frames.pool is not self.study.pool:  # it has grown
            self._frames = Frames(self.study.pool)
        return self._frames.near(id)

    def _suggestion(self, round: int, id: str) -> Suggestion | None:
        seen = sights.read(self.study.store, round, id) if sights.sees(self.study.task) else None
        return show.suggestion(self._rounds.get(round), id, seen)

    def _know(self, id: str) -> None:
        """Read the items that another process may have added when an id is new; raises UnknownItem."""
        if id not in self.study.pool:
            with self._lock:
                self.study.answers(id)

    def item(self, id: str, who: str) -> Item:
        """Show an item again."""
        self._ledger.read()
        return self._item(id, who, None)

    def extend(self, who: str) -> Leases:
        """Extend a person's leases."""
        store = self.study.store
        store.claim(who, 0, seconds=LEASE_SECONDS, overlap=self.study.settings.overlap)
        mine = [Lease(item=claim.item, expires=claim.expires) for claim in store.leases() if claim.who == who]
        return Leases(leases=mine)

    def release(self, who: str, items: Sequence[str] | None) -> None:
        """Give back a person's items."""
        self.study.store.release(who, items)

    def image(self, id: str, width: int | None, window: tuple[float, float] | None = None) -> Shown:
        """Give the picture of an item, or of a window (centre, width) of its recorded values."""
        self._know(id)
        if not show.is_image(self.study.pool):
            raise Trouble(404, f"item {id!r} is no image")
        try:
            if window is not None:
                return levels.windowed(self._recorded(id), *window)
            return shown(self.study.pool.picture(id), width)
        except BadData:  # its message names places on this machine
            raise Trouble(409, f"the picture of item {id!r} cannot be read: its file is away, or has changed") from None

    def tile(self, id: str, tile: Tile, window: tuple[float, float] | None) -> Shown:
        """Give a part of an item's picture with more of its pixels."""
        self._know(id)
        try:
            found = tiles.drawn(self._recorded(id), tile, window)
        except BadData:
            raise Trouble(409, f"the picture of item {id!r} cannot be read: its file is away, or has changed") from None
        if found is None:
            raise Trouble(404, f"the picture of item {id!r} has no tile {tile.x}, {tile.y} of level {tile.level}")
        return found

    def levels(self, id: str) -> Levels:
        """Give the range of an image's recorded values."""
        self._know(id)
        try:
            return levels.levels(self._recorded(id))
        except BadData:
            raise Trouble(409, f"the picture of item {id!r} cannot be read: its file is away, or has changed") from None

    def _recorded(self, id: str) -> Images:
        pool = self.study.pool
        if pool.kind != "image":
            raise Trouble(404, f"item {id!r} has no recorded values: it is no image file")
        found: Images = pool.items[pool.rows([id])]
        return found

    def why(self, id: str) -> Why:
        """Say why an item was asked."""
        self._know(id)
        self._ledger.read()
        told = explain.tell(self.study, self._rounds, self._ledger, id)
        return told if self._suggests else told.model_copy(update={"probs": None})

    # Answers in.

    def record(self, who: str, given: Sequence[AnswerGiven]) -> AnswersTaken:
        """Record answers in one transaction; when some are refused, the good ones one by one."""
        refused = self.grid.refused(who, given)
        out = {each.uid for each in refused}
        answers = [_answer(who, each) for each in given if each.uid not in out]
        try:
            positions = self._record(answers)
        except BadInput:
            taken = self._one_by_one(answers)
            return AnswersTaken(recorded=taken.recorded, refused=[*refused, *taken.refused])
        done = [Recorded(uid=a.uid or "", position=at) for a, at in zip(answers, positions, strict=True)]
        return AnswersTaken(recorded=done, refused=refused)

    def _record(self, answers: Sequence[Answer]) -> list[int]:
        for answer in answers:
            self._know(answer.item)
        return self.study.record(answers)

    def _one_by_one(self, answers: Sequence[Answer]) -> AnswersTaken:
        recorded, refused = [], []
        for answer in answers:
            uid = answer.uid or ""
            try:
                recorded.append(Recorded(uid=uid, position=self._record([answer])[0]))
            except BadInput as error:
                refused.append(Refused(uid=uid, error=str(error)))
        return AnswersTaken(recorded=recorded, refused=refused)

    def history(self, who: str, n: int) -> list[HistoryEntry]:
        """List what a person said, newest first."""
        self._ledger.read()
        return [show.entry(self.study.pool, event) for event in self._ledger.history(who, n)]

    # The overview.

    def status(self) -> StatusInfo:
        """Say where the study stands."""
        self._ledger.read()
        return status_info(self.study, self._rounds, self._ledger, self._training.state())

    def dashboard(self) -> DashboardInfo:
        """Give the figures of the dashboard, those of ``Study.dashboard``."""
        with self._lock:
            return DashboardInfo.model_validate(self.study.dashboard().facts())

    def train(self) -> State:
        """Train now."""
        refusal = self._training.refusal()
        if refusal is not None:
            raise Trouble(409, refusal)
        return self._training.want()

    def training(self) -> Training:
        """Say what the training process does."""
        return self._training.state()

    @property
    def trainer_pid(self) -> int | None:
        """The number of the training process, None without one."""
        return self._training.pid

    def pulse(self) -> tuple[int, tuple[State, str], tuple[int, int]]:
        """Give what live pages are told of: the round, what training does, labelled and remaining items."""
        counts = self.study.store.counts()
        return self._rounds.current(), self._training.brief, (counts.answered, counts.open + counts.aside)

    # Labels out and in.

    def export(self, form: str) -> File:
        """Write the labels in a format."""
        writer = label_format(form)
        text = io.StringIO(newline="")
        writer.write_labels(list(self.study.rows()), text)
        return File(f"labels{writer.about.suffixes[0]}", text.getvalue().encode())

    def take_in(self, path: Path, form: str, who: str) -> Imported:
        """Record the answers of a file, in the person's name where it names nobody."""
        read = label_format(form).read_labels(open_text(path))
        good: list[Answer] = []
        skipped: list[Skipped] = []
        for answer in read:
            answer = replace(answer, who=answer.who or who)
            try:
                self._check(answer)
                good.append(answer)
            except BadInput as error:
                skipped.append(Skipped(where=answer.item, why=str(error)))
        for start in range(0, len(good), CHUNK):
            taken = good[start : start + CHUNK]
            self._record(taken)
        return Imported(imported=len(good), skipped=skipped[:MOST_TOLD])

    def _check(self, answer: Answer) -> None:
        self._know(answer.item)
        if answer.kind == "label":
            self.study.check(answer.item, answer.label)


def _answer(who: str, given: AnswerGiven) -> Answer:
    said = ((name, getattr(given, name)) for name in NOTED)
    note = {name: what for name, what in said if what is not None}
    label = {"label": given.label, "note": note}.get(given.kind)
    return Answer(given.item, label, given.kind, who, given.seconds, lease=given.lease, uid=given.uid)


def _plan(study: Study, news: Callable[[], int], after: Callable[[], None]) -> Plan:
    settings, where = study.settings, getattr(study.store, "where", None)
    refusal = ""
    if where is None:
        refusal = "this study is in memory, where no other process can train it: call study.step()"
    elif settings.learner is None or settings.strategy is None:
        what = "learner" if settings.learner is None else "strategy"
        name = settings.learner_text if settings.learner is None else settings.strategy_text
        refusal = (
            f"the {what} {name} was given as an object, which another process cannot build: "
            "train with study.step() where you have it"
        )
        where = None
    return Plan(where, refusal, settings.batch, news, after)
