"""A newcomer's commands on folders of images, and the words when something is wrong."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from command_line import Cli
from PIL import Image

from querist.study import Study


@pytest.fixture
def cells(tmp_path: Path) -> Path:
    """Thirty images of two classes, light and dark; none is labelled."""
    rng = np.random.default_rng(0)
    for number in range(30):
        level = 180 if number % 2 else 60
        values = (level + rng.integers(-40, 40, (10, 12, 3))).astype(np.uint8)
        path = tmp_path / "cells" / f"{number:02}.png"
        path.parent.mkdir(exist_ok=True)
        Image.fromarray(values).save(path)
    return tmp_path / "cells"


def answers(lines: list[dict]) -> str:
    return "".join(
        json.dumps({"id": line["id"], "label": ("dark", "light")[int(Path(line["id"]).stem) % 2]}) + "\n"
        for line in lines
    )


@pytest.fixture
def study(cli: Cli, cells: Path) -> str:
    made = cli("new", "c.querist", "cells", "--labels", "dark,light", "--batch", 4)
    assert made.code == 0, made.err
    return "c.querist"


def test_the_whole_loop(cli: Cli, study: str, cells: Path) -> None:
    asked = cli("ask", study)
    assert [line["data"] for line in asked.lines] == [{"width": 12, "height": 10}] * 4
    assert str(cells) not in asked.out
    for _ in range(3):
        assert cli("tell", study, "-", stdin=answers(cli("ask", study).lines)).code == 0
        assert cli("step", study).code == 0
    said = cli("predict", study)
    right = [row["label"] == ("dark", "light")[int(Path(row["id"]).stem) % 2] for row in said.lines]
    assert len(right) == 30
    assert sum(right) >= 28
    assert str(cells) not in cli("export", study, "--format", "jsonl").out


def test_features_are_kept_beside_the_study_and_made_again(cli: Cli, study: str) -> None:
    cache = Path("c.querist.cache")
    assert list(cache.rglob("*.rows"))
    shutil.rmtree(cache)
    cli("tell", study, "-", stdin=answers(cli("ask", study).lines))
    assert cli("step", study).code == 0
    assert list(cache.rglob("*.rows"))


def test_files_that_come_later_are_added(cli: Cli, study: str, cells: Path) -> None:
    Image.new("RGB", (12, 10), "white").save(cells / "new.png")
    assert "1 new items, 31 in all" in cli("add", study, "cells").err
    assert cli("step", study, "--json").facts["round"] == 2


def test_a_missing_folder_is_named_and_the_rest_of_the_study_works(cli: Cli, study: str, cells: Path) -> None:
    lines = cli("ask", study).lines
    cells.rename("moved")
    shutil.rmtree("c.querist.cache")
    assert cli("tell", study, "-", stdin=answers(lines)).code == 0
    assert cli("status", study).code == 0
    failed = cli("step", study)
    assert failed.code == 2
    assert "cells' with the images is not there (wanted: '00.png'): put it back, or make a link" in failed.err
    Path("moved").rename(cells)
    assert cli("step", study).code == 0


def test_damaged_files_are_said_and_left_out(cli: Cli, cells: Path) -> None:
    for number in range(25):
        (cells / f"bad{number:02}.png").write_text("no image")
    made = cli("new", "d.querist", "cells", "--labels", "dark,light", "--json")
    assert made.facts["items"] == 30
    assert "cells: bad00.png: Pillow does not know it as an image" in made.err
    assert "cells: and 5 more left out; querist.load(…).skipped lists all" in made.err


def test_folders_that_are_no_classes_are_refused_with_a_way_out(cli: Cli, cells: Path) -> None:
    for number in range(30):
        (cells / f"patient{number % 3}").mkdir(exist_ok=True)
        (cells / f"{number:02}.png").rename(cells / f"patient{number % 3}" / f"{number:02}.png")
    failed = cli("new", "p.querist", "cells", "--labels", "dark,light")
    assert failed.code == 2
    assert (
        "the folders are the labels (patient0, patient1, patient2); say label='' (--label '') if they are not"
        in failed.err
    )
    assert cli("new", "p.querist", "cells", "--labels", "dark,light", "--label", "", "--group", "folder").code == 0


def test_an_encoder_is_stored_by_its_place_and_its_change_makes_a_round(cli: Cli, cells: Path, data: Path) -> None:
    network = Path("e.onnx")
    shutil.copy(data / "models" / "mobilenet_v1_0.25_128.onnx", network)
    assert cli("new", "e.querist", "cells", "--labels", "dark,light", "--encoder", "e.onnx").code == 0
    assert cli("step", "e.querist", "--json").facts["fresh"] is False
    with Study.open("e.querist") as opened:
        assert opened.settings.encoder == f"onnx(path={str(network.resolve())!r}, scale='symmetric', output=None)"
        assert opened.predict()["probs"].shape == (30, 2)
    network.write_bytes(network.read_bytes() + b"\x32\x01x")  # one more field that no reader knows: another file
    assert cli("step", "e.querist", "--json").facts["fresh"] is True
    network.unlink()
    assert cli("status", "e.querist").code == 0
    failed = cli("step", "e.querist")
    assert "there is no encoder file" in failed.err


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--encoder", "gone.onnx"], "there is no encoder file 'gone.onnx': give the path of an .onnx file"),
        (["--encoder", "pixel"], "no encoder of images is called 'pixel': did you mean 'pixels'?"),
        (["--text", "t"], "the items are images, so text='t' names nothing: leave it away"),
    ],
)
def test_errors_name_what_to_do(cli: Cli, cells: Path, options: list[str], words: str) -> None:
    failed = cli("new", "x.querist", "cells", "--labels", "dark,light", *options)
    assert (failed.code, Path("x.querist").exists()) == (2, False)
    assert words in failed.err


def test_an_encoder_where_there_are_no_images_is_refused(cli: Cli) -> None:
    for verb in (["new", "i.querist", "iris", "--ignore-labels"], ["simulate", "iris", "--out", "run", "--seeds", "0"]):
        failed = cli(*verb, "--encoder", "pixels")
        assert failed.code == 2
        assert "the encoder 'pixels' reads images" in failed.err


def test_a_simulation_over_folders_and_their_test_part(cli: Cli, cells: Path) -> None:
    for number in range(30):
        part = "test" if number >= 20 else "train"
        place = Path("whole", part, ("dark", "light")[number % 2])
        place.mkdir(parents=True, exist_ok=True)
        (cells / f"{number:02}.png").rename(place / f"{number:02}.png")
    words = (
        "--strategy",
        "random,margin",
        "--initial",
        4,
        "--batch",
        4,
        "--budget",
        12,
        "--seeds",
        "0-1",
        "--out",
        "run",
    )
    done = cli("simulate", "whole", *words, "--json")
    assert done.code == 0, done.err
    assert [row["dataset"] for row in done.facts["rows"]] == ["whole", "whole"]
    assert done.facts["full"]["whole"]["labels"] == 20
    assert list(Path("run", "cache").rglob("*.rows"))
    shutil.rmtree("whole/test")  # what was described is kept
    assert cli("compare", "run", "--out", "compared").code == 0


def test_a_simulation_on_real_cells(cli: Cli, data: Path) -> None:
    words = ("--strategy", "random", "--initial", 20, "--batch", 20, "--budget", 60, "--seeds", "0", "--out", "run")
    done = cli("simulate", data / "medical_wbc1", *words, "--json")
    assert done.code == 0, done.err
    assert done.facts["rows"][0]["aubc"]["mean"] > 0.6
