"""Views: rows are taken and joined together with everything that belongs to them."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from querist import Ragged, Selection, View
from querist._draw import keys_of
from querist.strategies.random import Random
from querist.testing.views import Sizes, change_arrays, make_rows, make_view, permute_classes
from querist.view import NEEDS

rows = st.lists(st.integers(0, 5), max_size=8).map(lambda r: np.array(r, np.intp))


def full(n=6):
    return make_rows([f"item_{i}" for i in range(n)], NEEDS, np.random.default_rng(0), Sizes())


def runs(ragged):
    return [ragged.values[a:b].tolist() for a, b in zip(ragged.starts, ragged.starts[1:], strict=False)]


@settings(deadline=None)
@given(rows=rows)
def test_taking_rows_takes_everything_that_belongs_to_them(rows):
    view = full()
    taken = view.take(rows)
    assert list(taken.ids) == [f"item_{i}" for i in rows]
    assert taken.keys.tolist() == keys_of(taken.ids).tolist()
    assert taken.head is view.head
    for need in set(NEEDS) - {"head"}:
        before, after = getattr(view, need), getattr(taken, need)
        if isinstance(before, Ragged):
            assert runs(after) == [runs(before)[i] for i in rows]
            assert len(after) == len(rows)
        else:
            assert after.tolist() == before[rows].tolist()


@settings(deadline=None)
@given(cuts=st.lists(st.integers(0, 6), max_size=3).map(sorted))
def test_joining_parts_gives_the_whole_again(cuts):
    view = full()
    joined = View.concat([view.take(part) for part in np.split(np.arange(6), cuts)])
    assert list(joined.ids) == list(view.ids)
    found, expected = [], []
    change_arrays(joined, lambda name, value: found.append((name, value.tolist())))
    change_arrays(view, lambda name, value: expected.append((name, value.tolist())))
    assert found == expected


def test_groups_travel_with_the_rows():
    view = View.of({}, ids=["a", "b", "c"], group=np.array([7, 8, 7]))
    assert view.take(np.array([2, 1])).group.tolist() == [7, 8]
    assert View.concat([view, view.take(np.array([1]))]).group.tolist() == [7, 8, 7, 8]
    assert View.concat([view, View.of({}, ids=["d"])]).group is None


def test_context_stays_when_rows_are_taken():
    view = make_view(Random(), 4)
    assert view.take(np.array([1])).past is view.past
    assert view.evidence() == {}


def test_a_selection_has_one_value_per_row():
    with pytest.raises(AssertionError):
        Selection(np.array([0, 1]), np.array([1.0]))
    assert len(Selection(np.array([4]), np.array([1.0]))) == 1


def test_classes_permuted_forth_and_back_are_as_before():
    view = full()
    order = np.array([2, 0, 1])
    back = permute_classes(permute_classes(view, order), np.argsort(order))
    assert back.probs.tolist() == view.probs.tolist()
    assert back.head.covariance.tolist() == view.head.covariance.tolist()
    logits = view.embed @ view.head.weight.T + view.head.bias
    permuted = permute_classes(view, order)
    assert np.allclose(permuted.embed @ permuted.head.weight.T + permuted.head.bias, logits[:, order])
