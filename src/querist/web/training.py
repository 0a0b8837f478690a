"""The server's side of training: one process, begun with the first answer, kept warm, begun again when it dies."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import IO, Any, Literal

from querist.errors import QueristError
from querist.store.rules import milliseconds
from querist.web.models import Training

State = Literal["idle", "running", "failed"]
LOG_LINES = 50
ATTEMPTS = 2
"""How often a step is tried when its process dies under it."""


class TrainerDied(Exception):
    """The training process is gone, and has not said why."""


class Process:
    """One training process."""

    def __init__(self, where: str, log: deque[str]) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "querist.web.trainer", "-"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            encoding="utf-8",
        )
        assert self._process.stderr is not None
        self._log = threading.Thread(target=_keep, args=(self._process.stderr, log), daemon=True)
        self._log.start()
        self._tell(where)
        self._ready = False

    @property
    def pid(self) -> int:
        """The number of the process."""
        return self._process.pid

    def alive(self) -> bool:
        """Say whether it still runs."""
        return self._process.poll() is None

    def ask(self, what: str) -> dict[str, Any]:
        """Let it take a step, or draw the map, and wait for its answer; raises TrainerDied."""
        if not self._ready:
            self._hear()
            self._ready = True
        self._tell(what)
        return self._hear()

    def _tell(self, line: str) -> None:
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(line + "\n")
            self._process.stdin.flush()
        except OSError:
            raise TrainerDied from None

    def _hear(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            self.end()
            raise TrainerDied
        found: dict[str, Any] = json.loads(line)
        return found

    def end(self) -> None:
        """End it, whatever it does: what it has not published, nobody misses."""
        self._process.kill()
        self._process.wait()
        self._log.join()
        for stream in (self._process.stdin, self._process.stdout, self._process.stderr):
            assert stream is not None
            with suppress(OSError):  # a line that it never read
                stream.close()


def _keep(stream: IO[str], log: deque[str]) -> None:
    for line in stream:
        log.append(line.rstrip("\n"))


@dataclass(frozen=True)
class Plan:
    """When to train: the study's place (None: no other process can open it, for the ``refusal``), and what is due.

    ``news`` counts the answers since the last step; ``after`` is called when a round has been made.
    """

    where: str | None
    refusal: str
    batch: int
    news: Callable[[], int]
    after: Callable[[], None] = lambda: None


class Supervisor:
    """Trains in another process when enough answers have come, or on request; a thread of its own waits for it."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._log: deque[str] = deque(maxlen=LOG_LINES)
        self._process: Process | None = None
        self._state: State = "idle"
        self._message = plan.refusal
        self._since = milliseconds()
        self._failed_at = -1
        self._wanted = False
        self._map_wanted, self._map_error = False, ""
        self._wake, self._over = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True, name="training")

    def start(self) -> None:
        """Begin to look after the study."""
        if self._plan.where is not None:
            self._thread.start()

    def state(self) -> Training:
        """Say what the training process does."""
        return Training(state=self._state, since=self._since, message=self._message, log=list(self._log))

    @property
    def brief(self) -> tuple[State, str]:
        """The state and its message."""
        return self._state, self._message

    @property
    def pid(self) -> int | None:
        """The number of the training process, None without one."""
        return None if self._process is None else self._process.pid

    def refusal(self) -> str | None:
        """Say why this study cannot be trained from here; None when it can."""
        return self._plan.refusal if self._plan.where is None else None

    def want(self) -> State:
        """Train as soon as may be, and say so."""
        if self._plan.where is not None:
            self._wanted = True
            self._set("running", "training is about to begin")
            self._wake.set()
        return self._state

    def want_map(self) -> None:
        """Draw the map as soon as may be."""
        self._map_wanted = True
        self._wake.set()

    @property
    def drawing(self) -> tuple[bool, str]:
        """Whether a map is wanted or being drawn, and why the last one was not."""
        return self._map_wanted, self._map_error

    def close(self) -> None:
        """End the training process."""
        self._over.set()
        self._wake.set()
        process = self._process
        if process is not None:
            process.end()
        if self._thread.is_alive():
            self._thread.join(timeout=5)

    def _set(self, state: State, message: str) -> None:
        if state != self._state:
            self._since = milliseconds()
        self._state, self._message = state, message

    def _run(self) -> None:
        while not self._over.is_set():
            self._wake.wait(0.25)
            self._wake.clear()
            try:
                self._look()
            except (QueristError, OSError) as error:  # the database was busy, or no process could be started
                self._set("failed", str(error))

    def _look(self) -> None:
        news = self._plan.news()
        if news and self._process is None and not self._over.is_set():
            self._ensure()  # it reads the study meanwhile
        if self._wanted or self._due(news):
            self._wanted = False
            self._train(news)
        if self._map_wanted and not self._over.is_set():
            self._draw()

    def _due(self, news: int) -> bool:
        """Say whether to train by itself; after a failure, only once there is something new to learn from."""
        return news >= self._plan.batch and news != self._failed_at

    def _train(self, news: int) -> None:
        self._set("running", f"training on {news} new answers" if news else "training")
        for _ in range(ATTEMPTS):
            try:
                said = self._ensure().ask("step")
            except TrainerDied:
                self._process = None
                said = {"error": "the training process died; the end of its log is below"}
                if self._over.is_set():
                    return
                continue
            break
        if "error" in said:
            self._failed_at = news
            self._set("failed", f"{said['error']}; the earlier queue keeps serving")
            return
        self._failed_at = -1
        self._plan.after()
        self._set("idle", f"round {said['round']}: trained on {said['labels']} labels in {said['seconds']} s")

    def _draw(self) -> None:
        try:
            said = self._ensure().ask("map")
        except TrainerDied:
            self._process = None
            said = {"error": "the training process died while it drew the map; the end of its log is below"}
        self._map_error = str(said.get("error", ""))
        self._map_wanted = False

    def _ensure(self) -> Process:
        if self._process is None or not self._process.alive():
            if self._process is not None:
                self._process.end()
            assert self._plan.where is not None
            self._process = Process(self._plan.where, self._log)
        return self._process
