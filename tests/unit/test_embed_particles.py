"""Features of particle images: the same for a turned particle, near for a moved one, learnt from the pool alone."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.ndimage import rotate, shift

from querist import load
from querist.data import Dataset
from querist.data.micrographs import images_of
from querist.embed import _turned, encode_pool, encoder_for, image_encoder
from querist.embed import particles as module
from querist.embed._directions import Directions
from querist.embed._turned import by_block, unit, waves_of
from querist.embed.particles import ORDERS, Circles, Particles, on_circles
from querist.errors import UnknownName
from querist.simulate import simulate

mrcfile = pytest.importorskip("mrcfile", reason="needs the extra cryoem")


def blobs(seed, side=65):
    chance, (rows, columns) = np.random.default_rng(seed), np.mgrid[:side, :side] - side // 2
    places = chance.normal(0, side / 9, (6, 2))
    return sum(np.exp(-((columns - x) ** 2 + (rows - y) ** 2) / 18) for x, y in places)


def apart(*images):
    waves = unit(waves_of(np.array([on_circles(image) for image in images], np.float32), ORDERS))
    return np.concatenate(by_block(waves, waves, lambda each: each))


def stack(folder, images):
    with mrcfile.new(folder / "a.mrcs") as file:
        file.set_data(np.stack(images).astype(np.float32))
        file.set_image_stack()
    return load(folder).pool


def turned_views(count, noise):
    """Three particles, each turned by any angle, in noise; which is which."""
    chance, kinds = np.random.default_rng(0), np.arange(count) % 3
    images = [rotate(blobs(kind), chance.uniform(0, 360), reshape=False, order=1) for kind in kinds]
    return [image + chance.normal(0, noise, image.shape) for image in images], kinds


@pytest.mark.parametrize("angle", [90, 37, 181])
def test_a_turned_particle_is_nearly_the_same(angle):
    image = blobs(0)
    found = apart(image, rotate(image, angle, reshape=False, order=3), blobs(1))
    assert found[0, 1] < 0.02 * found[0, 2]


def test_a_moved_particle_stays_near_and_a_mirrored_one_does_not():
    image = blobs(0)
    found = apart(image, shift(image, (1.0, -0.5)), image[:, ::-1], blobs(1))
    assert found[0, 1] < 0.25 * found[0, 3]
    assert found[0, 2] > 0.25 * found[0, 3]


def test_brightness_and_contrast_do_not_count():
    image = blobs(2)
    np.testing.assert_allclose(on_circles(image), on_circles(7 + 3 * image), atol=1e-6)
    assert np.isfinite(on_circles(np.zeros((16, 16)))).all()


def test_the_best_turn_is_that_of_the_images_themselves():
    waves = np.random.default_rng(0).normal(size=(2, 3, ORDERS)) + 0j
    waves[:, :, 0] = waves[:, :, 0].real
    one, two = unit(waves)
    weight = np.where(np.arange(ORDERS) == 0, 1, 2)
    turns = np.exp(2j * np.pi * np.outer(np.arange(64), np.arange(ORDERS)) / 64)
    straight = min(float((weight * np.abs(one - turn * two) ** 2).sum()) for turn in turns)
    assert by_block(unit(waves), unit(waves), lambda each: each)[0][0, 1] == pytest.approx(straight, abs=1e-5)


def test_encodes_a_stack_row_by_row_and_from_the_cache(tmp_path):
    pool = stack(tmp_path, turned_views(24, 0.1)[0])
    assert pool.ids[2] == "000003@a.mrcs"
    encoder, rows = Particles().fit_encode(pool.items)
    assert rows.shape == (24, encoder.width)
    assert rows.dtype == np.float32
    np.testing.assert_allclose(encoder.encode(pool.items), rows, atol=1e-5)
    np.testing.assert_allclose(encoder.encode(pool.items[np.array([2])]), rows[[2]], atol=1e-5)
    assert encoder.encode(images_of(str(tmp_path), [])).shape == (0, encoder.width)
    for _ in range(2):
        np.testing.assert_array_equal(encode_pool(pool.items, "particles", cache=tmp_path / "cache")[1], rows)
    assert encoder_for(pool.items, "particles").version == encoder.version
    assert encoder.version.startswith(Circles.version)


@pytest.mark.parametrize("count", [0, 1, 2])
def test_a_pool_of_hardly_any_images_has_a_column(count):
    rows = np.array([on_circles(blobs(seed)) for seed in range(count)], np.float32).reshape(count, Circles.width)
    encoder, features = Particles().fit_rows(rows)
    assert features.shape == (count, 1)
    assert np.isfinite(features).all()
    assert np.isfinite(encoder.encode_rows(np.ones((3, Circles.width), np.float32))).all()


def test_copies_and_blank_images_give_finite_features():
    rows = np.repeat(np.array([on_circles(blobs(0)), on_circles(np.zeros((65, 65)))], np.float32), 4, axis=0)
    features = Particles().fit_rows(rows)[1]
    assert np.isfinite(features).all()
    np.testing.assert_allclose(features[:4], features[[0] * 4], atol=1e-5)


@pytest.mark.parametrize("copies", [1, 40])
@pytest.mark.parametrize("kinds", [2, 3, 5])
def test_no_two_particles_are_one_however_few_there_are(kinds, copies):
    rows = np.repeat(np.array([on_circles(blobs(seed)) for seed in range(kinds)], np.float32), copies, axis=0)
    encoder, features = Particles().fit_rows(rows)
    assert len(encoder.landmarks) == kinds
    firsts = features[::copies]
    np.testing.assert_allclose(features, np.repeat(firsts, copies, axis=0), atol=1e-4)
    gaps = np.linalg.norm(firsts[:, None] - firsts[None], axis=2)[~np.eye(kinds, dtype=bool)]
    assert gaps.min() > 0.1


def test_placing_makes_the_waves_of_a_block_at_a_time(monkeypatch):
    rows = np.array([on_circles(image) for image in turned_views(60, 0.3)[0]], np.float32)
    encoder = Particles().fit(rows)
    whole, asked = encoder.encode_rows(rows), []
    monkeypatch.setattr(_turned, "BYTES", 8 * 4 * _turned.TURNS * 60)
    monkeypatch.setattr(module, "waves_of", lambda part, orders: asked.append(len(part)) or waves_of(part, orders))
    found = encoder.encode_rows(rows)
    assert found.dtype == np.float32
    assert sum(asked) == 60
    assert max(asked) == 8
    np.testing.assert_allclose(found, whole, atol=1e-5)


def test_large_features_do_not_stay_in_memory(monkeypatch):
    rows = np.array([on_circles(image) for image in turned_views(30, 0.3)[0]], np.float32)
    for most, stays in ((0, False), (module.KEPT_BYTES, True)):
        monkeypatch.setattr(module, "KEPT_BYTES", most)
        module._known.clear()
        encoder, features = Particles().fit_rows(rows)
        again = Particles().fit_rows(rows)
        assert again[0] is encoder
        assert (again[1] is features) == stays
        np.testing.assert_array_equal(again[1], features)


def test_what_shapes_the_directions_is_chosen_by_content(monkeypatch):
    monkeypatch.setattr(module, "LANDMARKS", 20)
    rows = np.array([on_circles(image) for image in turned_views(60, 0.3)[0]], np.float32)
    order = np.random.default_rng(1).permutation(60)
    one, two = Particles().fit_rows(rows), Particles().fit_rows(rows[order])
    assert len(one[0].landmarks) == 20
    inner = [features @ features.T for features in (one[1][order], two[1])]
    np.testing.assert_allclose(*inner, atol=0.02 * inner[0].max())


def test_columns_weigh_alike_and_no_item_gains_by_having_shaped_them():
    chance = np.random.default_rng(0)
    places = chance.normal(size=(400, 3))
    found = ((places[:, None] - places[None]) ** 2).sum(axis=2).astype(np.float32) + 1 - np.eye(400, dtype=np.float32)
    kernel = Directions.of(found[:200, :200])
    old, new = kernel.at(found[:200, :200]), kernel.at(found[200:, :200])
    assert np.ptp(old.std(axis=0)) < 0.3
    assert 0.8 < np.linalg.norm(new, axis=1).mean() / np.linalg.norm(old, axis=1).mean() < 1.25


def test_three_particles_in_noise_need_few_labels_and_no_test_image_shapes_the_features(tmp_path, monkeypatch):
    images, kinds = turned_views(150, 0.7)
    data = Dataset(stack(tmp_path, images), [f"kind {kind}" for kind in kinds])
    sizes, fit = [], Particles.fit_rows
    monkeypatch.setattr(Particles, "fit_rows", lambda self, rows: sizes.append(len(rows)) or fit(self, rows))
    found = simulate(
        data, strategies=["random"], encoder="particles", learner="linear", initial=12, batch=6, budget=18,
        seeds=[0, 1], initial_by="stratified", out=tmp_path / "run",
    )  # fmt: skip
    assert set(sizes) == {90}
    assert min(curve.points[-1].metrics["accuracy"] for curve in (*found.curves, *found.full)) > 0.95


def test_an_unknown_encoder_lists_it():
    with pytest.raises(UnknownName, match="particles"):
        image_encoder("particle")
