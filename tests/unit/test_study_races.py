"""Many processes ask and tell at once on one SQLite study: nothing handed out twice, nothing lost, no lock seen."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from querist.data import Pool
from querist.study import Study

WORKER = Path(__file__).with_name("race_worker.py")


def start(path: Path, who: str) -> subprocess.Popen[str]:
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    return subprocess.Popen([sys.executable, str(WORKER), str(path), who], text=True, **pipes)  # type: ignore[call-overload]


def race(path: Path, *, people: int, items: int) -> None:
    X = np.random.default_rng(5).normal(size=(items, 4))
    pool = Pool(tuple(f"item_{i:04}" for i in range(items)), X)
    with Study.create(path, pool, labels=["low", "high"], strategy="random", batch=items):
        workers = [start(path, f"person {i}") for i in range(people)]
        for worker in workers:
            assert worker.stdout is not None
            assert worker.stdout.readline() == "ready\n", worker.stderr.read() if worker.stderr else ""
        results = [worker.communicate("go\n") if i == people - 1 else worker for i, worker in enumerate(_go(workers))]
        ended = [r if isinstance(r, tuple) else r.communicate() for r in results]
    assert [e[1] for e in ended] == [""] * people, "a caller saw an error"
    handed_out = [item for out, _ in ended for item in out.split()]
    assert len(handed_out) == len(set(handed_out)) == items, "handed out twice, or lost"
    with Study.open(path) as study:
        assert len(study.labels()) == items
        assert len(study.store.events()) == items


def _go(workers: list[subprocess.Popen[str]]) -> list[subprocess.Popen[str]]:
    """Start all but the last, which ``communicate`` starts, at the same moment."""
    for worker in workers[:-1]:
        assert worker.stdin is not None
        worker.stdin.write("go\n")
        worker.stdin.flush()
    return workers


def test_four_people(tmp_path: Path) -> None:
    race(tmp_path / "a.querist", people=4, items=240)


@pytest.mark.slow
def test_eight_people_and_two_thousand_items(tmp_path: Path) -> None:
    race(tmp_path / "a.querist", people=8, items=2_000)
