"""Bad input: one clear line, exit code 2, and nothing lost."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from command_line import Cli, Result

import querist
from querist.errors import LearnerFailed, MissingExtra


@pytest.fixture
def fails(cli: Cli) -> Callable[..., str]:
    """Run a command that must be refused, and give its one line."""

    def call(*arguments: object, stdin: str | bytes = b"", code: int = 2) -> str:
        result: Result = cli(*arguments, stdin=stdin)
        assert (result.code, result.out) == (code, ""), result
        last = result.err.splitlines()[-1]
        assert last.startswith("Error: ")
        assert "Traceback" not in result.err
        return last

    return call


Fails = Callable[..., str]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--strategy", "margn"], "no strategy is called 'margn': did you mean 'margin'"),
        (["--learner", "linaer"], "no learner is called 'linaer': did you mean 'linear'"),
        (["--strategy", "margin(beta=1)"], "cannot build 'margin(beta=1)'"),
        (["--batch", "0"], "Invalid value for '--batch': 0 is not in the range x>=1"),
    ],
)
def test_new_refuses_options(fails: Fails, flowers: Path, arguments: list[str], words: str) -> None:
    assert words in fails("new", "f.querist", flowers, "--id", "name", "--labels", "a,b", *arguments)
    assert not Path("f.querist").exists()


def test_no_class_is_known(fails: Fails, flowers: Path) -> None:
    line = fails("new", "f.querist", flowers, "--id", "name")
    assert "no class is known: the data hold no labels; name them with labels=[…] (--labels a,b,c)" in line


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("empty.csv", b"", ["empty.csv is empty"]),
        ("twice.csv", b"name,x\na,1\nb,2\na,3\n", ["'a' stands in rows 1 and 3", "must be distinct"]),
        ("ragged.csv", b"name,x\na,1\nb,2,9\n", ["ragged.csv", "line 3"]),
        ("latin.csv", "name,x\nKäfer,1\nb,2\n".encode("latin-1"), ["is not UTF-8: line 2", "Windows-1252"]),
        ("table.xyz", b"a", ["known are", ".csv"]),
        ("object.jsonl", b'{"name": "a", "x": 1}\n{"name": \n', ["object.jsonl, line 2 is not JSON"]),
    ],
)
def test_data_that_cannot_be_read(fails: Fails, name: str, content: bytes, words: list[str]) -> None:
    Path(name).write_bytes(content)
    line = fails("new", "f.querist", name, "--id", "name", "--labels", "a,b")
    for word in words:
        assert word in line
    assert not Path("f.querist").exists()


def test_no_such_data_set(fails: Fails) -> None:
    line = fails("new", "f.querist", "digit", "--labels", "a,b")
    assert "digits" in line
    assert "digit" in fails("simulate", "digit", "--out", "run")


def test_a_study_file_has_its_ending(fails: Fails, flowers: Path) -> None:
    line = fails("new", "f.db", flowers, "--labels", "a,b")
    assert "a study is one file whose name ends in .querist, or a database URL: got 'f.db'; write f.db.querist" in line


def test_a_study_is_never_overwritten(fails: Fails, cli: Cli, study: str, flowers: Path) -> None:
    before = cli("status", study, "--json").facts
    assert "f.querist exists already" in fails("new", study, flowers, "--labels", "a,b", "--id", "name")
    assert cli("status", study, "--json").facts == before


@pytest.mark.parametrize("verb", ["ask", "tell", "step", "status", "export"])
def test_a_missing_study(fails: Fails, verb: str) -> None:
    more = ["--format", "csv"] if verb == "export" else []
    assert "no study at none.querist: create one with `querist new none.querist DATA`" in fails(
        verb, "none.querist", *more
    )


def test_a_file_that_is_no_study(fails: Fails, flowers: Path) -> None:
    assert "is neither a SQLite database nor a querist study" in fails("status", flowers)


def test_a_study_of_a_newer_version(fails: Fails, study: str) -> None:
    with closing(sqlite3.connect(study)) as database:
        database.execute("UPDATE querist_version SET version_num = '9999'")
        database.commit()
    line = fails("status", study)
    assert "f.querist was written by a newer querist: its format is '9999'" in line
    assert f"and this is querist {querist.__version__}" in line
    assert "upgrade: pip install --upgrade querist" in line


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        (['{"id": "f01", "label": "b"}', '{"id": "f02", "label": "bb"}'], ["line 2", "'bb'", "b"]),
        (['{"id": "f01", "label": "b"}', "", '{"id": "f99", "label": "b"}'], ["line 3", "no item has the id 'f99'"]),
        (['{"id": "f01", "label": "b"}', '{"id": "f02"'], ["line 2", "not JSON at character"]),
        (['["f01", "b"]'], ["line 1", 'an answer is one object {"id": …, "label": …}: got ["f01", "b"]']),
        (['{"id": true, "label": "b"}'], ["line 1", "an answer is one object"]),
        (['{"id": "f01", "lable": "b"}'], ["line 1", 'give one of "label", "skip", "unsure": got only id, lable']),
        (['{"id": "f01", "label": "b", "skip": true}'], ["line 1", "got label and skip"]),
        (['{"id": "f01", "label": "b", "seconds": -1}'], ["line 1", "seconds must be a number, 0 or more: got -1"]),
    ],
)
def test_tell_names_the_line_and_records_nothing(
    fails: Fails, cli: Cli, study: str, lines: list[str], words: list[str]
) -> None:
    before = cli("status", study, "--json").facts
    line = fails("tell", study, stdin="\n".join(lines))
    for word in [*words, "standard input, ", "nothing was recorded"]:
        assert word in line
    assert cli("status", study, "--json").facts == before


def test_tell_names_the_file(fails: Fails, study: str) -> None:
    Path("mine.jsonl").write_bytes(b'{"id": "f01", "label": "\xe4"}')
    assert "mine.jsonl, line 1: not UTF-8 text at byte 25: save it as UTF-8" in fails("tell", study, "mine.jsonl")
    assert "No such file or directory" in fails("tell", study, "none.jsonl")


def test_retract_without_an_answer(fails: Fails, study: str) -> None:
    assert "nothing to retract: 'ann' has no standing answer on item 'f01'" in fails("retract", study, "f01")
    assert "no item has the id 'f0': did you mean" in fails("skip", study, "f0")


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("labels.csv", "id,label\nf01,b\nf99,b\n", ["labels.csv, item 'f99'", "no item has the id"]),
        ("labels.csv", "id,label\nf01,b\nf02,x\n", ["labels.csv, item 'f02'", "'x'"]),
        ("labels.csv", "name,label\nf01,b\n", ["no column is called 'id'"]),
        ("labels.jsonl", '{"id": "f01", "label": "b"}\n{"id"\n', ["labels.jsonl, line 2"]),
    ],
)
def test_import_takes_all_or_nothing(
    fails: Fails, cli: Cli, study: str, name: str, content: str, words: list[str]
) -> None:
    Path(name).write_text(content)
    line = fails("import", study, name)
    for word in words:
        assert word in line
    assert cli("status", study, "--json").facts["position"] == 0


def test_unknown_formats_and_commands_list_near_names(fails: Fails, study: str) -> None:
    assert "no format that carries labels is called 'json': did you mean 'jsonl'?" in fails(
        "export", study, "--format", "json"
    )
    assert "no command is called 'stauts': did you mean 'status'" in fails("stauts", study)
    assert "No such option" in fails("status", study, "--jsn")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--strategy", "margn"], "no strategy is called 'margn': did you mean 'margin'"),
        (["--seeds", "9-0"], "--seeds must be numbers or a range from low to high: got '9-0'"),
        (["--test-size", "1.5"], "test_size must be a share between 0 and 1: got 1.5"),
        (["--noise", "2"], "noise must be a share between 0 and 1: got 2.0"),
        (["--budget", "5"], "budget counts the initial set too: got 5 with 20 initial labels"),
        (["--strategy", "random,random"], "every strategy may be there once: 'random' is there twice"),
    ],
)
def test_simulate_refuses_options(fails: Fails, arguments: list[str], words: str) -> None:
    assert words in fails("simulate", "iris", "--out", "run", *arguments)


def test_compare_wants_the_folders_of_simulations(fails: Fails) -> None:
    Path("empty").mkdir()
    line = fails("compare", "empty", "--out", "both")
    assert "empty is not the folder of a simulation: it has no summary.json" in line


@pytest.mark.parametrize(
    ("error", "line"),
    [
        (LearnerFailed("training failed"), "Error: training failed"),
        (MissingExtra('install "querist[torch]"'), 'Error: install "querist[torch]"'),
        (PermissionError(13, "Permission denied", "labels.csv"), "Error: labels.csv: Permission denied"),
        (
            ZeroDivisionError("oh"),
            "Error: ZeroDivisionError: oh; this is a bug in querist: QUERIST_DEBUG=1 shows where",
        ),
    ],
)
def test_what_is_not_the_callers_fault_exits_with_1(
    fails: Fails, study: str, monkeypatch: pytest.MonkeyPatch, error: Exception, line: str
) -> None:
    def refuse(*_: object) -> None:
        raise error

    monkeypatch.setattr("querist.study.Study.step", refuse)
    assert fails("step", study, code=1) == line


def test_debug_shows_the_traceback(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("QUERIST_DEBUG", "1")
    with pytest.raises(querist.QueristError, match="no study at"):
        cli("status", "none.querist")


def test_an_interrupt_is_one_line_and_130(cli: Cli, study: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("querist.study.Study.step", interrupt)
    result = cli("step", study)
    assert (result.code, result.out, result.err.split()) == (130, "", ["interrupted"])


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_cannot_be_written(fails: Fails, study: str) -> None:
    Path("closed").mkdir(mode=0o500)
    assert "Permission denied" in fails("export", study, "--format", "csv", "--out", "closed/labels.csv", code=1)


def test_repeated_ids_are_refused_and_can_be_set_aside(cli: Cli, fails: Fails) -> None:
    Path("twice.csv").write_text("id,x,label\na,1,u\nb,2,v\na,3,\nc,4,\n", encoding="utf-8")
    line = fails("new", "t.querist", "twice.csv")
    assert "the ids of column 'id' must be distinct: 'a' stands in rows 1 and 3" in line
    assert "none with id='' (--id '')" in line
    result = cli("new", "t.querist", "twice.csv", "--id", "")
    assert result.code == 0, result
    assert "4 items, 2 labelled" in result.err + result.out
