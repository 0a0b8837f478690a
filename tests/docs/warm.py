"""`querist` without the second that Python takes to import it: one process imports, and forks each command of a page.

A command is a process of its own as ever, with the folder, the environment and the streams that the shell gave it, and
with its own exit code. That the installed entry point starts as it should is what ``tests/e2e/test_cli_process.py`` and
the commands that serve test.
"""

from __future__ import annotations

import atexit
import importlib
import io
import json
import os
import pkgutil
import select
import socket
import sys
import traceback
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from subprocess import PIPE, Popen
from typing import Any

ASK = Path(__file__).with_name("warm_ask.py")
IMPORTED = ("querist.cli", "querist.data", "querist.study", "querist.simulate", "querist.store", "querist.strategies",
            "querist.estimate", "querist.formats", "querist.tasks", "querist.select", "querist.embed")  # fmt: skip
ALSO = ("querist.learners.linear", "querist.learners.calibration", "sqlalchemy.dialects.sqlite", "rich.console",
        "rich.table", "rich.progress", "scipy.stats", "sklearn.linear_model", "sklearn.ensemble")  # fmt: skip


@contextmanager
def warm(folder: Path) -> Iterator[Path]:
    """Run the server while in here; gives a folder, to stand first in PATH, whose ``querist`` asks it."""
    place, commands = folder / "warm", folder / "commands"
    commands.mkdir()
    shim = commands / "querist"
    shim.write_text(f'#!/bin/sh\nexec "{sys.executable}" -SE "{ASK}" "{place}" "$@"\n', encoding="utf-8")
    shim.chmod(0o755)
    with Popen([sys.executable, __file__, str(place)], stdin=PIPE, stdout=PIPE) as server:
        assert server.stdout is not None
        assert server.stdout.readline() == b"ready\n", "the server did not start"
        yield commands
        server.communicate()  # closes its input, which ends it


def serve(place: str) -> None:
    """Import, then fork a process for each command that is asked for, until standard input ends."""
    for name in IMPORTED:
        package = importlib.import_module(name)
        for module in pkgutil.iter_modules(package.__path__, f"{name}."):
            with suppress(ImportError):  # an extra that is not installed
                importlib.import_module(module.name)
    for name in ALSO:
        importlib.import_module(name)
    with socket.socket(socket.AF_UNIX) as line:
        line.bind(place)
        line.listen(16)
        print("ready", flush=True)
        while sys.stdin not in select.select([line, sys.stdin], [], [])[0]:
            asked, _ = line.accept()
            if os.fork() == 0:
                line.close()
                _answer(asked)
            asked.close()
            with suppress(ChildProcessError):
                while os.waitpid(-1, os.WNOHANG)[0]:
                    pass


def _answer(asked: socket.socket) -> None:
    """Be the command, in a process of its own, and end."""
    _, streams, _, _ = socket.recv_fds(asked, 1, 3)
    said = json.loads(b"".join(iter(lambda: asked.recv(65_536), b"")))
    code = 1
    try:
        _become(streams, said)
        from querist.cli import main

        main()
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else int(end.code is not None)
    except BaseException:
        traceback.print_exc()
    finally:
        atexit._run_exitfuncs()
        for stream in (sys.stdout, sys.stderr):
            with suppress(OSError):
                stream.flush()
        asked.sendall(bytes([code]))
        os._exit(code)


def _become(streams: list[int], said: Mapping[str, Any]) -> None:
    for number, stream in enumerate(streams):
        os.dup2(stream, number)
        os.close(stream)
    os.chdir(said["folder"])
    os.environ.clear()
    os.environ.update(said["environment"])
    sys.argv = ["querist", *said["arguments"]]
    sys.path[:0] = [one for one in os.environ.get("PYTHONPATH", "").split(os.pathsep) if one and one not in sys.path]
    importlib.invalidate_caches()
    sys.stdin = io.TextIOWrapper(os.fdopen(0, "rb", closefd=False), encoding="utf-8")
    out, err = (os.fdopen(number, "wb", 0 if number == 2 else -1, closefd=False) for number in (1, 2))
    sys.stdout = io.TextIOWrapper(out, encoding="utf-8", line_buffering=os.isatty(1))
    sys.stderr = io.TextIOWrapper(io.BufferedWriter(err), encoding="utf-8", line_buffering=True)


if __name__ == "__main__":
    serve(sys.argv[1])
