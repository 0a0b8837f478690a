"""Real processes are killed at random: every acknowledged label is there, and the study goes on as if nothing was."""

from __future__ import annotations

import random
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from querist.data import Dataset, Pool
from querist.study import Study
from querist.tasks import Answer

WORKER = Path(__file__).with_name("kill_worker.py")
WORDS = ("low", "high")
SETTINGS = {"labels": WORDS, "batch": 5, "strategy": "margin", "seed": 3}


def make_pool() -> Dataset:
    """Give 300 items, the last two of them labelled, so that no round is cold: that state goes by the rounds before."""
    X = np.random.default_rng(5).normal(size=(300, 4))
    pool = Pool(tuple(f"item_{i:03}" for i in range(len(X))), X)
    return Dataset(pool, [None] * 298 + list(WORDS))


def told_before_the_kill(path: Path, chance: random.Random, kills: int) -> list[tuple[str, str, int]]:
    """Run workers that tell labels, kill each at a random moment, and collect what they had acknowledged."""
    told: list[tuple[str, str, int]] = []
    for _ in range(kills):
        worker = subprocess.Popen([sys.executable, str(WORKER), str(path)], stdout=subprocess.PIPE, text=True)
        assert worker.stdout is not None
        assert worker.stdout.readline() == "ready\n"
        time.sleep(chance.uniform(0.0, 0.25))
        worker.kill()
        lines = worker.stdout.read().splitlines(keepends=True)
        worker.wait()
        worker.stdout.close()
        whole = [line.split() for line in lines if line.endswith("\n")]
        told += [(item, label, int(position)) for item, label, position in whole]
    return told


def check(tmp_path: Path, kills: int, seed: int) -> None:
    path = tmp_path / "a.querist"
    pool = make_pool()
    Study.create(path, pool, **SETTINGS).close()
    told = told_before_the_kill(path, random.Random(seed), kills)
    with Study.open(path) as study:
        events = study.store.events()
        logged = {e.position: (e.answer.item, e.answer.label) for e in events}
        lost = [t for t in told if logged.get(t[2]) != (t[0], t[1])]
        assert lost == [], "an acknowledged label is missing"
        assert [e.position for e in events] == list(range(1, len(events) + 1))
        study.store.release("worker")
        study.step()
        after = study.store.ranking()
        asked = [q.id for q in study.ask(5, "next")]
        suggestions = [(q.suggestion, q.confidence) for q in study.ask(5, "next")]
    unkilled = Study.create(None, pool, **SETTINGS)
    unkilled.record([Answer(e.answer.item, e.answer.label, who="worker") for e in events if e.answer.who == "worker"])
    unkilled.step()
    expected = unkilled.store.ranking()
    assert after is not None
    assert expected is not None
    assert [(p.item, p.value) for p in after.queue] == [(p.item, p.value) for p in expected.queue]
    queries = unkilled.ask(5, "next")
    assert asked == [q.id for q in queries]
    assert suggestions == [(q.suggestion, q.confidence) for q in queries]


def test_ten_kills(tmp_path: Path) -> None:
    check(tmp_path, kills=10, seed=1)


@pytest.mark.kill
@pytest.mark.timeout(1500)
@pytest.mark.parametrize("seed", range(10))
def test_two_hundred_kills(tmp_path: Path, seed: int) -> None:
    check(tmp_path, kills=20, seed=100 + seed)
