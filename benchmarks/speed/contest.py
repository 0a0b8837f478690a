"""Measure ours and the peers of a row: each in its own process, call by call in turn."""

from __future__ import annotations

import contextlib
import json
import os
import selectors
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from speed.cases import OURS, Case, Peer
from speed.setup import BENCHMARKS, python_of

WARM, CALLS, MOST = 5, 5, 25
SETTLE = 0.03
"""Seconds between two calls: threads of the other process stop spinning."""


@dataclass(frozen=True)
class Patience:
    """Seconds for the first call of a package, and for all its other calls with ours in between."""

    first: float
    rest: float
    until: float
    """The time on the clock at which no further package is started."""
    compile: bool = True
    """Whether to measure the first call of a second process as well, which finds the kernels compiled."""


@dataclass
class Times:
    """What was measured of one contestant; ``failed`` says why there is nothing."""

    name: str
    rival: bool = True
    first: float | None = None
    compiled: float | None = None
    """Seconds of the first call with nothing in Numba's cache."""
    calls: list[float] = field(default_factory=list)
    ours: list[float] = field(default_factory=list)
    bare: list[float] = field(default_factory=list)
    peak: int | None = None
    rows: list[int] = field(default_factory=list)
    failed: str = ""
    cold: bool = False

    @property
    def median(self) -> float | None:
        """Give the median seconds of a call."""
        return statistics.median(self.calls) if self.calls else None


class Stopped(Exception):
    """A worker gave no answer; the message says why."""


