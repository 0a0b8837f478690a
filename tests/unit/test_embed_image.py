"""Images as features: by their pixels, by a network, and from the cache on the disk."""

from __future__ import annotations

import os
import stat
import struct
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from querist.data import load
from querist.embed import encode_pool, encoder_for, image_encoder
from querist.embed.cache import HEAD, Cache, numbered
from querist.embed.image import colours, describe, edges, thumbnail
from querist.errors import BadData, BadEvidence, BadInput, MissingExtra, UnknownName


@pytest.fixture
def images(tmp_path: Path):
    """Six images of noise."""
    rng = np.random.default_rng(0)
    (tmp_path / "noise").mkdir()
    for number in range(6):
        values = rng.integers(0, 256, (20, 30, 3), np.uint8)
        Image.fromarray(values).save(tmp_path / "noise" / f"{number}.png")
    return load(tmp_path / "noise").pool.items


# ONNX files are written by hand, so that no test needs a package that does: protocol buffers are tag, length, bytes.


def field(number: int, value: bytes | int) -> bytes:
    if isinstance(value, int):
        return bytes([number << 3]) + varint(value)
    return bytes([number << 3 | 2]) + varint(len(value)) + value


def varint(value: int) -> bytes:
    head, rest = value & 127, value >> 7
    return bytes([head | 128]) + varint(rest) if rest else bytes([head])


def tensor(name: str, shape: Sequence[int | str], kind: int = 1) -> bytes:
    sides = b"".join(field(1, field(1, s) if isinstance(s, int) else field(2, s.encode())) for s in shape)
    return field(1, name.encode()) + field(2, field(1, field(1, kind) + field(2, sides)))


def network(path: Path, operations: Sequence[str], shape: Sequence[int | str] = ("N", 3, 8, 8)) -> str:
    """Write a network: one operation after the other, from ``image`` to ``out``."""
    names = ["image", *(f"step{i}" for i in range(1, len(operations))), "out"]
    nodes = [
        field(1, field(1, names[i].encode()) + field(2, names[i + 1].encode()) + field(4, operation.encode()))
        for i, operation in enumerate(operations)
    ]
    graph = [*nodes, field(2, b"g"), field(11, tensor("image", shape)), field(12, tensor("out", ["N", "D", "h", "w"]))]
    model = field(1, 8) + field(7, b"".join(graph)) + field(8, field(1, b"") + field(2, 13))
    path.write_bytes(model)
    return str(path)


def test_pixels_are_the_parts_by_their_definition():
    rng = np.random.default_rng(1)
    pixels = rng.integers(0, 256, (2, 64, 64, 3), np.uint8)
    rows = describe(pixels)
    assert rows.shape == (2, 384)
    scaled = pixels / np.float32(255)
    np.testing.assert_allclose(
        rows[:, :192].reshape(2, 8, 8, 3)[1, 2, 3], scaled[1, 16:24, 24:32].mean((0, 1)), rtol=1e-5
    )
    boxes = pixels[0].reshape(-1, 3) // 64
    share = (boxes == [3, 0, 2]).all(axis=1).mean()
    np.testing.assert_allclose(rows[0, 320 + 3 * 16 + 0 * 4 + 2], np.sqrt(share), rtol=1e-6)


def test_edges_of_a_step_lie_in_one_direction_of_its_cells():
    grey = np.zeros((1, 64, 64), np.float32)
    grey[:, :, 24:] = 1.0  # an upright edge in the second column of cells
    found = edges(grey)[0]
    assert found[:, 1, 0].min() > 0.7
    found[:, 1, 0] = 0
    assert not found.any()
    lying = edges(np.ascontiguousarray(grey.transpose(0, 2, 1)))[0]
    assert lying[1, :, 4].min() > 0.7


