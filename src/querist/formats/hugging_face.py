"""Folders that the Hugging Face package ``datasets`` saves and loads: Arrow files and what they hold, as JSON."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from hashlib import blake2b
from pathlib import Path
from typing import Any, ClassVar

from querist.errors import BadData
from querist.formats._labelled import as_table, check_whole, is_boxes, is_classes, is_spans
from querist.formats.protocol import About, Hints, LabelRow, Read, Table, no_hints
from querist.tasks.protocol import Answer, Label

WHO = "annotator"
"""The column of the person."""
OWN = {f"data.{name}": name for name in ("id", "label", WHO)}
"""Columns of the data that have the name of one of ours."""
FILE = "data-00000-of-00001.arrow"


@dataclass(frozen=True)
class HuggingFace:
    """A folder for ``datasets.load_from_disk``; neither reading nor writing needs that package.

    A row for each item: id, the columns of the data, its latest label, and the person in ``annotator``. Names of
    classes become a ClassLabel; several classes, spans and boxes are lists. Other answers, skipped and unsure items,
    times and cost are not written: JSONL keeps those.
    """

    about: ClassVar[About] = About(
        "hugging-face", (), True, True, "a folder as the package datasets saves and loads it"
    )

    def read(self, path: Path, hints: Hints = no_hints) -> Table:
        """Read the table, of a folder with parts the training part; raises BadData."""
        from querist.data.arrow_folder import saved_in

        table = saved_in(Path(path), "train")
        if table is None:
            raise BadData(
                f"{Path(path).name!r} is no folder of datasets: it needs state.json, as Dataset.save_to_disk writes it"
            )
        return table

    def write(self, rows: Table, path: Path) -> None:
        """Write a table into a folder, which is made."""
        path = Path(path)
        path.mkdir(parents=True, exist_ok=True)
        table, features = _coded(rows)
        _write_arrow(table, path / FILE)
        mark = blake2b((path / FILE).read_bytes(), digest_size=8).hexdigest()
        state: dict[str, Any] = {
            "_data_files": [{"filename": FILE}], "_fingerprint": mark, "_format_columns": None, "_format_kwargs": {},
            "_format_type": None, "_output_all_columns": False, "_split": None,
        }  # fmt: skip
        for name, facts in {"state": state, "dataset_info": {"features": features}}.items():
            (path / f"{name}.json").write_text(json.dumps(facts, indent=1), encoding="utf-8", newline="\n")

    def read_folder(self, path: Path, images: Mapping[str, tuple[int, int]] | None = None) -> Read:
        """Read items with their labels; rows without an id are counted from 0. Raises BadData."""
        found = self.read(Path(path)).to_pylist()
        return Read([_row(entry, at) for at, entry in enumerate(found)], [])

    def write_folder(self, rows: Sequence[LabelRow], path: Path) -> None:
        """Write items with their latest label; raises BadData on a label that is of no known form."""
        for row in rows:
            check_whole(row, "hugging-face")
            for answer in row.answers:
                _check(row, answer)
        if not rows:
            raise BadData(
                "there is no answer to write: a folder of datasets needs one row or more; label an item first"
            )
        self.write(as_table([_with_person(row) for row in rows], lambda at: f"item {rows[at].id!r}"), Path(path))


def _check(row: LabelRow, answer: Answer) -> None:
    label = answer.label
    if answer.kind == "label" and not (is_classes(label) or is_spans(label) or is_boxes(label)):
        raise BadData(
            f"item {row.id!r} is labelled {label!r}: hugging-face holds classes, spans and boxes; export it as jsonl"
        )


def _with_person(row: LabelRow) -> LabelRow:
    labels = [answer for answer in row.answers if answer.kind == "label"]
    who = labels[-1].who if labels else ""
    taken = {f"data.{name}" if name == WHO else name: value for name, value in row.data.items()}
    return replace(row, data={**taken, WHO: who or None})


def _row(entry: dict[str, Any], at: int) -> LabelRow:
    id, label, who = entry.pop("id", None), entry.pop("label", None), entry.pop(WHO, None)
    id = str(at if id is None else id)
    data = {OWN.get(name, name): value for name, value in entry.items()}
    if label is None:
        return LabelRow(id, data)
    return LabelRow(id, data, (Answer(id, label, who=str(who or "")),), task=_task(label))


def _task(label: Label) -> str:
    return "spans" if label and is_spans(label) else LabelRow.task


def _coded(table: Table) -> tuple[Table, dict[str, Any]]:
    """Write a column "label" of names as codes, and say what each column holds."""
    import pyarrow as pa

    features = {name: _feature(kind) for name, kind in zip(table.column_names, table.schema.types, strict=True)}
    if features.get("label", {}) == {"dtype": "string", "_type": "Value"}:
        column = table.column("label").to_pylist()
        names = sorted({name for name in column if name is not None})
        code = {name: at for at, name in enumerate(names)}
        codes = pa.array([None if name is None else code[name] for name in column], pa.int64())
        table = table.set_column(table.column_names.index("label"), "label", codes)
        features["label"] = {"names": names, "_type": "ClassLabel"}
    about = json.dumps({"info": {"features": features}}).encode()
    return table.replace_schema_metadata({"huggingface": about}), features


def _feature(kind: Any) -> Any:
    """Say what a column of a type holds, in the words of ``datasets``."""
    import pyarrow as pa

    if pa.types.is_list(kind) or pa.types.is_large_list(kind):
        inner = _feature(kind.value_type)
        return [inner] if pa.types.is_struct(kind.value_type) else {"feature": inner, "_type": "Sequence"}
    if pa.types.is_struct(kind):
        return {field.name: _feature(field.type) for field in kind}
    words = {"double": "float64", "float": "float32", "halffloat": "float16"}
    return {"dtype": words.get(str(kind), str(kind)), "_type": "Value"}


def _write_arrow(table: Table, file: Path) -> None:
    import pyarrow as pa

    with pa.OSFile(str(file), "wb") as sink, pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
