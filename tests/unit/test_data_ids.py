"""Ids belong to the content: no order, no position, no precision changes them."""

from __future__ import annotations

import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse

from querist.data import load
from querist.data.ids import digest_columns, digest_matrix, numbered

VALUE = st.none() | st.integers(-3, 3) | st.sampled_from(["red", "blue", "x" * 80])
ROWS = st.lists(
    st.fixed_dictionaries(
        {"a": st.integers(-2, 2), "b": st.sampled_from(["red", "blue"]), "label": st.sampled_from("pq")}
    ),
    min_size=2,
    max_size=12,
)


@settings(max_examples=60, deadline=None)
@given(ROWS, st.randoms(use_true_random=False))
def test_reordering_rows_keeps_ids_labels_and_content(rows, random):
    turned = list(rows)
    random.shuffle(turned)
    first, second = load(rows), load(turned)
    told = [
        {id: (label, data.pool.media(id).data) for id, label in zip(data.pool.ids, data.labels, strict=True)}
        for data in (first, second)
    ]
    assert told[0] == told[1]
    assert len(told[0]) == len(rows)


def test_ids_are_sixteen_hex_digits_and_a_number():
    ids = load(["one", "two", "one"]).pool.ids
    assert all(re.fullmatch(r"[0-9a-f]{16}-\d", id) for id in ids)
    assert ids[0][:-2] == ids[2][:-2]
    assert {ids[0][-1], ids[2][-1]} == {"0", "1"}


def test_ids_never_change_between_versions():
    """Stored studies hold these: a change here would double their items."""
    assert load(["one"]).pool.ids == ("0bea875333799471-0",)
    assert load(np.array([[0.0, 1.5, -2.0]])).pool.ids == ("b747aeef8a0d9126-0",)
    assert load([{"a": 1, "b": "x", "c": None, "d": [1], "label": "q"}]).pool.ids == ("6aa7bf8d912bd1f9-0",)


def test_precision_and_form_of_a_matrix_do_not_matter():
    matrix = np.array([[0.0, 0.5, -1.25], [2.0, 0.0, 0.0], [0.0, 0.0, 0.0]])
    known = digest_matrix(matrix)
    assert len(set(known)) == 3
    for other in (matrix.astype(np.float32), sparse.csr_array(matrix), np.asfortranarray(matrix)):
        assert digest_matrix(other) == known
    assert digest_matrix(matrix[[2, 0, 1]]) == [known[2], known[0], known[1]]


def test_a_matrix_is_digested_alike_beyond_one_block():
    matrix = np.random.default_rng(0).normal(size=(5000, 2))
    assert digest_matrix(matrix)[4990:] == digest_matrix(matrix[4990:])


@pytest.mark.parametrize(
    ("one", "other"),
    [({"a": 1, "b": 2}, {"b": 2, "a": 1}), ({"a": 1}, {"a": 1.0}), ({"a": 0.0}, {"a": -0.0}), ({"a": 1}, {"a": True})],
)
def test_order_of_columns_and_type_of_numbers_do_not_matter(one, other):
    assert load([one]).pool.ids == load([other]).pool.ids


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"a": 1, "b": 2}, {"a": 2, "b": 1}),
        ({"a": 1}, {"b": 1}),
        ({"n": 1, "s": "ab", "t": "c"}, {"n": 1, "s": "a", "t": "bc"}),
        ({"n": 1, "s": None, "t": "c"}, {"n": 1, "s": "c", "t": None}),
        ({"n": 1, "v": [1, 2]}, {"n": 1, "v": [2, 1]}),
    ],
)
def test_other_content_has_another_id(one, other):
    assert load([one, one]).pool.ids[0] != load([other, other]).pool.ids[0]


def test_the_label_is_no_content():
    rows = [{"a": 1, "label": "x"}, {"a": 2, "label": "y"}]
    assert load(rows).pool.ids == load([{**row, "label": "z"} for row in rows]).pool.ids
    assert load(rows).pool.ids == load([{"a": row["a"]} for row in rows]).pool.ids


def test_a_list_of_texts_has_the_ids_of_a_table_of_texts():
    texts = ["some text", "some more"]
    assert load(texts).pool.ids == load([{"text": t} for t in texts]).pool.ids
    assert load(texts).pool.ids == load([{"body": t} for t in texts], text="body").pool.ids


def test_missing_numbers_are_alike():
    quiet, loud = np.array([np.nan]), np.array([0xFFF8000000000001], np.uint64).view(np.float64)
    assert digest_columns({"a": quiet}, {}) == digest_columns({"a": loud}, {})


def test_equal_rows_are_numbered_by_label():
    assert numbered(["d", "d", "d"], ["b", "a", "b"]) == ("d-1", "d-0", "d-2")
    assert numbered(["d", "d"], [2, None]) == ("d-0", "d-1")
