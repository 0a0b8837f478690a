"""File formats: what is written is read back, and what cannot be read says where and what to do."""

from __future__ import annotations

import gzip
import io
import json
import math

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse

from querist.errors import BadData, UnknownName
from querist.formats import Arrays, LabelRow, by_path, label_format, listing, open_text, stem
from querist.formats.csv import Csv
from querist.formats.idx import Idx
from querist.formats.jsonl import Jsonl
from querist.formats.libsvm import Libsvm
from querist.formats.npz import Npz
from querist.formats.parquet import Parquet
from querist.formats.tsv import Tsv
from querist.tasks import Answer

TABLE = pa.table({"a": [1, 2, None], "b": ["x,y", 'say "hi"', "two\nlines"], "c": [0.5, -1.25, 1e300]})


def refused(call, *args):
    with pytest.raises(BadData) as caught:
        call(*args)
    return str(caught.value)


def write(path, data):
    path.write_bytes(data if isinstance(data, bytes) else data.encode())
    return path


# --- which format -----------------------------------------------------------------------------------------------------


def test_every_format_is_listed_once_with_endings_of_its_own():
    found = listing()
    assert {about.name for about in found} >= {"conll", "csv", "idx", "jsonl", "libsvm", "npz", "parquet", "tsv"}
    endings = [suffix for about in found for suffix in about.suffixes]
    assert len(set(endings)) == len(endings)
    assert all(about.reads and about.line for about in found)


@pytest.mark.parametrize(
    ("name", "form"),
    [
        ("a.csv", "csv"),
        ("A.CSV.GZ", "csv"),
        ("x/a.ndjson", "jsonl"),
        ("a.pq", "parquet"),
        ("a.svm.gz", "libsvm"),
        ("train-images-idx3-ubyte.gz", "idx"),
        ("train-images.idx3-ubyte", "idx"),
    ],
)
def test_a_format_is_found_by_the_ending(name, form):
    assert by_path(name).about.name == form


def test_an_unknown_ending_lists_the_known_ones():
    message = refused(by_path, "a.xlsx")
    assert message.startswith("cannot tell the format of 'a.xlsx' by its ending: known are ")
    assert ".csv, " in message
    assert ".parquet" in message


def test_stem_leaves_the_format_away():
    assert [stem(n) for n in ("x/heart.libsvm.gz", "a.b.csv", "noend", "t-idx3-ubyte")] == [
        "heart",
        "a.b",
        "noend",
        "t-idx3",
    ]


def test_only_some_formats_carry_labels():
    assert label_format("jsonl").about.name == "jsonl"
    with pytest.raises(UnknownName, match=r"no format that carries labels is called 'cvs': did you mean 'csv'\?"):
        label_format("cvs")
    with pytest.raises(UnknownName, match=r"'parquet': known: .*csv, .*jsonl"):
        label_format("parquet")


# --- round trips of tables and arrays ---------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["t.csv", "t.csv.gz", "t.tsv", "t.jsonl", "t.jsonl.gz", "t.parquet"])
def test_tables_come_back_as_they_were(tmp_path, name):
    form = by_path(name)
    form.write(TABLE, tmp_path / name)
    assert form.read(tmp_path / name).to_pylist() == TABLE.to_pylist()


def test_packing_the_same_table_gives_the_same_bytes(tmp_path):
    for name in ("a.csv.gz", "b.csv.gz"):
        Csv().write(TABLE, tmp_path / name)
    assert (tmp_path / "a.csv.gz").read_bytes() == (tmp_path / "b.csv.gz").read_bytes()


@pytest.mark.parametrize("name", ["m.npz", "m.libsvm", "m.libsvm.gz"])
@pytest.mark.parametrize("density", [0.05, 0.9])
def test_arrays_come_back_as_they_were(tmp_path, name, density):
    matrix = sparse.random_array((30, 9), density=density, format="csr", rng=np.random.default_rng(0))
    matrix = sparse.csr_array(matrix.toarray() + np.eye(30, 9) / 3.0)
    labels = list(range(-5, 25))
    form = by_path(name)
    form.write(Arrays(matrix, labels), tmp_path / name)
    found = form.read(tmp_path / name)
    assert list(found.labels) == labels
    dense = found.features.toarray() if sparse.issparse(found.features) else found.features
    assert (dense == matrix.toarray()).all()


