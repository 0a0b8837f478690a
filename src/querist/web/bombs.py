"""Files that would unpack to more than memory holds are refused before anything reads them."""

from __future__ import annotations

import gzip
import math
import zipfile
import zlib
from pathlib import Path

from querist.web.trouble import Trouble

UNPACKED = 2**30
"""Bytes that a file may unpack to."""
MOST_ROWS = 5_000_000
MOST_MEMBERS = 500_000
STEP = 2**20


def check(path: Path) -> None:
    """Refuse a packed file that unpacks to more than a gigabyte; raises Trouble. Cost O(unpacked size)."""
    name = path.name.lower()
    try:
        if name.endswith(".gz"):
            _check_gzip(path)
        elif name.endswith((".zip", ".npz")):
            _check_zip(path)
        elif name.endswith(".parquet"):
            _check_parquet(path)
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, NotImplementedError) as error:
        raise Trouble(400, f"{path.name} is damaged, or not what its ending says: {error}") from None


def _check_gzip(path: Path) -> None:
    size = 0
    with gzip.open(path) as stream:
        while part := stream.read(STEP):
            size += len(part)
            if size > UNPACKED:
                raise _too_large(path)


def _check_zip(path: Path) -> None:
    with zipfile.ZipFile(path) as archive:
        members = archive.infolist()
        if len(members) > MOST_MEMBERS or sum(member.file_size for member in members) > UNPACKED:
            raise _too_large(path)
        if path.name.lower().endswith(".npz"):
            for member in members:
                _check_array(archive, member, path)


def _check_array(archive: zipfile.ZipFile, member: zipfile.ZipInfo, path: Path) -> None:
    """Refuse an array whose header claims more than the archive holds, or that holds pickled objects."""
    from numpy.lib import format as npy

    with archive.open(member) as stream:
        try:
            version = npy.read_magic(stream)
            read = npy.read_array_header_1_0 if version == (1, 0) else npy.read_array_header_2_0
            shape, _, kind = read(stream)
        except ValueError as error:
            raise Trouble(400, f"{path.name}, {member.filename}: not an array of NumPy: {error}") from None
    if kind.hasobject:
        raise Trouble(
            415, f"{path.name}, {member.filename}: it holds pickled objects, which can run code: save numbers or texts"
        )
    if math.prod(shape) * kind.itemsize > member.file_size:
        raise Trouble(400, f"{path.name}, {member.filename}: its header claims more than it holds: {shape} of {kind}")


def _check_parquet(path: Path) -> None:
    import pyarrow as pa
    from pyarrow import parquet

    try:
        facts = parquet.read_metadata(path)
    except pa.ArrowInvalid as error:
        raise Trouble(400, f"{path.name} is not a Parquet file: {error}") from None
    unpacked = sum(facts.row_group(i).total_byte_size for i in range(facts.num_row_groups))
    if unpacked > UNPACKED or facts.num_rows > MOST_ROWS:
        raise _too_large(path)


def _too_large(path: Path) -> Trouble:
    return Trouble(
        413, f"{path.name} unpacks to more than {UNPACKED >> 30} GiB: use `querist new` on the command line for it"
    )
