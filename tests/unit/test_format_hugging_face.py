"""Folders as the package ``datasets`` saves them: what is written is read, by us and in the form that it documents."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from querist.data import load
from querist.errors import BadData
from querist.formats import LabelRow, folder_format
from querist.study import Study
from querist.tasks import Answer
from querist.testing.formats import FormatSuite

FORM = folder_format("hugging-face")
SIZE = {"width": 40, "height": 30}


def row(id: str, label: Any, who: str = "ann", **data: Any) -> LabelRow:
    answers = () if label is None else (Answer(id, label, who=who),)
    return LabelRow(id, {"text": f"text of {id} 🎬 שלום", **data}, answers)


class TestClasses(FormatSuite):
    form = "hugging-face"
    rows = (row("b", "pos", **SIZE), row("a", "neg", **SIZE), row("c", "pos", **SIZE))


class TestSets(FormatSuite):
    form = "hugging-face"
    rows = (row("b", ["sport", "money"], **SIZE), row("a", [], **SIZE))


class TestSpans(FormatSuite):
    form = "hugging-face"
    rows = (row("b", [{"start": 0, "end": 4, "label": "THING"}], **SIZE), row("a", [], **SIZE))


class TestBoxes(FormatSuite):
    form = "hugging-face"
    rows = (row("a.png", [{"box": [1.5, 2.0, 3.0, 4.25], "label": "car"}], **SIZE),)


class TestNumbers(FormatSuite):
    form = "hugging-face"
    rows = (row("a", 3, **SIZE), row("b", 0, **SIZE))


def facts(folder: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    return tuple(json.loads((folder / f"{name}.json").read_text()) for name in ("state", "dataset_info"))


def test_the_files_are_those_that_datasets_loads(tmp_path: Path) -> None:
    FORM.write_folder([row("a", "pos", score=0.5), row("b", "neg", score=1.5), row("c", None, score=2.0)], tmp_path)
    state, info = facts(tmp_path)
    assert state["_data_files"] == [{"filename": "data-00000-of-00001.arrow"}]
    assert {
        "_fingerprint",
        "_format_columns",
        "_format_kwargs",
        "_format_type",
        "_output_all_columns",
        "_split",
    } <= set(state)
    text = {"dtype": "string", "_type": "Value"}
    assert info["features"] == {
        "id": text, "text": text, "score": {"dtype": "float64", "_type": "Value"}, "annotator": text,
        "label": {"names": ["neg", "pos"], "_type": "ClassLabel"},
    }  # fmt: skip
    with pa.OSFile(str(tmp_path / "data-00000-of-00001.arrow")) as file:
        table = pa.ipc.open_stream(file).read_all()
    assert table.column("label").to_pylist() == [1, 0, None]
    assert json.loads(table.schema.metadata[b"huggingface"])["info"]["features"] == info["features"]


def test_lists_and_spans_say_what_they_hold(tmp_path: Path) -> None:
    FORM.write_folder([row("a", ["x", "y"])], tmp_path / "sets")
    value = {"dtype": "string", "_type": "Value"}
    assert facts(tmp_path / "sets")[1]["features"]["label"] == {"feature": value, "_type": "Sequence"}
    FORM.write_folder([row("a", [{"start": 0, "end": 2, "label": "x"}])], tmp_path / "spans")
    whole = {"dtype": "int64", "_type": "Value"}
    assert facts(tmp_path / "spans")[1]["features"]["label"] == [{"start": whole, "end": whole, "label": value}]


def test_people_and_names_of_columns_come_back(tmp_path: Path) -> None:
    named = {"text": "x", "annotator": "a column", "label": "of the data", "data.more": "1"}
    given = [LabelRow("a", named, (Answer("a", "pos", who="bea"),)), row("b", None)]
    FORM.write_folder(given, tmp_path)
    first, other = FORM.read_folder(tmp_path).rows
    assert first.answers == (Answer("a", "pos", who="bea"),)
    assert first.data == named
    assert other.answers == ()


def test_a_number_0_is_an_id_like_any_other(tmp_path: Path) -> None:
    FORM.write(pa.table({"id": [1, 0, None], "label": ["pos", "neg", "pos"]}), tmp_path)
    assert [(row.id, row.answers[0].item) for row in FORM.read_folder(tmp_path).rows] == [
        ("1", "1"),
        ("0", "0"),
        ("2", "2"),
    ]


def test_the_latest_label_is_the_one(tmp_path: Path) -> None:
    two = LabelRow(
        "a", {"text": "x"}, (Answer("a", "neg", who="ann"), Answer("a", "pos", who="bea"), Answer("a", kind="skip"))
    )
    FORM.write_folder([two], tmp_path)
    assert FORM.read_folder(tmp_path).rows[0].answers == (Answer("a", "pos", who="bea"),)


def test_equal_rows_make_equal_files(tmp_path: Path) -> None:
    for name in ("one", "two"):
        FORM.write_folder([row("a", "pos"), row("b", "neg")], tmp_path / name)
    files = [sorted((tmp_path / name).iterdir()) for name in ("one", "two")]
    assert [a.read_bytes() for a in files[0]] == [b.read_bytes() for b in files[1]]


def test_a_study_goes_out_and_comes_in(tmp_path: Path) -> None:
    texts = [{"id": f"t{i}", "text": f"word{i % 3} film"} for i in range(6)]
    with Study.create(None, texts, text="text", labels=["neg", "pos"]) as study:
        study.tell("t1", "pos", who="ann")
        study.tell("t4", "neg", who="bea")
        FORM.write_folder(list(study.rows(everything=True)), tmp_path / "out")
    data = load(tmp_path / "out", text="text", label="label")
    assert dict(zip(data.pool.ids, data.labels, strict=True)) == {
        f"t{i}": {1: "pos", 4: "neg"}.get(i) for i in range(6)
    }


@given(
    st.lists(
        st.tuples(st.text(st.characters(codec="utf-8")), st.none() | st.sampled_from(["a", "ü", "…"])),
        min_size=1,
        max_size=6,
    )
)
@settings(max_examples=40, deadline=None)
def test_any_text_comes_back(tmp_path_factory: Any, pairs: list[tuple[str, str | None]]) -> None:
    folder = tmp_path_factory.mktemp("any")
    rows = [LabelRow(f"i{at}", {"text": text}, () if label is None else (Answer(f"i{at}", label),))
            for at, (text, label) in enumerate(pairs)]  # fmt: skip
    FORM.write_folder(rows, folder)
    again = FORM.read_folder(folder).rows
    assert [(r.id, r.data["text"], [a.label for a in r.answers]) for r in again] == [
        (r.id, r.data["text"], [a.label for a in r.answers]) for r in rows
    ]


def test_what_cannot_be_written_or_read_says_why(tmp_path: Path) -> None:
    with pytest.raises(BadData, match="there is no answer to write"):
        FORM.write_folder([], tmp_path / "none")
    with pytest.raises(BadData, match=r"'c' is no folder of datasets: it needs state.json, as Dataset.save_to_disk"):
        FORM.read_folder(tmp_path / "c")
    with pytest.raises(BadData, match="item 'a' was looked at in part"):
        FORM.write_folder([row("a", {"spans": [], "asked": [[0, 1]]})], tmp_path / "part")