@pytest.mark.parametrize("kind", [np.uint8, np.int8, np.int16, np.int32, np.float32, np.float64])
def test_idx_comes_back_as_it_was(tmp_path, kind):
    images = np.arange(24).reshape(2, 3, 4).astype(kind)
    path = tmp_path / "train-images-idx3-ubyte.gz"
    Idx().write(Arrays(images, [7, 9]), path)
    found = Idx().read(path)
    assert found.features.dtype == kind
    assert (found.features == images).all()
    assert found.labels.tolist() == [7, 9]


def test_labels_of_images_are_found_packed_or_not(tmp_path):
    Idx().write(Arrays(np.zeros((2, 2, 2), np.uint8)), tmp_path / "t10k-images-idx3-ubyte")
    assert Idx().read(tmp_path / "t10k-images-idx3-ubyte").labels is None
    Idx().write(Arrays(np.array([3, 4], np.uint8)), tmp_path / "t10k-labels-idx1-ubyte.gz")
    assert Idx().read(tmp_path / "t10k-images-idx3-ubyte").labels.tolist() == [3, 4]


def test_npz_reads_what_scipy_wrote(tmp_path):
    matrix = sparse.random_array((6, 5), density=0.4, format="csc", rng=np.random.default_rng(0))
    sparse.save_npz(tmp_path / "m.npz", matrix)
    found = Npz().read(tmp_path / "m.npz").features
    assert found.format == "csr"
    assert (found.toarray() == matrix.toarray()).all()


def test_npz_has_parts(tmp_path):
    np.savez(tmp_path / "m.npz", X_train=np.ones((3, 2)), y_train=np.arange(3), test_images=np.zeros((2, 2)))
    assert Npz().read(tmp_path / "m.npz").labels.tolist() == [0, 1, 2]
    test = Npz().read_test(tmp_path / "m.npz")
    assert test.features.shape == (2, 2)
    assert test.labels is None
    np.savez(tmp_path / "n.npz", X=np.ones((3, 2)), Y=np.array([[1], [2], [3]]), ids=np.array(["a", "b", "c"]))
    found = Npz().read(tmp_path / "n.npz")
    assert (found.labels.tolist(), found.ids.tolist()) == ([1, 2, 3], ["a", "b", "c"])
    assert Npz().read_test(tmp_path / "n.npz") is None


# --- delimited text ---------------------------------------------------------------------------------------------------


def test_csv_copes_with_marks_line_ends_quotes_and_blank_lines(tmp_path):
    data = b'\xef\xbb\xbfname,n\r\n"a\r\nb",1\r\n\r\n"c ""d""",2\r\n\r\n'
    table = Csv().read(write(tmp_path / "t.csv", data))
    assert table.to_pylist() == [{"name": "a\r\nb", "n": 1}, {"name": 'c "d"', "n": 2}]


def test_types_are_inferred_from_all_rows_not_the_first_block(tmp_path):
    rows = "".join(f"{i}\n" for i in range(300_000)) + "0.5\n"
    assert Csv().read(write(tmp_path / "t.csv", "n\n" + rows)).column("n").type == pa.float64()


