"""Follow a page as a reader would: run its blocks in order in an empty folder, and compare what they print.

In the Markdown of a page:

- a ``python`` block is run, all of one page in one namespace; an ``sh`` block is run by bash in a terminal of its own;
- a block with a ``:caption:`` is the content of the file of that name;
- a ``text`` block right after one that is run shows what it prints; ``...`` stands for anything, numbers with a decimal
  point, times, lease tokens and ports of this machine may differ;
- ``<!-- fails -->`` above a block says that its last command fails, ``<!-- not run: why -->`` that it is not run,
  ``<!-- full length -->`` that what it prints follows from a command that a quick test shortens, ``<!-- serves -->``
  that each of its commands serves until Ctrl-C stops it;
- a ``literalinclude`` with a ``:caption:`` is a file of that name too.
"""

from __future__ import annotations

import contextlib
import io
import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import takewhile
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
RUN = ("python", "sh")
SERVES_WITHIN = 60.0
"""Seconds; a command that does not serve by then is stopped, and so fails."""

_FENCE = re.compile(r"```(?:\{code-block\} ?)?([\w-]*)\s*$|```\{literalinclude\} (?P<file>\S+)$|```\{.*")
_OPTION = re.compile(r":(\w+): (.+)$")
_NOTE = re.compile(r"<!-- (fails|full length|serves|not run: .+) -->$")
_VARIES = re.compile(
    r"(?P<time>\d{4}-\d\d-\d\dT[\d:.]+Z)|(?P<token>\b[0-9a-f]{16}\b)|(?P<port>(?<=127\.0\.0\.1:)\d+)"
    r"|(?P<decimal>-?\d+\.\d+(?:e-?\d+)?)|(?P<rule>─+)"
)
_ANY = {
    "time": r"[\d:.TZ-]+", "token": r"[0-9a-f]{16}", "port": r"\d+", "decimal": r"-?[\d.]+(?:e-?\d+)?", "rule": "─+"
}  # fmt: skip


@dataclass(frozen=True)
class Block:
    """A fenced block of a page, with the output that the page shows for it."""

    line: int
    language: str
    code: str
    note: str = ""
    caption: str = ""
    shown: str | None = None


def blocks_of(page: Path) -> list[Block]:
    """Read the blocks of a page; a text block right after one that is run becomes its output."""
    found: list[Block] = []
    for block, gap in _fenced(page):
        before = found[-1] if found else None
        if block.language == "text" and before is not None and not gap and _is_run(before) and before.shown is None:
            found[-1] = replace(before, shown=block.code)
        else:
            found.append(block)
    return found


def _is_run(block: Block) -> bool:
    return block.language in RUN and not block.caption and not block.note.startswith("not run")


def _fenced(page: Path) -> Iterator[tuple[Block, bool]]:
    """Give each block, and whether words stand between it and the one before."""
    lines = page.read_text(encoding="utf-8").splitlines()
    at, gap, note = 0, False, ""
    while at < len(lines):
        opening = _FENCE.match(lines[at])
        if opening is None:
            marked = _NOTE.match(lines[at])
            note = marked[1] if marked else note if not lines[at].strip() else ""
            gap = gap or bool(lines[at].strip())
            at += 1
            continue
        end = lines.index("```", at + 1)
        options = [m.groups() for line in takewhile(_OPTION.match, lines[at + 1 : end]) if (m := _OPTION.match(line))]
        first = at + 1 + len(options)
        code, caption = "\n".join(lines[first:end]), dict(options).get("caption", "")
        if opening["file"]:
            code = (page.parent / opening["file"]).read_text(encoding="utf-8").rstrip("\n")
        yield Block(first + 1, opening[1] or "", code, note, caption), gap
        at, gap, note = end + 1, False, ""


