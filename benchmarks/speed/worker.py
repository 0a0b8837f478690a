"""One package in a process of its own: reads commands as JSON lines, answers in JSON lines.

Run by ``contest.py`` as ``python -m speed.worker``, in the package's own environment, with benchmarks as the folder.
"""

from __future__ import annotations

import gc
import json
import os
import sys
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any

Call = Callable[[], Any]


def main() -> None:
    """Answer commands until the input ends: prepare, call, bare."""
    answers = _keep_output()
    calls: dict[str, Call] = {}
    for line in sys.stdin:
        command = json.loads(line)
        try:
            answer = _prepare(command, calls) if command["do"] == "prepare" else _measure(calls[command["do"]], command)
        except MemoryError:
            answer = {"failed": "out of memory"}
        except Exception as error:
            traceback.print_exc()
            memory = "alloc" in str(error) and "memory" in str(error)
            answer = {"failed": "out of memory" if memory else f"{type(error).__name__}: {error}"[:300]}
        answers.write(json.dumps(answer) + "\n")
        answers.flush()


def _keep_output() -> IO[str]:
    """Keep the pipe to the driver apart from what packages print."""
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    return answers


def _prepare(command: dict[str, Any], calls: dict[str, Call]) -> dict[str, Any]:
    _limit_memory(command["memory"])
    from speed.data import opened
    from speed.peers import Inputs, tasks_of

    arrays = opened(Path(command["folder"]))
    for values in arrays.values():
        values.sum()  # the pages are in memory before the first call
    inputs = Inputs(arrays, command["n"], command["seed"], command["options"])
    calls["call"] = tasks_of(command["peer"])[command["task"]](inputs)
    if command["peer"] == "querist":
        from speed.peers.querist import bare

        calls["bare"] = bare(inputs)
    return {"ready": True}


def _measure(call: Call, command: dict[str, Any]) -> dict[str, Any]:
    if command.get("peak"):
        return _with_peak(call)
    start = time.perf_counter()
    rows = call()
    seconds = time.perf_counter() - start
    return {"seconds": seconds, "rows": [int(row) for row in rows]}


def _with_peak(call: Call) -> dict[str, Any]:
    """Measure a call and the memory it takes beyond what is held before; the time is that of an honest call."""
    gc.collect()
    _give_back()
    before, counted = _resident(), _reset_peak()
    start = time.perf_counter()
    rows = call()
    seconds = time.perf_counter() - start
    peak = _peak() - before if counted else None
    return {"seconds": seconds, "rows": [int(row) for row in rows], "peak": peak}


def _limit_memory(size: int) -> None:
    if sys.platform != "win32":
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (size, size))


def _give_back() -> None:
    if sys.platform == "linux":
        import ctypes

        ctypes.CDLL(None).malloc_trim(0)


def _reset_peak() -> bool:
    """Start counting the peak anew; false where the system cannot."""
    try:
        Path("/proc/self/clear_refs").write_text("5", encoding="ascii")
    except OSError:
        return False
    return True


def _status(name: str) -> int:
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith(name))


def _resident() -> int:
    return _status("VmRSS:") if sys.platform == "linux" else 0


def _peak() -> int:
    return _status("VmHWM:")


if __name__ == "__main__":
    main()
