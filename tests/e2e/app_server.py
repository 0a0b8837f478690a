"""The labelling app as people run it: a process of its own, killed and started again on the same port."""

from __future__ import annotations

import io
import json
import multiprocessing
import os
import socket
import sys
import time
from collections.abc import Sequence
from contextlib import chdir, redirect_stdout
from dataclasses import dataclass, field
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any
from urllib.request import urlopen

from querist import Study
from querist.cli import run

STARTED_WITHIN = 60.0
OUTPUT, LOG = "server.out", "server.log"


def querist(folder: Path, *arguments: object) -> str:
    """Run a command in ``folder``, in this process, and give what it wrote to standard output."""
    output = io.StringIO()
    with chdir(folder), redirect_stdout(output):
        code = run([str(argument) for argument in arguments])
    assert code == 0, f"querist {arguments} ended with {code}"
    return output.getvalue()


def answers_of(folder: Path, study: str) -> dict[str, list[dict[str, Any]]]:
    """Read every answer of a study from its export, by item; all but the time, which an import sets anew."""
    rows = map(json.loads, querist(folder, "export", study, "--format", "jsonl").splitlines())
    return {row["id"]: [{**one, "at": None} for one in row["labels"]] for row in rows if row["labels"]}


def ids_of(folder: Path, study: str) -> list[str]:
    """Read the ids of all items of a study."""
    with chdir(folder), Study.open(study) as opened:
        return list(opened.pool.ids)


def labels_of(folder: Path, study: str) -> dict[str, Any]:
    """Read the labels of a study from its export, by item: what was skipped or left unsure has none."""
    answers = answers_of(folder, study).items()
    return {item: given[-1]["value"] for item, given in answers if given[-1]["status"] == "final"}


_STARTS = multiprocessing.get_context("forkserver" if sys.platform == "linux" else "spawn")
if sys.platform == "linux":  # what a server imports is imported once, in a process that does nothing else
    _STARTS.set_forkserver_preload(["querist.cli.label", "querist.web.run", "querist.web.server", "querist.web.app"])


def _serve(folder: Path, arguments: Sequence[str], environment: dict[str, str]) -> None:
    """Be `querist label` in a folder, with streams of its own."""
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    for number, name in ((1, OUTPUT), (2, LOG)):
        with open(name, "ab") as file:
            os.dup2(file.fileno(), number)
    streams = [open(number, "w", 1, "utf-8", closefd=False) for number in (1, 2)]  # noqa: SIM115 - theirs is the process's life
    sys.stdout, sys.stderr = streams
    sys.exit(run(["label", *arguments]))


def _environment() -> dict[str, str]:
    return {**os.environ, "NO_COLOR": "1", "QUERIST_WHO": "ann", "QUERIST_OFFLINE": "1", "PYTHONUNBUFFERED": "1"}


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass
class AppServer:
    """``querist label`` on a port of its own. ``url`` is a link that works once."""

    folder: Path
    arguments: Sequence[object]
    port: int = field(default_factory=_free_port)
    url: str = ""
    _process: BaseProcess | None = None

    @property
    def origin(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def log(self) -> str:
        """What the server wrote to standard error."""
        return (self.folder / LOG).read_text(encoding="utf-8")

    def start(self) -> AppServer:
        """Start it, or start it again on the same port."""
        (self.folder / OUTPUT).write_bytes(b"")
        arguments = [*map(str, self.arguments), "--no-browser", "--port", str(self.port)]
        self._process = _STARTS.Process(target=_serve, args=(self.folder, arguments, _environment()), daemon=True)
        self._process.start()
        self.url = self._told()
        assert self.url.startswith(self.origin), f"the server did not start: {self.log}"
        self._wait_until_it_answers()
        return self

    def _told(self) -> str:
        """Give the first line that it prints, "" when it ends without one."""
        assert self._process is not None
        end = time.monotonic() + STARTED_WITHIN
        while "\n" not in (said := (self.folder / OUTPUT).read_text(encoding="utf-8")):
            if time.monotonic() > end or not self._process.is_alive():
                return said
            time.sleep(0.02)
        return said.splitlines()[0]

    def _wait_until_it_answers(self) -> None:
        end = time.monotonic() + STARTED_WITHIN
        while time.monotonic() < end:
            try:
                with urlopen(f"{self.origin}/static/icon.svg", timeout=5):
                    return
            except OSError:
                time.sleep(0.05)
        raise AssertionError(f"the server does not answer: {self.log}")

    def kill(self) -> None:
        """End it as a power cut would, without a chance to tidy up."""
        assert self._process is not None
        self._process.kill()
        self._reap()

    def stop(self) -> None:
        """End it as Ctrl-C does."""
        if self._process is None:
            return
        self._process.terminate()
        self._process.join(timeout=15)
        if self._process.is_alive():
            self._process.kill()
        self._reap()

    def _reap(self) -> None:
        assert self._process is not None
        self._process.join(timeout=15)
        self._process.close()
        self._process = None
