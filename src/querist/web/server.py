"""What one server holds: its place, its sessions, its uploads, and the study once there is one."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from querist.data import Dataset, load
from querist.learners import resolve as resolve_learner
from querist.store import MemoryStore
from querist.study import Study
from querist.tasks import TASKS
from querist.web import bombs
from querist.web.auth import Auth
from querist.web.desk import AS_IT_IS, Desk, Wish
from querist.web.folder import Folder
from querist.web.models import StudyInfo
from querist.web.models_files import Preview, PreviewRequest, Reading, Skipped, StudyRequest
from querist.web.place import Place
from querist.web.show import plain
from querist.web.trouble import Trouble
from querist.web.uploads import ARCHIVE, Uploads, check_ending

SAMPLE = 20
MOST_LABELS = 1_000
MOST_TOLD = 200


class Server:
    """The state behind the requests; ``desk`` is None until a study is opened."""

    def __init__(
        self, place: Place, *, desk: Desk | None = None, root: Path | None = None, wish: Wish = AS_IT_IS
    ) -> None:
        self.place, self.desk, self.root, self.wish = place, desk, root, wish
        self.folder, self.uploads = Folder(root), Uploads()
        self.store = MemoryStore() if desk is None else desk.study.store
        self.auth = Auth(self.store)
        self.over = False
        self.looked = 0.0
        self.seen: tuple[Any, ...] | None = None

    @staticmethod
    def closed() -> Server:
        """Give a server without a study: enough to describe the requests."""
        return Server(Place())

    @property
    def cookie(self) -> str:
        """The name of the session's cookie."""
        return self.place.cookie

    def close(self) -> None:
        """End what runs, and remove what came in."""
        self.over = True
        self.uploads.close()
        if self.desk is not None:
            self.desk.close()

    # A new study.

    def preview(self, given: PreviewRequest) -> Preview:
        """Look into data."""
        _check_task(given.task)
        source = self._source(given)
        found = load(source, **_columns(given))
        ids = found.pool.ids[:SAMPLE]
        sample = [{"id": id, **plain(found.pool.media(id).data)} for id in ids]
        return Preview(
            rows=len(found),
            kind=found.pool.kind,
            columns=_column_names(found),
            sample=sample,
            labels=_labels_in(found),
            skipped=[_skipped(line) for line in found.skipped[:MOST_TOLD]],
            warnings=list(found.pool.about.get("notes", ())),
        )

    def _source(self, given: Reading) -> Path:
        if (given.upload is None) == (given.path is None):
            raise Trouble(400, "say where the data are: an upload, or a path under the folder of this server")
        if given.upload is not None:
            return self.uploads.path(given.upload)
        path = self.folder.inside(given.path or "")
        if path.is_file():
            check_ending(path.name)
            bombs.check(path)
        return path

    def create(self, given: StudyRequest) -> StudyInfo:
        """Make a study and open it."""
        if self.desk is not None:
            raise Trouble(409, f"this server shows {self.desk.name!r}: start another one for another study")
        _check_task(given.task)
        path = self.folder.study(given.name)
        learner = None if given.learner is None else resolve_learner(given.learner, dotted=False)[0]
        options: dict[str, Any] = {"batch": given.batch} if given.batch is not None else {}
        with _lasting(self._source(given), path, moved=given.upload is not None) as source:
            study = Study.create(
                path, load(source, **_columns(given)), task=given.task, labels=given.labels or None,
                learner=learner, strategy=given.strategy, **options,
            )  # fmt: skip
        return self._open(study, path)

    def _open(self, study: Study, path: Path) -> StudyInfo:
        self.desk = Desk(study, path.stem, self.wish)
        self.auth.move(study.store)
        return self.desk.info()


@contextmanager
def _lasting(source: Path, study: Path, *, moved: bool) -> Iterator[Path]:
    """Keep an uploaded archive beside the study: images are read from it when somebody looks at them."""
    if not moved or source.suffix.lower() != ARCHIVE:
        yield source
        return
    kept = study.with_suffix(f".images{ARCHIVE}")
    done = False
    try:
        shutil.copyfile(source, kept)
        yield kept
        done = True
    finally:
        if not done:
            kept.unlink(missing_ok=True)


def _check_task(task: str) -> None:
    if task not in TASKS:
        raise Trouble(400, f"no task is called {task!r}: known are {', '.join(TASKS)}")


def _columns(given: Reading) -> dict[str, Any]:
    return {name: value for name in ("text", "label", "id") if (value := getattr(given, name)) is not None}


def _column_names(found: Dataset) -> list[str]:
    """List the columns of a table, those that play a part first; other data have none."""
    roles = found.pool.about.get("columns", {})
    parts = [name for part in ("id", "text", "label", "group") if (name := roles.get(part)) is not None]
    records = found.pool.records if roles else None
    # A record calls its text "text", whatever the column is called.
    shown = [name for name in (records[0] if records else ()) if name != "text" or roles.get("text") is None]
    return list(dict.fromkeys([*parts, *shown]))


def _labels_in(found: Dataset) -> list[str | int]:
    """List the classes among the labels, as far as they are plain ones."""
    plain_ones = {label for label in found.labels or () if isinstance(label, str | int)}
    return sorted(plain_ones, key=lambda label: (isinstance(label, str), label))[:MOST_LABELS]


def _skipped(line: str) -> Skipped:
    where, colon, why = line.partition(": ")
    return Skipped(where=where, why=why) if colon else Skipped(where="", why=line)
