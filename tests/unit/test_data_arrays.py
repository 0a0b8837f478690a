"""Arrays, texts and pairs become pools."""

from __future__ import annotations

import numpy as np
import pandas as pd
import polars as pl
import pytest
from scipy import sparse

from querist.data import Dataset, builtin_names, load, load_test
from querist.data.pool import Media
from querist.errors import BadData

X = np.array([[1.0, 2.0], [0.0, -1.0], [3.0, 0.5]])


def refused(*args, **options):
    with pytest.raises(BadData) as caught:
        load(*args, **options)
    return str(caught.value)


def test_a_matrix_becomes_a_pool():
    data = load(X)
    assert isinstance(data, Dataset)
    assert (data.name, data.labels, data.skipped, len(data)) == ("array", None, (), 3)
    assert data.pool.items.tolist() == X.tolist()
    assert data.pool.media(data.pool.ids[0]) == Media("record", {"features": [1.0, 2.0]})


@pytest.mark.parametrize(
    ("given", "kept"),
    [("float32", "float32"), ("float64", "float64"), (">f8", "float64"), ("float16", "float32"), ("int16", "float64")],
)
def test_numbers_keep_their_precision_and_become_floats(given, kept):
    items = load(X.astype(given)).pool.items
    assert items.dtype == kept
    assert items.dtype.isnative


def test_rows_of_numbers_may_be_a_list():
    assert load([[1, 2], [3, 4.5]]).pool.items.tolist() == [[1.0, 2.0], [3.0, 4.5]]


@pytest.mark.parametrize("kind", [sparse.csr_array, sparse.csc_matrix, sparse.coo_array, sparse.csr_matrix])
def test_sparse_matrices_become_csr_with_short_indices(kind):
    items = load(kind(X)).pool.items
    assert isinstance(items, sparse.csr_array)
    assert items.indices.dtype == np.int32
    assert (items.toarray() == X).all()


def test_a_sparse_matrix_of_the_caller_is_not_changed():
    matrix = sparse.csr_array((np.array([2.0, 0.0, 1.0]), np.array([1, 0, 0]), np.array([0, 2, 3])), shape=(2, 2))
    before = (matrix.data.tolist(), matrix.indices.tolist())
    load(matrix)
    assert (matrix.data.tolist(), matrix.indices.tolist()) == before


@pytest.mark.parametrize(
    "labels",
    [
        ["a", "", "b"],
        ("a", None, "b"),
        np.array(["a", "", "b"]),
        np.array([["a"], [""], ["b"]]),
        np.array(["a", np.nan, "b"], dtype=object),
        pd.Series(["a", None, "b"]),
        pd.Series(["a", None, "b"], dtype="category"),
        pl.Series(["a", None, "b"]),
    ],
)
def test_labels_of_every_origin_become_plain_texts(labels):
    found = load((X, labels)).labels
    assert found == ["a", None, "b"]
    assert type(found[0]) is str


@pytest.mark.parametrize(
    ("labels", "kept"),
    [
        (np.array([2, 0, 1], np.uint8), [2, 0, 1]),
        ([1.0, np.nan, -3.0], [1, None, -3]),
        (np.array([True, False, True]), ["true", "false", "true"]),
        ([1, "b", None], ["1", "b", None]),
        (pd.Series([1, None, 2], dtype="Int64"), [1, None, 2]),
    ],
)
def test_whole_numbers_become_integers(labels, kept):
    found = load(X, label=labels).labels
    assert found == kept
    assert all(type(label) in (int, str, type(None)) for label in found)


def test_labels_must_be_classes():
    assert refused((X, [1.0, 0.37, 2.0])) == (
        "labels must be classes, texts or whole numbers (numbers to predict are not supported yet): row 2 has 0.37; "
        "name another label column"
    )
    assert "row 1 has [0, 1]" in refused((X, np.eye(3, 2, 1).astype(int)))
    assert "row 2 has inf" in refused((X, [1.0, np.inf, 2.0]))
    assert refused((X, [1, 2])) == "label must have one value a row, 3: got 2"
    assert refused(X, label="kind").startswith("arrays have no columns, so label='kind' names nothing")
    assert refused(X, text="body").startswith("arrays have no columns, so text='body' names nothing")
    assert refused(X, label=7) == "one value a row is needed: got a int; give a list or an array"


def test_words_for_missing_are_no_classes():
    data = load((X, ["cat", "NaN", " cat "]))
    assert data.labels == ["cat", None, "cat"]
    assert data.pool.about["notes"] == [
        "1 row whose label reads 'NaN' was taken as unlabelled; rename a class that is called so"
    ]
    assert "row 2 has 0.5" in refused((X, ["1", "0.5", "2"]))
    assert load((X, ["1.5", "b", "2"])).labels == ["1.5", "b", "2"]


def test_own_ids_and_groups_may_come_beside():
    pool = load(X, id=[7, 8, 9], group=["p1", "p2", "p1"]).pool
    assert pool.ids == ("7", "8", "9")
    assert pool.group.dtype == np.int64
    assert pool.group[0] == pool.group[2] != pool.group[1]
    assert refused(X, id=["a", "b", "a"]).startswith(
        "ids must be distinct: 'a' stands in rows 1 and 3 (the first is 1)"
    )
    assert refused(X, id=["a", None, "b"]).startswith("ids: row 2 (the first is 1) has no id")


