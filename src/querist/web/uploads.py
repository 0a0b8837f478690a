"""Files that come in: streamed to a folder of this process that goes with it, under names that we make."""

from __future__ import annotations

import re
import secrets
import tempfile
from pathlib import Path
from typing import NamedTuple
from urllib.parse import unquote

from anyio import open_file, to_thread
from fastapi import Request

from querist.formats import listing
from querist.web import bombs
from querist.web.models_files import Uploaded
from querist.web.trouble import Trouble

LARGEST = 512 * 2**20
"""Bytes of one upload."""
MOST = 20
"""Uploads kept; the oldest goes when another comes."""
ARCHIVE = ".zip"


class Upload(NamedTuple):
    """A file that came in."""

    path: Path
    size: int


class Uploads:
    """The files that came in since the server began."""

    def __init__(self, largest: int = LARGEST) -> None:
        self._largest = largest
        self._folder: tempfile.TemporaryDirectory[str] | None = None
        self._files: dict[str, Upload] = {}

    def close(self) -> None:
        """Remove them all."""
        if self._folder is not None:
            self._folder.cleanup()

    def path(self, upload: str) -> Path:
        """Give where an upload lies."""
        if upload not in self._files:
            raise Trouble(404, f"no upload is called {upload!r}: send the file again")
        return self._files[upload].path

    async def take(self, request: Request, name: str) -> Uploaded:
        """Stream a body to the disk; raises Trouble when it is too large, of an unknown kind, or cut short."""
        shown = unquote(name).replace("\\", "/").rpartition("/")[2]
        check_ending(shown)
        self._check_size(int(request.headers.get("content-length", "0")))
        id = secrets.token_urlsafe(16)
        path = self._new(id, shown)
        try:
            size = await self._stream(request, path)
            if not size:
                raise Trouble(400, f"{shown} is empty")
            await to_thread.run_sync(bombs.check, path)
        except BaseException:
            path.unlink(missing_ok=True)
            raise
        self._keep(id, Upload(path, size))
        return Uploaded(upload=id, name=shown, size=size)

    def _new(self, id: str, name: str) -> Path:
        if self._folder is None:
            self._folder = tempfile.TemporaryDirectory(prefix="querist-")
        folder = Path(self._folder.name) / id
        folder.mkdir()
        return folder / safe(name)

    async def _stream(self, request: Request, path: Path) -> int:
        size = 0
        async with await open_file(path, "xb") as file:
            async for part in request.stream():
                size += len(part)
                self._check_size(size)
                await file.write(part)
        return size

    def _check_size(self, size: int) -> None:
        if size > self._largest:
            raise Trouble(
                413,
                f"an upload may have {self._largest >> 20} MiB: put the file into the folder given with --root, or use "
                "`querist new` on the command line",
            )

    def _keep(self, id: str, upload: Upload) -> None:
        self._files[id] = upload
        while len(self._files) > MOST:
            oldest = self._files.pop(next(iter(self._files)))
            oldest.path.unlink(missing_ok=True)


def check_ending(name: str) -> None:
    """Refuse a file of a kind that we do not read, by its ending; a pickle above all. Raises Trouble."""
    known = sorted({*(ending for about in listing() if about.reads for ending in about.suffixes), ARCHIVE})
    if not name.lower().removesuffix(".gz").endswith(tuple(known)):
        raise Trouble(415, f"{name!r} is not of a kind that is read: known are {', '.join(known)} (also with .gz)")


def safe(name: str) -> str:
    """Make a plain file name, its ending kept.

    >>> safe("a/b<c>.csv"), safe("..")
    ('a_b_c_.csv', '_..')
    """
    plain = re.sub(r"[^\w.\- ]", "_", name)[-100:]
    return f"_{plain}" if plain.startswith(".") else plain
