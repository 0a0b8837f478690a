"""The entry point as a process: pipes, exit codes, what it imports."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from command_line import Cli

import querist

HEAVY = ("numpy", "sklearn", "sqlalchemy", "matplotlib", "scipy", "numba", "pyarrow", "rich", "torch", "fastapi")


def _command(*arguments: str) -> list[str]:
    return [sys.executable, "-c", "from querist.cli import main; main()", *arguments]


def _run(folder: Path, *arguments: str, stdin: str = "", **environment: str) -> subprocess.CompletedProcess[str]:
    known = {**os.environ, "NO_COLOR": "1", "QUERIST_WHO": "ann", "PYTHONUTF8": "0", **environment}
    command = _command(*arguments)
    return subprocess.run(
        command, check=False, cwd=folder, input=stdin, env=known, capture_output=True, encoding="utf-8", timeout=120
    )


def test_version_and_help_import_nothing_heavy(tmp_path: Path) -> None:
    script = (
        "import sys\nfrom querist.cli import run\n"
        "assert run(['--help']) == run(['--version']) == run(['ask', '--help']) == 0\n"
        f"print(sorted(set(sys.modules) & set({HEAVY!r})))"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, encoding="utf-8", timeout=60, check=True)
    assert done.stdout.splitlines()[-1] == "[]"
    assert f"querist {querist.__version__}" in done.stdout


def test_one_command_does_not_import_the_others(tmp_path: Path) -> None:
    script = (
        "import sys\nfrom querist.cli import run\nrun(['formats'])\n"
        "print(sorted(m for m in sys.modules if m.startswith('querist.cli.') and not m.startswith('querist.cli._')))"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, encoding="utf-8", timeout=60, check=True)
    assert done.stdout.splitlines()[-1] == "['querist.cli.formats']"


def test_exit_codes(tmp_path: Path) -> None:
    assert _run(tmp_path, "--version").returncode == 0
    assert _run(tmp_path).returncode == 2
    missing = _run(tmp_path, "status", "none.querist")
    assert (missing.returncode, missing.stdout) == (2, "")
    assert missing.stderr == "Error: no study at none.querist: create one with `querist new none.querist DATA`\n"


def test_ask_and_tell_make_a_pipe(cli: Cli, study: str) -> None:
    person = "import json, sys\nfor line in sys.stdin: print(json.dumps({**json.loads(line), 'label': 'b'}))"
    ask = subprocess.Popen(_command("ask", study, "-n", "8"), stdout=subprocess.PIPE)
    label = subprocess.Popen([sys.executable, "-c", person], stdin=ask.stdout, stdout=subprocess.PIPE)
    tell = subprocess.Popen(_command("tell", study, "-"), stdin=label.stdout, stdout=subprocess.PIPE)
    assert ask.stdout is not None
    assert label.stdout is not None
    ask.stdout.close()
    label.stdout.close()
    out, _ = tell.communicate(timeout=120)
    assert (ask.wait(60), label.wait(60), tell.returncode) == (0, 0, 0)
    assert json.loads(out)["labels"] == 8
    assert cli("status", study, "--json").facts["labelled"] == 8


@pytest.mark.skipif(os.name == "nt", reason="pipes break in another way on Windows")
def test_a_broken_pipe_is_silent(study: str) -> None:
    read, write = os.pipe()
    os.close(read)
    command = _command("ask", study, "-n", "60")
    done = subprocess.run(command, check=False, stdout=write, stderr=subprocess.PIPE, timeout=60)
    os.close(write)
    assert (done.returncode, done.stderr) == (1, b"")


def test_pipes_carry_utf8_whatever_the_locale(tmp_path: Path) -> None:
    (tmp_path / "k.csv").write_text("id,x\nKäfer,1\nÖl,2\n", encoding="utf-8")
    plain = {"LC_ALL": "C", "PYTHONCOERCECLOCALE": "0", "PYTHONIOENCODING": "ascii"}
    assert _run(tmp_path, "new", "k.querist", "k.csv", "--id", "id", "--labels", "a,b", **plain).returncode == 0
    asked = _run(tmp_path, "ask", "k.querist", **plain)
    assert {json.loads(line)["id"] for line in asked.stdout.splitlines()} == {"Käfer", "Öl"}


def test_messages_have_no_colour_off_a_terminal(tmp_path: Path) -> None:
    environment = {k: v for k, v in os.environ.items() if k != "NO_COLOR"}
    done = subprocess.run(
        _command("status", "none.querist"), check=False, cwd=tmp_path, env=environment, capture_output=True, timeout=60
    )
    assert b"\x1b" not in done.stderr