def test_rows_without_a_group_are_groups_of_their_own():
    group = load(X, id=["a", "b", "c"], group=["p", None, None]).pool.group
    assert len(set(group.tolist())) == 3
    assert load(X, id=["c", "b", "a"], group=[None, None, "p"]).pool.group[0] == group[2]


@pytest.mark.parametrize("texts", [["one", "two"], ("one", "two"), np.array(["one", "two"]), pd.Series(["one", "two"])])
def test_texts_become_items(texts):
    pool = load(texts).pool
    assert pool.kind == "text"
    assert pool.items.dtype == object
    assert pool.media(pool.ids[1]) == Media("text", {"text": "two"})


def test_empty_texts_are_left_out_and_named():
    data = load((["one", "", "three"], ["x", "y", "z"]), id=["a", "b", "c"])
    assert data.pool.ids == ("a", "c")
    assert data.labels == ["x", "z"]
    assert data.skipped == ("row 2: the text is empty",)


def test_images_become_rows_between_0_and_1():
    images = np.arange(24, dtype=np.uint8).reshape(2, 3, 4) * 10
    pool = load(images).pool
    assert pool.items.dtype == np.float32
    assert pool.items[1, 11] == np.float32(230 / 255)
    assert pool.about == {"shape": [3, 4], "notes": ["images [3, 4] were laid out as rows, 0 … 255 scaled to 0 … 1"]}
    assert load(images.astype(float)).pool.items.max() == 230.0


@pytest.mark.parametrize(
    ("source", "message"),
    [
        (np.array([[1.0, np.nan]]), "features must be finite: row 1, column 2 (the first is 1) hold nan; fill it"),
        (sparse.csr_array([[np.inf, 1.0]]), "features must be finite: a value of the sparse matrix is not"),
        (np.zeros(3), "features must be [N, D] with at least one row and one column: got (3,)"),
        (np.zeros((0, 3)), "features must be [N, D] with at least one row and one column: got (0, 3)"),
        (sparse.csr_array((0, 3)), "features must be [N, D] with at least one row and one column: got (0, 3)"),
        (np.array([["a", "b"]]), "features must be numbers: got the type <U1; give a table for columns of mixed kinds"),
        (np.array(["a", 3], dtype=object), "texts must be strings: row 2 (the first is 1) is a int: 3"),
        (["", None], "the texts have zero rows that hold anything: got 2 rows"),
        (["a", "\ud800"], "row 2 (the first is 1) holds half a character (a lone surrogate)"),
        ([], "the list has zero rows: give at least one"),
        (["a", 3], "a list of items must hold texts, dicts, or rows of numbers: got int, str"),
        (3.5, "items cannot be read from a float: give an array, a sparse matrix, a table"),
        (
            "irsi",
            "'irsi' is neither a file nor a built-in data set: did you mean 'iris'? (built in: breast_cancer, digits",
        ),
        ("nowhere/x.csv", "'nowhere/x.csv' is neither a file nor a built-in data set: check its name and its folder"),
    ],
)
def test_what_cannot_be_items_says_why(source, message):
    assert message in refused(source)


def test_built_in_sets_have_their_published_sizes():
    sizes = {name: load(name).pool.items.shape for name in builtin_names()}
    assert sizes == {
        "breast_cancer": (569, 30),
        "digits": (1797, 64),
        "iris": (150, 4),
        "wdbc": (569, 30),
        "wine": (178, 13),
    }
    iris, digits = load("iris"), load("digits")
    assert (iris.name, iris.labels[0], iris.labels[-1]) == ("iris", "setosa", "virginica")
    assert iris.pool.media(iris.pool.ids[0]).data["petal width (cm)"] == 0.2
    assert (digits.labels[:3], digits.pool.about["shape"]) == ([0, 1, 2], [8, 8])


def test_a_file_comes_before_a_built_in_set_of_its_name(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "iris").mkdir()
    assert "the folder 'iris' holds no train.csv" in refused("iris")


def test_rows_like_a_pool_must_fit_it():
    pool = load(X).pool
    assert load(X[:1] + 1, like=pool).pool.items.tolist() == [[2.0, 3.0]]
    assert refused(np.eye(3), like=pool) == "the rows have 3 features, the pool has 2: give the same"
    assert refused(["text"], like=pool) == "the rows are texts, those of the pool records: give the same kind of items"
    assert "the pool was read from arrays and the rows from a table" in refused([{"a": 1, "b": 2}], like=pool)


def test_arrays_have_no_test_part():
    assert load_test(X, like=load(X).pool) is None
    assert load_test("iris", like=load("iris").pool) is None


def test_series_of_texts_may_have_holes():
    data = load(pd.Series(["one", None, "two"], dtype="string"))
    assert data.pool.items.tolist() == ["one", "two"]
    assert data.skipped == ("row 2: the text is empty",)