def test_a_ragged_row_is_named_by_its_line(tmp_path):
    path = write(tmp_path / "t.csv", 'a,b\n"x\ny",1\n2\n3,4\n')
    assert refused(Csv().read, path) == (
        "t.csv, line 4: got 1 values where line 1 names 2 columns; add or remove a value, or put quotes around one "
        "that holds a separator or a line break"
    )
    assert "t.tsv, line 2: got 3 values" in refused(Tsv().read, write(tmp_path / "t.tsv", "a\tb\n1\t2\t3\n"))


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "t.csv is empty: it needs at least one row"),
        (b"\xef\xbb\xbf\n", "t.csv is empty: it needs at least one row"),
        (b"a,b\n", "t.csv holds column names but zero rows: add rows below line 1"),
        (b"a,b,a\n1,2,3\n", "t.csv, line 1: the column name 'a' occurs twice; rename one of them"),
        (b"1.5,2,1.5\n1,2,3\n", "t.csv, line 1 holds numbers (1.5, 2, 1.5 …), not column names: add a line of names"),
        (b"5.1,3.5,setosa\n4.9,3.0,setosa\n", "t.csv, line 1 holds numbers (5.1, 3.5, setosa …), not column names"),
        (
            b"a;b\n1;2\n",
            "t.csv, line 1 is one column that holds ';': got 'a;b'; separate the columns of a .csv by commas",
        ),
        (
            b"a,b\n1,x\n2,caf\xe9\n",
            "t.csv is not UTF-8: line 3 holds the byte 0xe9 (byte 14 of the file); it is likely Windows-1252; save it "
            "as UTF-8, for example with `iconv -f WINDOWS-1252 -t UTF-8`",
        ),
        (b"a,b\n1,\x81\xe9\n", "it is likely ISO-8859-1"),
        ("a,b\n1,2\n".encode("utf-16"), "t.csv holds zero bytes or a UTF-16 mark: if it is text, it is UTF-16"),
        ("a,b\n1,2\n".encode("utf-16-le"), "t.csv holds zero bytes or a UTF-16 mark"),
    ],
)
def test_csv_that_cannot_be_read_says_where_and_what_to_do(tmp_path, data, message):
    assert message in refused(Csv().read, write(tmp_path / "t.csv", data))


@pytest.mark.parametrize("header", ["0,1,2", "1,2,3", "country,2019,2020", "0,1,2,label"])
def test_numbers_may_be_column_names(tmp_path, header):
    row = ",".join("7" for _ in header.split(","))
    assert Csv().read(write(tmp_path / "t.csv", f"{header}\n{row}\n")).column_names == header.split(",")


def test_hints_keep_text_and_read_codes(tmp_path):
    path = write(tmp_path / "t.csv", "id,a,b,c,d\n007,1,01,1,1.0\n008,,02,x,NA\n")

    def hints(names):
        assert names == ["id", "a", "b", "c", "d"]
        return {"id": "text", "a": "code", "b": "code", "c": "code", "d": "code"}

    assert Csv().read(path, hints).to_pylist() == [
        {"id": "007", "a": 1, "b": "01", "c": "1", "d": 1},
        {"id": "008", "a": None, "b": "02", "c": "x", "d": None},
    ]


def test_a_missing_file_names_near_ones(tmp_path):
    write(tmp_path / "train.csv", "a\n1\n")
    assert refused(Csv().read, tmp_path / "trian.csv").endswith("trian.csv': did you mean 'train.csv'?")
    assert refused(Csv().read, tmp_path / "no" / "x.csv").endswith("check its name and its folder")
    assert "cannot read" in refused(Csv().read, tmp_path)


def test_damaged_gzip_is_named(tmp_path):
    path = write(tmp_path / "t.csv.gz", gzip.compress(b"a,b\n1,2\n" * 99)[:-9])
    assert "t.csv.gz is not whole gzip data" in refused(Csv().read, path)
    assert "t.csv.gz is not whole gzip data" in refused(Csv().read, write(path, b"a,b\n1,2\n"))


def test_formulas_are_made_harmless_on_the_way_out_and_data_are_read_as_they_are(tmp_path):
    Csv().write(pa.table({"=x": ["=1+1", "plain", "-2"], "n": [-1, 2, 3]}), tmp_path / "t.csv")
    assert Csv().read(tmp_path / "t.csv").to_pylist()[0] == {"'=x": "'=1+1", "n": -1}


def test_a_delimited_table_cannot_hold_lists(tmp_path):
    message = refused(Csv().write, pa.table({"v": [[1, 2]]}), tmp_path / "t.csv")
    assert message == "column 'v' holds lists or objects, which a table of text cannot: write jsonl or parquet"