@dataclass
class Reader:
    """Somebody who types a page into an empty folder.

    ``swap`` maps a command that is too long for a test, or that needs the reader's own program, to one that stands in;
    what a changed block prints is not compared. ``commands`` is a folder of commands that stand before others, but for
    those that serve.
    """

    folder: Path
    environment: Mapping[str, str]
    swap: Mapping[str, str] = field(default_factory=dict)
    names: dict[str, Any] = field(default_factory=lambda: {"__name__": "page"})
    commands: Path | None = None

    def follow(self, page: Path) -> list[str]:
        """Do all that a page says; gives what is not as the page shows it, one text per block."""
        wrong = [self._follow(page, block) for block in blocks_of(page)]
        return [text for text in wrong if text]

    def _follow(self, page: Path, block: Block) -> str:
        if block.caption:
            (self.folder / block.caption).parent.mkdir(parents=True, exist_ok=True)
            (self.folder / block.caption).write_text(block.code + "\n", encoding="utf-8")
            return ""
        if not _is_run(block):
            return ""
        done = replace(block, code=self._swapped(block.code))
        got = self._python(page, done) if block.language == "python" else self._shell(page, done)
        other = done.code != block.code or (self.swap and block.note == "full length")
        if block.shown is None or other or agrees(block.shown, got):
            return ""
        return f"{page.name}, line {block.line}, shows\n{block.shown}\nbut got\n{got}"

    def _swapped(self, code: str) -> str:
        for ours, theirs in self.swap.items():
            code = code.replace(ours, theirs)
        return code

    def _python(self, page: Path, block: Block) -> str:
        code = compile("\n" * (block.line - 1) + block.code, str(page), "exec")
        printed = io.StringIO()
        with contextlib.redirect_stdout(printed):
            exec(code, self.names)
        return printed.getvalue()

    def _shell(self, page: Path, block: Block) -> str:
        if block.note == "serves":
            return "".join(served(command, self.folder, self.environment) for command in block.code.splitlines())
        status, got = terminal(block.code, self.folder, self._shell_environment())
        fails = block.note == "fails"
        assert (status != 0) == fails, f"{page.name}, line {block.line}: exit code {status}\n{block.code}\n{got}"
        return got

    def _shell_environment(self) -> Mapping[str, str]:
        path = self.environment["PATH"]
        return self.environment if self.commands is None else {**self.environment, "PATH": f"{self.commands}:{path}"}


def agrees(shown: str, got: str) -> bool:
    """Compare an output with the one that a page shows, spaces and line ends aside.

    >>> agrees("0.25 s for ... labels", "0.31 s for 20 labels"), agrees("20 labels", "30 labels")
    (True, False)
    """
    parts = (_pattern(" ".join(part.split())) for part in shown.split("..."))
    return re.fullmatch(r"\s*" + r".*?".join(parts) + r"\s*", " ".join(got.split()), re.DOTALL) is not None


def _pattern(text: str) -> str:
    pattern, start = "", 0
    for found in _VARIES.finditer(text):
        pattern += re.escape(text[start : found.start()]) + _ANY[str(found.lastgroup)]
        start = found.end()
    return pattern + re.escape(text[start:])


def environment(*modules: Path) -> dict[str, str]:
    """Give the environment of a reader: this Python's commands first, folders of modules, no colours, a name."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("QUERIST_", "PYTEST_"))}
    ours = {"PATH": [Path(sys.executable).parent], "PYTHONPATH": modules}
    paths = {k: os.pathsep.join([*map(str, found), *filter(None, [kept.get(k)])]) for k, found in ours.items()}
    return {**kept, **paths, "TERM": "dumb", "NO_COLOR": "1", "QUERIST_WHO": "ada", "LC_ALL": "C.UTF-8"}


def terminal(code: str, folder: Path, environment: Mapping[str, str]) -> tuple[int, str]:
    """Run shell commands in a terminal of their own until the first that fails; gives exit code and screen."""
    import pty

    screen, keyboard = pty.openpty()
    shell = ["bash", "-e", "-o", "pipefail", "-c", code]
    with subprocess.Popen(
        shell, cwd=folder, env=dict(environment), stdin=subprocess.DEVNULL, stdout=keyboard, stderr=keyboard
    ) as process:
        os.close(keyboard)
        printed = b"".join(iter(lambda: _read(screen), b""))
        os.close(screen)
    return process.returncode, printed.decode().replace("\r\n", "\n")


def served(command: str, folder: Path, environment: Mapping[str, str]) -> str:
    """Start a command that serves, wait until it has said where, and stop it as Ctrl-C does; gives what it printed."""
    with subprocess.Popen(
        ["bash", "-c", f"exec {command}"],
        cwd=folder,
        env={**environment, "BROWSER": "true"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as process:
        late = threading.Timer(SERVES_WITHIN, process.kill)
        late.start()
        assert process.stdout is not None
        last = "a link for another person" if ".querist" in command else "labelling at http://127.0.0.1:"
        printed = []
        for line in process.stdout:
            printed.append(line)
            if line.startswith(last):
                break
        process.send_signal(signal.SIGINT)
        printed.append(process.stdout.read())
        late.cancel()
    assert process.returncode == 0, f"{command}: exit code {process.returncode}\n{''.join(printed)}"
    return "".join(printed)


def _read(screen: int) -> bytes:
    try:
        return os.read(screen, 65_536)
    except OSError:  # Linux says so when the last writer has gone
        return b""


if __name__ == "__main__":  # show what the blocks of a page print, to write it into the page
    import tempfile

    _page = Path(sys.argv[1]).resolve()
    with tempfile.TemporaryDirectory() as _folder:
        os.chdir(_folder)
        sys.path.insert(0, _folder)
        _reader = Reader(Path(_folder), environment())
        for _text in _reader.follow(_page):
            print(_text, end="\n\n")
