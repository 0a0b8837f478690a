"""Labels in and out: formats by their ending, predictions, and words for files without labels."""

from __future__ import annotations

import csv
import gzip
import json
from importlib.metadata import EntryPoint
from pathlib import Path

import pytest
from command_line import Cli, answers

from querist import _load
from querist.cli import learners
from querist.data import load


@pytest.fixture
def labelled(cli: Cli, study: str) -> str:
    """The study of the flowers with two rounds of answers."""
    for _ in range(2):
        assert cli("tell", study, "-", stdin=answers(cli("ask", study).lines)).code == 0
        assert cli("step", study).code == 0
    return study


@pytest.mark.parametrize("name", ["labels.csv", "labels.jsonl", "labels.csv.gz"])
def test_export_tells_the_format_by_the_ending(cli: Cli, labelled: str, name: str) -> None:
    assert cli("export", labelled, "--out", name).code == 0
    raw = Path(name).read_bytes()
    text = (gzip.decompress(raw) if name.endswith(".gz") else raw).decode()
    assert text == cli("export", labelled, "--format", name.split(".")[1]).out


def test_export_without_format_or_ending_says_what_to_give(cli: Cli, labelled: str) -> None:
    failed = cli("export", labelled)
    assert (failed.code, failed.out) == (2, "")
    assert "say which format: --format csv, or --out FILE with an ending that tells it" in failed.err
    assert "cannot tell the format of 'labels.doc' by its ending" in cli("export", labelled, "--out", "labels.doc").err


def test_import_of_a_file_without_labels_says_which_column_it_looked_for(cli: Cli, study: str) -> None:
    Path("l.csv").write_text("id,labels,size\nf01,a,1\nf02,b,2\n", encoding="utf-8")
    failed = cli("import", study, "l.csv")
    assert failed.code == 2
    words = (
        "l.csv holds no answers: none of its 2 rows has a label, which must be called 'label' (did you mean 'labels'?)"
    )
    assert words in failed.err.replace("\n", " ")
    Path("l.jsonl").write_text('{"id": "f01", "class": "a"}\n', encoding="utf-8")
    assert "l.jsonl holds no answers: none of its 1 rows has a label" in cli("import", study, "l.jsonl").err


def test_predict_gives_every_item_a_label_and_a_confidence(cli: Cli, labelled: str) -> None:
    rows = cli("predict", labelled).lines
    assert [row["id"] for row in rows] == [f"f{number:02d}" for number in range(60)]
    assert {row["label"] for row in rows} <= {"a", "b", "c"}
    assert all(1 / 3 <= row["confidence"] <= 1 for row in rows)
    assert cli("predict", labelled, "--out", "p.csv").code == 0
    with open("p.csv", encoding="utf-8") as file:
        written = list(csv.DictReader(file))
    assert [(row["id"], row["label"]) for row in written] == [(row["id"], row["label"]) for row in rows]
    assert [float(row["confidence"]) for row in written] == [row["confidence"] for row in rows]


def test_predict_reads_new_rows_as_the_study_read_its_own(cli: Cli, labelled: str) -> None:
    Path("new.csv").write_text("name,width,height\nx1,0.1,0\nx2,2.1,4\n", encoding="utf-8")
    rows = cli("predict", labelled, "new.csv").lines
    assert [(row["id"], row["label"]) for row in rows] == [("x1", "a"), ("x2", "c")]
    assert cli("predict", labelled, "new.csv", "--out", "p.jsonl").code == 0
    assert [json.loads(line) for line in Path("p.jsonl").read_text(encoding="utf-8").splitlines()] == rows


def test_predict_says_when_it_cannot_or_is_behind(cli: Cli, study: str) -> None:
    assert "no item has a label, so there is nothing to predict from" in cli("predict", study).err
    assert cli("predict", study, "--out", "p.doc").err.startswith(
        "Error: --out must end in .jsonl or .csv: got 'p.doc'"
    )
    cli("tell", study, "-", stdin=answers(cli("ask", study).lines))
    assert "6 answers are newer than the model: `querist step f.querist` learns them" in cli("predict", study).err


def test_an_export_read_again_has_no_feature_that_tells_of_the_answers(cli: Cli, study: str) -> None:
    told = [{**line, "seconds": number + 0.5} for number, line in enumerate(cli("ask", study).lines)]
    assert cli("tell", study, "-", stdin=answers(told)).code == 0
    cli("export", study, "--out", "labels.csv", "--all")
    found = load("labels.csv")
    assert found.pool.items.shape == (60, 2)
    assert [c["name"] for c in found.pool.about["columns"]["columns"]] == ["width", "height"]
    assert "seconds" in found.pool.media(told[0]["id"]).data
    assert "who, seconds and kind tell of the answers, and are no features" in " ".join(found.pool.about["notes"])


def test_a_simulation_of_an_export_counts_seconds_and_does_not_learn_from_them(cli: Cli, tmp_path: Path) -> None:
    lines = ["id,label,who,seconds,kind,width"]
    lines += [f"f{n},{'ab'[n % 2]},ann,{n % 2 + 1},label,{(n * 7919) % 101}" for n in range(80)]
    Path("labels.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    words = (
        "--strategy",
        "random",
        "--initial",
        10,
        "--budget",
        30,
        "--seeds",
        "0",
        "--cost",
        "seconds",
        "--out",
        "run",
    )
    done = cli("simulate", "labels.csv", *words, "--json")
    assert done.code == 0, done.err
    assert done.facts["rows"][0]["aubc"]["mean"] < 0.8  # the width says nothing, the seconds would say all


def test_a_category_that_holds_the_classes_is_warned_of(cli: Cli) -> None:
    lines = ["id,size,finding", *(f"i{n},{n % 5},{('benign', 'malignant')[n % 2]}" for n in range(30))]
    Path("t.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    made = cli("new", "t.querist", "t.csv", "--labels", "benign,malignant")
    assert made.code == 0
    assert "t: warning: the column 'finding' holds the names of the classes and is used as a feature" in made.err
    assert "--label finding" in made.err
    assert "warning" not in cli("new", "u.querist", "t.csv", "--label", "finding", "--ignore-labels").err


def test_a_number_that_stands_for_the_class_is_warned_of(cli: Cli) -> None:
    lines = ["id,label,code,size", *(f"i{n},{'xy'[n % 2]},{n % 2 + 7},{n % 5}" for n in range(30))]
    Path("t.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    made = cli("new", "t.querist", "t.csv", "--ignore-labels")
    assert "the column 'code' has one value for each class and is used as a feature" in made.err
    assert "'size'" not in made.err


def test_a_package_that_cannot_be_loaded_is_listed_with_its_error(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    broken = {"lost": EntryPoint("lost", "no_such_package.lost:Lost", "querist.strategies")}
    whole = _load._plugins
    monkeypatch.setattr(_load, "_plugins", lambda kind: {**whole(kind), **broken})
    rows = {row["name"]: row for row in cli("strategies", "--json").facts}
    assert "margin" in rows
    words = "the strategy 'lost' of an installed package cannot be loaded (ModuleNotFoundError: No module named"
    assert words in rows["lost"]["error"]
    assert "mend or remove that package" in rows["lost"]["error"]
    assert "lost" in cli("strategies").out
    assert "cannot be loaded" in learners._row("lost")["what"]
    assert cli("new", "i.querist", "iris", "--ignore-labels", "--strategy", "margin").code == 0