# --- the other formats ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ('{"a": 1}\n\nnope\n', "t.jsonl, line 3 is not JSON (Expecting value: line 1 column 1 (char 0)): got 'nope'"),
        ('{"a": 1}\n[1]\n', "t.jsonl, line 2: each line must be one JSON object: got a list"),
        ('{"a": 1}\n{"a": {"b": 2}}\n', "t.jsonl, line 2: column 'a' holds a dict that does not fit the other rows"),
        ("{}\n{}\n", "t.jsonl, line 1: the rows have no columns at all"),
        ('{"a": "x"}\n{"a": "\\ud800"}\n', "t.jsonl, line 2: column 'a' holds half a character (a lone surrogate)"),
        ("\n \n", "t.jsonl is empty"),
    ],
)
def test_jsonl_that_cannot_be_read_names_the_line(tmp_path, data, message):
    assert message in refused(Jsonl().read, write(tmp_path / "t.jsonl", data))


def test_jsonl_rows_may_differ(tmp_path):
    path = write(tmp_path / "t.jsonl", '\ufeff{"a": 1, "b": "x"}\r\n{"c": [1], "a": 2.5}\r\n{"b": 3}')
    assert Jsonl().read(path).to_pylist() == [
        {"a": 1.0, "b": "x", "c": None},
        {"a": 2.5, "b": None, "c": [1]},
        {"a": None, "b": "3", "c": None},
    ]


def test_text_separators_that_are_no_line_ends_stay_in_the_text(tmp_path):
    path = write(tmp_path / "t.jsonl", json.dumps({"a": "x\u2028y\x85z"}, ensure_ascii=False))
    assert Jsonl().read(path).to_pylist() == [{"a": "x\u2028y\x85z"}]


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ("1 1:2\n2 x:1\n", "t.libsvm, line 2: expected index:value with a whole index and a number: got 'x:1'"),
        ("1 1:2:3 4\n", "t.libsvm, line 1: expected index:value with a whole index and a number: got '1:2:3'"),
        ("1 7\n", "t.libsvm, line 1: expected index:value with a whole index and a number: got '7'"),
        ("1 2:1 2:3\n", "t.libsvm, line 1: a feature occurs twice; give each index once"),
        ("1 -2:1\n", "t.libsvm, line 1: a feature index must be 0 or more: got -2"),
        ("0.5 1:2\n", "t.libsvm, line 1: the label must be a whole number (classes only): got '0.5'"),
        ("nan 1:2\n", "t.libsvm, line 1: the label must be a whole number (classes only): got 'nan'"),
        ("# nothing\n\n", "t.libsvm holds zero rows: every line is blank or a comment"),
        ("1\n2\n", "t.libsvm has no features at all: write them as index:value after the label"),
    ],
)
def test_libsvm_that_cannot_be_read_names_line_and_token(tmp_path, data, message):
    assert message in refused(Libsvm().read, write(tmp_path / "t.libsvm", data))


def test_libsvm_counts_from_one_unless_a_zero_occurs(tmp_path):
    one = Libsvm().read(write(tmp_path / "one.libsvm", "+1 1:5 3:7 # note\n-1.0 2:1\r\n"))
    assert one.features.tolist() == [[5.0, 0.0, 7.0], [0.0, 1.0, 0.0]]
    assert (one.labels, one.about) == ([1, -1], {"libsvm": {"first": 1}})
    zero = Libsvm().read(write(tmp_path / "zero.libsvm", "1 2:7 0:5\n"))
    assert zero.features.tolist() == [[5.0, 0.0, 7.0]]
    later = Libsvm(width=3, first=0, dense=True).read(write(tmp_path / "later.libsvm", "1 1:5\n"))
    assert later.features.tolist() == [[0.0, 5.0, 0.0]]


