"""The command line: one file per command, imported when called."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from typing import NoReturn

import click

from querist.cli._group import root
from querist.cli._output import complain, say, use_utf8
from querist.errors import BadInput, QueristError

__all__ = ["main", "run"]

FAILED, USAGE, INTERRUPTED = 1, 2, 130


def main() -> NoReturn:
    """Run the command that the shell gave, and end the process with its exit code."""
    use_utf8()
    sys.exit(run())


def run(arguments: Sequence[str] | None = None) -> int:
    """Run one command and give its exit code: 0, 1 (failed), 2 (usage or bad input), 130 (interrupted).

    An error is one line on standard error; ``QUERIST_DEBUG=1`` shows the traceback instead.

    >>> run(["--version"])
    querist ...
    0
    """
    try:
        code = root.main(arguments, prog_name="querist", standalone_mode=False)
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except click.Abort as abort:
        say(str(abort) or "interrupted")
        return INTERRUPTED
    except Exception as error:
        if os.environ.get("QUERIST_DEBUG", "") not in ("", "0"):
            raise
        complain(_line(error))
        return USAGE if isinstance(error, BadInput) else FAILED
    return code if isinstance(code, int) else 0


def _line(error: Exception) -> str:
    if isinstance(error, QueristError):
        return str(error)
    if isinstance(error, OSError):
        return f"{error.filename or 'the system'}: {error.strerror or error}"
    return f"{type(error).__name__}: {error}; this is a bug in querist: QUERIST_DEBUG=1 shows where"
