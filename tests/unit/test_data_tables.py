"""Tables become pools: features, texts, labels, records; later rows are encoded as the pool was."""

from __future__ import annotations

import datetime
import decimal
import json

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from querist.data import load
from querist.data.columns import Columns, refit
from querist.data.pool import Media
from querist.data.records import Records
from querist.errors import BadData

ROWS = [
    {"age": 30, "smokes": True, "colour": "red", "label": "ill"},
    {"age": 50, "smokes": False, "colour": "red", "label": "well"},
    {"age": None, "smokes": True, "colour": "blue", "label": None},
    {"age": 20, "smokes": True, "colour": "blue", "label": "ill"},
]
TEXTS = [{"body": f"a long enough text, number {i}", "label": "x"} for i in range(4)]


def refused(*args, **options):
    with pytest.raises(BadData) as caught:
        load(*args, **options)
    return str(caught.value)


def frames():
    table = pa.Table.from_pylist(ROWS)
    yield "arrow", table
    yield "batch", table.to_batches()[0]
    yield "pandas", table.to_pandas()
    yield "polars", pl.DataFrame(ROWS)
    yield "lazy", pl.LazyFrame(ROWS)
    yield "dicts", ROWS


@pytest.mark.parametrize(("kind", "source"), list(frames()))
def test_every_kind_of_table_gives_the_same_pool(kind, source):
    data, known = load(source), load(ROWS)
    assert data.pool.ids == known.pool.ids
    assert data.pool.items.tolist() == [
        [30.0, 0.0, 1.0, 0.0, 1.0],
        [50.0, 0.0, 0.0, 0.0, 1.0],
        [30.0, 1.0, 1.0, 1.0, 0.0],
        [20.0, 0.0, 1.0, 1.0, 0.0],
    ]
    assert data.labels == ["ill", "well", None, "ill"]
    assert Columns.of(data.pool).features == ("age", "age is missing", "smokes", "colour=blue", "colour=red")
    assert data.pool.media(data.pool.ids[2]) == Media("record", {"age": None, "smokes": True, "colour": "blue"})


def test_later_rows_are_encoded_as_the_pool_was():
    pool = load(ROWS).pool
    later = load([{"colour": "green", "age": None, "smokes": None, "extra": 1}, {"colour": "red", "age": 7}], like=pool)
    assert later.labels is None
    assert later.pool.items.tolist() == [[30.0, 1.0, 1.0, 0.0, 0.0], [7.0, 0.0, 1.0, 0.0, 1.0]]
    assert later.pool.about["columns"] == pool.about["columns"]


def test_a_column_missing_from_later_rows_is_named():
    pool = load(ROWS).pool
    message = refused([{"age": 1, "smoke": True, "colour": "red"}], like=pool)
    assert message == "no column is called 'smokes': did you mean 'smoke'?"
    message = refused([{"age": "old", "smokes": True, "colour": "red"}], like=pool)
    assert message == "column 'age' holds numbers in the pool: got string here; give numbers"


def test_a_later_csv_reads_categories_as_the_pool_has_them(tmp_path):
    (tmp_path / "a.csv").write_text("code,n\n1,5\n2,6\nx,7\n1,8\n")
    (tmp_path / "b.csv").write_text("code,n\n2,5\n1,\n")
    pool = load(tmp_path / "a.csv").pool
    assert load(tmp_path / "b.csv", like=pool).pool.items.tolist() == [[0.0, 1.0, 0.0, 5.0], [1.0, 0.0, 0.0, 6.5]]


def test_the_encoding_is_json():
    about = load(ROWS).pool.about
    assert json.loads(json.dumps(about)) == about
    assert Columns.parse(json.loads(json.dumps(about["columns"]))).json() == about["columns"]


# --- which column plays which part ------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["label", "Target", "CLASS", "y"])
def test_the_label_column_is_found_by_name(name):
    assert load([{"n": 1, name: "a"}, {"n": 2, name: "b"}]).labels == ["a", "b"]


