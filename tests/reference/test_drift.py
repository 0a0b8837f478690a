"""Linear CKA against its definition through centred kernels (HSIC), and its invariances."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from querist.errors import BadEvidence
from querist.estimate.drift import cka


def by_definition(x, y):
    """HSIC(K, L) / √(HSIC(K, K) · HSIC(L, L)) with linear kernels and the centring matrix, as published."""
    n = len(x)
    centre = np.eye(n) - 1.0 / n

    def hsic(k, m):
        return np.trace(k @ centre @ m @ centre) / (n - 1) ** 2

    k, m = x @ x.T, y @ y.T
    return hsic(k, m) / np.sqrt(hsic(k, k) * hsic(m, m))


@pytest.mark.parametrize(("n", "d", "e"), [(40, 5, 3), (12, 30, 4), (7, 7, 9)])
def test_the_definition(n, d, e):
    rng = np.random.default_rng(n)
    x = rng.normal(size=(n, d))
    y = x @ rng.normal(size=(d, e)) + rng.normal(size=(n, e))
    assert cka(x, y) == pytest.approx(by_definition(x, y), rel=1e-12)


@given(st.integers(0, 2**32 - 1), st.floats(1e-3, 1e3), st.floats(-1e3, 1e3))
def test_rotation_scale_and_shift_change_nothing(seed, scale, shift):
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(30, 4))
    turn = np.linalg.qr(rng.normal(size=(4, 4)))[0]
    assert cka(x, scale * x @ turn + shift) == pytest.approx(1.0, abs=1e-7)


def test_a_stretch_of_one_axis_counts_and_unrelated_ones_are_near_0():
    rng = np.random.default_rng(0)
    x = rng.normal(size=(2000, 4))
    assert cka(x, x * [1, 1, 1, 9]) < 0.7
    assert cka(x, rng.normal(size=(2000, 4))) < 0.02
    assert cka(x, x * 1e200) == pytest.approx(1.0)


def test_constant_ones():
    x = np.random.default_rng(0).normal(size=(5, 2))
    assert cka(np.ones((5, 3)), np.full((5, 2), 0.1)) == 1.0
    assert cka(np.ones((5, 3)), x) == 0.0


def test_what_cannot_be_compared_is_named():
    with pytest.raises(BadEvidence, match="two representations must be of the same items: got 3 and 4 rows"):
        cka(np.ones((3, 2)), np.ones((4, 2)))
    with pytest.raises(BadEvidence, match=r"a representation must be \[N, D\]: got shape \(3,\)"):
        cka(np.ones(3), np.ones((3, 2)))
    with pytest.raises(BadEvidence, match="a representation must be finite: row 1 is not"):
        cka(np.array([[1.0], [np.nan]]), np.ones((2, 2)))
