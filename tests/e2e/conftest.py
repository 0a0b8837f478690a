"""The command line as a fixture: arguments in, exit code and both streams out."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from app_fixtures import browser, serve, visit
from command_line import Cli, Result

from querist.cli import run

__all__ = ["browser", "serve", "visit"]


class _Input(io.TextIOWrapper):
    """Standard input that holds some bytes."""

    def __init__(self, data: bytes) -> None:
        io.TextIOWrapper.__init__(self, io.BytesIO(data), encoding="utf-8")


@pytest.fixture
def cli(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Cli:
    """Run a command in an empty folder, in this process."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("QUERIST_WHO", "ann")
    monkeypatch.delenv("QUERIST_DEBUG", raising=False)

    def call(*arguments: object, stdin: str | bytes = b"") -> Result:
        data = stdin.encode() if isinstance(stdin, str) else stdin
        monkeypatch.setattr("sys.stdin", _Input(data))
        capsys.readouterr()
        code = run([str(argument) for argument in arguments])
        return Result(code, *capsys.readouterr())

    return call


@pytest.fixture
def flowers(tmp_path: Path) -> Path:
    """A table of 60 items in three classes, with an id column and without labels."""
    lines = ["name,width,height"]
    for number in range(60):
        lines.append(f"f{number:02d},{number % 3 + 0.01 * number:.2f},{(number % 3) * 2 - 0.02 * number:.2f}")
    path = tmp_path / "flowers.csv"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


@pytest.fixture
def study(cli: Cli, flowers: Path) -> str:
    """A new study of the flowers; item fNN belongs to class abc[NN % 3]."""
    made = cli("new", "f.querist", flowers, "--labels", "a,b,c", "--id", "name", "--batch", 6)
    assert made.code == 0, made.err
    return "f.querist"
