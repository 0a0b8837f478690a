"""The example of sentiment runs from the raw file to the exports."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
DATA = ROOT.parent / "shared" / "data" / "nlp_sst2"


@pytest.mark.slow
@pytest.mark.data
def test_label_sentiment(tmp_path: Path) -> None:
    if not DATA.is_dir():
        pytest.skip("SST-2 is not beside the checkout")
    script = ROOT / "examples" / "label_sentiment.py"
    done = subprocess.run([sys.executable, script, DATA], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    found = [float(line.split(": ")[1].split()[0]) for line in done.stdout.splitlines()]
    assert len(found) == 2
    assert min(found) > 0.55, "more than a coin"
    rows = [json.loads(line) for line in (tmp_path / "sentiment.jsonl").read_text(encoding="utf-8").splitlines()]
    assert len(rows) == 100
    assert (tmp_path / "sentiment" / "state.json").is_file()


def test_without_the_data_it_says_so(tmp_path: Path) -> None:
    script = ROOT / "examples" / "label_sentiment.py"
    done = subprocess.run(
        [sys.executable, script, "nowhere"], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (
        2, "SST-2 is not at nowhere: give the folder of its train.jsonl and test.jsonl\n",
    )  # fmt: skip
