"""The published protocol of Lu et al. 2023, digit for digit."""

from __future__ import annotations

import sys
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from querist.errors import BadInput
from querist.simulate import Plan

SCRIPT = Path(__file__).parents[2] / "benchmarks" / "lu2023.py"


def script() -> ModuleType:
    spec = spec_from_file_location("lu2023", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


LU = script()
SHARED = pytest.mark.skipif(not LU.DATA.exists(), reason="the shared tabular sets are not beside the checkout")


def told(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, *words: str
) -> tuple[int, list[str], str]:
    monkeypatch.setattr(sys, "argv", ["lu2023.py", *words])
    code = LU.main()
    out, err = capsys.readouterr()
    return code, out.splitlines(), err


@SHARED
@pytest.mark.data
@pytest.mark.parametrize(
    ("seed", "area"),
    [
        (0, 0.81941), (3, 0.78127),
        *(pytest.param(s, a, marks=pytest.mark.slow) for s, a in ((1, 0.80285), (2, 0.83480), (4, 0.82143))),
    ],
)  # fmt: skip
def test_margin_on_heart_has_the_published_area(
    seed: int, area: float, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    code, lines, _ = told(capsys, monkeypatch, "heart", "--strategy", "margin", "--seeds", str(seed))
    name, strategy, at, lu, unbiased, seconds = lines[0].split()
    assert (code, len(lines), name, strategy, at) == (0, 1, "heart", "margin", str(seed))
    assert float(lu) == pytest.approx(area, abs=1.1e-5)
    assert float(unbiased) > float(lu)
    assert float(seconds) > 0


def test_the_cut_is_two_shuffles_of_one_seed() -> None:
    train, test = LU.cut(10, 3)
    rows = np.arange(10)
    np.random.default_rng(3).shuffle(rows)
    again = rows[:6].copy()
    np.random.default_rng(3).shuffle(again)
    assert train.tolist() == again.tolist()
    assert test.tolist() == rows[6:].tolist()


def make_file(folder: Path, labels: list[int]) -> Path:
    items = np.random.default_rng(0).normal(size=(len(labels), 2)) + np.array(labels)[:, None]
    lines = [f"{label} 1:{a:.6f} 2:{b:.6f}" for label, (a, b) in zip(labels, items, strict=True)]
    path = folder / "toy.libsvm"
    path.write_text("\n".join(lines) + "\n")
    return path


def test_any_libsvm_file_runs_and_resumes(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    path = make_file(tmp_path, [-1, 1] * 25)
    words = [str(path), "--strategy", "random,margin", "--seeds", "0-1", "--out", str(tmp_path / "out")]
    code, lines, err = told(capsys, monkeypatch, *words)
    assert code == 0
    assert [line.split()[:3] for line in lines] == [
        ["toy", "random", "0"], ["toy", "margin", "0"], ["toy", "random", "1"], ["toy", "margin", "1"],
    ]  # fmt: skip
    assert "mean toy margin: 0." in err
    assert told(capsys, monkeypatch, *words)[1] == lines  # kept: the seconds are the same too


def test_a_seed_whose_start_lacks_a_class_is_skipped(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = make_file(tmp_path, [-1] * 49 + [1])
    cells = list(LU.cells_of(str(path), Plan(("random",), learner=LU.LEARNER, batch=1, seeds=range(3))))
    assert len(cells) < 3
    assert "skipped, its first 20 items lack a class" in capsys.readouterr().err


def test_what_cannot_be_run_is_said(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    code, _, err = told(capsys, monkeypatch, "nothing")
    assert code == 2
    assert "no file 'nothing', and no set of that name in " in err
    code, _, err = told(capsys, monkeypatch)
    assert (code, err) == (2, "name a set or a LIBSVM file, or give --all or --large\n")
    path = str(make_file(tmp_path, [-1, 1] * 25))
    code, lines, err = told(capsys, monkeypatch, path, "--strategy", "random,bald")
    assert (code, lines) == (2, [])
    assert "strategy 'bald' needs draws, and the learner gives decision, embed" in err
    with pytest.raises(BadInput, match=r"the protocol is for two classes: .* has 3"):
        LU.read(str(make_file(tmp_path, [1, 2, 3] * 10)))


def test_the_sets_are_those_of_the_paper_that_are_shared() -> None:
    assert (len(LU.SMALL), len(LU.LARGE)) == (15, 5)
    assert not set(LU.SMALL) & set(LU.LARGE)
