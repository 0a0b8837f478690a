"""Large TIFF files: tiles as items, read without the rest of the slide."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pytest

from querist.cli.simulate import read_data
from querist.data import load
from querist.data.blocks import dump, parse
from querist.data.tiff import pixels, slide_tiles
from querist.errors import BadData

tifffile = pytest.importorskip("tifffile")


def picture(height=700, width=1000, channels=3):
    rows, columns = np.mgrid[:height, :width]
    planes = [rows, columns, rows + columns][:channels]
    return np.stack(planes, axis=-1).astype(np.uint8).squeeze()


def pyramid(path, levels=3, **how):
    """Write a slide as scanners do: tiles, and each level half as wide as the one before."""
    base = picture()
    how = {"tile": (128, 128), "photometric": "rgb", "compression": "jpeg", "compressionargs": {"level": 100}, **how}
    with tifffile.TiffWriter(path) as file:
        file.write(base, subifds=levels - 1, **how)
        for level in range(1, levels):
            file.write(base[:: 2**level, :: 2**level], subfiletype=1, **how)
    return base


def test_tiles_of_a_pyramid_are_rectangles_of_its_levels(tmp_path):
    base = pyramid(tmp_path / "slide.tif", compression="zlib", compressionargs=None)
    for level, side in ((0, 300), (1, 300), (2, 64)):
        pool, skipped = slide_tiles(tmp_path, side=side, level=level)
        assert skipped == ()
        whole = base[:: 2**level, :: 2**level]
        seen = np.zeros(whole.shape[:2], int)
        for row, record in enumerate(pool.records):
            x, y = record["x"], record["y"]
            width, height = pool.items.sizes[row].tolist()
            assert np.array_equal(np.asarray(pool.items.upright(row)), whole[y : y + height, x : x + width])
            seen[y : y + height, x : x + width] += 1
        assert (seen == 1).all()  # every pixel belongs to one tile
        assert pool.ids[0].startswith(f"slide.tif#{level}:0,0,")


def test_tiles_know_their_slide(tmp_path):
    for name in ("a.tif", "b.tif"):
        tifffile.imwrite(tmp_path / name, picture(), tile=(128, 128))
    pool, _ = slide_tiles(tmp_path, side=500)
    assert len(pool) == 8
    assert pool.group.tolist() == [0] * 4 + [1] * 4
    assert dict(pool.records[5]) == {"slide": "b.tif", "level": 0, "x": 500, "y": 0}
    again = parse([dump(pool)])
    assert np.array_equal(np.asarray(again.items.upright(7)), picture()[500:, 500:])
    assert pool.picture(pool.ids[0])[1:] == ("image/png", 500, 500)


@pytest.mark.parametrize("how", [{"rowsperstrip": 64}, {"tile": (256, 128)}, {"compression": "lzw", "tile": (64, 64)}])
@pytest.mark.parametrize("channels", [1, 3])
def test_strips_and_tiles_and_grey(tmp_path, how, channels):
    whole = picture(channels=channels)
    tifffile.imwrite(tmp_path / "a.tif", whole, photometric="rgb" if channels == 3 else "minisblack", **how)
    found = pixels(str(tmp_path), "a.tif#0:130,70,300,200")
    assert np.array_equal(found, whole[70:270, 130:430])


def test_jpeg_tiles_are_decoded(tmp_path):
    base = pyramid(tmp_path / "slide.tif")
    found = pixels(str(tmp_path), "slide.tif#0:100,100,200,200").astype(int)
    assert np.abs(found - base[100:300, 100:300]).mean() < 20


def test_sixteen_bits_are_spread_for_people_and_kept_for_models(tmp_path):
    whole = (np.arange(200 * 300).reshape(200, 300) // 4 + 500).astype(np.uint16)
    tifffile.imwrite(tmp_path / "a.tif", whole, tile=(64, 64))
    pool, _ = slide_tiles(tmp_path, side=1000)
    assert np.array_equal(pool.items.values(0), whole.astype(np.float32))
    seen = np.asarray(pool.items.upright(0))
    assert (seen.min(), seen.max()) == (0, 255)


def test_memory_holds_a_tile_and_not_the_slide(tmp_path):
    side = 6000
    with tifffile.TiffWriter(tmp_path / "a.tif") as file:
        tiles = (np.full((256, 256, 3), at % 255, np.uint8) for at in range(24 * 24))
        file.write(tiles, shape=(side, side, 3), dtype=np.uint8, tile=(256, 256), photometric="rgb", compression="zlib")
    pool, _ = slide_tiles(tmp_path, side=512)
    pool.items.upright(0)
    tracemalloc.start()
    for row in range(0, len(pool), 13):
        pool.items.upright(row)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 8 * 512 * 512 * 3  # the slide has 108 MB


def test_what_is_no_slide_is_named(tmp_path):
    tifffile.imwrite(tmp_path / "a.tif", picture(), tile=(128, 128))
    (tmp_path / "b.tif").write_bytes(b"no tiff")
    pool, skipped = slide_tiles(tmp_path)
    assert skipped == ("b.tif: it cannot be read as TIFF (TiffFileError)",)
    with pytest.raises(BadData, match="it has 1 levels: level 2 is not there, 0 is the finest"):
        slide_tiles(tmp_path / "a.tif", level=2)
    with pytest.raises(BadData, match="tiles need a side of 1 pixel or more: got 0"):
        slide_tiles(tmp_path, side=0)
    with pytest.raises(BadData, match="lies outside its slide of 1000 × 700 pixels"):
        pixels(str(tmp_path), "a.tif#0:900,0,200,200")
    tifffile.imwrite(tmp_path / "a.tif", picture(300), tile=(128, 128))
    with pytest.raises(BadData, match="has changed since it was read"):
        pool.items.upright(0)


def test_one_option_cuts_a_slide_or_a_folder_of_them(tmp_path):
    tifffile.imwrite(tmp_path / "a.tif", picture(), tile=(128, 128))
    direct, _ = slide_tiles(tmp_path / "a.tif", side=512)
    for place in (tmp_path / "a.tif", tmp_path):
        found = load(place, tile=512)
        assert found.pool.ids == direct.ids
        assert found.pool.about["notes"] == ["4 tiles of 1 slide; the group of a tile is its slide"]


def test_what_the_option_cannot_cut_is_named(tmp_path):
    tifffile.imwrite(tmp_path / "a.tif", picture(), tile=(128, 128))
    with pytest.raises(BadData, match=r"'a.tif' is one image: cut it into items with tile=512 \(--tile 512\)"):
        load(tmp_path / "a.tif")
    with pytest.raises(BadData, match=r"tile cuts micrographs and slides \(MRC and TIFF files\): 'iris' holds neither"):
        load("iris", tile=100)


def test_a_simulation_of_tiles_has_no_test_part(tmp_path):
    pyramid(tmp_path / "slide.tif", compression="zlib", compressionargs=None)
    found, test = read_data([str(tmp_path / "slide.tif")], None, {"tile": 300})
    assert (len(found[0]), test) == (12, None)