def test_libsvm_that_does_not_fit_its_pool_says_so(tmp_path):
    path = write(tmp_path / "t.libsvm", "1 4:5\n")
    assert "has a feature 4, but the pool has 3 features" in refused(Libsvm(width=3, first=1).read, path)
    path = write(tmp_path / "t.libsvm", "1 0:5\n")
    assert "the features of the pool count from 1" in refused(Libsvm(width=3, first=1).read, path)


def test_libsvm_reads_what_scikit_learn_reads(data):
    from sklearn.datasets import load_svmlight_file

    for name in ("heart", "australian", "glass", "ionosphere"):
        path = data / "tabular_zhan2021" / f"{name}.libsvm.gz"
        found = Libsvm().read(path)
        features, labels = load_svmlight_file(str(path))
        assert (found.features == features.toarray()).all()
        assert found.labels == labels.astype(int).tolist()


def test_libsvm_labels_must_be_numbers(tmp_path):
    message = refused(Libsvm().write, Arrays(np.eye(2), ["a", "b"]), tmp_path / "t.libsvm")
    assert message == "LIBSVM labels are whole numbers: row 0 has 'a'; write csv or jsonl instead"


def test_pickled_objects_are_never_loaded(tmp_path):
    np.savez(tmp_path / "m.npz", X=np.eye(2), y=np.array(["a", None], dtype=object))
    assert refused(Npz().read, tmp_path / "m.npz") == (
        "m.npz: the array 'y' holds pickled objects, which are never loaded because they can run code; "
        "save it again as an array of numbers or of strings"
    )
    message = refused(Npz().write, Arrays(np.eye(2), [1, None]), tmp_path / "w.npz")
    assert message.startswith("the array 'y' holds objects, which npz would pickle")
    assert not (tmp_path / "w.npz").exists()


def test_npz_that_cannot_be_read_says_why(tmp_path):
    np.savez(tmp_path / "m.npz", P=np.eye(2))
    assert refused(Npz().read, tmp_path / "m.npz") == (
        "m.npz holds no array called X: got P; name the rows X, the labels y"
    )
    assert "n.npz is not an npz archive" in refused(Npz().read, write(tmp_path / "n.npz", b"rubbish here"))
    whole = (tmp_path / "m.npz").read_bytes()
    assert "is not a whole npz archive" in refused(Npz().read, write(tmp_path / "n.npz", whole[:-40]))
    np.save(tmp_path / "a.npy", np.eye(2))
    (tmp_path / "a.npy").rename(tmp_path / "a.npz")
    assert "a.npz is one bare array" in refused(Npz().read, tmp_path / "a.npz")
    assert "there is no file" in refused(Npz().read, tmp_path / "none.npz")


def test_parquet_that_cannot_be_read_says_why(tmp_path):
    assert "t.parquet is not a whole Parquet file" in refused(
        Parquet().read, write(tmp_path / "t.parquet", b"PAR1 and no more")
    )
    Parquet().write(TABLE.slice(0, 0), tmp_path / "t.parquet")
    assert refused(Parquet().read, tmp_path / "t.parquet") == "t.parquet holds column names but zero rows: add rows"


def test_idx_that_cannot_be_read_says_why(tmp_path):
    assert "a.idx is not an idx file: it begins with '504b0304'" in refused(
        Idx().read, write(tmp_path / "a.idx", b"PK\x03\x04....")
    )
    Idx().write(Arrays(np.zeros((2, 3), np.uint8)), tmp_path / "a.idx")
    cut = write(tmp_path / "a.idx", (tmp_path / "a.idx").read_bytes()[:-1])
    assert refused(Idx().read, cut) == "a.idx must have 18 bytes for the shape (2, 3): got 17; fetch it again"
    assert "idx has no type for complex128" in refused(Idx().write, Arrays(np.zeros((1, 1), complex)), cut)
    assert "idx labels need a name such as train-images-idx3-ubyte" in refused(
        Idx().write, Arrays(np.zeros((1, 1)), [1]), cut
    )


# --- labels -----------------------------------------------------------------------------------------------------------

TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=12)
SCALAR = (
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.floats(allow_nan=False, allow_infinity=False) | TEXT
)
NUMBER = st.none() | st.floats(0, 1e6)


