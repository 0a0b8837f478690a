"""The folder that the browser may choose files from: nothing outside it can be named."""

from __future__ import annotations

import re
from pathlib import Path

from querist.web.models_files import FileEntry
from querist.web.trouble import Trouble

STUDY = ".querist"
_NAME = re.compile(r"[\w][\w .\-]{0,79}")
MOST_ENTRIES = 5_000


class Folder:
    """The root given at start, None when none was."""

    def __init__(self, root: Path | None) -> None:
        self._root = None if root is None else root.resolve()

    def _there(self) -> Path:
        if self._root is None:
            raise Trouble(409, "no folder was opened: start the server with --root DIR")
        return self._root

    def inside(self, path: str) -> Path:
        """Find a path under the root, links followed; raises Trouble for one that leads out of it, or to nothing."""
        root = self._there()
        try:
            found = (root / path).resolve(strict=True)
        except (OSError, ValueError, RuntimeError):
            raise Trouble(404, f"nothing is at {path!r} in the folder of this server") from None
        if not found.is_relative_to(root):
            raise Trouble(403, f"{path!r} lies outside the folder of this server")
        return found

    def entries(self, path: str) -> list[FileEntry]:
        """List a folder: folders first, hidden names left out."""
        found = self.inside(path)
        if not found.is_dir():
            raise Trouble(400, f"{path!r} is a file, not a folder")
        try:
            shown = sorted(each for each in found.iterdir() if not each.name.startswith("."))
        except OSError as error:
            raise Trouble(403, f"the folder {path!r} cannot be read: {error.strerror}") from None
        entries = [_entry(each) for each in shown[:MOST_ENTRIES] if _is_utf8(each.name)]
        return sorted(entries, key=lambda each: each.kind == "file")

    def study(self, name: str) -> Path:
        """Say where a new study of a name goes; raises Trouble for a name that is no plain file name, or is taken."""
        root = self._there()
        bare = name.removesuffix(STUDY).strip()
        if not _NAME.fullmatch(bare):
            raise Trouble(
                400,
                f"a study's name has letters, digits, blanks, - _ and . and begins with a letter or digit: {name!r}",
            )
        path = root / f"{bare}{STUDY}"
        if path.exists():
            raise Trouble(409, f"a study called {bare!r} is there already: choose another name")
        return path


def _entry(path: Path) -> FileEntry:
    is_file = path.is_file()
    return FileEntry(name=path.name, kind="file" if is_file else "folder", size=path.stat().st_size if is_file else 0)


def _is_utf8(name: str) -> bool:
    try:
        name.encode()
    except UnicodeEncodeError:  # bytes that are no text: JSON cannot carry them back
        return False
    return True