def test_two_possible_labels_are_a_question_not_a_leak():
    rows = [{"n": 1, "y": 1, "class": 2}, {"n": 2, "y": 3, "class": 4}]
    assert refused(rows) == (
        "the columns 'y' and 'class' could each be the label: say which with label=…, or label='' for none"
    )
    assert load(rows, label="y").pool.items.shape == (2, 2)
    assert load(rows, label="").labels is None
    assert load((rows, ["p", "q"])).labels == ["p", "q"]


def test_an_unknown_column_lists_near_names():
    assert refused(ROWS, label="labell") == "no column is called 'labell' (label): did you mean 'label'?"
    assert refused(ROWS, text="body").startswith("no column is called 'body' (text): known: age, colour, label, smokes")
    assert refused(ROWS, id=["a", "b"]) == "id must be the name of a column of the table: got a list"


def test_labels_beside_a_frame_are_its_labels():
    frame = pd.DataFrame({"a": [1, 2], "b": [3, 4]})
    data = load((frame, np.array([0, 1])))
    assert data.labels == [0, 1]
    assert data.pool.items.shape == (2, 2)
    assert refused((frame, [1])) == "labels must have one value a row, 2: got 1"


def test_fractions_are_no_classes():
    message = refused([{"n": 1, "y": 0.5}, {"n": 2, "y": 1.0}])
    assert message.endswith("row 1 of column 'y' has 0.5; name another label column")


LABELS = ("cat", " cat", "NaN", "N/A", "dog", "")


@pytest.mark.parametrize("ending", ["csv", "jsonl", "parquet", "list"])
def test_words_for_missing_are_no_classes_whatever_the_origin(tmp_path, ending):
    rows = [{"n": i, "label": label} for i, label in enumerate(LABELS)]
    path = tmp_path / f"a.{ending}"
    frame = pd.DataFrame(rows)
    if ending == "csv":
        frame.to_csv(path, index=False)
    elif ending == "jsonl":
        frame.to_json(path, orient="records", lines=True)
    elif ending == "parquet":
        frame.to_parquet(path)
    data = load(rows if ending == "list" else path)
    assert data.labels == ["cat", "cat", None, None, "dog", None]
    assert data.pool.about["notes"] == [
        "2 rows whose label reads 'N/A' or 'NaN' were taken as unlabelled; rename a class that is called so"
    ]


def test_fractions_written_as_text_are_no_classes_either(tmp_path):
    (tmp_path / "a.csv").write_text("n,label\n1,1\n2,0.5\n3,NA\n")
    assert "row 2 of column 'label' has 0.5; name another label column" in refused(tmp_path / "a.csv")


def test_whole_numbers_beside_texts_are_spelt_alike(tmp_path):
    (tmp_path / "a.jsonl").write_text('{"n":1,"label":1}\n{"n":2,"label":2.0}\n{"n":3,"label":"x"}\n')
    assert load(tmp_path / "a.jsonl").labels == ["1", "2", "x"]


def test_ids_are_the_column_called_id():
    rows = [{"ID": 7, "n": 1}, {"ID": 8, "n": 2}]
    pool = load(rows).pool
    assert pool.ids == ("7", "8")
    assert pool.items.tolist() == [[1.0], [2.0]]


@pytest.mark.parametrize("options", [{"id": "ID"}, {}])
def test_repeated_and_missing_ids_are_errors_whether_the_column_was_named_or_found(options):
    rows = [{"ID": "a", "n": 1}, {"ID": "b", "n": 2}, {"ID": "a", "n": 3}]
    assert refused(rows, **options) == (
        "the ids of column 'ID' must be distinct: 'a' stands in rows 1 and 3 (the first is 1); "
        "remove one of them, or name another id column, or none with id='' (--id '')"
    )
    rows[1]["ID"] = None
    assert refused(rows, **options) == (
        "the ids of column 'ID': row 2 (the first is 1) has no id; "
        "give every row one, or name another id column, or none with id='' (--id '')"
    )


def test_an_empty_name_means_no_id_column():
    pool = load([{"ID": 7, "n": 1}, {"ID": 7, "n": 2}], id="").pool
    assert pool.about["notes"] == ["column 'ID' is not used: neither as the id nor as a feature"]
    assert pool.items.tolist() == [[1.0], [2.0]]
    assert len(set(pool.ids)) == 2
    more = load([{"ID": 7, "n": 5}, {"ID": 7, "n": 6}], like=pool).pool
    assert more.items.tolist() == [[5.0], [6.0]]


