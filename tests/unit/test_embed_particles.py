"""Features of particle images: the same for a turned particle, near for a moved one, in the cache as for any image."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.ndimage import rotate, shift

from querist import load
from querist.data.micrographs import images_of
from querist.embed import encode_pool, image_encoder
from querist.embed.particles import Particles, described
from querist.errors import UnknownName

mrcfile = pytest.importorskip("mrcfile", reason="needs the extra cryoem")


def blobs(seed, side=65):
    chance, (rows, columns) = np.random.default_rng(seed), np.mgrid[:side, :side] - side // 2
    places = chance.normal(0, side / 9, (6, 2))
    return sum(np.exp(-((columns - x) ** 2 + (rows - y) ** 2) / 18) for x, y in places)


def apart(one, two):
    return float(np.linalg.norm(described(one) - described(two)))


@pytest.mark.parametrize("angle", [90, 37, 181])
def test_a_turned_particle_is_nearly_the_same(angle):
    image = blobs(0)
    turned = rotate(image, angle, reshape=False, order=3)
    assert apart(image, turned) < 0.15 * apart(image, blobs(1))


def test_a_moved_particle_stays_near_and_a_mirrored_one_does_not():
    image = blobs(0)
    assert apart(image, shift(image, (1.0, -0.5))) < 0.5 * apart(image, blobs(1))
    products = [described(each)[:520] for each in (image, image[:, ::-1], rotate(image, 37, reshape=False))]
    assert np.linalg.norm(products[0] - products[1]) > 3 * np.linalg.norm(products[0] - products[2])


def test_brightness_and_contrast_do_not_count():
    image = blobs(2)
    np.testing.assert_allclose(described(image), described(7 + 3 * image), atol=1e-6)
    assert np.isfinite(described(np.zeros((16, 16)))).all()


def test_encodes_a_stack_row_by_row_and_from_the_cache(tmp_path):
    with mrcfile.new(tmp_path / "a.mrcs") as file:
        file.set_data(np.stack([blobs(seed) for seed in range(4)]).astype(np.float32))
        file.set_image_stack()
    pool = load(tmp_path).pool
    assert pool.ids[2] == "000003@a.mrcs"
    made = image_encoder("particles")
    rows = made.encode(pool.items)
    assert rows.shape == (4, Particles.width)
    assert rows.dtype == np.float32
    np.testing.assert_array_equal(made.encode(pool.items[np.array([2])]), rows[[2]])
    assert made.encode(images_of(str(tmp_path), [])).shape == (0, Particles.width)
    for _ in range(2):
        np.testing.assert_array_equal(encode_pool(pool.items, "particles", cache=tmp_path / "cache")[1], rows)


def test_an_unknown_encoder_lists_it():
    with pytest.raises(UnknownName, match="particles"):
        image_encoder("particle")
