"""Files and folders become data sets; the real ones beside the checkout have their documented sizes."""

from __future__ import annotations

import gzip
from collections import Counter

import numpy as np
import pytest
from scipy import sparse

from querist.data import load, load_test
from querist.errors import BadData
from querist.formats import Arrays
from querist.formats.idx import Idx


def refused(call, *args, **options):
    with pytest.raises(BadData) as caught:
        call(*args, **options)
    return str(caught.value)


@pytest.mark.parametrize(
    ("name", "shape", "labels"),
    [
        ("appendicitis", (106, 7), {-1: 85, 1: 21}),
        ("heart", (270, 13), {-1: 150, 1: 120}),
        ("clean1", (476, 166), {-1: 269, 1: 207}),
        ("spambase", (4601, 57), {-1: 2788, 1: 1813}),
        ("glass", (214, 9), {1: 70, 2: 76, 3: 17, 4: 13, 5: 9, 6: 29}),
    ],
)
def test_tabular_sets(data, name, shape, labels):
    found = load(data / "tabular_zhan2021" / f"{name}.libsvm.gz")
    assert (found.name, found.pool.items.shape) == (name, shape)
    assert Counter(found.labels) == labels
    assert isinstance(found.pool.items, np.ndarray)
    assert len(set(found.pool.ids)) == shape[0]


@pytest.mark.parametrize(
    ("name", "train", "test", "classes"),
    [
        ("nlp_trec", 5452, 500, 6),
        ("nlp_sms_spam", 4459, 1115, 2),
        ("nlp_imdb", 5000, 2000, 2),
        ("nlp_ag_news", 10001, 7600, 4),
    ],
)
def test_text_corpora(data, name, train, test, classes):
    found = load(str(data / name), text="text", label="label")
    held = load_test(data / name, like=found.pool)
    assert (found.name, len(found), held.name, len(held)) == (name, train, name, test)
    assert len(set(found.labels)) == len(set(held.labels)) == classes
    assert found.pool.kind == held.pool.kind == "text"
    assert not set(found.pool.ids) & set(held.pool.ids)
    assert load(data / name).pool.ids == found.pool.ids


def test_mnist(data):
    found = load(data / "image_mnist")
    held = load_test(data / "image_mnist", like=found.pool)
    assert (found.pool.items.shape, held.pool.items.shape) == ((20000, 784), (3000, 784))
    assert (found.labels[:6], held.labels[:8]) == ([5, 0, 4, 1, 9, 2], [7, 2, 1, 0, 4, 1, 4, 9])
    assert (found.pool.kind, found.pool.about["shape"], found.pool.items.max()) == ("record", [28, 28], 1.0)
    assert load(data / "image_mnist" / "t10k-images-idx3-ubyte.gz").labels == held.labels


def test_split_npz(data):
    path = data / "medical_pneumoniamnist" / "pneumoniamnist.npz"
    found = load(path)
    held = load_test(path, like=found.pool)
    assert Counter(found.labels) == {0: 388, 1: 3494}
    assert Counter(held.labels) == {0: 234, 1: 390}
    assert held.pool.items.shape == (624, 784)


@pytest.mark.parametrize("suffix", [".csv", ".csv.gz", ".tsv", ".jsonl", ".jsonl.gz"])
def test_a_folder_has_a_train_and_a_test_part(tmp_path, suffix):
    rows = {"train": [("a", 1, "red"), ("b", None, "blue"), ("c", 3, "red")], "test": [("d", 5, "green")]}
    for part, values in rows.items():
        _write(tmp_path / f"{part}{suffix}", values)
    (tmp_path / "README.md").write_text("not data")
    found = load(tmp_path)
    held = load_test(tmp_path, like=found.pool)
    assert found.name == tmp_path.name
    assert found.pool.items.tolist() == [[1.0, 0.0, 0.0, 1.0], [2.0, 1.0, 1.0, 0.0], [3.0, 0.0, 0.0, 1.0]]
    assert held.pool.items.tolist() == [[5.0, 0.0, 0.0, 0.0]]


