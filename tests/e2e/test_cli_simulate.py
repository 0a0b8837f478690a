"""simulate, compare and demo, small."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from command_line import Cli

from querist.cli import demo

_SMALL = ("--strategy", "random,margin", "--initial", "6", "--batch", "8", "--budget", "30", "--seeds", "0-1")


def test_simulate_prints_the_table_and_writes_the_report(cli: Cli) -> None:
    done = cli("simulate", "iris", *_SMALL, "--out", "run")
    assert done.code == 0, done.err
    assert any(line.split()[:1] == ["margin"] for line in done.out.splitlines())
    assert "run/report.html" in done.err.replace("\\", "/")
    assert {path.name for path in Path("run").iterdir()} >= {"report.html", "curves.png", "curves.csv", "summary.json"}


def test_simulate_as_json_is_the_summary(cli: Cli) -> None:
    done = cli("simulate", "iris", *_SMALL, "--out", "run", "--json")
    assert done.facts["rows"] == json.loads(Path("run/summary.json").read_text())["rows"]
    assert done.err == ""


def test_simulate_takes_two_sets_and_an_oracle_that_errs(cli: Cli) -> None:
    done = cli("simulate", "iris", "wine", *_SMALL, "--noise", "0.1", "--missing", "0.1", "--out", "run", "--json")
    assert [(row["dataset"], row["strategy"]) for row in done.facts["rows"]] == [
        ("iris", "random"), ("iris", "margin"), ("wine", "random"), ("wine", "margin"),
    ]  # fmt: skip
    assert (done.facts["plan"]["noise"], done.facts["plan"]["missing"]) == (0.1, 0.1)


def test_simulate_tests_on_a_file_of_its_own(cli: Cli, flowers: Path) -> None:
    rows = flowers.read_text().splitlines()
    labelled = [f"{rows[0]},y", *(f"{row},{'abc'[n % 3]}" for n, row in enumerate(rows[1:]))]
    Path("train.csv").write_text("\n".join(labelled[:41]) + "\n")
    Path("test.csv").write_text("\n".join([labelled[0], *labelled[41:]]) + "\n")
    columns = ("--label", "y", "--id", "name")
    done = cli("simulate", "train.csv", "--test", "test.csv", *columns, *_SMALL, "--out", "run", "--json")
    assert done.code == 0, done.err
    assert done.facts["full"]["train"]["labels"] == 40


def test_compare_reads_two_runs(cli: Cli) -> None:
    for name in ("iris", "wine"):
        cli("simulate", name, *_SMALL, "--out", f"run-{name}")
    done = cli("compare", "run-iris", "run-wine", "--out", "both")
    assert done.code == 0, done.err
    assert "random" in done.out
    assert cli("compare", "run-iris", "run-wine", "--out", "both", "--json").facts["pairs"][0]["datasets"] == 2
    assert {path.name for path in Path("both").iterdir()} == {"compare.csv", "compare.json", "profiles.png"}


def test_an_interrupt_says_that_runs_are_kept(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("querist.simulate.simulate", interrupt)
    done = cli("simulate", "iris", *_SMALL, "--out", "run")
    assert done.code == 130
    assert "interrupted: finished runs are kept in run, the same command goes on from there" in done.err


def test_the_demo_small(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(demo, "STRATEGIES", ("random", "margin"))
    monkeypatch.setattr(demo, "BUDGET", 30)
    monkeypatch.setattr(demo, "cores", lambda: 1)
    done = cli("demo", "--seeds", "0-1", "--out", "shown")
    assert done.code == 0, done.err
    assert any(line.split()[:1] == ["margin"] for line in done.out.splitlines())
    assert Path("shown/report.html").exists()
    assert "querist new yours.querist YOUR.csv" in done.err
