"""Pools as bytes: the round trip is exact; pools that grow keep what they had."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy import sparse

from querist.data import Pool, extend, load
from querist.data.blocks import dump, parse
from querist.data.images import Images
from querist.errors import BadData, NewerStudy

ROWS = [{"n": i, "colour": "red" if i % 2 else "blue", "note": f"note {i}"} for i in range(6)]


def same(one, other):
    """Say whether two pools are the same in every part, bit by bit."""
    parts = [np.asarray(p.items.toarray() if sparse.issparse(p.items) else p.items) for p in (one, other)]
    exact = (
        parts[0].tolist() == parts[1].tolist() if parts[0].dtype == object else parts[0].tobytes() == parts[1].tobytes()
    )
    records = [None if p.records is None else [dict(r) for r in p.records] for p in (one, other)]
    groups = [None if p.group is None else (p.group.dtype, p.group.tolist()) for p in (one, other)]
    return (
        one.ids == other.ids
        and sparse.issparse(one.items) == sparse.issparse(other.items)
        and parts[0].dtype == parts[1].dtype
        and parts[0].shape == parts[1].shape
        and exact
        and records[0] == records[1]
        and groups[0] == groups[1]
        and (one.kind, one.about) == (other.kind, other.about)
    )


def ids(n, prefix="i"):
    return tuple(f"{prefix}{i}" for i in range(n))


NUMERIC = st.sampled_from([np.float32, np.float64, np.int64, np.int32, np.uint8, np.float16, np.bool_, np.dtype(">f8")])


@settings(max_examples=60, deadline=None)
@given(hnp.arrays(NUMERIC, st.tuples(st.integers(0, 6), st.integers(1, 5))))
def test_dense_items_come_back_bit_by_bit(items):
    pool = Pool(ids(len(items)), items)
    assert same(parse([dump(pool)]), pool)


@settings(max_examples=40, deadline=None)
@given(
    st.integers(0, 7),
    st.integers(1, 6),
    st.floats(0, 1),
    st.sampled_from(["f4", "f8", "i8"]),
    st.sampled_from(["i4", "i8"]),
)
def test_csr_items_come_back_with_their_types(n, d, density, kind, index):
    matrix = sparse.random_array((n, d), density=density, format="csr", rng=np.random.default_rng(1)) * 9
    matrix = sparse.csr_array((matrix.data.astype(kind), matrix.indices, matrix.indptr), shape=(n, d))
    matrix.indices, matrix.indptr = matrix.indices.astype(index), matrix.indptr.astype(index)
    back = parse([dump(Pool(ids(n), matrix))])
    assert same(back, Pool(ids(n), matrix))
    assert back.items.indices.dtype == index
    assert back.items.nnz == matrix.nnz


@settings(max_examples=40, deadline=None)
@given(st.lists(st.text(st.characters(exclude_categories=["Cs"])), min_size=1))
def test_texts_and_ids_come_back(texts):
    items = np.empty(len(texts), object)
    items[:] = texts
    pool = Pool(tuple(f"{i}/{text}" for i, text in enumerate(texts)), items, kind="text", about={"notes": texts})
    assert same(parse([dump(pool)]), pool)


def test_records_groups_kind_and_about_come_back():
    pool = load(ROWS, group="colour").pool
    assert same(parse([dump(pool)]), pool)
    plain = Pool(ids(2), np.eye(2), records=[{"a": 1}, {"b": [None, "x"], "a": "1"}], kind="image", about={"a": [1.5]})
    assert same(parse([dump(plain)]), plain)
    assert "b" not in parse([dump(plain)]).records[0]


def test_records_in_several_chunks_come_back():
    pool = load(ROWS).pool
    grown = extend(pool, load([{"n": 9, "colour": "red", "note": "new"}], like=pool).pool)
    assert grown.records.table.column("n").num_chunks == 2
    assert same(parse([dump(grown)]), grown)
    matrix = Pool(grown.ids, sparse.csr_array(grown.items), grown.records)
    assert same(parse([dump(matrix)]), matrix)


def test_what_is_read_can_be_written_to():
    items = parse([dump(load(ROWS).pool)]).items
    items[0, 0] = 5.0
    assert items.flags.c_contiguous


def test_the_same_pool_gives_the_same_bytes():
    assert dump(load(ROWS).pool) == dump(load(ROWS).pool)


def test_blocks_are_joined_in_order_and_known_ids_left_alone():
    first = Pool(("a", "b"), np.array([[1.0], [2.0]]), about={"notes": ["first"]})
    second = Pool(("b", "c"), np.array([[9.0], [3.0]]), about={"notes": ["second"]})
    whole = parse([dump(first), dump(second)])
    assert (whole.ids, whole.items.tolist(), whole.about) == (
        ("a", "b", "c"),
        [[1.0], [2.0], [3.0]],
        {"notes": ["first"]},
    )


@pytest.mark.parametrize("form", [np.asarray, sparse.csr_array, sparse.csr_matrix])
def test_growing_then_writing_is_writing_then_growing(form):
    rng = np.random.default_rng(0)
    matrix = rng.normal(size=(5, 3)) * (rng.random((5, 3)) < 0.5)
    pool, more = Pool(ids(3), form(matrix[:3])), Pool(ids(2, "j"), form(matrix[3:]))
    grown = extend(pool, more)
    assert same(grown, Pool(pool.ids + more.ids, form(matrix)))
    assert same(parse([dump(pool), dump(grown.take(np.arange(3, 5)))]), grown)


def test_wrong_blocks_are_refused():
    good = dump(Pool(("a",), np.eye(1)))
    for bad in (b"", b"rubbish", good[:50], good[: len(good) - 80]):
        with pytest.raises(BadData, match="the stored items are damaged"):
            parse([bad])
    with pytest.raises(BadData, match="there are no blocks to read items from"):
        parse([])
    with pytest.raises(BadData, match="the blocks hold items of different forms"):
        parse([good, dump(Pool(("b",), np.eye(1, 2)))])


def test_blocks_of_a_newer_version_are_refused(monkeypatch):
    name = np.array(["a.png"], object)
    images = Pool(("a",), Images(name, name, np.zeros((1, 16), np.uint8), np.ones((1, 2), np.int32)), kind="image")
    monkeypatch.setattr("querist.data.blocks.VERSION", 3)
    newer = dump(images)
    monkeypatch.undo()
    with pytest.raises(NewerStudy, match="the items were stored in version 3, this querist reads 2: upgrade it"):
        parse([newer])


def test_what_cannot_be_kept_is_refused():
    with pytest.raises(BadData, match="what a pool says about itself must be JSON"):
        dump(Pool(("a",), np.eye(1), about={"x": np.eye(1)}))
    with pytest.raises(BadData, match="records must be JSON"):
        dump(Pool(("a",), np.eye(1), records=[{"x": float("nan")}]))
    with pytest.raises(BadData, match="sparse items must be CSR: got csc"):
        dump(Pool(("a",), sparse.csc_array(np.eye(1))))


# --- growing ----------------------------------------------------------------------------------------------------------


def refused(pool, more):
    with pytest.raises(BadData) as caught:
        extend(pool, more)
    return str(caught.value)


def test_new_rows_are_appended_and_known_ones_left_alone():
    pool = load(ROWS).pool
    more = load([{"n": 77, "colour": "green", "note": "new"}, ROWS[0]], like=pool).pool
    grown = extend(pool, more)
    assert grown.ids == (*pool.ids, more.ids[0])
    assert grown.items[:6].tolist() == pool.items.tolist()
    assert grown.items[6].tolist() == [77.0, 0.0, 0.0]
    assert grown.media(more.ids[0]).data == {"n": 77, "colour": "green", "note": "new"}
    assert grown.about == pool.about
    assert extend(grown, more) is grown


def test_rows_keep_precision_and_form_of_the_pool():
    pool = Pool(("a",), np.eye(1, 2, dtype=np.float32))
    grown = extend(pool, Pool(("b",), sparse.csr_array(np.full((1, 2), 0.5))))
    assert (grown.items.dtype, grown.items.tolist()) == (np.float32, [[1.0, 0.0], [0.5, 0.5]])
    loose = extend(Pool(("a",), sparse.csr_array(np.eye(1, 2))), Pool(("b",), np.full((1, 2), 0.5)))
    assert loose.items.toarray().tolist() == [[1.0, 0.0], [0.5, 0.5]]


def test_records_of_another_type_are_kept_as_they_are():
    pool = load([{"n": 1, "v": 1}, {"n": 2, "v": 2}]).pool
    more = load([{"n": 1, "v": 3}]).pool
    odd = Pool(("x",), more.items, records=[{"n": "text"}], about=pool.about)
    assert extend(pool, odd).records[2] == {"n": "text"}


def test_groups_are_the_same_in_both():
    pool = load([{"n": 1, "who": "p"}, {"n": 2, "who": "q"}], group="who").pool
    grown = extend(pool, load([{"n": 3, "who": "q"}, {"n": 4, "who": "r"}], like=pool).pool)
    assert grown.group[1] == grown.group[2]
    assert len(set(grown.group.tolist())) == 3


def test_rows_that_do_not_fit_are_refused():
    dense, table = Pool(("a",), np.eye(1, 2)), load(ROWS).pool
    text = load(["some text"]).pool
    assert refused(dense, text) == "the pool holds items of the kind 'record': got 'text'; give the same kind"
    assert refused(dense, Pool(("b",), np.eye(1, 3))) == (
        "the pool has 2 features: got 3; load the new rows with like=pool"
    )
    other = load([{"n": 1, "colour": "green"}, {"n": 2, "colour": "grey"}, {"n": 3, "colour": "green"}]).pool
    assert refused(table, other).startswith("the new rows are encoded in another way than the pool")
    grouped = Pool(("b",), np.eye(1, 2), group=np.array([4]))
    assert refused(dense, grouped) == ("groups are known for the new rows only: say group=… for both or for neither")
    bare = Pool(("b",), table.items[:1], about=table.about)
    assert refused(table, bare).startswith("the pool has records to show and the new rows have none")


def test_records_survive_arrow_types():
    table = pa.table({"n": [1, 2], "s": pa.array(["a", None], pa.large_string()), "v": [[1], []]})
    pool = load(table).pool
    assert same(parse([dump(pool)]), pool)
