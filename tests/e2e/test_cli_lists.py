"""What there is: strategies, learners, formats, the machine, completion."""

from __future__ import annotations

import os
import sys

import pytest
from command_line import Cli

from querist._load import names
from querist.cli import doctor


def test_strategies_list_their_facts(cli: Cli) -> None:
    rows = cli("strategies", "--json").facts
    assert sorted(row["name"] for row in rows) == names("strategies")
    margin = next(row for row in rows if row["name"] == "margin")
    assert margin == {
        "name": "margin", "family": "uncertainty", "needs": [], "either": ["probs", "decision"], "context": [],
        "joint": False, "formula": "−(p₁ − p₂)", "cost": "O(N·C)", "source": "Scheffer 2001",
    }  # fmt: skip
    assert all(row[word] for row in rows for word in ("family", "formula", "cost", "source"))


def test_strategies_as_text_say_what_each_needs(cli: Cli) -> None:
    lines = cli("strategies").out.splitlines()
    assert lines[0].split() == ["name", "family", "needs", "formula", "cost", "source"]
    assert any(line.split()[:5] == ["margin", "uncertainty", "probs", "or", "decision"] for line in lines)
    assert len(lines) == 1 + len(names("strategies"))


def test_learners_list_their_facts(cli: Cli) -> None:
    rows = {row["name"]: row for row in cli("learners", "--json").facts}
    assert sorted(rows) == names("learners")
    assert {"C", "standardise"} <= set(rows["linear"]["options"])
    assert "probs" in rows["linear"]["gives"]
    assert len(cli("learners").out.splitlines()) == 1 + len(rows)


def test_formats_list_their_endings(cli: Cli) -> None:
    rows = {row["name"]: row for row in cli("formats", "--json").facts}
    assert rows["csv"]["suffixes"] == [".csv"]
    assert {name for name, row in rows.items() if row["writes"]} >= {"csv", "jsonl"}
    assert cli("formats").out.splitlines()[0].split() == ["name", "endings", "reads", "writes", "what"]


def test_doctor_finds_what_is_there(cli: Cli) -> None:
    facts = cli("doctor", "--json").facts
    assert facts["python"] == sys.version.split()[0]
    assert facts["packages"]["numpy"]
    assert facts["sqlite"]["wal"] is True
    assert facts["cores"] >= 1
    assert set(facts["extras"]) >= {"torch", "postgres"}
    text = cli("doctor").out
    assert "WAL works" in text


def test_doctor_says_which_install_mends_an_extra(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "_version", lambda name: None if name == "torch" else "1.0")
    assert doctor.extras()["torch"] == {
        "packages": {"torch": None}, "missing": ["torch"], "mend": 'pip install "querist[torch]"',
    }  # fmt: skip
    assert 'lacks torch: pip install "querist[torch]"' in cli("doctor").out


def test_doctor_fails_without_wal(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "wal_works", lambda: False)
    result = cli("doctor")
    assert result.code == 1
    assert "WAL does not work: put studies on a local disk" in result.out


def test_doctor_tells_offline_and_a_cache_that_cannot_be_written(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("QUERIST_OFFLINE", "1")
    monkeypatch.setenv("NUMBA_CACHE_DIR", os.path.join(os.sep, "no", "such", "folder"))
    text = cli("doctor").out
    assert "yes (QUERIST_OFFLINE)" in text
    assert "cannot be written: set NUMBA_CACHE_DIR" in text


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_scripts(cli: Cli, shell: str) -> None:
    script = cli("completion", shell)
    assert script.code == 0
    assert "_QUERIST_COMPLETE" in script.out


def test_names_complete(monkeypatch: pytest.MonkeyPatch) -> None:
    from click.shell_completion import BashComplete

    from querist.cli._group import root

    shell = BashComplete(root, {}, "querist", "_QUERIST_COMPLETE")
    assert [item.value for item in shell.get_completions(["new", "--strategy"], "power-b")] == ["power-bald"]
    assert {item.value for item in shell.get_completions([], "s")} == {
        "simulate",
        "skip",
        "step",
        "status",
        "strategies",
    }


def test_a_learner_that_says_nothing_of_itself_hides_no_other() -> None:
    from querist.cli.learners import _facts

    class Mine:
        """A learner of somebody's own, without ``about``."""

    assert _facts("mine", Mine)["what"] == "from an installed package, which says no more"
    assert _facts("mine", Mine)["options"] == {}
