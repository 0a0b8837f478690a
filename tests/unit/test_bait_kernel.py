"""BAIT's compiled loops and those of typicality: what NumPy gives, for every number of classes and rows."""

from __future__ import annotations

import numpy as np
import pytest

from querist.scores.information import Rowset, Variance, information, inverse, trace_ratio
from querist.select import _bait_kernel, bait
from querist.select._clusters_kernel import typicality as compiled_typicality
from querist.select.clusters import typicality

RNG = np.random.default_rng


def problem(count, classes, width, dtype):
    rng = RNG(count + classes)
    probs = rng.dirichlet(np.full(classes, 0.5), size=count)
    embed = rng.normal(size=(count, width)).astype(dtype)
    rows = Rowset(embed, probs.astype(dtype), bias=classes % 2 == 0, weight=0.5)
    target = information(rows) / count
    return rows, Variance(inverse(information(Rowset(embed[:5], probs[:5], rows.bias)), ridge=1.0), target)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(("count", "classes", "width"), [(100, 2, 3), (33, 3, 40), (64, 5, 8), (257, 10, 4), (1, 4, 2)])
def test_picks_and_gains_are_those_of_numpy(monkeypatch, count, classes, width, dtype):
    rows, variance = problem(count, classes, width, dtype)
    options = {"n": min(12, count), "oversample": 2.0, "ties": RNG(1).random(count)}
    plain = bait.bait(rows, variance, **options)
    monkeypatch.setattr(bait, "COMPILED", 0)
    monkeypatch.setattr(bait, "CACHE_BYTES", 8_000)  # several blocks
    compiled = bait.bait(rows, variance, **options)
    assert compiled[0].tolist() == plain[0].tolist()
    assert compiled[1] == pytest.approx(plain[1], rel=1e-8)


@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_worth_is_the_trace(sign):
    factors = RNG(0).normal(size=(2, 4, 4, 70)) / 4
    solid, gain = (np.einsum("abn,cbn->acn", f, f) for f in factors)
    lower, out = np.tril_indices(4), np.empty(70)
    _bait_kernel.worth(0, 3, solid[lower], gain[lower], sign, out)
    assert out == pytest.approx(trace_ratio(solid, gain, sign=sign), rel=1e-12)


@pytest.mark.parametrize("kind", [np.float32, np.float64])
@pytest.mark.parametrize(("count", "width", "k"), [(300, 64, 20), (50, 3, 1), (40, 33, 39), (5, 10, 0)])
def test_typicality_is_that_of_numpy(count, width, k, kind):
    members = RNG(count).normal(size=(count, width)).astype(kind)
    members[1] = members[0]
    rows = np.concatenate([members[:30], RNG(1).normal(size=(9, width)).astype(np.float32)])
    own = np.concatenate([np.arange(min(30, count)), np.full(9, -1)])
    expected = typicality(rows, members, k=k, own=own)
    assert compiled_typicality(rows, members, k=k, own=own) == pytest.approx(expected, rel=1e-12)


def test_copies_are_equally_typical_to_the_last_digit():
    rows = np.repeat(RNG(0).normal(size=(20, 40)).astype(np.float32), 3, axis=0)
    found = compiled_typicality(rows, rows, k=7, own=np.arange(60)).reshape(20, 3)
    assert (found == found[:, :1]).all()
