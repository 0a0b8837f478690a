"""The map of a pool: deterministic, stable under what turns a representation, quiet about the audit."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from querist import Study
from querist.embed.plane import aligned, directions, plane
from querist.errors import BadInput, MissingExtra
from querist.study.landscape import audited, landscape


def cloud(n=200, wide=6, seed=0):
    return np.random.default_rng(seed).normal(size=(n, wide)) * np.arange(wide, 0, -1)


def test_places_are_the_principal_components_scaled():
    points = cloud()
    placed = plane(points, np.arange(200))
    centred = points - points.mean(axis=0)
    left, values, _ = np.linalg.svd(centred, full_matrices=False)
    expected = left[:, :2] * values[:2]
    expected /= np.hypot(*expected.T).mean()
    assert placed.dtype == np.float32
    for axis in (0, 1):
        assert abs(np.corrcoef(placed[:, axis], expected[:, axis])[0, 1]) == pytest.approx(1, abs=1e-5)
    assert np.hypot(*placed.astype(float).T).mean() == pytest.approx(1, abs=1e-5)


def test_the_order_of_the_columns_signs_does_not_mirror_the_map():
    found = directions(cloud())
    longest = np.abs(found).argmax(axis=0)
    assert (found[longest, [0, 1]] > 0).all()


@given(st.integers(0, 2**32 - 1), st.booleans())
def test_a_turned_or_mirrored_map_is_laid_over_the_old_one(seed, mirror):
    rng = np.random.default_rng(seed)
    old = rng.normal(size=(50, 2)).astype(np.float32)
    angle = rng.uniform(0, 2 * np.pi)
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    turn = turn @ np.diag([1, -1]) if mirror else turn
    new = (old - old.mean(axis=0)) @ turn
    laid = aligned(new.astype(np.float32), old, np.arange(50))
    np.testing.assert_allclose(laid, old - old.mean(axis=0), atol=1e-4)


@pytest.mark.parametrize("points", [np.zeros((5, 3)), np.ones((1, 4)), np.zeros((0, 2)), np.arange(6.0)[:, None]])
def test_pools_without_two_directions_have_places_too(points):
    placed = plane(points, np.arange(len(points)))
    assert placed.shape == (len(points), 2)
    assert np.isfinite(placed).all()


def test_a_large_pool_is_described_by_its_first_rows_in_key_order():
    points = cloud(25_000, 4)
    order = np.random.default_rng(1).permutation(25_000)
    placed = plane(points, order)
    sample = np.sort(order[:20_000])
    assert np.allclose(np.abs(np.corrcoef(placed[:, 0], points @ directions(points[sample])[:, 0])[0, 1]), 1, atol=1e-6)


def test_another_method_is_refused():
    with pytest.raises(BadInput, match=r"a map is drawn by pca or umap: got 'tsne'"):
        plane(cloud(), np.arange(200), method="tsne")


@pytest.mark.slow  # it compiles for half a minute
def test_umap_keeps_clusters_together_and_is_the_same_twice():
    pytest.importorskip("umap")
    rng = np.random.default_rng(0)
    points = np.vstack([rng.normal(size=(40, 8)) + 12 * np.eye(8)[at] for at in range(3)])
    first, second = (plane(points, np.arange(120), method="umap") for _ in range(2))
    np.testing.assert_array_equal(first, second)
    middles = first.reshape(3, 40, 2).mean(axis=1)
    inside = np.hypot(*(first.reshape(3, 40, 2) - middles[:, None]).transpose(2, 0, 1)).mean()
    between = np.hypot(*(middles[0] - middles[1]))
    assert between > 3 * inside


def test_without_umap_the_message_says_what_to_install(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "umap", None)
    with pytest.raises(MissingExtra, match=r'a map by umap needs umap-learn: pip install "querist\[map\]"'):
        plane(cloud(), np.arange(200), method="umap")


def test_the_map_of_a_study_tells_nothing_of_the_audit():
    rows = cloud(300, 4)
    with Study.create(None, rows, labels=["low", "high"], audit=0.3, batch=30) as study:
        assert set(landscape(study).predicted) == {-1}  # nothing is learnt yet
        for query in study.ask():
            study.tell(query.id, "low" if query.data["features"][0] < 0 else "high")
        study.step()
        found, mask = landscape(study), audited(study)
        assert set(found.predicted[mask]) == {-1}
        assert np.isnan(found.uncertainty[mask]).all()
        probs = study.predict(needs={"probs"})["probs"]
        np.testing.assert_array_equal(found.predicted[~mask], probs[~mask].argmax(axis=1))
        entropy = -(probs * np.log2(probs)).sum(axis=1)
        np.testing.assert_allclose(found.uncertainty[~mask], entropy[~mask], atol=1e-5)


def test_a_pool_that_grows_keeps_its_orientation():
    rows, more = cloud(200, 3), cloud(40, 3, seed=1) + 0.1
    rows, more = rows * [2, 1, 0.3], more * [2, 1, 0.3]
    with Study.create(None, rows, labels=["low", "high"]) as study:
        first = landscape(study)
        study.add(more)
        study.tell(study.pool.ids[0], "low")
        study.step()
        second = landscape(study, before=first)
        assert (len(first.places), len(second.places)) == (200, 240)
        assert second.version != first.version
        for axis in (0, 1):
            assert np.corrcoef(first.places[:, axis], second.places[:200, axis])[0, 1] > 0.9
