"""Arrow folders as the package ``datasets`` saves them."""

from __future__ import annotations

import json
from pathlib import Path

import pyarrow as pa
import pytest

from querist.data import load, load_test
from querist.errors import BadData

TEXTS = ["so good", "שלום 😀", "bad"]


def save(folder: Path, labels: list[int], *, files: int = 1, **state: object) -> Path:
    folder.mkdir(parents=True)
    table = pa.table({"text": TEXTS[: len(labels)], "label": labels})
    names = [f"data-{n:05}-of-{files:05}.arrow" for n in range(files)]
    for n, name in enumerate(names):
        part = table.slice(n * len(table) // files, (n + 1) * len(table) // files - n * len(table) // files)
        with pa.OSFile(str(folder / name), "wb") as sink, pa.ipc.new_stream(sink, table.schema) as writer:
            writer.write_table(part)
    facts = {"_data_files": [{"filename": name} for name in names], "_split": None, **state}
    (folder / "state.json").write_text(json.dumps(facts))
    kinds = {"text": {"dtype": "string", "_type": "Value"}, "label": {"names": ["neg", "pos"], "_type": "ClassLabel"}}
    (folder / "dataset_info.json").write_text(json.dumps({"features": kinds}))
    return folder


@pytest.mark.parametrize("files", [1, 3])
def test_texts_and_the_names_of_classes(tmp_path: Path, files: int) -> None:
    data = load(save(tmp_path / "mr", [1, -1, 0], files=files), text="text")
    assert data.pool.items.tolist() == TEXTS
    assert data.labels == ["pos", None, "neg"]
    assert data.name == "mr"


def test_parts_for_training_and_testing(tmp_path: Path) -> None:
    (tmp_path / "mr").mkdir()
    (tmp_path / "mr" / "dataset_dict.json").write_text('{"splits": ["train", "test"]}')
    save(tmp_path / "mr" / "train", [1, 1, 0])
    save(tmp_path / "mr" / "test", [0])
    train = load(tmp_path / "mr", text="text")
    assert train.labels == ["pos", "pos", "neg"]
    test = load_test(tmp_path / "mr", like=train.pool, text="text")
    assert test is not None
    assert test.labels == ["neg"]


@pytest.mark.parametrize(
    ("file", "content", "message"),
    [
        ("state.json", "{", r"mr/state.json is no JSON"),
        ("state.json", "[]", r"mr/state.json must hold an object"),
        ("state.json", "{}", r"mr/state.json names no Arrow files"),
        ("state.json", '{"_data_files": [{"filename": "../x.arrow"}]}', r"'../x.arrow', which lies outside the folder"),
        ("state.json", '{"_data_files": [{"filename": "x.arrow"}]}', r"mr/x.arrow is no whole Arrow stream"),
        ("state.json", '{"_indices_files": [{}]}', r"mr is a selection of rows: call flatten_indices\(\)"),
        ("data-00000-of-00001.arrow", "zz", r"mr/data-00000-of-00001.arrow is no whole Arrow stream"),
        ("dataset_dict.json", '{"splits": ["a", "b"]}', r"the folder 'mr' has no part 'train'"),
        ("dataset_dict.json", '{"splits": ["../a"]}', r"names the part 'a', which lies outside the folder"),
        ("dataset_dict.json", "{}", r"mr/dataset_dict.json names no parts"),
    ],
)
def test_what_is_broken_says_where(tmp_path: Path, file: str, content: str, message: str) -> None:
    folder = save(tmp_path / "mr", [1, 0])
    (folder / file).write_text(content)
    with pytest.raises(BadData, match=message):
        load(folder, text="text")


def test_a_class_that_has_no_name(tmp_path: Path) -> None:
    with pytest.raises(BadData, match="mr: row 1 of 'label' holds class 7, there are 2"):
        load(save(tmp_path / "mr", [1, 7]), text="text")
