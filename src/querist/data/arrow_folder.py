"""Folders of Arrow files, as the Hugging Face package ``datasets`` saves them; read without that package."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from querist.errors import BadData, near
from querist.formats.protocol import Table


def saved_in(path: Path, part: str) -> Table | None:
    """Read a folder that ``Dataset.save_to_disk`` or ``DatasetDict.save_to_disk`` wrote; None where it is none.

    Read: state.json names the Arrow files (``_data_files``), in order; dataset_info.json the classes of integer columns
    (``ClassLabel`` with ``names``), which become texts, −1 a missing label. A folder with dataset_dict.json has parts:
    "train" and "test", or the only one for "train". Columns of lists, images and audio stay as Arrow has them; a
    selection that was not flattened (``_indices_files``) is refused. Cost: O(size). Raises BadData.
    """
    if (path / "dataset_dict.json").is_file():
        return _part(path, part)
    if part != "train" or not (path / "state.json").is_file():
        return None
    return _named(_table(path), path)


def _part(path: Path, part: str) -> Table | None:
    splits = _json(path / "dataset_dict.json").get("splits")
    if not isinstance(splits, list) or not splits or not all(isinstance(name, str) for name in splits):
        raise BadData(f"{path.name}/dataset_dict.json names no parts: it needs a list 'splits'; save the data again")
    if part not in splits and (part == "test" or len(splits) > 1):
        if part == "test":
            return None
        raise BadData(f"the folder {path.name!r} has no part {part!r}: {near(part, splits)}; name the folder of a part")
    inner = path / (part if part in splits else splits[0])
    if inner.resolve().parent != path.resolve():
        raise BadData(f"{path.name}/dataset_dict.json names the part {inner.name!r}, which lies outside the folder")
    return _named(_table(inner), inner)


def _table(path: Path) -> Table:
    import pyarrow as pa

    state = _json(path / "state.json")
    if state.get("_indices_files") or state.get("_indices_data_files"):
        raise BadData(f"{path.name} is a selection of rows: call flatten_indices() before save_to_disk()")
    files = state.get("_data_files")
    if not isinstance(files, list) or not files or not all(isinstance(each, dict) for each in files):
        raise BadData(f"{path.name}/state.json names no Arrow files: it needs '_data_files'; save the data again")
    return pa.concat_tables([_arrow(path, str(each.get("filename"))) for each in files])


def _arrow(path: Path, name: str) -> Table:
    import pyarrow as pa

    if (path / name).resolve().parent != path.resolve():
        raise BadData(f"{path.name}/state.json names the file {name!r}, which lies outside the folder")
    try:
        with pa.OSFile(str(path / name)) as file:
            table = pa.ipc.open_stream(file).read_all()
        table.validate(full=True)  # lengths and texts of a damaged file would fail where they are first looked at
        return table
    except (pa.ArrowException, OSError, ValueError, KeyError) as error:
        raise BadData(f"{path.name}/{name} is no whole Arrow stream: {str(error).splitlines()[0]}") from None


def _named(table: Table, path: Path) -> Table:
    """Write class codes as the names of their classes."""
    import pyarrow as pa

    file = path / "dataset_info.json"
    features: Any = _json(file).get("features") or {} if file.is_file() else {}
    for at, column in enumerate(table.column_names):
        kind = features.get(column)
        if not isinstance(kind, dict) or kind.get("_type") != "ClassLabel" or not kind.get("names"):
            continue
        names = list(kind["names"])
        codes = table.column(column).to_pylist()
        wrong = next((row for row, code in enumerate(codes) if code is not None and not -1 <= code < len(names)), None)
        if wrong is not None:
            raise BadData(f"{path.name}: row {wrong} of {column!r} holds class {codes[wrong]}, there are {len(names)}")
        texts = [None if code is None or code < 0 else str(names[code]) for code in codes]
        table = table.set_column(at, column, pa.array(texts, pa.string()))
    return table


def _json(path: Path) -> dict[str, Any]:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise BadData(f"{path.parent.name} lacks the file {path.name}: save the data again") from None
    except ValueError as error:
        raise BadData(f"{path.parent.name}/{path.name} is no JSON ({error}): save the data again") from None
    if not isinstance(found, dict):
        raise BadData(f"{path.parent.name}/{path.name} must hold an object: save the data again")
    return found