def _write(path, rows):
    if ".jsonl" in path.name:
        lines = [f'{{"id": "{i}", "n": {"null" if n is None else n}, "colour": "{c}"}}' for i, n, c in rows]
    else:
        sign = "\t" if ".tsv" in path.name else ","
        lines = [
            sign.join(("id", "n", "colour")),
            *(sign.join((i, "" if n is None else str(n), c)) for i, n, c in rows),
        ]
    text = ("\n".join(lines) + "\n").encode()
    path.write_bytes(gzip.compress(text) if path.suffix == ".gz" else text)


def test_a_folder_without_a_test_part_has_none(tmp_path):
    (tmp_path / "train.csv").write_text("n\n1\n2\n")
    assert load_test(tmp_path, like=load(tmp_path).pool) is None
    assert load_test(tmp_path / "train.csv", like=load(tmp_path).pool) is None


def test_the_only_file_of_a_folder_is_read(tmp_path):
    (tmp_path / "heart.csv").write_text("n\n1\n2\n")
    (tmp_path / "README.md").write_text("about")
    assert (load(tmp_path).name, len(load(tmp_path))) == (tmp_path.name, 2)
    assert load_test(tmp_path, like=load(tmp_path).pool) is None


def test_folders_that_cannot_be_read_say_what_they_hold(tmp_path):
    nothing = "holds no train.csv, train.jsonl or the like, no train-images-idx3-ubyte and no images: it holds nothing"
    assert nothing in refused(load, tmp_path)
    (tmp_path / "heart.csv").write_text("n\n1\n")
    (tmp_path / "sonar.csv").write_text("n\n1\n")
    assert refused(load, tmp_path).endswith("it holds heart.csv, sonar.csv; name one of its files")
    (tmp_path / "train.odd").write_text("x")
    assert refused(load, tmp_path).startswith("cannot tell the format of 'train.odd' by its ending")
    (tmp_path / "train.csv").write_text("n\n1\n")
    assert refused(load, tmp_path).endswith("holds train.csv and train.odd: name the one to read")


def test_errors_of_files_reach_the_caller(tmp_path):
    (tmp_path / "t.csv").write_text("a,label\n1,x\n2\n")
    assert refused(load, tmp_path / "t.csv").startswith("t.csv, line 3: got 1 values")
    (tmp_path / "t.csv").write_text("a,label\n1,x\n")
    assert refused(load, tmp_path / "t.csv", label="lable") == (
        "no column is called 'lable' (label): did you mean 'label'?"
    )


def test_a_test_file_in_libsvm_has_the_width_and_form_of_the_pool(tmp_path):
    (tmp_path / "train.libsvm").write_text("1 1:1 5:2\n0 2:1 3:4\n")
    (tmp_path / "test.libsvm").write_text("1 2:3\n")
    found = load(tmp_path)
    held = load_test(tmp_path, like=found.pool)
    assert held.pool.items.tolist() == [[0.0, 3.0, 0.0, 0.0, 0.0]]
    assert load(tmp_path / "test.libsvm", like=found.pool).labels == [1]
    wide = "\n".join(f"1 {i * 10 + 1}:1" for i in range(9)) + "\n0 0:1\n"
    (tmp_path / "train.libsvm").write_text(wide)
    found = load(tmp_path)
    assert sparse.issparse(found.pool.items)
    held = load_test(tmp_path, like=found.pool)
    assert (held.pool.items.format, held.pool.items.shape) == ("csr", (1, 82))
    assert held.pool.items.indices.tolist() == [2]


def test_images_without_labels_are_a_pool(tmp_path):
    Idx().write(Arrays(np.eye(4, dtype=np.uint8).reshape(4, 2, 2)), tmp_path / "train-images-idx3-ubyte")
    found = load(tmp_path)
    assert (found.labels, found.pool.items.shape) == (None, (4, 4))


def test_labels_of_a_csv_are_numbers_only_when_all_are(tmp_path):
    for cells, kept in (
        ("1,2,1", [1, 2, 1]),
        ("1.0,2.0,", [1, 2, None]),
        ("1,x,", ["1", "x", None]),
        ("NA, x,", [None, "x", None]),
    ):
        rows = "".join(f"{i},{cell}\n" for i, cell in enumerate(cells.split(",")))
        (tmp_path / "t.csv").write_text("n,label\n" + rows)
        assert load(tmp_path / "t.csv").labels == kept