@st.composite
def answers(draw, item, label):
    kind = draw(st.sampled_from(["label", "skip", "unsure", "retract"]))
    value = draw(label) if kind == "label" else None
    return Answer(item, value, kind, draw(TEXT), draw(NUMBER), draw(NUMBER), uid=draw(st.none() | TEXT))


@st.composite
def label_rows(draw):
    rows = []
    for id in draw(st.lists(TEXT.filter(bool), unique=True, max_size=4)):
        label = TEXT | st.integers(-9, 9)
        said = tuple(draw(st.lists(answers(id, label), max_size=3)))
        times = draw(st.sampled_from([(), tuple(range(1_700_000_000_000, 1_700_000_000_000 + len(said)))]))
        extra = st.none() | st.dictionaries(TEXT, SCALAR, min_size=1, max_size=3)
        record = draw(st.dictionaries(TEXT, SCALAR | st.lists(SCALAR, max_size=2), max_size=3))
        rows.append(LabelRow(id, record, said, draw(extra), draw(extra), times))
    return rows


@settings(max_examples=60, deadline=None)
@given(label_rows())
def test_jsonl_labels_lose_nothing(rows):
    stream = io.StringIO(newline="")
    Jsonl().write_labels(rows, stream)
    stream.seek(0)
    assert Jsonl().read_rows(stream) == rows


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_csv_labels_keep_answers_and_texts(data):
    names = data.draw(st.lists(TEXT.filter(bool), unique=True, max_size=3))
    rows = []
    for id in data.draw(st.lists(TEXT.filter(bool), unique=True, max_size=3)):
        found = data.draw(st.lists(answers(id, TEXT.filter(bool)), max_size=2))
        said = tuple(Answer(a.item, a.label, a.kind, a.who, a.seconds) for a in found)
        rows.append(LabelRow(id, {name: data.draw(TEXT) for name in names}, said))
    stream = io.StringIO(newline="")
    Csv().write_labels(rows, stream)
    stream.seek(0)
    assert Csv().read_rows(stream) == rows


def test_jsonl_labels_have_the_agreed_form():
    answer = Answer("i1", "cat", who="ann", seconds=1.5, lease="secret-token")
    row = LabelRow(
        "i1", {"text": "miau"}, (answer,), {"model": "linear"}, {"round": 2, "rank": 1}, (1_700_000_000_123,)
    )
    stream = io.StringIO()
    Jsonl().write_labels([row], stream)
    assert json.loads(stream.getvalue()) == {
        "id": "i1",
        "data": {"text": "miau"},
        "labels": [
            {
                "task": "classification",
                "value": "cat",
                "by": "ann",
                "at": "2023-11-14T22:13:20.123Z",
                "seconds": 1.5,
                "source": "human",
                "status": "final",
            }
        ],
        "predictions": [{"model": "linear"}],
        "selection": {"round": 2, "rank": 1},
    }


def test_csv_labels_have_the_agreed_form():
    rows = [
        LabelRow("=a", {"n": 3, "label": "x", "note": "-1"}, (Answer("=a", 7, who="@bob", seconds=2.0),)),
        LabelRow("b", {"n": -4}, (Answer("b", kind="skip", who="ann"),)),
        LabelRow("c", {"note": "a\rb"}),
    ]
    stream = io.StringIO(newline="")
    Csv().write_labels(rows, stream)
    assert stream.getvalue() == (
        "id,label,who,seconds,kind,n,data.label,note\n'=a,7,'@bob,2.0,label,3,x,'-1\n"
        'b,,ann,,skip,-4,,\nc,,,,,,,"a\rb"\n'
    )


def test_short_forms_are_read():
    lines = [
        '{"id": 5, "label": "cat", "who": "ann"}',
        '{"id": "b", "skip": true}',
        '{"id": "c", "unsure": true}',
        '{"id": "d"}',
    ]
    found = Jsonl().read_labels(io.StringIO("\n".join(lines)))
    assert found == [Answer("5", "cat", who="ann"), Answer("b", kind="skip"), Answer("c", kind="unsure")]
    assert Csv().read_labels(io.StringIO("id,label\n01,cat\n02,\n03,3\n")) == [Answer("01", "cat"), Answer("03", "3")]


