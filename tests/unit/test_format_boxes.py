"""Formats of boxes: there and back on real files, and what is wrong in them is named and left out."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import ClassVar

import pytest
from PIL import Image

from querist.errors import BadData
from querist.formats import LabelRow, by_path, folder_format, label_format
from querist.formats.voc import Voc
from querist.tasks import Answer
from querist.testing.formats import FormatSuite

SHARED = Path(__file__).parents[2] / ".." / "shared" / "data"


def shared(name):
    path = SHARED / name
    if not path.exists():
        pytest.skip(f"the shared data are not there: {name}")
    return path


def box(label, *sides):
    return {"label": label, "box": [float(side) for side in sides]}


def row(id, *boxes, width=640, height=480, **data):
    return LabelRow(id, {"width": width, "height": height, **data}, (Answer(id, list(boxes)),), task="boxes")


ROWS = [
    row("images/one.jpg", box("car", 0, 0, 640, 480), box("bus", 1.25, 2.5, 100.125, 7)),
    row("images/two.jpg", width=20, height=10, frame=7),
    row("images/deeper/one.jpg", box("car", 3, 4, 5, 6), width=20, height=10),
]


class TestCoco(FormatSuite):
    form = "coco"
    rows: ClassVar = ROWS


class TestVoc(FormatSuite):
    form = "voc"
    rows: ClassVar = ROWS


class TestVocFromOne(FormatSuite):
    """Read as counted from 0 again, since that is how it is written."""

    form = "voc(first=0, clip=True)"
    rows: ClassVar = ROWS


class TestYolo(FormatSuite):
    form = "yolo"
    rows: ClassVar = ROWS
    near = 1e-6


class TestKitti(FormatSuite):
    form = "kitti"
    rows: ClassVar = ROWS
    near = 0.0101  # two places


class TestLabelStudio(FormatSuite):
    form = "label-studio"
    rows: ClassVar = ROWS
    near = 1e-4


class TestCsv(FormatSuite):
    form = "csv"
    rows: ClassVar = ROWS
    foreign: ClassVar = None
    garbage = "a,b\n1,2\n"

    def test_refuses_labels_that_it_cannot_hold(self, tmp_path):
        """CSV holds any label, as JSON in its cell."""
        assert self.written([row("x", box("a", 1, 1, 1, 1))], tmp_path)[0].answers[0].label == [box("a", 1, 1, 1, 1)]


# --- real files -------------------------------------------------------------------------------------------------------


def labels_of(rows):
    return {row.id: row.answers[-1].label for row in rows if row.answers}


def test_bccd_there_and_back_with_its_two_degenerate_boxes(tmp_path):
    read = Voc().read_folder(shared("medical_bccd") / "Annotations")
    assert read.skipped == [
        "BloodImage_00338.xml, object 13 ('RBC'): the width must be greater than 0: got 0: the box was left out",
        "BloodImage_00343.xml, object 4 ('RBC'): the width must be greater than 0: got 0: the box was left out",
    ]
    labels = labels_of(read.rows)
    assert len(labels) == 364
    assert sum(map(len, labels.values())) == 4888 - 2
    Voc().write_folder(read.rows, tmp_path)
    assert labels_of(Voc().read_folder(tmp_path).rows) == labels
    for form, near in (("yolo", 1e-5), ("kitti", 0.0101), ("coco", 0)):
        again = there_and_back(form, read.rows, tmp_path / form)
        assert again.keys() == labels.keys()
        for id, boxes in labels.items():
            assert [b["label"] for b in again[id]] == [b["label"] for b in boxes]
            for one, two in zip(again[id], boxes, strict=True):
                assert one["box"] == pytest.approx(two["box"], abs=near or 1e-12)


def there_and_back(form, rows, place):
    folder = folder_format(form)
    if folder is None:
        stream = io.StringIO()
        label_format(form).write_labels(rows, stream)
        return labels_of(label_format(form).read_rows(io.StringIO(stream.getvalue())))
    folder.write_folder(rows, place)
    return labels_of(folder.read_folder(place, {r.id: (r.data["width"], r.data["height"]) for r in rows}).rows)


def test_one_file_of_bccd_as_a_table():
    path = shared("medical_bccd") / "Annotations" / "BloodImage_00000.xml"
    table = by_path(path).read(path).to_pylist()
    assert table[0]["id"] == "JPEGImages/BloodImage_00000.jpg"
    assert table[0]["label"][0] == {"label": "WBC", "box": [260.0, 177.0, 231.0, 199.0]}
    wrong = path.with_name("BloodImage_00338.xml")
    with pytest.raises(
        BadData, match=r"^BloodImage_00338.xml, object 13 \('RBC'\): the width must be greater than 0: got 0$"
    ):
        by_path(wrong).read(wrong)


@pytest.mark.parametrize(("name", "boxes", "images"), [("driving_camvid", 3290, 530), ("driving_carla", 2354, 721)])
def test_real_coco_there_and_back(name, boxes, images):
    path = shared(name) / "instances.json"
    rows = label_format("coco").read_rows(io.StringIO(path.read_text()))
    assert (len(rows), sum(len(r.answers[0].label) for r in rows)) == (images, boxes)
    assert rows[0].data.keys() == {"width", "height", "sequence", "frame", "split"}
    assert there_and_back("coco", rows, None) == labels_of(rows)
    stream = io.StringIO()
    label_format("coco").write_labels(rows, stream)
    assert [r.data for r in label_format("coco").read_rows(io.StringIO(stream.getvalue()))] == [r.data for r in rows]


def test_real_kitti_there_and_back(tmp_path):
    path = shared("driving_kitti_samples") / "training"
    read = folder_format("kitti").read_folder(path)
    assert read.skipped == []
    assert read.notes == ("label_2/000001.txt: 4 regions DontCare left out",)
    labels = labels_of(read.rows)
    assert labels["image_2/000000.png"] == [box("Pedestrian", 712.4, 143.0, 810.73 - 712.4, 307.92 - 143.0)]
    assert [b["label"] for b in labels["image_2/000001.png"]] == ["Truck", "Car", "Cyclist"]
    folder_format("kitti").write_folder(read.rows, tmp_path)
    first = (tmp_path / "label_2" / "000000.txt").read_text()
    assert first == "Pedestrian -1 -1 -10 712.40 143.00 810.73 307.92 -1 -1 -1 -1000 -1000 -1000 -10\n"
    assert len(folder_format("kitti").read_folder(tmp_path, dict.fromkeys(labels, (1300, 400))).rows) == 3


# --- what is wrong ----------------------------------------------------------------------------------------------------


def coco(images=None, annotations=(), categories=({"id": 7, "name": "car"},)):
    images = [{"id": 1, "file_name": "a.png", "width": 20, "height": 10}] if images is None else images
    return json.dumps({"images": images, "annotations": list(annotations), "categories": list(categories)})


def noted(**given):
    return {"id": 5, "image_id": 1, "category_id": 7, "bbox": [1, 1, 4, 4], "iscrowd": 0, **given}


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"bbox": [1, 1, 0, 4]}, "the width must be greater than 0: got 0"),
        ({"bbox": [1, 1, 4, -4]}, "the height must be greater than 0: got -4"),
        ({"bbox": [-3, 1, 4, 4]}, "x goes from -3 to 1, outside the image of 20 × 10 pixels (clip=True cuts boxes to "
                                  "the image)"),
        ({"bbox": [1, 8, 4, 4]}, "y goes from 8 to 12, outside the image of 20 × 10 pixels (clip=True cuts boxes to "
                                 "the image)"),
        ({"bbox": [1, 8, 4]}, "bbox must be [x, y, width, height]: got [1, 8, 4]"),
        ({"bbox": [1, "a", 4, 4]}, "bbox y must be a number: got 'a'"),
        ({"category_id": 9}, "category_id 9 is no category: known: 7"),
    ],
)  # fmt: skip
def test_coco_names_the_annotation_and_the_field(tmp_path, given, said):
    message = f"the input, annotation 5 (image 'a.png'): {said}"
    with pytest.raises(BadData) as caught:
        label_format("coco").read_rows(io.StringIO(coco(annotations=[noted(**given)])))
    assert str(caught.value) == message
    path = tmp_path / "a.json"
    other = {"id": 2, "file_name": "b.png", "width": 20, "height": 10}
    images = [{"id": 1, "file_name": "a.png", "width": 20, "height": 10}, other]
    path.write_text(coco(images, [noted(**given), noted(id=6), noted(id=7, image_id=2)]))
    read = by_path(path).read_sound(path)
    empty = 0 in given.get("bbox", [])
    what = "the box was left out" if empty else "the image was left unlabelled"
    assert read.skipped == [f"{message}: {what}".replace("the input", "a.json")]
    assert labels_of(read.rows) == ({"a.png": [box("car", 1, 1, 4, 4)]} if empty else {}) | {
        "b.png": [box("car", 1, 1, 4, 4)]
    }


def test_coco_cuts_boxes_when_asked_and_leaves_crowds_out(tmp_path):
    text = coco(annotations=[noted(bbox=[-3, 8, 40, 9]), noted(id=6, iscrowd=1)])
    outside = coco(annotations=[noted(id=8, bbox=[30, 1, 2, 2])])
    with pytest.raises(BadData, match=r"annotation 8 .* the width must be greater than 0"):
        label_format("coco(clip=True)").read_rows(io.StringIO(outside))
    path = tmp_path / "a.coco.json"
    path.write_text(text)
    read = label_format("coco(clip=True)").read_sound(path)
    assert labels_of(read.rows) == {"a.png": [box("car", 0, 8, 20, 2)]}
    assert read.notes == ("a.coco.json, image 'a.png': 1 crowd region left out",)


def test_coco_annotations_without_an_image_are_named(tmp_path):
    text = coco(annotations=[noted(image_id=3), noted(id=6)])
    with pytest.raises(BadData, match=r"^the input, annotation 5: image_id 3 is of no image$"):
        label_format("coco").read_rows(io.StringIO(text))
    path = tmp_path / "a.json"
    path.write_text(text)
    read = by_path(path).read_sound(path)
    assert read.skipped == ["a.json, annotation 5: image_id 3 is of no image"]
    assert len(labels_of(read.rows)) == 1


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{", "the input is not JSON"),
        ("[]", "must hold one object with images, annotations and categories: got a list"),
        ('{"images": 3}', "'images' must be a list of objects: got '3'"),
        (coco(images=[]), "'images' is empty"),
        (coco(images=[{"id": 1}]), "image 1: file_name must be the name of a file: got None"),
        (coco(images=[{"id": 1, "file_name": "a"}] * 2), "two images have the same id"),
    ],
)
def test_coco_says_what_it_is_not(text, said):
    with pytest.raises(BadData) as caught:
        label_format("coco").read_rows(io.StringIO(text))
    assert said in str(caught.value)


VOC = """<annotation><folder>f</folder><filename>a.png</filename><size><width>20</width><height>10</height></size>
<object><name>{name}</name><bndbox><xmin>{0}</xmin><ymin>{1}</ymin><xmax>{2}</xmax><ymax>{3}</ymax></bndbox></object>
</annotation>"""


def test_voc_counted_from_one_has_the_last_pixel_inside(tmp_path):
    (tmp_path / "a.xml").write_text(VOC.format(1, 1, 20, 10, name="car"))
    assert labels_of(Voc(first=1).read_folder(tmp_path).rows) == {"f/a.png": [box("car", 0, 0, 20, 10)]}
    assert labels_of(Voc().read_folder(tmp_path).rows) == {"f/a.png": [box("car", 1, 1, 19, 9)]}
    with pytest.raises(BadData, match="first is the number of the first pixel, 0 or 1: got 2"):
        Voc(first=2)


def test_voc_leaves_wrong_files_out_and_names_them(tmp_path):
    (tmp_path / "a.xml").write_text(VOC.format(1, 1, "x", 10, name="car"))
    (tmp_path / "b.xml").write_text(VOC.format(1, 1, 5, 5, name=""))
    (tmp_path / "c.xml").write_text("<annotation>")
    (tmp_path / "d.xml").write_text("<other/>")
    (tmp_path / "e.xml").write_text("<annotation><object/></annotation>")
    (tmp_path / "f.xml").write_text('<!DOCTYPE a [<!ENTITY e "x">]><annotation>&e;</annotation>')
    (tmp_path / "g.xml").write_text(VOC.format(1, 1, 5, 5, name="car"))
    said = Voc().read_folder(tmp_path).skipped
    assert [line.partition(":")[0].partition(" ")[0].rstrip(",") for line in said] == [
        f"{name}.xml" for name in "cdefab"
    ]
    assert said[1] == "d.xml must hold an <annotation>, as Pascal VOC has it: got <other>: the file was left out"
    assert said[2].startswith("e.xml: filename is missing")
    assert said[3].startswith("f.xml has definitions of its own (EntitiesForbidden)")
    assert said[4] == "a.xml, object 1 ('car'): bndbox/xmax must be a number: got 'x': the image was left unlabelled"
    assert said[5] == "b.xml, object 1 (''): name is missing: it is the class: the image was left unlabelled"


@pytest.fixture
def yolo(tmp_path):
    for name in ("images/train/a.png", "images/train/b.png", "images/val/a.png"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        Image.new("L", (20, 10)).save(tmp_path / name)
    for name in ("train/a", "val/a"):
        (tmp_path / "labels" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "labels" / f"{name}.txt").write_text("1 0.25 0.4 0.3 0.4\n")
    (tmp_path / "data.yaml").write_text("path: .\nnames:\n  0: car # a comment\n  1: 'big bus'\nnc: 2\n")
    return tmp_path


def test_yolo_finds_the_image_of_the_same_name_in_its_own_folder(yolo):
    read = folder_format("yolo").read_folder(yolo)
    assert read.skipped == []
    assert labels_of(read.rows) == {
        f"images/{part}/a.png": [{"label": "big bus", "box": pytest.approx([2, 2, 6, 4])}] for part in ("train", "val")
    }
    assert [row.id for row in read.rows] == ["images/train/a.png", "images/train/b.png", "images/val/a.png"]
    more = folder_format("yolo(missing_is_empty=True)").read_folder(yolo)
    assert labels_of(more.rows)["images/train/b.png"] == []


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("2 0.5 0.5 0.1 0.1", "class must be a number from 0 to 1: got '2'"),
        ("car 0.5 0.5 0.1 0.1", "class must be a number from 0 to 1: got 'car'"),
        ("0 0.5 0.5 0.1", "a line must be 'class cx cy w h': got 4 values"),
        ("0 0.5 0.5 0.1 0.1 0.2 0.2 0.1 0.5", "a line must be 'class cx cy w h': got 9 values"),
        ("0 0.5 nan 0.1 0.1", "centre y must be a number: got 'nan'"),
        ("0 0.95 0.5 0.2 0.2", "x goes from 17 to 21, outside the image of 20 × 10 pixels"),
    ],
)
def test_yolo_names_the_line(yolo, line, said):
    (yolo / "labels" / "train" / "a.txt").write_text(f"\n{line}\n")
    read = folder_format("yolo").read_folder(yolo)
    assert len(read.skipped) == 1
    assert read.skipped[0].startswith(f"labels/train/a.txt, line 2: {said}")
    assert labels_of(read.rows).keys() == {"images/val/a.png"}


def test_yolo_names_files_without_an_image_and_with_two(yolo):
    (yolo / "labels" / "a.txt").write_text("0 0.5 0.5 0.1 0.1\n")
    (yolo / "labels" / "c.txt").write_text("0 0.5 0.5 0.1 0.1\n")
    assert folder_format("yolo").read_folder(yolo).skipped == [
        "labels/a.txt may belong to 'images/train/a.png' or 'images/val/a.png': put it into a folder of the same name: "
        "the file was left out",
        "labels/c.txt: there is no image 'c' that it could belong to: the file was left out",
    ]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("data.yaml", "names: ['car', \"big bus\"]\n"),
        ("data.yml", "names:\n- car\n- big bus\n"),
        ("classes.txt", "car\nbig bus\n\n"),
    ],
)
def test_yolo_reads_classes_in_each_spelling(yolo, name, text):
    (yolo / "data.yaml").unlink()
    (yolo / name).write_text(text)
    assert labels_of(folder_format("yolo").read_folder(yolo).rows)["images/val/a.png"][0]["label"] == "big bus"


def test_yolo_needs_the_names_of_its_classes(yolo):
    (yolo / "data.yaml").write_text("names:\n  0: car\n  2: bus\n")
    with pytest.raises(BadData, match=r"data.yaml: 'names:' must be a list, or numbered from 0 without a gap: got"):
        folder_format("yolo").read_folder(yolo)
    (yolo / "data.yaml").write_text("nc: 2\n")
    with pytest.raises(BadData, match=r"data.yaml has no 'names:'"):
        folder_format("yolo").read_folder(yolo)
    (yolo / "data.yaml").unlink()
    with pytest.raises(BadData, match=r"holds no data.yaml, classes.txt or obj.names"):
        folder_format("yolo").read_folder(yolo)


def test_kitti_names_the_line_and_refuses_blanks(tmp_path):
    (tmp_path / "a.txt").write_text("Car 0 0 0 1 1 5 5\nCar 0 0 0 1 x 5 5 0 0 0 0 0 0 0\n")
    read = folder_format("kitti").read_folder(tmp_path, {"a.png": (20, 10)})
    assert read.skipped == [
        "a.txt, line 1: a line must have 15 columns, or 16 with a score: got 8: the image was left unlabelled",
        "a.txt, line 2: top must be a number: got 'x': the image was left unlabelled",
    ]
    with pytest.raises(BadData, match="the class 'big bus' has a blank in it"):
        folder_format("kitti").write_folder([row("a.png", box("big bus", 1, 1, 1, 1))], tmp_path)


def test_folders_refuse_what_they_cannot_place(tmp_path):
    two = [row("a.png", box("car", 1, 1, 1, 1)), row("a.jpg", box("car", 1, 1, 1, 1))]
    with pytest.raises(BadData, match=r"the items 'a.png' and 'a.jpg' would both be written to 'a.xml': rename one"):
        Voc().write_folder(two, tmp_path)
    with pytest.raises(BadData, match="lies outside the folder: give it another id"):
        Voc().write_folder([row("../a.png", box("car", 1, 1, 1, 1))], tmp_path)
    nothing = LabelRow("a.png", {}, (Answer("a.png", [box("car", 1, 1, 1, 1)]),))
    with pytest.raises(BadData, match=r"item 'a.png' has no width and height: yolo needs the size of the image"):
        folder_format("yolo").write_folder([nothing], tmp_path)


# --- Label Studio and CSV ---------------------------------------------------------------------------------------------


def rectangle(**given):
    value = {"x": 10, "y": 20, "width": 30, "height": 40, "rotation": 0, "rectanglelabels": ["Car"]}
    result = {"type": "rectanglelabels", "original_width": 200, "original_height": 100, "value": {**value, **given}}
    return json.dumps([{"id": 1, "data": {"image": "x"}, "annotations": [{"result": [result]}]}])


def test_label_studio_rectangles_are_percent():
    rows = label_format("label-studio").read_rows(io.StringIO(rectangle()))
    assert rows[0].answers[0].label == [box("Car", 20, 20, 60, 40)]
    assert rows[0].task == "boxes"
    with pytest.raises(BadData, match="task 1: a rectangle is turned by 4 degrees: boxes are upright; set it to 0"):
        label_format("label-studio").read_rows(io.StringIO(rectangle(rotation=4)))
    with pytest.raises(BadData, match="task 1: width must be a number: got None"):
        label_format("label-studio").read_rows(io.StringIO(rectangle(width=None)))


def test_csv_takes_the_uid_of_dicom_as_the_id():
    text = "SOPInstanceUID,label,who\n1.2.840.1,pneumonia,ann\n"
    rows = label_format("csv").read_rows(io.StringIO(text))
    assert (rows[0].id, rows[0].answers[0].label, rows[0].data) == ("1.2.840.1", "pneumonia", {})