def test_edges_against_a_loop():
    grey = np.random.default_rng(2).random((1, 64, 64)).astype(np.float32)
    sums = np.zeros((4, 4, 8))
    for y in range(64):
        for x in range(64):
            dy = grey[0, y + 1, x] - grey[0, y - 1, x] if 0 < y < 63 else 0.0
            dx = grey[0, y, x + 1] - grey[0, y, x - 1] if 0 < x < 63 else 0.0
            place = np.arctan2(dy, dx) % np.pi / (np.pi / 8)
            low = int(place)
            sums[y // 16, x // 16, low % 8] += np.hypot(dx, dy) * (1 - place + low)
            sums[y // 16, x // 16, (low + 1) % 8] += np.hypot(dx, dy) * (place - low)
    energy = np.pad((sums**2).sum(-1), 1)
    blocks = np.array([[energy[y : y + 2, x : x + 2].sum() for x in range(5)] for y in range(5)])
    around = np.array([[blocks[y : y + 2, x : x + 2].mean() for x in range(4)] for y in range(4)])
    np.testing.assert_allclose(edges(grey)[0], sums / np.sqrt(around + 1e-3)[..., None], rtol=2e-4, atol=1e-5)


def test_an_even_image_has_no_edges_and_one_colour():
    even = np.full((1, 64, 64, 3), 200, np.uint8)
    assert not edges(even[..., 0].astype(np.float32)).any()
    assert np.count_nonzero(colours(even)) == 1
    assert np.unique(thumbnail(even.astype(np.float32))).tolist() == [200.0]


@pytest.mark.parametrize("name", ["pixels", "onnx"])
def test_encoding_is_row_wise_and_repeats(images, tmp_path, name):
    encoder = image_encoder(name if name == "pixels" else network(tmp_path / "n.onnx", ["GlobalAveragePool"]))
    whole = encoder.encode(images)
    assert whole.dtype == np.float32
    assert whole.shape == (6, encoder.width)
    parts = [encoder.encode(images[np.array(rows)]) for rows in ([0, 1, 2, 3], [4], [5])]
    assert np.array_equal(whole, np.concatenate(parts))
    assert np.array_equal(whole, encoder_for(images, None if name == "pixels" else encoder.path).encode(images))
    assert encoder.encode(images[:0]).shape == (0, encoder.width)


@pytest.mark.parametrize(("scale", "low"), [("symmetric", -1.0), ("unit", 0.0), ("none", 0.0)])
def test_a_network_gets_what_the_scale_says(tmp_path, scale, low):
    Image.new("RGB", (4, 4), "black").save(tmp_path / "a.png")
    path = network(tmp_path / "n.onnx", ["GlobalAveragePool"])
    encoder = image_encoder(f"onnx(path={path!r}, scale={scale!r})")
    assert encoder.encode(load(tmp_path).pool.items).tolist() == [[low, low, low]]
    assert encoder.version != image_encoder(path).version or scale == "symmetric"


def test_maps_are_averaged_and_a_fixed_batch_is_filled(images, tmp_path):
    free = image_encoder(network(tmp_path / "a.onnx", ["Abs"])).encode(images)
    assert free.shape == (6, 3)
    fixed = image_encoder(network(tmp_path / "b.onnx", ["Abs"], (4, 3, 8, 8))).encode(images)
    np.testing.assert_allclose(free, fixed, rtol=1e-6)


def test_the_encoders_of_the_shared_models(data, tmp_path):
    pool = load(data / "models" / "samples").pool
    encoder = image_encoder(str(data / "models" / "mobilenet_v1_0.25_128.onnx"))
    rows = encoder.encode(pool.items)
    assert rows.shape == (3, 256)
    assert encoder.version.startswith("onnx-1/")
    logits = image_encoder(f"onnx(path={encoder.path!r}, output='logits')").encode(pool.items)
    assert pool.ids[2] == "parrot.jpg"
    assert logits.argmax(axis=1)[2] == 89  # a macaw


def test_what_is_no_encoder_is_refused(images, tmp_path):
    (tmp_path / "text.onnx").write_text("no network")
    with pytest.raises(BadInput, match=r"there is no encoder file 'gone.onnx': give the path of an .onnx file"):
        image_encoder("gone.onnx")
    with pytest.raises(BadInput, match=r"text.onnx is not an ONNX network that can run here"):
        image_encoder(str(tmp_path / "text.onnx")).encode(images)
    with pytest.raises(BadInput, match="must take one batch of colour images, N × 3 × height × width: got image"):
        image_encoder(network(tmp_path / "flat.onnx", ["Abs"], ("N", 5))).encode(images)
    path = network(tmp_path / "n.onnx", ["Abs"])
    with pytest.raises(BadInput, match="the encoder has no output 'feature': known: out"):
        image_encoder(f"onnx(path={path!r}, output='feature')").encode(images)
    with pytest.raises(BadInput, match="the scale of an encoder is one of symmetric, unit, imagenet, none: got 'big'"):
        image_encoder(f"onnx(path={path!r}, scale='big')")
    with pytest.raises(BadInput, match="the options of onnx are path, scale and output"):
        image_encoder(f"onnx(file={path!r})")
    with pytest.raises(UnknownName, match="no encoder of images is called 'pixel': did you mean 'pixels'"):
        image_encoder("pixel")
    with pytest.raises(BadInput, match="the encoder 'pixels' reads images or texts: these items are numbers"):
        encode_pool(np.eye(2), "pixels")


def test_a_network_that_gives_nan_names_the_image(images, tmp_path):
    path = network(tmp_path / "log.onnx", ["Log", "GlobalAveragePool"])
    with pytest.raises(BadEvidence, match=r"log.onnx gives NaN or infinity for the image '0.png': check its scale="):
        image_encoder(path).encode(images)


def test_a_missing_runtime_says_what_to_install(images, tmp_path, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "onnxruntime", None)
    with pytest.raises(MissingExtra, match=r'pip install "querist\[image\]"'):
        image_encoder(network(tmp_path / "n.onnx", ["Abs"])).encode(images)


def test_a_file_that_is_gone_is_named(images):
    os.remove(Path(images.roots[3], images.names[3]))
    with pytest.raises(BadData, match=r"the image '3.png' is not in"):
        image_encoder().encode(images)


# The cache.


class Counted:
    """Features of keys, and how many were asked for."""

    def __init__(self, count: int) -> None:
        self.rows = np.random.default_rng(count).random((count, 5)).astype(np.float32)
        self.keys = [struct.pack("<QQ", 7, row) for row in range(count)]
        self.asked: list[int] = []

    def __call__(self, rows: NDArray[np.intp]) -> NDArray[np.float32]:
        self.asked += rows.tolist()
        return self.rows[rows]


def test_features_are_computed_once_and_mapped_read_only(tmp_path):
    made, cache = Counted(600), Cache(tmp_path / "c", "v1", 5)
    first = cache.rows(made.keys, made)
    again = cache.rows(made.keys, made)
    assert np.array_equal(first, made.rows)
    assert np.array_equal(again, made.rows)
    assert made.asked == list(range(600))
    assert isinstance(again.base, np.memmap)
    assert not again.flags.writeable
    assert not list(cache.path.parent.glob("*[0-9]"))


@pytest.mark.skipif(os.name != "posix", reason="modes are those of POSIX")
def test_the_folder_is_its_owners_alone(tmp_path):
    made = Counted(2)
    Cache(tmp_path / "c", "v1", 5).rows(made.keys, made)
    assert {stat.S_IMODE(p.stat().st_mode) for p in (tmp_path / "c", tmp_path / "c" / "features")} == {0o700}


def test_a_pool_that_grew_or_is_read_in_another_order_computes_what_is_new(tmp_path):
    made, cache = Counted(10), Cache(tmp_path / "c", "v1", 5)
    cache.rows(made.keys[:6], made)
    cache.rows(made.keys, made)
    assert made.asked == list(range(10))
    order = np.array([9, 0, 4])
    shuffled = cache.rows([made.keys[row] for row in order], made)
    assert np.array_equal(shuffled, made.rows[order])
    assert not shuffled.flags.writeable
    assert len(made.asked) == 10


def test_encoders_do_not_share_a_file(tmp_path):
    made = Counted(3)
    Cache(tmp_path / "c", "v1", 5).rows(made.keys, made)
    Cache(tmp_path / "c", "v2", 5).rows(made.keys, made)
    assert made.asked == [0, 1, 2, 0, 1, 2]


@pytest.mark.parametrize("left", [0, 10, HEAD, HEAD + 3, HEAD + 2 * 40 + 17])
def test_a_file_cut_short_goes_on_where_it_was(tmp_path, left):
    made, cache = Counted(4), Cache(tmp_path / "c", "v1", 5)
    cache.rows(made.keys, made)
    os.truncate(cache.path, left)
    made.asked.clear()
    assert np.array_equal(cache.rows(made.keys, made), made.rows)
    whole = max(0, (left - HEAD) // 40)
    assert made.asked == list(range(whole, 4))


@pytest.mark.parametrize("place", [3, HEAD + 5, HEAD + 40 + 20, HEAD + 4 * 40 - 1])
def test_a_damaged_byte_is_found_and_computed_again(tmp_path, place):
    made, cache = Counted(4), Cache(tmp_path / "c", "v1", 5)
    cache.rows(made.keys, made)
    data = bytearray(cache.path.read_bytes())
    data[place] ^= 255
    cache.path.write_bytes(data)
    made.asked.clear()
    assert np.array_equal(cache.rows(made.keys, made), made.rows)
    assert made.asked == ([0, 1, 2, 3] if place < HEAD else [(place - HEAD) // 40])
    made.asked.clear()
    assert np.array_equal(cache.rows(made.keys, made), made.rows)
    assert made.asked == []


def test_work_that_fails_keeps_what_was_done(tmp_path):
    made, cache = Counted(600), Cache(tmp_path / "c", "v1", 5)

    def tiring(rows: NDArray[np.intp]) -> NDArray[np.float32]:
        if rows[0] >= 512:
            raise BadData("enough")
        return made(rows)

    with pytest.raises(BadData, match="enough"):
        cache.rows(made.keys, tiring)
    made.asked.clear()
    assert np.array_equal(cache.rows(made.keys, made), made.rows)
    assert made.asked == list(range(512, 600))


def test_equal_items_have_records_of_their_own(tmp_path):
    keys = [b"a" * 16, b"b" * 16, b"a" * 16]
    assert len(set(numbered(keys))) == 3
    rows = np.array([[1.0], [2.0], [1.0]], np.float32)
    cache = Cache(tmp_path / "c", "v1", 1)
    assert cache.rows(keys, lambda wanted: rows[wanted]).tolist() == rows.tolist()
    assert isinstance(cache.rows(keys, lambda wanted: rows[wanted]).base, np.memmap)


def test_images_are_encoded_once_for_a_folder(images, tmp_path):
    encoder, rows = encode_pool(images, cache=tmp_path / "c")
    assert encoder is not None
    assert np.array_equal(rows, image_encoder().encode(images))
    for name in images.names:
        os.remove(Path(images.roots[0], name))
    assert np.array_equal(encode_pool(images, cache=tmp_path / "c")[1], rows)
