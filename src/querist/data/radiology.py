"""DICOM files in a folder become a data set: a frame is an item, its id tells nothing of the patient."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from hashlib import blake2b
from pathlib import Path
from typing import Any

import numpy as np

from querist._parallel import cores
from querist.data import dicom
from querist.data.images import PIXELS, Images
from querist.data.pool import Pool
from querist.data.roles import Wish, resolve
from querist.errors import BadData, near
from querist.formats.csv import UID
from querist.formats.protocol import Table
from querist.tasks.protocol import Label

KEY = "QUERIST_KEY"
"""The environment variable with the secret of ``id='digest'``: the same secret gives the same ids."""
GROUPS = ("patient", "series")
TABLES = (".csv", ".tsv", ".jsonl", ".parquet")
_SHOWN = ("Modality", "BodyPartExamined", "ViewPosition", "Laterality", "SeriesNumber", "InstanceNumber")
"""What people see of an item: no date, no name, no place, no free text."""
_OFTEN_BURNT = ("US", "SC", "OT", "XC", "ES", "XA", "RF")


@dataclass(frozen=True)
class Folder:
    """The DICOM files of a folder, by their path in it."""

    root: Path
    names: tuple[str, ...]


@dataclass(frozen=True)
class Frame:
    """A frame as an item: where it is, its id, whom it belongs to (never shown), what people see of it."""

    name: str
    uid: str
    patient: str | None
    series: str | None
    size: tuple[int, int]
    record: Mapping[str, Any]
    burnt: bool | None


def find(path: Path) -> Folder | None:
    """Find the DICOM files below a folder by their first bytes, whatever they are called; None when there are none."""
    found = []
    for folder, folders, files in os.walk(path):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        inside = Path(folder).relative_to(path)
        found += [(inside / name).as_posix() for name in files if _may_be(Path(folder, name))]
    return Folder(path.resolve(), tuple(sorted(found))) if found else None


def _may_be(path: Path) -> bool:
    if path.name.startswith("."):
        return False
    # a file without the mark may still be one, if it says so by its name: it is then named among those left out
    return path.name != "DICOMDIR" and (path.name.lower().endswith(dicom.ENDINGS) or dicom.has_magic(path))


def pool_of(found: Folder, wish: Wish) -> tuple[Pool, list[Label | None] | None, tuple[str, ...]]:
    """Make a pool of the frames that can be decoded, the labels of a table beside them, and what was left out.

    The id is the SOPInstanceUID, with ``#frame`` where a file has several; with ``id='digest'`` a digest of it, keyed
    by the environment variable QUERIST_KEY. ``group`` is ``patient`` (the default: a digest of the PatientID, or of the
    series where there is none) or ``series``; then ``time`` is the number of the slice or frame. A table in the folder
    with a column SOPInstanceUID gives the labels. Raises BadData when nothing can be read, MissingExtra.
    """
    dicom.package()
    asked = _asked(wish)
    frames, skipped = _read(found, asked)
    if not frames:
        raise BadData(f"none of the {len(found.names)} DICOM files can be read: {skipped[0]}")
    frames, twice = _distinct(frames)
    by = wish.group or "patient"
    if by not in GROUPS:
        raise BadData(f"group must be 'patient' or 'series' for DICOM files: got {by!r}")
    salt = _salt(frames, wish.like)
    ids = _ids(frames, wish)
    labels, notes = _labels(found.root, frames, wish)
    about = {
        "notes": [*_notes(frames, asked), *notes],
        "salt": salt,
        "dicom": True,
        **({"shown": list(asked)} if asked else {}),
    }
    pool = Pool(
        tuple(ids),
        _images(str(found.root), frames),
        [dict(frame.record) for frame in frames],
        np.array([_code(frame, by, salt) for frame in frames], np.int64),
        "image",
        about,
        _times(frames) if by == "series" else None,
    )
    return pool, labels, (*skipped, *twice)


def _asked(wish: Wish) -> tuple[str, ...]:
    """Name the tags that people shall see beside those that tell nothing of the patient; raises BadData."""
    if wish.show is None:
        return () if wish.like is None else tuple(wish.like.about.get("shown", ()))
    asked = tuple(dict.fromkeys(tag.strip() for tag in wish.show.split(",") if tag.strip()))
    known = dicom.tags()
    for tag in asked:
        if tag not in known:
            raise BadData(f"show: no tag of DICOM headers is called {tag!r}: {near(tag, known)}")
    return asked


def _read(found: Folder, asked: Sequence[str]) -> tuple[list[Frame], list[str]]:
    with ThreadPoolExecutor(cores()) as threads:
        parts = list(threads.map(lambda name: _frames(found.root, name, asked), found.names))
    frames = [frame for part in parts if isinstance(part, list) for frame in part]
    return frames, [part for part in parts if isinstance(part, str)]


def _frames(root: Path, name: str, asked: Sequence[str]) -> list[Frame] | str:
    """Read the frames of a file, the first one decoded; or the line that says why not."""
    try:
        head = dicom.header(root / name)
        width, height = int(head.get("Columns") or 0), int(head.get("Rows") or 0)
        if width * height > PIXELS:
            raise BadData(f"it has {width} × {height} pixels, the limit is {PIXELS:,} in all: cut it into tiles")
        image = dicom.image(str(root), name)
        made = _described(head, name, (image.width, image.height))
        told = {tag: _text(head, tag) for tag in asked if _text(head, tag)}
        return [replace(frame, record={**frame.record, **told}) for frame in made]
    except BadData as error:
        return f"{dicom.shown(name)}: {str(error).removeprefix(f'the image {dicom.shown(name)!r} cannot be decoded: ')}"


def _described(head: Any, name: str, size: tuple[int, int]) -> list[Frame]:
    uid, count = _text(head, UID), int(head.get("NumberOfFrames") or 1)
    record = {tag: _text(head, tag) for tag in _SHOWN if _text(head, tag)}
    burnt = {"YES": True, "NO": False}.get(_text(head, "BurnedInAnnotation") or "")
    if burnt is None and record.get("Modality") not in _OFTEN_BURNT:
        burnt = False
    if not uid:
        uid = "content-" + blake2b(repr((size, record)).encode() + name.encode(), digest_size=16).hexdigest()
    frame = Frame(name, uid, _text(head, "PatientID"), _text(head, "SeriesInstanceUID"), size, record, burnt)
    if count == 1 and dicom.is_dicom(name):
        return [frame]
    return [_numbered(frame, at, count) for at in range(count)]


def _numbered(frame: Frame, at: int, count: int) -> Frame:
    """Name one frame; a file without an ending gets a number too, by which its name tells that it is DICOM."""
    uid = frame.uid if count == 1 else f"{frame.uid}#{at}"
    record = frame.record if count == 1 else {**frame.record, "frame": at}
    return replace(frame, name=f"{frame.name}#{at}", uid=uid, record=record)


def _text(head: Any, tag: str) -> str | None:
    value = head.get(tag)
    return None if value is None or str(value).strip() == "" else str(value).strip()


def _distinct(frames: Iterable[Frame]) -> tuple[list[Frame], list[str]]:
    kept: dict[str, Frame] = {}
    skipped = []
    for frame in frames:
        if frame.uid in kept:
            skipped.append(f"{dicom.shown(frame.name)}: its SOPInstanceUID {frame.uid} is that of another file")
        else:
            kept[frame.uid] = frame
    return list(kept.values()), skipped


def _ids(frames: Sequence[Frame], wish: Wish) -> list[str]:
    if wish.id in (None, "", UID):
        return [frame.uid for frame in frames]
    if wish.id != "digest":
        raise BadData(f"id must be {UID!r} or 'digest' for DICOM files: got {wish.id!r}")
    key = os.environ.get(KEY, "")
    if not key:
        raise BadData(f"id='digest' needs a secret in the environment variable {KEY}: the same one gives the same ids")
    return [_keyed(frame.uid, key) for frame in frames]


def _keyed(text: str, key: str) -> str:
    secret = blake2b(key.encode(), digest_size=32).digest()
    return blake2b(text.encode(), key=secret, digest_size=16).hexdigest()


def _salt(frames: Sequence[Frame], like: Pool | None) -> str:
    """Give what keys the digests of patients: that of the pool that grows, else one of all the files."""
    if like is not None and "salt" in like.about:
        return str(like.about["salt"])
    return blake2b("\n".join(sorted(frame.uid for frame in frames)).encode(), digest_size=16).hexdigest()


def _code(frame: Frame, by: str, salt: str) -> int:
    """Code a group by a keyed digest: who has the number and not the pool cannot try all patients."""
    own = frame.series if by == "series" else frame.patient or frame.series
    name = f"item/{frame.uid}" if own is None else f"{by}/{own}"
    return int.from_bytes(blake2b(name.encode(), key=salt.encode(), digest_size=8).digest(), "little", signed=True)


def _times(frames: Sequence[Frame]) -> Any:
    """Give the number of the frame, or of the slice within its series; NaN where neither is known."""
    numbers = [frame.record.get("frame", frame.record.get("InstanceNumber")) for frame in frames]
    return np.array([float(n) if str(n).lstrip("-").isdigit() else np.nan for n in numbers], np.float64)


def _images(root: str, frames: Sequence[Frame]) -> Images:
    roots, names = np.empty(len(frames), object), np.empty(len(frames), object)
    roots[:], names[:] = root, [frame.name for frame in frames]
    digests = np.frombuffer(b"".join(dicom.digest(root, frame.name) for frame in frames), np.uint8).reshape(-1, 16)
    return Images(roots, names, digests, np.array([frame.size for frame in frames], np.int32).reshape(-1, 2))


def _notes(frames: Sequence[Frame], asked: Sequence[str]) -> list[str]:
    said, silent = sum(frame.burnt is True for frame in frames), sum(frame.burnt is None for frame in frames)
    notes = [f"{len(frames):,} DICOM images; ids are SOPInstanceUIDs, and what the header says of people is not read"]
    if asked:
        notes = [f"{len(frames):,} DICOM images; their {', '.join(asked)} is shown and exported, as was asked for"]
    if said:
        notes.append(f"warning: {said:,} images say that text is burnt into their pixels: it may name the patient")
    if silent:
        notes.append(
            f"warning: {silent:,} images do not say whether text is burnt into their pixels: look before sharing"
        )
    return notes


def _row_of(name: str, row: int) -> str:
    return f"row {row + 1} of {name}"


def _labels(root: Path, frames: Sequence[Frame], wish: Wish) -> tuple[list[Label | None] | None, list[str]]:
    """Read the labels of the table that has a column SOPInstanceUID, if there is one."""
    from querist.data.labels import as_list, canonical
    from querist.formats import by_path

    for path in sorted(p for p in root.iterdir() if p.is_file() and p.name.lower().endswith(TABLES)):
        table: Table = by_path(path).read(path, lambda names: {name: "text" for name in names if name == UID})
        names = table.column_names
        role = resolve(names, replace(wish, id="", group=None, like=None)).label if UID in names else None
        if role is None:
            continue
        values = canonical(as_list(table.column(role)), partial(_row_of, path.name))
        told = dict(zip(map(str, as_list(table.column(UID))), values, strict=True))
        labels = [told.get(frame.uid, told.get(frame.uid.partition("#")[0])) for frame in frames]
        return labels, [f"the column {role!r} of {path.name} is the label"]
    return None, []
