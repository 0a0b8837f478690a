"""MRC: rows as they are stored, every mode, parts of files, and what is wrong with a bad file."""

from __future__ import annotations

import bz2
import gzip
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from querist import load
from querist.data import mrc
from querist.data.micrographs import images_of
from querist.data.patches import candidate_labels, candidate_pool, tiles
from querist.errors import BadData

mrcfile = pytest.importorskip("mrcfile", reason="needs the extra cryoem")
SAMPLES = Path(__file__).parents[3] / "shared" / "data" / "cryoem_format_samples"
needs_samples = pytest.mark.skipif(not SAMPLES.is_dir(), reason="the shared data are not there")


def written(path, values, **more):
    with mrcfile.new(path, overwrite=True) as file:
        file.set_data(values)
        if "voxel" in more:
            file.voxel_size = more["voxel"]
    return path


def ramp(height=20, width=30):
    """An asymmetric image: no flip and no turn of it is the same."""
    return (np.arange(height)[:, None] * 100 + np.arange(width)[None, :]).astype(np.float32)


def test_row_0_of_the_file_is_y_0_and_at_the_top_of_the_picture(tmp_path):
    image = np.zeros((20, 30), np.float32)
    image[1:5, 22:28] = 1.0
    image[2, 25] = 2.0  # x 25, y 2: at the upper right in the browser
    written(tmp_path / "a.mrc", image)
    with (tmp_path / "a.mrc").open("rb") as file:
        file.seek(1024 + 4 * (2 * 30 + 25))
        assert np.frombuffer(file.read(4), "<f4")[0] == 2.0
    assert np.argwhere(mrc.values(str(tmp_path), "a.mrc") == 2.0).tolist() == [[2, 25]]
    shown = np.asarray(mrc.image(str(tmp_path), "a.mrc"))
    assert shown.shape == (20, 30)
    assert (np.argwhere(shown > 0).min(axis=0) == [1, 22]).all()
    assert (np.argwhere(shown > 0).max(axis=0) == [4, 27]).all()


@pytest.mark.parametrize("kind", ["int8", "int16", "float32", "uint16", "float16"])
@pytest.mark.parametrize("order", ["<", ">"])
def test_every_mode_in_both_byte_orders(tmp_path, kind, order):
    values = (np.arange(12).reshape(3, 4) * 7 + 1).astype(np.dtype(kind).newbyteorder(order))
    written(tmp_path / "a.mrc", values, voxel=1.5)
    head = mrc.head(tmp_path / "a.mrc")
    assert (head.width, head.height, head.sections, head.pixel_size) == (4, 3, 1, 1.5)
    assert mrc.values(str(tmp_path), "a.mrc").tolist() == values.astype(float).tolist()


def test_of_a_transform_the_magnitude_is_read(tmp_path):
    written(tmp_path / "a.mrc", np.array([[3 + 4j, 0], [1j, -2]], np.complex64))
    assert mrc.values(str(tmp_path), "a.mrc").tolist() == [[5.0, 0.0], [1.0, 2.0]]


@pytest.mark.parametrize(("ending", "opened"), [(".gz", gzip.open), (".bz2", bz2.open)])
def test_packed_files_are_read(tmp_path, ending, opened):
    whole = written(tmp_path / "a.mrc", ramp()).read_bytes()
    with opened(tmp_path / f"a.mrc{ending}", "wb") as file:
        file.write(whole)
    assert mrc.values(str(tmp_path), f"a.mrc{ending}#3,5,4,2").tolist() == ramp()[5:7, 3:7].tolist()


def test_a_rectangle_beyond_the_border_repeats_the_edge(tmp_path):
    written(tmp_path / "a.mrc", ramp())
    found = mrc.values(str(tmp_path), "a.mrc#-2,-1,5,4")
    assert found.tolist() == np.pad(ramp(), ((1, 0), (2, 0)), mode="edge")[:4, :5].tolist()
    found = mrc.values(str(tmp_path), "a.mrc#27,18,6,5")
    assert found.tolist() == np.pad(ramp(), ((0, 3), (0, 3)), mode="edge")[18:, 27:].tolist()


def test_sections_of_a_stack_count_from_one(tmp_path):
    stack = np.stack([ramp(8, 8) + 1000 * at for at in range(3)])
    written(tmp_path / "a.mrcs", stack)
    assert mrc.values(str(tmp_path), "a.mrcs#2@").tolist() == stack[1].tolist()
    with pytest.raises(BadData, match=r"a.mrcs has 3 sections: there is no number 4"):
        mrc.sizes(str(tmp_path), "a.mrcs#4@")


@pytest.mark.parametrize("factor", [1, 2, 3, 7])
def test_pixels_are_averaged_in_blocks_of_rows_too(tmp_path, monkeypatch, factor):
    written(tmp_path / "a.mrc", ramp())
    whole = mrc.values(str(tmp_path), "a.mrc", factor)
    monkeypatch.setattr(mrc, "BLOCK", 60)
    assert mrc.values(str(tmp_path), "a.mrc", factor).tolist() == whole.tolist()
    for row, column in ((0, 0), (whole.shape[0] - 1, whole.shape[1] - 1)):
        part = ramp()[row * factor : (row + 1) * factor, column * factor : (column + 1) * factor]
        assert whole[row, column] == pytest.approx(part.mean())


