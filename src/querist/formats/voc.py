"""Pascal VOC: one XML file for each image."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any, ClassVar
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from querist.errors import BadData
from querist.formats._boxes import (
    Drawn,
    Noted,
    Size,
    bare,
    boxes_in,
    files_below,
    numbers,
    one_each,
    rows_of,
    rows_of_table,
    size_in,
    sound_rows,
    table_of_rows,
    write_folder,
)
from querist.formats._files import read_bytes
from querist.formats.protocol import About, Hints, LabelRow, Read, Table, no_hints

_SIDES = ("xmin", "ymin", "xmax", "ymax")


@dataclass(frozen=True)
class Voc:
    """Boxes by their corners in pixels, an XML file an image; a folder of them, or one file that ends in .xml.

    ``first`` is the number of the first pixel: 0, as nearly every tool writes it, or 1, as the original data set has
    it (its corners are then the first and the last pixel of the box). ``clip`` cuts boxes to the image instead of
    refusing those that go beyond it. The id of an item is ``folder/filename``, or ``filename`` where no folder is
    said. Written are corners from 0 with their fractions, one file for each labelled item, in the folders of its id.
    ``pose``, ``truncated`` and ``difficult`` are not kept.
    """

    first: int = 0
    clip: bool = False

    about: ClassVar[About] = About("voc", (".xml",), True, True, "boxes in images, an XML file each (Pascal VOC)")

    def __post_init__(self) -> None:
        if self.first not in (0, 1):
            raise BadData(f"first is the number of the first pixel, 0 or 1: got {self.first!r}")

    def read(self, path: Path, hints: Hints = no_hints) -> Table:
        """Read a file or a folder of files as a table: id, width, height, label; raises BadData."""
        noted = [_noted(file, file.name, self.first) for file in _files(Path(path))]
        return table_of_rows(rows_of(noted, clip=self.clip), Path(path).name)

    def write(self, rows: Table, path: Path) -> None:
        """Write a table as ``read`` gives it into a folder."""
        self.write_folder(rows_of_table(rows), path)

    def read_folder(self, path: Path, images: Mapping[str, Size] | None = None) -> Read:
        """Read what is sound of a folder, and say what is not; ``images`` is not needed: the files say the sizes."""
        path, noted, wrong = Path(path), [], []
        for file in files_below(path, ".xml"):
            try:
                noted.append(_noted(file, file.relative_to(path).as_posix(), self.first))
            except BadData as error:
                wrong.append(f"{error}: the file was left out")
        read = sound_rows(noted, clip=self.clip)
        return read._replace(skipped=[*wrong, *read.skipped])

    def write_folder(self, rows: Sequence[LabelRow], path: Path) -> None:
        """Write a file for each labelled item; raises BadData on labels that are no boxes, and without a size."""
        labelled = [row for row in rows if boxes_in(row, "voc") is not None]
        files = one_each(labelled, lambda id: f"{bare(id)}.xml")
        write_folder({name: _xml(row) for name, row in files.items()}, Path(path))


def _files(path: Path) -> list[Path]:
    return files_below(path, ".xml") if path.is_dir() else [path]


def is_voc(data: bytes) -> bool:
    """Say whether a file begins as an annotation of Pascal VOC does."""
    return b"<annotation" in data[:2000]


def _noted(file: Path, name: str, first: int) -> Noted:
    root = _parsed(read_bytes(file), name)
    folder, filename = (root.findtext("folder") or "").strip(), (root.findtext("filename") or "").strip()
    if not filename:
        raise BadData(f"{name}: filename is missing: it says which image the boxes are of")
    size = _size(root, name)
    drawn = tuple(
        _drawn(each, f"{name}, object {at} ({(each.findtext('name') or '').strip()!r})", first)
        for at, each in enumerate(root.findall("object"), 1)
    )
    return Noted((PurePosixPath(folder) / filename).as_posix(), size, drawn)


def _parsed(data: bytes, name: str) -> Any:
    import defusedxml
    from defusedxml.ElementTree import ParseError, fromstring

    try:
        root = fromstring(data)
    except ParseError as error:
        raise BadData(f"{name} is not whole XML ({error}): write it again") from None
    except defusedxml.DefusedXmlException as error:
        raise BadData(f"{name} has definitions of its own ({type(error).__name__}), which are not read") from None
    if root.tag != "annotation":
        raise BadData(f"{name} must hold an <annotation>, as Pascal VOC has it: got <{root.tag}>")
    return root


def _size(root: Any, name: str) -> Size | None:
    if root.find("size") is None:
        return None
    texts = [root.findtext(f"size/{side}") for side in ("width", "height")]
    width, height = numbers(texts, name, names=("size/width", "size/height"))
    return (int(width), int(height)) if width > 0 and height > 0 else None


def _drawn(found: Any, where: str, first: int) -> Drawn:
    label, nothing = (found.findtext("name") or "").strip(), (0.0, 0.0, 0.0, 0.0)
    if not label:
        return Drawn(None, nothing, where, "name is missing: it is the class")
    if found.find("bndbox") is None:
        return Drawn(label, nothing, where, "bndbox is missing")
    texts = [found.findtext(f"bndbox/{side}") for side in _SIDES]
    try:
        left, top, right, bottom = numbers(texts, where, names=[f"bndbox/{side}" for side in _SIDES])
    except BadData as error:
        return Drawn(label, nothing, where, str(error).removeprefix(f"{where}: "))
    # counted from 1, the last corner is a pixel that still belongs to the box
    return Drawn(label, (left - first, top - first, right - left + first, bottom - top + first), where)


def _xml(row: LabelRow) -> str:
    width, height = size_in(row, "voc")
    path, root = PurePosixPath(row.id), Element("annotation")
    folder = path.parent.as_posix()
    SubElement(root, "folder").text = "" if folder == "." else folder
    SubElement(root, "filename").text = path.name
    size = SubElement(root, "size")
    for name, side in (("width", width), ("height", height), ("depth", 3)):
        SubElement(size, name).text = str(side)
    for box in boxes_in(row, "voc") or ():
        _add(root, box)
    indent(root, "\t")
    return tostring(root, "unicode") + "\n"


def _add(root: Element, box: Mapping[str, Any]) -> None:
    found = SubElement(root, "object")
    SubElement(found, "name").text = str(box["label"])
    corners = SubElement(found, "bndbox")
    x, y, width, height = box["box"]
    for name, value in zip(_SIDES, (x, y, x + width, y + height), strict=True):
        SubElement(corners, name).text = f"{value:.10g}"