def test_labels_of_models_are_no_answers():
    line = {"id": "a", "labels": [{"value": "x", "source": "model"}, {"value": "y", "source": "human"}]}
    assert Jsonl().read_labels(io.StringIO(json.dumps(line))) == [Answer("a", "y")]


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ({"label": "x"}, "labels.jsonl, line 2: 'id' must be a text or a whole number: got None"),
        ({"id": True}, "labels.jsonl, line 2: 'id' must be a text or a whole number: got True"),
        ({"id": "a", "labels": 3}, "labels.jsonl, line 2: 'labels' must be a list of objects: got '3'"),
        ({"id": "a", "data": [1]}, "labels.jsonl, line 2: 'data' must be an object: got '[1]'"),
        (
            {"id": "a", "labels": [{"status": "maybe"}]},
            "'status' must be one of final, skipped, unsure, retracted, note: got 'maybe'",
        ),
        (
            {"id": "a", "labels": [{}]},
            "line 2: a final label has no 'value': give one, or the status skipped or unsure",
        ),
        ({"id": "a", "labels": [{"value": 1, "seconds": "2"}]}, "line 2: 'seconds' must be a number or null: got '2'"),
        (
            {"id": "a", "labels": [{"value": 1, "at": "noon"}]},
            "line 2: 'at' must be an ISO time with its zone, or milliseconds since 1970: got 'noon'",
        ),
        (
            {"id": "a", "labels": [{"value": 1, "at": "2024-01-01T00:00:00"}]},
            "line 2: 'at' must be an ISO time with its zone",
        ),
    ],
)
def test_wrong_jsonl_labels_are_named_by_line(tmp_path, line, message):
    path = write(tmp_path / "labels.jsonl", '{"id": "ok"}\n' + json.dumps(line))
    assert message in refused(Jsonl().read_labels, open_text(path))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "the input is empty: it needs a line of column names with 'id'"),
        ("name,label\na,b\n", "the input, line 1: no column is called 'id': got name, label; name the id column 'id'"),
        ('id,label,note\na,x,"1\n2"\n,y,z\n', "the input, line 4: the id is missing; give every line an id"),
        (
            "id,kind\na,maybe\n",
            "the input, line 2: the kind must be one of label, skip, unsure, retract, note: got 'maybe'",
        ),
        ("id,label,seconds\n\na,x,soon\n", "the input, line 3: seconds must be a number or empty: got 'soon'"),
        ("id,label\na\n", "the input, line 2: got 1 values where line 1 names 2 columns"),
    ],
)
def test_wrong_csv_labels_are_named_by_line(text, message):
    assert message in refused(Csv().read_labels, io.StringIO(text, newline=""))


def test_labels_in_another_encoding_are_refused_with_the_line(tmp_path):
    path = write(tmp_path / "l.csv", "id,label\na,café\n".encode("cp1252"))
    assert "l.csv is not UTF-8: line 2 holds the byte 0xe9" in refused(open_text, path)


def test_texts_beyond_the_limits_of_the_csv_module_are_kept():
    rows = [LabelRow("a", {"text": "word " * 40_000}, (Answer("a", "x"),))]
    stream = io.StringIO(newline="")
    Csv().write_labels(rows, stream)
    stream.seek(0)
    assert Csv().read_rows(stream) == rows


def test_numbers_that_json_cannot_hold_are_refused(tmp_path):
    rows = [LabelRow("a", prediction={"acquisition": math.nan})]
    assert refused(Jsonl().write_labels, rows, io.StringIO()) == (
        "item 'a' holds nan or infinity, which JSON has no word for: leave such values empty"
    )
    message = refused(Jsonl().write, pa.table({"n": [1.0, math.inf]}), tmp_path / "t.jsonl")
    assert message.startswith("row 2 holds nan or infinity")