def test_what_is_finer_than_the_new_pixels_is_damped(tmp_path):
    fine = np.cos(2 * np.pi * 0.25 * np.arange(64))[None, :] * np.ones((64, 1))
    written(tmp_path / "a.mrc", fine.astype(np.float32))
    assert np.abs(mrc.values(str(tmp_path), "a.mrc", 4)).max() < 1e-6  # each 4th pixel alone would be 1 everywhere


def test_an_outlier_does_not_decide_the_contrast(tmp_path):
    noise = np.random.default_rng(0).normal(size=(100, 100)).astype(np.float32)
    noise[5, 5] = 1e6
    shown = mrc.contrast(noise)
    assert 100 < np.median(shown) < 155


def cut(path):
    path.write_bytes(path.read_bytes()[:-100])


def stamp(path):
    data = bytearray(path.read_bytes())
    data[212:216] = b"\x99\x99\x00\x00"
    path.write_bytes(data)


def mode(path):
    data = bytearray(path.read_bytes())
    data[12:16] = (3).to_bytes(4, "little")
    path.write_bytes(data)


def no_map(path):
    data = bytearray(path.read_bytes())
    data[208:212] = b"XXXX"
    path.write_bytes(data)


def head_alone(path):
    path.write_bytes(path.read_bytes()[:500])


BAD = [
    (cut, r"b.mrc is cut short: its head tells of 30 × 20 × 1 pixels, 3,424 bytes, and it has 3,324; fetch it again"),
    (stamp, "b.mrc is not a whole MRC file: .*[Mm]achine stamp"),
    (mode, "b.mrc is of mode 3: known are 0, 1, 2, 4, 6, 12; convert it"),
    (no_map, "b.mrc is not a whole MRC file: Map ID string not found"),
    (head_alone, "b.mrc is not a whole MRC file: Couldn't read enough bytes"),
]


@pytest.mark.parametrize(("spoil", "message"), BAD)
def test_a_damaged_file_is_named_with_the_reason(tmp_path, spoil, message):
    spoil(written(tmp_path / "b.mrc", ramp()))
    with pytest.raises(BadData, match=message):
        mrc.head(tmp_path / "b.mrc")
    written(tmp_path / "a.mrc", ramp())
    found = load(tmp_path)
    assert found.pool.ids == ("a.mrc",)
    assert "b.mrc" in found.skipped[0]
    (tmp_path / "a.mrc").unlink()
    with pytest.raises(BadData, match=f"none of the 1 MRC files of .* can be read: b.mrc: {message}"):
        load(tmp_path)


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_a_pixel_that_is_not_finite_is_named(tmp_path, value):
    data = bytearray(written(tmp_path / "b.mrc", ramp()).read_bytes())
    start = 1024 + 4 * (7 * 30 + 11)
    data[start : start + 4] = np.array([value], "<f4").tobytes()
    (tmp_path / "b.mrc").write_bytes(data)
    with pytest.raises(BadData, match=f"b.mrc holds {value} at x 11, y 7: pixels must be finite"):
        mrc.values(str(tmp_path), "b.mrc#10,2,8,8")
    assert f"holds {value} at x 11, y 7" in str(mrc.wrong(str(tmp_path), "b.mrc"))


def test_a_packed_file_that_is_cut_short(tmp_path):
    whole = gzip.compress(written(tmp_path / "a.mrc", ramp()).read_bytes())
    (tmp_path / "a.mrc.gz").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(BadData, match=r"a.mrc.gz"):
        mrc.values(str(tmp_path), "a.mrc.gz")


def test_a_missing_file_and_a_wrong_name(tmp_path):
    with pytest.raises(BadData, match=r"the micrograph 'none.mrc' is not in"):
        mrc.head(tmp_path / "none.mrc")
    with pytest.raises(BadData, match=r"cannot read the name 'a.mrc#1,2': write FILE, FILE#x,y,width,height"):
        mrc.part_of("a.mrc#1,2")
    written(tmp_path / "a.mrc", ramp())
    with pytest.raises(BadData, match=r"the rectangle \(30, 0, 4, 4\) lies outside a.mrc, of 30 × 20 pixels"):
        mrc.sizes(str(tmp_path), "a.mrc#30,0,4,4")


def test_a_changed_file_is_noticed(tmp_path):
    written(tmp_path / "a.mrc", ramp())
    items = images_of(str(tmp_path), ["a.mrc"])
    items.upright(0)
    written(tmp_path / "a.mrc", ramp() + 1)
    with pytest.raises(BadData, match=r"the image 'a.mrc' has changed since it was read"):
        items.upright(0)


