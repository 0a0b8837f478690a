"""Every example runs as it stands, on the shared data, and prints what it says it prints."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
EXAMPLES = sorted((ROOT / "examples").glob("*.py"))
DATA = ROOT.parent / "shared" / "data"


def _run(example: Path, *arguments: str, where: Path) -> subprocess.CompletedProcess[str]:
    settings = {**os.environ, "OMP_NUM_THREADS": "1"}
    command = [sys.executable, "-W", "error::UserWarning", str(example), *arguments]
    return subprocess.run(command, cwd=where, env=settings, capture_output=True, text=True, check=False)


@pytest.mark.slow
@pytest.mark.skipif(not DATA.is_dir(), reason="the shared data are not beside the checkout")
@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.stem)
def test_an_example_runs(example, tmp_path):
    done = _run(example, where=tmp_path)
    assert done.returncode == 0, done.stderr[-3000:]
    assert len(done.stdout.splitlines()) >= 2, done.stdout


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.stem)
def test_an_example_says_what_it_lacks(example, tmp_path):
    done = _run(example, str(tmp_path / "nowhere"), where=tmp_path)
    assert done.returncode == 2, done.stderr[-3000:]
    assert "nowhere" in done.stderr
    assert "Traceback" not in done.stderr
