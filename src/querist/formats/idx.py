"""idx: the array files of MNIST."""

from __future__ import annotations

import re
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from querist.errors import BadData
from querist.formats._files import read_bytes, write_bytes
from querist.formats.protocol import About, Arrays, Hints, no_hints

_TYPES = {0x08: ">u1", 0x09: ">i1", 0x0B: ">i2", 0x0C: ">i4", 0x0D: ">f4", 0x0E: ">f8"}
_NAME = re.compile(r"images([-.])idx\d")


@dataclass(frozen=True)
class Idx:
    """One array a file; the labels of ``train-images-idx3-ubyte`` lie beside it as ``train-labels-idx1-ubyte``."""

    about: ClassVar[About] = About(
        "idx", ("-ubyte", ".idx", ".idx3-ubyte"), True, True, "image arrays of MNIST and its kin, labels beside them"
    )

    def read(self, path: Path, hints: Hints = no_hints) -> Arrays:
        """Read an array [N, …] as it is, with its labels when their file is there; raises BadData."""
        path = Path(path)
        labels = labels_beside(path)
        return Arrays(read_array(path), None if labels is None else read_array(labels))

    def write(self, rows: Arrays, path: Path) -> None:
        """Write an array, and its labels beside it when the name says images."""
        path = Path(path)
        _write(np.asarray(rows.features), path)
        if rows.labels is not None:
            beside = path.with_name(_label_name(path.name))
            if beside == path:
                raise BadData(f"idx labels need a name such as train-images-idx3-ubyte: got {path.name!r}")
            _write(np.asarray(rows.labels, np.uint8), beside)


def _label_name(name: str) -> str:
    return _NAME.sub(r"labels\1idx1", name)


def labels_beside(path: Path) -> Path | None:
    """Find the file of labels that belongs to a file of images, packed or not."""
    name = _label_name(path.name)
    if name == path.name:
        return None
    bare = name.removesuffix(".gz")
    return next(
        (p for p in (path.with_name(name), path.with_name(bare), path.with_name(f"{bare}.gz")) if p.exists()), None
    )


def read_array(path: Path) -> NDArray[Any]:
    """Read one idx array; raises BadData when the header or the length is wrong."""
    data = read_bytes(path)
    kind = _TYPES.get(data[2]) if len(data) >= 4 and data[:2] == b"\0\0" else None
    if kind is None:
        raise BadData(
            f"{path.name} is not an idx file: it begins with {data[:4].hex()!r}; expected 0000 and a type code"
        )
    ndim = data[3]
    start = 4 + 4 * ndim
    shape = struct.unpack(f">{ndim}I", data[4:start]) if len(data) >= start else ()
    expected = start + int(np.prod(shape)) * np.dtype(kind).itemsize
    if not shape or len(data) != expected:
        raise BadData(f"{path.name} must have {expected} bytes for the shape {shape}: got {len(data)}; fetch it again")
    array = np.frombuffer(data, kind, offset=start).reshape(shape)
    return array.astype(array.dtype.newbyteorder("="))


def _write(array: NDArray[Any], path: Path) -> None:
    code = next((c for c, kind in _TYPES.items() if np.dtype(kind) == array.dtype.newbyteorder(">")), None)
    if code is None:
        raise BadData(f"idx has no type for {array.dtype}: convert the array to uint8 or float32")
    header = struct.pack(f">BBBB{array.ndim}I", 0, 0, code, array.ndim, *array.shape)
    write_bytes(path, header + array.astype(_TYPES[code]).tobytes())