def test_a_folder_of_micrographs_is_a_pool_of_images(tmp_path):
    (tmp_path / "m").mkdir()
    written(tmp_path / "m" / "a.mrc", ramp(), voxel=2.0)
    written(tmp_path / "m" / "movie.mrc", np.stack([ramp(), ramp()]))
    found = load(tmp_path)
    assert found.pool.kind == "image"
    assert found.pool.media("m/a.mrc").data == {"width": 30, "height": 20, "pixel_size": 2.0}
    picture = found.pool.picture("m/a.mrc")
    assert picture.media_type == "image/png"
    assert (picture.width, picture.height) == (30, 20)
    assert found.labels is None
    assert "m/movie.mrc: it holds 2 sections, a stack, a movie or a volume" in found.skipped[0]


def test_tiles_cover_a_micrograph_once_and_carry_its_picks(tmp_path):
    written(tmp_path / "a.mrc", ramp(20, 30))
    pool = load(tmp_path).pool
    label = {"points": [[0.0, 0.0], [14.9, 9.9], [15.0, 10.0], [29.0, 19.0]], "searched": [[0.0, 0.0, 15.0, 20.0]]}
    made, labels = tiles(pool, [label], 16)
    assert made.ids == tuple(f"a.mrc#{x},{y},15,10" for y in (0, 10) for x in (0, 15))
    assert labels[0] == {"points": [[0.0, 0.0], [14.9, 9.9]], "searched": [[0.0, 0.0, 15.0, 10.0]]}
    assert labels[3] == {"points": [[0.0, 0.0], [14.0, 9.0]], "searched": []}
    assert made.media("a.mrc#15,10,15,10").data["micrograph"] == "a.mrc"
    assert made.group.tolist() == [0, 0, 0, 0]
    assert made.items.values(3).tolist() == ramp()[10:, 15:].tolist()
    with pytest.raises(BadData, match="tiles need a side of 1 pixel or more: got 0"):
        tiles(pool, None, 0)


def test_candidates_become_questions_that_known_picks_answer(tmp_path):
    written(tmp_path / "a.mrc", ramp(20, 30))
    places = [np.array([[5.0, 5.0], [6.0, 5.0], [25.0, 15.0]])]
    made = candidate_pool(load(tmp_path).pool, places, 8)
    assert len(made) == 3
    assert made.items.values(0).tolist() == ramp()[1:9, 1:9].tolist()
    assert made.media(made.ids[2]).data["centre_x"] == 25.0
    picks = [{"points": [[5.5, 5.0]], "searched": [[0.0, 0.0, 20.0, 20.0]]}]
    assert sorted(map(str, candidate_labels(places, picks, 6.0))) == ["None", "no", "particle"]


@needs_samples
def test_stacks_are_pools_of_their_images_with_the_columns_of_their_star_file():
    found = load(SAMPLES, label="rlnOpticsGroup")
    assert len(found) == 27
    data = found.pool.media("000004@rln_proj_64.mrcs").data
    assert (data["width"], data["rlnAngleRot"]) == (64, "116.208186")
    assert found.labels.count("1") == 18  # five of each stack of projections, eight of the other
    assert any("sample.star cannot be read as STAR" in line for line in found.skipped)
    assert any("_rlnImageName: 1 of its images are not here" in line for line in found.skipped)
    with pytest.raises(BadData, match="no STAR file of the stacks has a column 'rlnClassNumbers'"):
        load(SAMPLES, label="rlnClassNumbers")


@needs_samples
@pytest.mark.parametrize("name", ["EMD-3197.map", "EMD-3197.map.bz2", "emd_3197.map.gz"])
def test_real_maps_are_read_plain_and_packed(tmp_path, name):
    ending = name.partition(".map")[2]
    (tmp_path / f"a.mrc{ending}").write_bytes((SAMPLES / name).read_bytes())
    assert mrc.head(tmp_path / f"a.mrc{ending}").pixel_size == pytest.approx(11.4)
    with mrcfile.open(SAMPLES / name) as file:
        assert mrc.values(str(tmp_path), f"a.mrc{ending}").tolist() == file.data[0].tolist()


_LARGE = """
import resource, sys
from querist.data import mrc
from querist.data.micrographs import images_of
items = images_of(sys.argv[1], ["large.mrc"])
assert items.values(0, 8).shape == (2048, 2048)
assert items.picture(0).width == 16384
assert items.values(0, 1)[:1].shape == (1, 16384) if len(sys.argv) > 2 else True
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="the peak of memory is told in kilobytes on Linux")
def test_a_micrograph_of_16k_takes_little_memory(tmp_path):
    small = written(tmp_path / "small.mrc", np.zeros((2, 2), np.float32)).read_bytes()
    with (tmp_path / "large.mrc").open("wb") as file:
        file.write(np.array([16384, 16384], "<i4").tobytes() + small[8:1024])
        file.truncate(1024 + 4 * 16384**2)  # a sparse file: a gigabyte that takes no room
    done = subprocess.run([sys.executable, "-c", _LARGE, str(tmp_path)], capture_output=True, text=True, check=True)
    assert int(done.stdout) < 2 * 1024**2  # kilobytes
