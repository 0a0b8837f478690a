"""Picks in and out: STAR of RELION in both forms, EMAN2, Topaz; every format in the micrograph's own pixels."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest

from querist import load
from querist.errors import BadData, BadInput
from querist.formats import LabelRow, _star, folder_format, label_format
from querist.formats.star import Star, subset
from querist.study import Study
from querist.tasks import Answer
from querist.testing.formats import FormatSuite

starfile = pytest.importorskip("starfile", reason="needs the extra cryoem")
mrcfile = pytest.importorskip("mrcfile", reason="needs the extra cryoem")
DATA = Path(__file__).parents[3] / "shared" / "data"
SAMPLES, BGAL = DATA / "cryoem_format_samples", DATA / "cryoem_bgal_10017"
needs_data = pytest.mark.skipif(not SAMPLES.is_dir(), reason="the shared data are not there")


def row(name, *points, **data):
    label = {"points": [list(map(float, point)) for point in points], "searched": None}
    return LabelRow(name, {"width": 4000, "height": 3000, **data}, (Answer(name, label),), task="particles")


ROWS = (row("m/mic_0001.mrc", (1024, 512), (10.25, 2999.5)), row("m/mic_0002.mrc", (3, 4), (3.125, 4)))


class Picks(FormatSuite):
    rows = ROWS

    def alike(self, found, expected):
        assert found["searched"] is None
        assert found["points"] == [pytest.approx(point, abs=1e-3) for point in expected["points"]]


class TestStar(Picks):
    form = "star"


class TestAutopick(Picks):
    form = "autopick"
    rows = (*ROWS, row("m/empty.mrc"))


class TestEmanBox(Picks):
    form = "eman(size=181)"


class TestEmanInfo(Picks):
    form = "eman(form='json')"
    rows = (*ROWS, row("m/empty.mrc"))


class TestTopaz(Picks):
    form = "topaz(scale=8, height=3000)"
    rows = (row("mic_0001", (1024, 512), (10.25, 2999)), row("mic_0002", (3, 4), (3.125, 4)))


def dumped(name, rows):
    stream = io.StringIO()
    label_format(name).write_labels(rows, stream)
    return stream.getvalue()


def parsed(name, text, called="p.star"):
    stream = io.StringIO(text)
    stream.name = called
    return label_format(name).read_rows(stream)


def test_star_is_written_as_relion_reads_it(tmp_path):
    text = dumped("star", [row("m/a.mrc", (1, 2), pixel_size=1.5), row("m/b.mrc", (3, 4), pixel_size=2.0)])
    (tmp_path / "a.star").write_text(text)
    found = starfile.read(tmp_path / "a.star")
    assert list(found) == ["optics", "particles"]
    assert list(found["optics"].columns) == ["rlnOpticsGroupName", "rlnOpticsGroup", "rlnMicrographPixelSize"]
    assert found["particles"].columns.tolist() == [
        "rlnMicrographName", "rlnCoordinateX", "rlnCoordinateY", "rlnAutopickFigureOfMerit", "rlnClassNumber",
        "rlnAnglePsi", "rlnOpticsGroup",
    ]  # fmt: skip
    assert found["particles"]["rlnOpticsGroup"].tolist() == [1, 2]
    assert found["optics"]["rlnMicrographPixelSize"].tolist() == [1.5, 2.0]
    assert text.startswith("\n# version 30001\n\ndata_optics\n\nloop_\n_rlnOpticsGroupName #1\n")
    assert text == dumped("star", [row("m/a.mrc", (1, 2), pixel_size=1.5), row("m/b.mrc", (3, 4), pixel_size=2.0)])


def test_autopick_writes_a_file_for_each_micrograph_and_their_index(tmp_path):
    folder_format("autopick").write_folder(ROWS, tmp_path)
    assert sorted(p.name for p in tmp_path.iterdir()) == [
        "autopick.star", "mic_0001_autopick.star", "mic_0002_autopick.star",
    ]  # fmt: skip
    index = starfile.read(tmp_path / "autopick.star", always_dict=True)["coordinate_files"]
    assert index.values.tolist() == [
        ["m/mic_0001.mrc", "mic_0001_autopick.star"], ["m/mic_0002.mrc", "mic_0002_autopick.star"],
    ]  # fmt: skip
    picks = starfile.read(tmp_path / "mic_0001_autopick.star")
    assert picks.columns.tolist() == [
        "rlnCoordinateX", "rlnCoordinateY", "rlnAutopickFigureOfMerit", "rlnClassNumber", "rlnAnglePsi",
    ]  # fmt: skip
    assert picks.iloc[0].tolist() == [1024.0, 512.0, 0.0, 0, 0.0]


def test_the_label_is_in_the_words_of_relions_older_files_too():
    text = "data_\nloop_\n_micrographName #1\n_coordinateX #2\n_coordinateY #3\na.mrc 1 2\n"
    for ends in ("\n", "\r\n", "\r"):
        found = parsed("star", text.replace("\n", ends))
        assert [(r.id, r.answers[0].label["points"]) for r in found] == [("a.mrc", [[1.0, 2.0]])]


HEAD = "data_particles\nloop_\n_rlnMicrographName #1\n_rlnCoordinateX #2\n_rlnCoordinateY #3\n"
WRONG = [
    (
        HEAD.replace("CoordinateX", "CoordX") + "a.mrc 1 2\n",
        "p.star, data_particles has no column _rlnCoordinateX: did",
    ),
    (HEAD + "a.mrc 1 x\n", "p.star, data_particles, row 1, _rlnCoordinateY: a number is needed: got 'x'"),
    (HEAD + "a.mrc 1 2\na.mrc nan 2\n", "row 2, _rlnCoordinateX: a finite number is needed: got nan"),
    (HEAD + "a.mrc 1 2\na.mrc 1 2\n", r"p.star, data_particles, 'a.mrc': point 2 \[1.0, 2.0\] is there twice"),
    (HEAD + "a.mrc 1 2\na.mrc 1 2 3 4\n", "p.star cannot be read as STAR: .*; are all rows of a table equally long?"),
    (HEAD, "p.star, data_particles has no rows: it needs at least one"),
    ("x y\n", "p.star is no STAR file: no line begins with data_"),
    ("data_a\nloop_\n_rlnB #1\n1\n", "p.star must have one table of particles, .* its tables: data_a"),
]


@pytest.mark.parametrize(("text", "message"), WRONG)
def test_a_bad_star_file_is_named_with_block_and_column(text, message):
    with pytest.raises(BadData, match=message):
        parsed("star", text)


def test_other_files_say_where_they_are_wrong(tmp_path):
    with pytest.raises(BadData, match=r"p.txt has no column y_coord: its first line must name image_name"):
        parsed("topaz", "image_name\tx_coord\n", "p.txt")
    with pytest.raises(BadData, match=r"p.txt, line 2: x_coord and y_coord must be numbers: got '1', 'b'"):
        parsed("topaz", "image_name\tx_coord\ty_coord\na\t1\tb\n", "p.txt")
    with pytest.raises(BadData, match=r"p.txt, line 2 has 2 cells: 3 are needed"):
        parsed("topaz", "image_name\tx_coord\ty_coord\na\t1\n", "p.txt")
    (tmp_path / "a.box").write_text("1 2 3\n")
    with pytest.raises(BadData, match=r"a.box, line 1: x, y, width, height are needed: got '1 2 3'"):
        folder_format("eman").read_folder(tmp_path)
    (tmp_path / "a.box").unlink()
    (tmp_path / "a_info.json").write_text('{"boxes": [[1]]}')
    with pytest.raises(BadData, match=r"a_info.json must hold"):
        folder_format("eman").read_folder(tmp_path)
    with pytest.raises(BadInput, match="eman: size must be 1 or more"):
        folder_format("eman(size=0)")
    with pytest.raises(BadInput, match="topaz: scale must be a positive number"):
        label_format("topaz(scale=0)")


def test_a_micrograph_that_is_named_and_missing_is_told_and_nothing_else_lost(tmp_path):
    with mrcfile.new(tmp_path / "a.mrc") as file:
        file.set_data(np.zeros((50, 60), np.float32))
    (tmp_path / "p.star").write_text(HEAD + "mics/a.mrc 1 2\nmics/b.mrc 3 4\nmics/b.mrc 5 6\n")
    found = load(tmp_path)
    assert found.labels == [{"points": [[1.0, 2.0]], "searched": None}]
    assert found.skipped == ("p.star: 2 picks of 'mics/b.mrc', which is not there",)


def test_a_pick_outside_its_micrograph_is_an_error(tmp_path):
    with mrcfile.new(tmp_path / "a.mrc") as file:
        file.set_data(np.zeros((50, 60), np.float32))
    (tmp_path / "p.star").write_text(HEAD + "a.mrc 1 2\na.mrc 70 4\n")
    with pytest.raises(BadData, match=r"p.star, 'a.mrc': point 2 \[70, 4\] lies outside the image, which has 60 × 50"):
        load(tmp_path)


@needs_data
@pytest.mark.parametrize("path", sorted(SAMPLES.glob("*.star")), ids=lambda path: path.name)
def test_real_star_files_come_back_value_by_value(path, tmp_path):
    if path.name == "sample.star":
        with pytest.raises(BadData, match=r"sample.star cannot be read as STAR"):
            _star.blocks(path)
        return
    once = _star.blocks(path)
    text = _star.text_of({name: block.frame for name, block in once.items()})
    (tmp_path / "a.star").write_text(text.replace("\n", "\r\n"), newline="")
    again = _star.blocks(tmp_path / "a.star")
    assert list(once) == list(again)
    for name, block in once.items():
        assert block.frame.equals(again[name].frame)
    original = starfile.read(path, always_dict=True)
    for name, frame in starfile.read(tmp_path / "a.star", always_dict=True).items():
        assert frame.columns.tolist() == list(original[name])


@needs_data
def test_a_subset_keeps_optics_groups_and_every_column(tmp_path):
    path = SAMPLES / "sample_particles_relion31.star"
    subset(path, [2, 0, 16], tmp_path / "some.star")
    whole, some = (starfile.read(file) for file in (path, tmp_path / "some.star"))
    assert some["optics"].equals(whole["optics"])
    assert some["particles"].equals(whole["particles"].iloc[[0, 2, 16]].reset_index(drop=True))
    with pytest.raises(BadData, match=r"data_particles has 17 rows: there is no row 17"):
        subset(path, [17], tmp_path / "some.star")
    with pytest.raises(BadData, match=r"particles go into a STAR file of their own: got 's.querist'"):
        subset(path, [0], tmp_path / "s.querist")


@needs_data
def test_real_picks_go_through_every_format(tmp_path):
    found = load(BGAL)
    rows = [
        LabelRow(id, found.pool.media(id).data, (Answer(id, label),), task="particles")
        for id, label in zip(found.pool.ids, found.labels, strict=True)
    ]
    assert sum(len(label["points"]) for label in found.labels) == 9193
    again = parsed("star", dumped("star", rows))
    assert [r.answers[0].label for r in again] == found.labels
    images = dict.fromkeys(found.pool.ids, (1024, 1024))
    for form in ("autopick", "eman(size=27)", "eman(form='json')"):
        folder = tmp_path / form.replace("'", "")
        folder_format(form).write_folder(rows, folder)
        read = {r.id: r.answers[0].label["points"] for r in folder_format(form).read_folder(folder, images).rows}
        for id, label in zip(found.pool.ids, found.labels, strict=True):
            np.testing.assert_allclose(read[id], label["points"], atol=2e-3)
    given = {
        r.id: r.answers[0].label["points"] for r in folder_format("autopick").read_folder(BGAL / "coordinates").rows
    }
    for id, label in zip(found.pool.ids, found.labels, strict=True):
        assert given[Path(id).stem] == label["points"]


def asymmetric(tmp_path):
    """A micrograph with one bright spot, at x 301, y 52 in its own pixels, three times as fine as it is looked at."""
    rows, columns = np.mgrid[:240, :420]
    spot = np.exp(-((columns - 301) ** 2 + (rows - 52) ** 2) / (2 * 6.0**2))
    with mrcfile.new(tmp_path / "spot.mrc") as file:
        file.set_data(spot.astype(np.float32))
    return load(tmp_path)


@pytest.mark.parametrize("form", ["star", "topaz(scale=3)", "autopick", "eman(size=33)", "eman(form='json')"])
def test_a_place_found_in_a_smaller_image_is_right_in_the_original(tmp_path, form):
    found = asymmetric(tmp_path)
    small = found.pool.items.values(0, 3)
    weight = np.where(small > 0.1, small, 0)
    y, x = (float((grid * weight).sum() / weight.sum()) for grid in np.mgrid[: small.shape[0], : small.shape[1]])
    place = [3 * x + 1, 3 * y + 1]
    rows = [row("spot.mrc", place)]
    if folder_format(form) is None:
        points = parsed(form, dumped(form, rows))[0].answers[0].label["points"]
    else:
        folder_format(form).write_folder(rows, tmp_path / "out")
        points = folder_format(form).read_folder(tmp_path / "out", {"spot.mrc": (420, 240)}).rows[0]
        points = points.answers[0].label["points"]
    assert np.hypot(points[0][0] - 301, points[0][1] - 52) < 0.5


def test_picks_of_tiles_are_put_together_in_the_micrograph(tmp_path):
    tile = {"micrograph": "a.mrc", "x": 100, "y": 50}
    rows = [row("a.mrc#100,50,9,9", (1, 2), **tile), row("a.mrc#0,0,9,9", (3, 4), **{**tile, "x": 0, "y": 0})]
    assert parsed("star", dumped("star", rows))[0].answers[0].label["points"] == [[101.0, 52.0], [3.0, 4.0]]


def test_a_star_file_as_a_table_keeps_every_value(tmp_path):
    (tmp_path / "a.star").write_text(dumped("star", ROWS))
    table = Star().read(tmp_path / "a.star")
    assert table.column("rlnCoordinateX").to_pylist()[0] == "1024.000000"
    Star().write(table, tmp_path / "b.star")
    assert Star().read(tmp_path / "b.star").equals(table)


def test_a_study_imports_and_exports_picks(tmp_path):
    found = asymmetric(tmp_path)
    with Study.create(None, found.pool, task="particles(diameter=30)", batch=1) as study:
        study.tell("spot.mrc", {"points": [[301, 52]]})
        rows = list(study.rows())
    assert parsed("star", dumped("star", rows))[0].answers[0].label["points"] == [[301.0, 52.0]]


def test_two_micrographs_of_one_name_need_a_form_with_folders(tmp_path):
    rows = [row("a/x.mrc", (1, 2)), row("b/x.mrc", (3, 4))]
    for form in ("autopick", "eman"):
        with pytest.raises(BadData, match="two micrographs have the same name in different folders"):
            folder_format(form).write_folder(rows, tmp_path)
    with pytest.raises(BadData, match="two micrographs have the same name in different folders"):
        dumped("topaz", rows)