class Worker:
    """A process that holds one package and its arrays."""

    def __init__(self, peer: Peer, log: Path, cache: str | None = None) -> None:
        python = python_of(peer.module) if peer.package else Path(sys.executable)
        self.log = log.open("ab")
        own = {"NUMBA_CACHE_DIR": cache} if cache else {}
        self.process = subprocess.Popen(
            [str(python), "-m", "speed.worker"], cwd=BENCHMARKS, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=self.log, env={**os.environ, "PYTHONWARNINGS": "ignore", **own},
        )  # fmt: skip

    def ask(self, command: Mapping[str, Any], seconds: float) -> dict[str, Any]:
        """Send a command and wait for the answer; raises Stopped when it fails or takes longer."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        with contextlib.suppress(BrokenPipeError):
            self.process.stdin.write(json.dumps(command).encode() + b"\n")
            self.process.stdin.flush()
        with selectors.DefaultSelector() as ready:
            ready.register(self.process.stdout, selectors.EVENT_READ)
            if not ready.select(seconds):
                self.close()
                raise Stopped(f"did not finish in {seconds:.0f} s")
        line = self.process.stdout.readline()
        if not line:
            raise Stopped(f"the process ended ({self.process.wait()})")
        answer: dict[str, Any] = json.loads(line)
        if "failed" in answer:
            raise Stopped(answer["failed"])
        return answer

    def close(self) -> None:
        """End the process."""
        self.process.kill()
        self.process.wait()
        for stream in (self.process.stdin, self.process.stdout, self.log):
            if stream is not None:
                with contextlib.suppress(BrokenPipeError):
                    stream.close()


def contest(case: Case, peers: Sequence[Peer], folder: Path, patience: Patience) -> tuple[Times, list[Times]]:
    """Measure ours alone, then ours and each peer in turn; cost: the calls."""
    ours, found = Times(OURS.name), []
    with tempfile.TemporaryDirectory(prefix="numba-") as cache:
        worker = Worker(OURS, _log(folder), cache)
        try:
            worker.ask(_preparation(case, OURS, folder), 300)
            _alone(worker, ours, patience)
            found = [_duel(case, peer, folder, worker=worker, patience=patience) for peer in peers]
            if patience.compile and (ours.compiled or 0) < patience.rest:
                ours.first = _from_cache(case, folder, cache, patience)
        except Stopped as reason:
            ours.failed = str(reason)
        finally:
            worker.close()
    return ours, found


def _log(folder: Path) -> Path:
    return folder.parents[1] / "workers.log"


def _from_cache(case: Case, folder: Path, cache: str, patience: Patience) -> float:
    """Measure the first call of a process that finds its kernels compiled."""
    worker = Worker(OURS, _log(folder), cache)
    try:
        worker.ask(_preparation(case, OURS, folder), 300)
        return float(worker.ask({"do": "call"}, 10 * patience.first)["seconds"])
    finally:
        worker.close()


def _alone(worker: Worker, ours: Times, patience: Patience) -> None:
    """Take the first call, the memory, and calls 6 and later with and without the checks.

    A call that takes longer than the patience for all is made once.
    """
    answer = worker.ask({"do": "call", "peak": True}, 10 * patience.first)
    ours.compiled, ours.rows, ours.peak = answer["seconds"], answer["rows"], answer.get("peak")
    if answer["seconds"] > patience.rest:
        ours.calls, ours.cold = [answer["seconds"]], True
        return
    answer = worker.ask({"do": "call", "peak": True}, 10 * patience.first)
    ours.peak = answer.get("peak")
    count, warm = _plan(answer["seconds"], patience.rest / 2)
    ours.cold = warm < WARM
    for turn in range(2, warm + count):
        seconds = worker.ask({"do": "call"}, 10 * patience.first)["seconds"]
        if turn >= warm:
            ours.calls.append(seconds)
            ours.bare.append(worker.ask({"do": "bare"}, 10 * patience.first)["seconds"])
    if not ours.calls:
        ours.calls.append(answer["seconds"])


def _duel(case: Case, peer: Peer, folder: Path, *, worker: Worker, patience: Patience) -> Times:
    times = Times(peer.name, peer.rival)
    if time.monotonic() > patience.until:
        times.failed = "not tried: the time is up"
        return times
    if peer.package and not python_of(peer.module).exists():
        times.failed = "not installed: make bench-setup"
        return times
    other = Worker(peer, _log(folder))
    try:
        other.ask(_preparation(case, peer, folder), 180)
        _take_turns(other, worker, times, patience=patience)
    except Stopped as reason:
        times.failed = "" if times.calls else str(reason)
    finally:
        other.close()
    return times


def _take_turns(other: Worker, worker: Worker, times: Times, *, patience: Patience) -> None:
    answer = other.ask({"do": "call", "peak": True}, patience.first)
    times.first, times.rows, times.peak = answer["seconds"], answer["rows"], answer.get("peak")
    own = worker.ask({"do": "call"}, 10 * patience.first)["seconds"]
    count, warm = _plan(answer["seconds"] + own, patience.rest)
    times.cold = warm < WARM
    for turn in range(1, warm + count):
        time.sleep(SETTLE)
        seconds = other.ask({"do": "call"}, 2 * patience.first)["seconds"]
        time.sleep(SETTLE)
        own = worker.ask({"do": "call"}, 10 * patience.first)["seconds"]
        if turn >= warm:
            times.calls.append(seconds)
            times.ours.append(own)
    if not times.calls:
        times.calls, times.ours = [answer["seconds"]], [own]


def _plan(seconds: float, budget: float) -> tuple[int, int]:
    """Say how many calls to measure and how many to make before: 5 and 5 where the time allows."""
    affordable = int(budget / max(seconds, 1e-6))
    if affordable >= WARM + CALLS:
        return min(MOST, affordable - WARM, max(CALLS, int(2 / seconds))), WARM
    return max(1, affordable - 1), min(1, affordable)


def _preparation(case: Case, peer: Peer, folder: Path) -> dict[str, Any]:
    memory = int(0.8 * os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")) if hasattr(os, "sysconf") else 2**34
    told = {"do": "prepare", "peer": peer.module, "task": peer.task, "folder": str(folder.resolve())}
    return {**told, "n": case.n, "seed": 0, "options": case.settings(), "memory": memory}
