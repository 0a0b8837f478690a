"""The training process: told "step" on its standard input, it trains and publishes, told "map", it draws the map.

It answers each with a line of JSON.

Run by the server: python -m querist.web.trainer STUDY (or - to read the study's name from the first line, so that the
password of a database never stands in the list of processes). It ends when its input does: with the server.
"""

from __future__ import annotations

import json
import os
import queue
import sys
import threading
import traceback
from collections.abc import Iterator
from typing import IO

from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from querist._parallel import cores
from querist.errors import QueristError
from querist.study import Study
from querist.web import likeness, maps, reasons, sights
from querist.web.reviews import judge

NICE = 10
"""By how much the scheduler prefers the server to training."""


def main() -> None:
    """Open the study, then step whenever told to."""
    step_back()
    told = _lines(sys.stdin)
    where = sys.argv[1] if len(sys.argv) > 1 else "-"
    with Study.open(next(told, "") if where == "-" else where) as study:
        _say({"ready": True})
        look(study)
        for line in told:
            if line == "step":
                _say(step(study))
                judge(study)
            elif line == "map":
                _say(draw(study))


def step(study: Study) -> dict[str, object]:
    """Train, publish, explain; a failure is told, and its traceback written to standard error."""
    try:
        done = study.step()
        if done.fresh:
            sights.write(study, done.round)
            reasons.write(study, done.round)
            likeness.write(study, done.round)
            maps.write(study)
    except QueristError as error:
        print(error, file=sys.stderr, flush=True)
        return {"error": str(error)}
    except Exception as error:  # a learner of somebody else's may raise anything; the old queue keeps serving
        traceback.print_exc()
        return {"error": f"{type(error).__name__}: {error}"}
    seconds = round(done.fit_seconds + done.query_seconds, 2)
    return {"round": done.round, "labels": done.labels, "seconds": seconds, "fresh": done.fresh}


def draw(study: Study) -> dict[str, object]:
    """Draw the map that is wanted; what stands against one that is no error of ours is kept in its place."""
    try:
        maps.write(study)
    except Exception as error:  # a learner of somebody else's may raise anything
        traceback.print_exc()
        return {"error": f"{type(error).__name__}: {error}"}
    return {"map": maps.drawn(study.store).get("version", "")}


def look(study: Study) -> None:
    """Write down what the model of the current round saw: another process may have made the round."""
    current = study.store.published()
    try:
        if current is not None:
            sights.write(study, current.round)
    except QueristError as error:  # the files are away, say: the app goes on without a threshold
        print(error, file=sys.stderr, flush=True)


def step_back() -> None:
    """Let the server go first, and leave it a core of its own, where the system knows of such things."""
    if hasattr(os, "nice"):
        os.nice(NICE)
    spare = max(cores() - 1, 1)
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[-spare:])
    threadpool_limits(spare)


def _lines(stream: IO[str]) -> Iterator[str]:
    """Read lines in a thread, so that the end of the input ends the process at once, even amid a step.

    A step that is cut short leaves nothing behind: what it publishes, it publishes by one swap at its end.
    """
    lines: queue.SimpleQueue[str] = queue.SimpleQueue()

    def read() -> None:
        for line in stream:
            lines.put(line.rstrip("\n"))
        os._exit(0)

    threading.Thread(target=read, daemon=True).start()
    while True:
        yield lines.get()


def _say(facts: dict[str, object]) -> None:
    print(json.dumps(facts), flush=True)


if __name__ == "__main__":
    main()
