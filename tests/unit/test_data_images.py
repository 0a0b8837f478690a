"""Folders and archives of images become pools; what cannot be read is named, and nothing tells where it lies."""

from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageOps

from querist.data import extend, load, load_test
from querist.data.blocks import dump, parse
from querist.data.images import PIXELS, Images
from querist.errors import BadData, BadInput


def draw(path: Path, colour: object = "red", size: tuple[int, int] = (12, 8), mode: str = "RGB", **options: object):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new(mode, size, colour).save(path, **options)
    return path


@pytest.fixture
def cells(tmp_path: Path) -> Path:
    """Two classes of two images, of which two have the same name."""
    for number, name in enumerate(["benign/1.png", "benign/2.png", "malignant/1.png", "malignant/3.jpg"]):
        draw(tmp_path / "cells" / name, (50 * number, 0, 0))
    return tmp_path / "cells"


def refused(*arguments, **options) -> str:
    with pytest.raises(BadData) as caught:
        load(*arguments, **options)
    return str(caught.value)


def test_folders_are_labels_and_relative_paths_are_ids(cells):
    data = load(cells)
    assert data.pool.ids == ("benign/1.png", "benign/2.png", "malignant/1.png", "malignant/3.jpg")
    assert data.labels == ["benign", "benign", "malignant", "malignant"]
    assert (data.name, data.pool.kind, data.skipped) == ("cells", "image", ())
    assert isinstance(data.pool.items, Images)


def test_folders_are_no_labels_when_told_so_and_may_be_groups(cells):
    data = load(cells, label="", group="folder")
    assert data.labels is None
    assert data.pool.group is not None
    assert len(set(data.pool.group.tolist())) == 2


def test_folders_called_by_numbers_are_whole_numbers_and_unlabelled_is_no_class(tmp_path):
    for name in ("0/a.png", "1/b.png", "unlabelled/c.png", "d.png"):
        draw(tmp_path / name)
    assert load(tmp_path).labels == [0, 1, None, None]


def test_a_flat_folder_has_no_labels(tmp_path):
    draw(tmp_path / "one" / "b.tif")
    draw(tmp_path / "one" / "a.PNG", format="PNG")
    draw(tmp_path / "one" / ".hidden.png")
    (tmp_path / "one" / "notes.txt").write_text("no image")
    data = load(tmp_path)
    assert (data.pool.ids, data.labels) == (("one/a.PNG", "one/b.tif"), None)


def test_a_table_names_the_images_and_its_rows_are_the_items(cells):
    (cells / "labels.csv").write_text(
        "file,label,patient,stain\nbenign/2.png,b,p1,HE\nmalignant/3,m,p1,\n2.png,b,p2,x\n"
    )
    data = load(cells, group="patient")
    assert data.pool.ids == ("benign/2.png", "malignant/3.jpg")
    assert data.labels == ["b", "m"]
    assert data.skipped == ("row 3: names 'benign/2.png', as row 1 does; the first counts",)
    assert data.pool.media("benign/2.png").data == {"width": 12, "height": 8, "stain": "HE"}
    assert data.pool.group is not None
    assert data.pool.group[0] == data.pool.group[1]
    assert "2 images that the table does not name: left out" in data.pool.about["notes"]


def test_a_table_may_give_ids_and_be_the_data_itself(cells):
    (cells / "t.csv").write_text("id,image,label\nx1,benign/1.png,b\nx2,malignant/1.png,m\n")
    assert load(cells / "t.csv").pool.ids == load(cells).pool.ids == ("x1", "x2")


def test_rows_that_name_no_image_are_reported(cells):
    (cells / "t.csv").write_text("image,label\nbenign/1.png,b\n1.png,b\ngone.png,m\n,m\n")
    assert load(cells).skipped == (
        "row 2: '1.png' may be benign/1.png or malignant/1.png: write the path",
        "row 3: names 'gone.png', which is not there",
        "row 4: names no image",
    )