def test_zeros_in_front_of_ids_stay(tmp_path):
    (tmp_path / "a.csv").write_text("id,n,label,site\n007,1,01,02\n008,2,02,02\n")
    data = load(tmp_path / "a.csv", group="site")
    assert data.pool.ids == ("007", "008")
    assert data.labels == ["01", "02"]
    assert load(tmp_path / "a.csv", id="", group="site").pool.about["columns"]["id"] is None


def test_groups_are_neither_features_nor_shown():
    pool = load([{"n": 1, "patient": "p"}, {"n": 2, "patient": "q"}, {"n": 3, "patient": "p"}], group="patient").pool
    assert pool.items.shape == (3, 1)
    assert pool.group[0] == pool.group[2] != pool.group[1]
    assert "patient" not in pool.records[0]


# --- texts ------------------------------------------------------------------------------------------------------------


def test_the_single_column_of_running_text_is_taken_and_said_so():
    data = load(TEXTS)
    assert data.pool.kind == "text"
    assert data.pool.items[2] == "a long enough text, number 2"
    assert data.pool.about["notes"] == ["column 'body' was taken as the text; say text=… for another one"]
    assert data.pool.media(data.pool.ids[0]) == Media("text", {"text": "a long enough text, number 0"})


def test_a_column_called_text_comes_before_numbers():
    rows = [{"text": t["body"], "stars": i} for i, t in enumerate(TEXTS)]
    data = load(rows)
    assert data.pool.kind == "text"
    assert data.pool.media(data.pool.ids[3]).data == {"text": "a long enough text, number 3", "stars": 3}


def test_two_columns_of_running_text_are_a_question():
    rows = [{**row, "title": f"title {i} of some length"} for i, row in enumerate(TEXTS)]
    assert refused(rows) == "the columns 'body', 'title' could each be the text: say which with text=…"
    pool = load(rows, text="title").pool
    assert pool.items[0] == "title 0 of some length"
    assert pool.media(pool.ids[0]).data == {"text": "title 0 of some length", "body": "a long enough text, number 0"}


def test_rows_without_text_are_left_out_and_named():
    rows = [*TEXTS, {"body": "", "label": "y"}, {"label": "z"}, {"body": "again some text", "label": "w"}]
    data = load(rows, text="body")
    assert data.skipped == ("row 5: no text in column 'body'", "row 6: no text in column 'body'")
    assert data.labels == ["x", "x", "x", "x", "w"]
    assert len(data.pool) == len(data.pool.records or data.pool.items) == 5
    assert refused([{"body": None, "n": 1}], text="body") == (
        "column 'body' has no text in any row: say text=… for another one"
    )


def test_numbers_may_be_the_text_but_lists_may_not():
    assert load([{"n": 5}, {"n": 6}], text="n").pool.items.tolist() == ["5", "6"]
    message = refused([{"n": [1]}, {"n": [2]}], text="n")
    assert message.startswith("column 'n' must hold text: got list<")


def test_another_column_called_text_steps_aside():
    pool = load([{"text": "short", "body": "long text"}, {"text": "brief", "body": "more text"}], text="body").pool
    assert pool.media(pool.ids[0]).data == {"text": "long text", "text (column)": "short"}


# --- columns that are no features -------------------------------------------------------------------------------------


def test_what_is_not_used_is_said():
    rows = [
        {"n": i, "name": f"person {i}", "when": datetime.date(2020, 1, i + 1), "v": [i], "none": None, "raw": b"x"}
        for i in range(3)
    ]
    pool = load(rows).pool
    assert pool.items.shape == (3, 1)
    assert pool.about["notes"] == [
        "column 'raw' holds bytes: left out",
        "column 'name' holds 3 different texts: shown, but not used as a feature",
        "column 'when' holds 3 different texts: shown, but not used as a feature",
        "column 'v' holds values of type list<item: int64>: shown, but not used as a feature",
        "column 'none' is empty: not used",
    ]
    assert pool.media(pool.ids[1]).data == {"n": 1, "name": "person 1", "when": "2020-01-02", "v": [1], "none": None}


