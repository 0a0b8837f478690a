"""No bytes make a reader of data fail in another way than with BadData, and odd texts survive a whole study."""

from __future__ import annotations

import contextlib
import io
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from querist.errors import BadData
from querist.formats import Arrays, by_path, folder_format, label_format
from querist.formats.hugging_face import FILE
from querist.study import Study

TABLE = pa.table({"id": ["a", "b"], "text": ["good 🎬", "רע"], "label": ["x", "y"]})
NUMBERS = Arrays(np.arange(6.0).reshape(3, 2), labels=np.array([0, 1, 1]))
FILES: dict[str, Any] = {
    "csv": TABLE, "tsv": TABLE, "jsonl": TABLE, "parquet": TABLE, "doccano.jsonl": TABLE, "conll": None, "ris": None,
    "libsvm": NUMBERS, "npz": NUMBERS, "idx": Arrays(np.zeros((2, 3, 3), np.uint8)), "star": None, "json": None,
}  # fmt: skip
QUIET = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def whole(name: str, folder: Path) -> bytes:
    """Write a sound file of the format and give its bytes; none where tables are not written."""
    if FILES[name] is None:
        return b"a\tb\nc d\n"
    by_path(f"x.{name}").write(FILES[name], folder / f"sound.{name}")
    return (folder / f"sound.{name}").read_bytes()


@pytest.mark.parametrize("name", FILES)
def test_a_reader_reads_or_refuses_any_bytes(name: str, tmp_path: Path) -> None:
    reader, sound, file = by_path(f"x.{name}"), whole(name, tmp_path), tmp_path / f"x.{name}"

    @QUIET
    @given(st.binary(max_size=60), st.integers(0, len(sound)), st.booleans())
    def check(noise: bytes, at: int, inside: bool) -> None:
        file.write_bytes(sound[:at] + noise + sound[at + len(noise) :] if inside else noise)
        with contextlib.suppress(BadData):
            reader.read(file)

    check()


def test_a_folder_of_datasets_is_read_or_refused(tmp_path: Path) -> None:
    form, folder = folder_format("hugging-face"), tmp_path / "x"
    form.write(TABLE, folder)
    sound = {name: (folder / name).read_bytes() for name in (FILE, "state.json", "dataset_info.json")}

    @QUIET
    @given(st.sampled_from(sorted(sound)), st.binary(min_size=1, max_size=40), st.floats(0, 1))
    def check(name: str, noise: bytes, share: float) -> None:
        at = int(share * len(sound[name]))
        for file, content in sound.items():
            (folder / file).write_bytes(content)
        (folder / name).write_bytes(sound[name][:at] + noise + sound[name][at + len(noise) :])
        with contextlib.suppress(BadData):
            form.read_folder(folder)

    check()


ODD = [
    " \t\n", "🎬👩‍👩‍👧", "שלום עולם", "a\u202eb\u200f", "x" * 20_000, "line\nbreak\u2028and\x85more", '"quoted", =1+1',
    "e\u0301 and é", "plain \x01",
]  # fmt: skip


def labelled_study() -> Study:
    rows = [{"id": f"t{at}", "text": text} for at, text in enumerate(ODD)]
    study = Study.create(None, rows, text="text", labels=["no", "yes"], batch=3)
    for at in range(len(ODD)):
        study.tell(f"t{at}", "yes" if at % 2 else "no", who="ann")
        study.step()
    return study


@pytest.mark.parametrize("form", ["jsonl", "csv", "doccano", "label-studio", "hugging-face"])
def test_odd_texts_are_labelled_trained_on_and_exported_as_they_were(form: str, tmp_path: Path) -> None:
    with labelled_study() as study:
        rows = list(study.rows())
        assert study.predict(needs={"probs"})["probs"].shape == (len(ODD), 2)
    folder = folder_format(form)
    if folder is not None:
        folder.write_folder(rows, tmp_path / "out")
        again = folder.read_folder(tmp_path / "out").rows
    else:
        text = io.StringIO(newline="")
        label_format(form).write_labels(rows, text)
        again = label_format(form).read_rows(io.StringIO(text.getvalue(), newline=""))
    found = {row.id: (row.data["text"], row.answers[-1].label) for row in again}
    assert found == {f"t{at}": (text, "yes" if at % 2 else "no") for at, text in enumerate(ODD)}


@pytest.mark.parametrize("name", ["csv", "tsv", "jsonl", "doccano.jsonl", "ris"])
def test_bytes_that_are_no_text_are_named_with_their_line(name: str, tmp_path: Path) -> None:
    (tmp_path / f"x.{name}").write_bytes(b'{"text": "a"}\n{"text": "caf\xe9"}\n')
    with pytest.raises(BadData, match=r"is not UTF-8: line 2 holds the byte 0xe9"):
        by_path(f"x.{name}").read(tmp_path / f"x.{name}")


@pytest.mark.parametrize("text", ["", "\n \n"])
def test_a_file_of_no_objects_is_named(text: str, tmp_path: Path) -> None:
    (tmp_path / "x.jsonl").write_text(text)
    with pytest.raises(BadData, match=r"x.jsonl"):
        by_path("x.jsonl").read(tmp_path / "x.jsonl")


@pytest.mark.parametrize("name", ["jsonl", "doccano.jsonl"])
def test_lines_of_odd_spaces_alone_hold_no_rows(name: str, tmp_path: Path) -> None:
    file = tmp_path / f"x.{name}"
    file.write_text("\x1c\n\u2003\n", encoding="utf-8")
    with pytest.raises(BadData, match=rf"x\.{name} holds no rows: write one object a line"):
        by_path(file.name).read(file)