def test_two_tables_that_name_images_are_refused(cells):
    for name in ("a.csv", "b.csv"):
        (cells / name).write_text("image,label\nbenign/1.png,b\n")
    assert (
        refused(cells)
        == "the folder 'cells' holds a.csv and b.csv, which each name images: give the one to use as DATA"
    )


def test_damaged_files_are_named_and_the_rest_works(cells):
    noise = np.random.default_rng(0).integers(0, 256, (64, 64, 3), np.uint8)
    Image.fromarray(noise).save(cells / "benign" / "cut.png")
    whole = (cells / "benign" / "cut.png").read_bytes()
    (cells / "benign" / "cut.png").write_bytes(whole[: len(whole) // 2])
    jpeg = (cells / "malignant" / "3.jpg").read_bytes()
    (cells / "malignant" / "cut.jpg").write_bytes(jpeg[: len(jpeg) - 20])
    (cells / "malignant" / "empty.png").write_bytes(b"")
    (cells / "malignant" / "text.png").write_text("no image")
    data = load(cells)
    assert len(data) == 4
    found = dict(line.split(": ", 1) for line in data.skipped)
    assert list(found) == ["benign/cut.png", "malignant/cut.jpg", "malignant/empty.png", "malignant/text.png"]
    assert found["benign/cut.png"].startswith("it is damaged or cut short (")
    assert found["malignant/cut.jpg"].startswith("it is damaged or cut short (")
    assert found["malignant/empty.png"] == "it is empty (0 bytes)"
    assert found["malignant/text.png"].startswith("Pillow does not know it as an image")


def test_a_folder_of_damaged_files_alone_is_refused(tmp_path):
    (tmp_path / "a.png").write_text("no image")
    assert refused(tmp_path).startswith(
        f"none of the 1 images of {tmp_path.name!r} can be read: a.png: Pillow does not"
    )


def test_images_of_too_many_pixels_are_left_out(tmp_path):
    draw(tmp_path / "small.png")
    draw(tmp_path / "large.png", 0, (PIXELS // 1000 + 1, 1000), "1")
    draw(tmp_path / "bomb.png", 0, (2 * PIXELS // 1000 + 1, 1000), "1")
    data = load(tmp_path)
    assert data.pool.ids == ("small.png",)
    assert data.skipped == (
        "bomb.png: it has more than 178,956,970 pixels: cut it into tiles",
        "large.png: it has 89479 × 1000 pixels, the limit is 89,478,485 in all: cut it into tiles",
    )


def test_the_orientation_tag_is_obeyed(tmp_path):
    image = Image.new("RGB", (16, 8), "white")
    image.paste("black", (0, 0, 8, 8))  # the left half; turned by 90 degrees clockwise it is the upper one
    exif = Image.Exif()
    exif[0x0112] = 6
    image.save(tmp_path / "a.png", exif=exif)
    pool = load(tmp_path).pool
    assert pool.media("a.png").data == {"width": 8, "height": 16}
    assert pool.items.upright(0).size == (8, 16)
    pixels = pool.items.pixels(8, 16)[0]
    assert pixels[:8].max() == 0
    assert pixels[8:].min() == 255


@pytest.mark.parametrize("orientation", range(1, 9))
def test_every_orientation_is_that_of_pillow(tmp_path, orientation):
    values = np.random.default_rng(0).integers(0, 256, (4, 6), np.uint8)
    exif = Image.Exif()
    exif[0x0112] = orientation
    Image.fromarray(values).save(tmp_path / "a.png", exif=exif)
    expected = ImageOps.exif_transpose(Image.open(tmp_path / "a.png"))
    pool = load(tmp_path).pool
    assert np.array_equal(np.asarray(pool.items.upright(0)), np.asarray(expected))
    assert tuple(pool.items.sizes[0].tolist()) == expected.size


def test_a_large_jpeg_is_decoded_small_and_looks_the_same(tmp_path):
    across = np.linspace(0, 255, 1600).astype(np.uint8)
    Image.fromarray(np.repeat(across[None, :], 1200, axis=0)).convert("RGB").save(tmp_path / "a.jpg", quality=95)
    items = load(tmp_path).pool.items
    assert items.upright(0).size == (1600, 1200)
    assert items.upright(0, 128).size == (200, 150)
    whole = np.asarray(items.upright(0).resize((64, 64), Image.Resampling.BILINEAR), np.int16)
    assert np.abs(items.pixels(64, 64)[0] - whole).max() <= 3


def test_sixteen_bits_are_stretched_and_shown_as_png(tmp_path):
    Image.fromarray(np.array([[1000, 3000], [2000, 5000]], np.uint16)).save(tmp_path / "a.png")
    pool = load(tmp_path).pool
    assert np.asarray(pool.items.upright(0)).tolist() == [[0, 127], [63, 255]]
    shown = pool.picture("a.png")
    assert (shown.media_type, shown.width, shown.height) == ("image/png", 2, 2)
    assert np.asarray(Image.open(io.BytesIO(shown.data))).tolist() == [[0, 127], [63, 255]]


@pytest.mark.parametrize(
    ("mode", "colour", "expected"),
    [("RGBA", (0, 0, 0, 0), (255, 255, 255)), ("LA", (7, 255), 7), ("1", 1, 255), ("P", 0, (0, 0, 0)), ("L", 9, 9)],
)
def test_every_mode_becomes_grey_or_colour(tmp_path, mode, colour, expected):
    draw(tmp_path / "a.png", colour, (2, 2), mode)
    assert load(tmp_path).pool.items.upright(0).getpixel((0, 0)) == expected


def test_a_browser_gets_the_bytes_of_the_file_or_a_png(cells):
    draw(cells / "benign" / "x.tiff", "blue")
    pool = load(cells).pool
    assert pool.picture("malignant/3.jpg") == ((cells / "malignant" / "3.jpg").read_bytes(), "image/jpeg", 12, 8)
    shown = pool.picture("benign/x.tiff")
    assert (shown.media_type, Image.open(io.BytesIO(shown.data)).getpixel((0, 0))) == ("image/png", (0, 0, 255))


def test_rows_of_an_image_array_are_drawn(tmp_path):
    np.savez(tmp_path / "a.npz", X=np.array([[[0, 255], [51, 0]]], np.uint8))
    pool = load(tmp_path / "a.npz").pool
    shown = pool.picture(pool.ids[0])
    assert np.asarray(Image.open(io.BytesIO(shown.data))).tolist() == [[0, 255], [51, 0]]
    with pytest.raises(BadInput, match="is a record, not an image: there is no picture to show"):
        load([[1.0], [2.0]]).pool.picture(load([[1.0], [2.0]]).pool.ids[0])


def test_nothing_that_leaves_tells_where_the_files_lie(cells):
    pool = load(cells).pool
    left = json.dumps([[id, pool.media(id).data] for id in pool.ids] + [pool.about])
    assert str(cells.parent) not in left


def test_a_missing_changed_or_moved_file_is_named(cells):
    pool = load(cells).pool
    draw(cells / "benign" / "1.png", "green")
    (cells / "benign" / "2.png").unlink()
    with pytest.raises(BadData, match=r"the image 'benign/1.png' has changed since it was read: put the old file"):
        pool.picture("benign/1.png")
    with pytest.raises(BadData, match=r"the image 'benign/2.png' is not in '.*cells' any more: put it back"):
        pool.picture("benign/2.png")
    cells.rename(cells.with_name("elsewhere"))
    with pytest.raises(
        BadData, match=r"the folder '.*cells' with the images is not there \(wanted: 'malignant/1.png'\)"
    ):
        pool.picture("malignant/1.png")


def test_blocks_keep_where_images_lie(cells):
    pool = load(cells).pool
    again = parse([dump(pool)])
    assert (again.ids, again.kind) == (pool.ids, "image")
    assert again.picture("benign/1.png") == pool.picture("benign/1.png")
    assert again.items.sizes.tolist() == pool.items.sizes.tolist()


def test_a_pool_of_images_grows_within_its_folder_and_from_another(cells, tmp_path):
    pool = load(cells).pool
    draw(cells / "malignant" / "new" / "4.png", "white")
    same = load(cells / "malignant", like=pool)
    assert same.pool.ids == ("malignant/1.png", "malignant/3.jpg", "malignant/new/4.png")
    assert extend(pool, same.pool).ids[-1] == "malignant/new/4.png"
    draw(tmp_path / "more" / "1.png", "yellow")
    grown = extend(pool, load(tmp_path / "more", like=pool).pool)
    assert grown.ids[-1] == "more/1.png"
    assert parse([dump(pool), dump(grown.take(np.array([4])))]).picture("more/1.png").width == 12
    draw(tmp_path / "b" / "more" / "1.png", "black")
    assert refused(tmp_path / "b" / "more", like=grown).startswith(
        "another image of the study is called 'more/1.png' already: rename the folder 'more'"
    )


def test_copies_are_counted(cells):
    (cells / "benign" / "copy.png").write_bytes((cells / "benign" / "1.png").read_bytes())
    assert "1 image with the same bytes as another one; none was left out" in load(cells).pool.about["notes"]


def test_an_archive_is_a_folder(cells, tmp_path):
    for part in ("train", "test"):
        with zipfile.ZipFile(tmp_path / f"cells_{part}.zip", "w") as archive:
            for path in sorted(cells.rglob("*.png")):
                archive.write(path, f"{part}/{path.relative_to(cells).as_posix()}")
    data = load(tmp_path / "cells_train.zip")
    assert data.pool.ids == ("train/benign/1.png", "train/benign/2.png", "train/malignant/1.png")
    assert data.labels == ["benign", "benign", "malignant"]
    assert data.pool.picture("train/benign/1.png").data == (cells / "benign" / "1.png").read_bytes()


def test_the_parts_of_a_folder_are_found_by_name(cells, tmp_path):
    whole = tmp_path / "whole"
    for part in ("train", "test", "val"):
        for name in ("a/1.png", "b/2.png"):
            draw(whole / part / name)
    data = load(whole)
    held = load_test(whole, like=data.pool)
    assert (data.pool.ids, data.labels) == (("a/1.png", "b/2.png"), ["a", "b"])
    assert held is not None
    assert (held.pool.ids, held.labels) == (("test/a/1.png", "test/b/2.png"), ["a", "b"])
    assert load_test(cells, like=data.pool) is None


def test_roles_that_name_nothing_are_refused(cells):
    assert refused(cells, label="type").startswith("images in folders have no columns, so label='type' names nothing")
    assert refused(cells, text="t") == "the items are images, so text='t' names nothing: leave it away"


def test_a_damaged_archive_is_named(tmp_path):
    (tmp_path / "a.zip").write_bytes(b"PK\3\4 no archive")
    assert refused(tmp_path / "a.zip").startswith("a.zip is not a whole zip archive (")
    with zipfile.ZipFile(tmp_path / "b.zip", "w") as archive:
        archive.writestr("notes.txt", "x")
    assert refused(tmp_path / "b.zip").startswith("the archive 'b.zip' holds no image")


@pytest.mark.parametrize("name", ["../secret.png", "/etc/secret.png"])
def test_names_that_lead_out_of_the_folder_are_refused(cells, name):
    pool = load(cells).pool
    images = Images(pool.items.roots[:1], np.array([name], object), pool.items.digests[:1], pool.items.sizes[:1])
    with pytest.raises(BadData, match="lies outside its folder"):
        images.encoded(0)


def test_real_sets(data):
    wbc = load(data / "medical_wbc1")
    assert (len(wbc), len(set(wbc.labels)), wbc.skipped) == (300, 5, ())
    bccd = load(data / "medical_bccd")
    assert (len(bccd), len(bccd.skipped)) == (364, 2)  # its boxes are the labels: two of them have no area
    cifar = load_test(data / "image_cifar10", like=bccd.pool)
    assert cifar is not None
    assert (len(cifar), len(set(cifar.labels))) == (2000, 10)