def test_no_feature_at_all_is_an_error():
    message = refused([{"v": [1], "label": "a"}, {"v": [2], "label": "b"}])
    assert message.startswith("no column can be used as a feature (column 'v' holds values of type list<item: int64>")
    assert refused([{"label": "a"}, {"label": "b"}]).startswith(
        "no column can be used as a feature (there is none beside label and id)"
    )


def test_a_column_without_a_name_is_left_out(tmp_path):
    pd.DataFrame({"a": [1, 2]}).to_csv(tmp_path / "a.csv")
    pool = load(tmp_path / "a.csv").pool
    assert pool.items.tolist() == [[1.0], [2.0]]
    assert pool.about["notes"][0].startswith("a column without a name (an index of rows, most likely) was left out")


def test_many_kinds_are_no_category():
    rows = [{"n": 1, "few": f"k{i % 50}", "many": f"k{i % 51}"} for i in range(200)]
    assert load(rows).pool.items.shape == (200, 51)


def test_columns_must_be_finite():
    assert refused([{"n": 1.0}, {"n": np.inf}]) == (
        "column 'n' must be finite: row 2 (the first is 1) holds inf; leave the cell empty when the value is not known"
    )


def test_types_of_every_kind_become_numbers_and_json():
    table = pa.table(
        {
            "nan": pa.array([1.0, np.nan, 3.0]),
            "price": pa.array([decimal.Decimal("1.50"), None, decimal.Decimal("2.50")]),
            "took": pa.array([datetime.timedelta(seconds=90), None, datetime.timedelta(seconds=30)]),
            "kind": pa.array(["a", "b", "a"]).dictionary_encode(),
            "half": pa.array(np.array([1, 2, 3], np.float16)),
            "words": pa.array([["x"], ["y"], None]),
        }
    )
    pool = load(table).pool
    assert pool.items.tolist() == [
        [1.0, 0.0, 1.5, 0.0, 90.0, 0.0, 1.0, 0.0, 1.0],
        [2.0, 1.0, 2.0, 1.0, 60.0, 1.0, 0.0, 1.0, 2.0],
        [3.0, 0.0, 2.5, 0.0, 30.0, 0.0, 1.0, 0.0, 3.0],
    ]
    shown = pool.media(pool.ids[1]).data
    assert json.loads(json.dumps(shown, allow_nan=False)) == shown
    assert shown["nan"] is None


def test_tables_that_cannot_be_read_say_why():
    assert refused(pa.table({"a": pa.array([], pa.int64())})) == "the table has zero rows: give at least one"
    twice = pa.table([pa.array([1]), pa.array([2])], names=["a", "a"])
    assert refused(twice) == "the column name 'a' occurs twice: rename one of them"
    assert refused(pd.DataFrame({"a": [1, "x"]})).startswith("the frame cannot be read (")
    assert refused([{"a": 1}, {"a": {"b": 1}}]).startswith("row 2: column 'a' holds a dict that does not fit")


def test_a_named_index_is_a_column():
    frame = pd.DataFrame({"n": [1, 2]}, index=pd.Index(["a", "b"], name="id"))
    assert load(frame).pool.ids == ("a", "b")


def test_records_are_rows_of_the_table():
    records = Records(pa.table({"a": [1, 2, 3]}))
    assert [dict(r) for r in records] == [{"a": 1}, {"a": 2}, {"a": 3}]
    assert records[-1] == {"a": 3}
    assert [dict(r) for r in records[1:]] == [{"a": 2}, {"a": 3}]
    with pytest.raises(IndexError, match="there are 3 records: got row 3"):
        records[3]


def test_taking_rows_of_a_pool_keeps_them_whole():
    pool = load(ROWS, group="colour").pool
    part = pool.take(np.array([3, 1]))
    assert part.ids == (pool.ids[3], pool.ids[1])
    assert [dict(r) for r in part.records] == [dict(pool.records[3]), dict(pool.records[1])]
    assert part.group.tolist() == [pool.group[3], pool.group[1]]


def test_rows_without_any_feature_of_their_own_are_refused():
    with pytest.raises(BadData, match="no column can be used as a feature of the training rows alone: column 'a' is"):
        refit(pa.table({"a": pa.nulls(2), "id": [1, 2]}))
