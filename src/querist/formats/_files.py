"""Bytes and text from files: gzip, encodings, and errors that say where."""

from __future__ import annotations

import gzip
import io
import zlib
from difflib import get_close_matches
from pathlib import Path

from querist.errors import BadData

BOM = b"\xef\xbb\xbf"


def read_bytes(path: str | Path) -> bytes:
    """Read a file, unpacking gzip by its ending; raises BadData when it is missing, empty or damaged."""
    path = Path(path)
    try:
        data = path.read_bytes()
        if path.name.lower().endswith(".gz"):
            data = gzip.decompress(data)
    except FileNotFoundError:
        raise BadData(f"there is no file {str(path)!r}: {beside(path)}") from None
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise BadData(f"{path.name} is not whole gzip data ({error}): fetch or pack the file again") from None
    except OSError as error:
        raise BadData(f"cannot read {str(path)!r}: {error.strerror or error}") from None
    if not data.removeprefix(BOM).strip():
        raise BadData(f"{path.name} is empty: it needs at least one row")
    return data


def beside(path: Path, also: tuple[str, ...] = ()) -> str:
    """Say which files of the folder, or other names, are near a name that is not there."""
    names = [p.name for p in path.parent.iterdir()] if path.parent.is_dir() else []
    close = get_close_matches(path.name, [*also, *names], n=3, cutoff=0.6)
    return f"did you mean {' or '.join(map(repr, close))}?" if close else "check its name and its folder"


def write_bytes(path: str | Path, data: bytes) -> None:
    """Write a file, packing it when the name ends with ``.gz`` (without a time stamp: equal data, equal bytes)."""
    path = Path(path)
    path.write_bytes(gzip.compress(data, mtime=0) if path.name.lower().endswith(".gz") else data)


def read_text(path: str | Path) -> bytes:
    """Read a text file as UTF-8 bytes without a byte-order mark; raises BadData that names the first wrong byte."""
    data = read_bytes(path)
    check_text(data, Path(path).name)
    return data.removeprefix(BOM)


def open_text(path: str | Path) -> io.StringIO:
    """Open a text file for ``read_labels``, with the same checks; line ends stay as they are."""
    stream = io.StringIO(read_text(path).decode(), newline="")
    stream.name = Path(path).name  # what errors call it, as on real files
    return stream


def name_of(stream: object) -> str:
    """Say what to call a stream in an error."""
    name = getattr(stream, "name", None)
    return Path(name).name if isinstance(name, str) else "the input"


def check_text(data: bytes, name: str) -> None:
    """Raise BadData unless the bytes are UTF-8 text; names the byte, its line and the likely encoding."""
    if data[:2] in (b"\xff\xfe", b"\xfe\xff") or b"\0" in data[:4096]:
        raise BadData(f"{name} holds zero bytes or a UTF-16 mark: if it is text, it is UTF-16; {_convert('UTF-16')}")
    try:
        data.decode()
    except UnicodeDecodeError as error:
        at, line = error.start, data.count(b"\n", 0, error.start) + 1
        likely = _likely(data)
        raise BadData(
            f"{name} is not UTF-8: line {line} holds the byte 0x{data[at]:02x} (byte {at + 1} of the file); "
            f"it is likely {likely}; {_convert(likely)}"
        ) from None


def _likely(data: bytes) -> str:
    try:
        data.decode("cp1252")
    except UnicodeDecodeError:
        return "ISO-8859-1"
    return "Windows-1252"


def _convert(encoding: str) -> str:
    return f"save it as UTF-8, for example with `iconv -f {encoding.upper()} -t UTF-8`"
