"""What every format of labels must hold to: a conformance suite for pytest.

::

    class TestMine(FormatSuite):
        form = "mine"
        rows = [LabelRow("a", {"text": "x"}, (Answer("a", "yes"),))]
        garbage = "no such file"
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any, ClassVar

import pytest

from querist.errors import BadData
from querist.formats import LabelRow, folder_format, label_format, listing
from querist.tasks import Answer


class FormatSuite:
    """Check a format of labels: subclass it in a test module, with rows to write and text that is none of its kind.

    ``rows`` have each one answer that is a label; ``foreign`` is a label that the format cannot hold. ``near`` is the
    error in pixels that its numbers may have. A format that writes a folder is tested with one.
    """

    form: ClassVar[str]
    rows: ClassVar[Sequence[LabelRow]]
    garbage: ClassVar[str] = "\x01 no labels"
    foreign: ClassVar[Any] = {"strange": 1}
    near: ClassVar[float] = 0.0

    def written(self, rows: Sequence[LabelRow], place: Path) -> list[LabelRow]:
        """Write rows and read them again."""
        folder = folder_format(self.form)
        if folder is not None:
            folder.write_folder(rows, place)
            sizes = {row.id: (int(row.data["width"]), int(row.data["height"])) for row in rows}
            read = folder.read_folder(place, sizes)
            assert read.skipped == []
            return read.rows
        stream = io.StringIO()
        label_format(self.form).write_labels(rows, stream)
        return label_format(self.form).read_rows(io.StringIO(stream.getvalue()))

    def test_is_listed_with_what_it_can(self) -> None:
        """The format is in the list, and says in a line what it is."""
        about = next(about for about in listing() if about.name == self.form.partition("(")[0])
        assert about.writes
        assert about.line

    def test_labels_come_back(self, tmp_path: Path) -> None:
        """What is written is read: ids, and the label of each."""
        again = {row.id: row for row in self.written(self.rows, tmp_path / "out")}
        assert set(again) == {row.id for row in self.rows}
        for row in self.rows:
            self.alike(again[row.id].answers[-1].label, row.answers[-1].label)

    def test_what_was_read_is_written_the_same(self, tmp_path: Path) -> None:
        """A second way there and back changes nothing more."""
        once = self.written(self.rows, tmp_path / "one")
        twice = self.written(once, tmp_path / "two")
        assert [row.id for row in once] == [row.id for row in twice]
        for one, two in zip(once, twice, strict=True):
            self.alike(two.answers[-1].label, one.answers[-1].label)

    def test_refuses_labels_that_it_cannot_hold(self, tmp_path: Path) -> None:
        """A label of another task is an error that names the item."""
        row = LabelRow("the item", {"width": 9, "height": 9}, (Answer("the item", self.foreign),))
        with pytest.raises(BadData, match="'the item'"):
            self.written([row], tmp_path / "out")

    def test_refuses_what_is_none_of_its_kind(self, tmp_path: Path) -> None:
        """A file of another kind is an error, or for a folder at least a line that says so."""
        folder = folder_format(self.form)
        if folder is None:
            with pytest.raises(BadData):
                label_format(self.form).read_rows(io.StringIO(self.garbage))
            return
        with pytest.raises(BadData):
            folder.read_folder(tmp_path / "nowhere", {})

    def alike(self, found: Any, expected: Any) -> None:
        """Compare two labels; the sides of boxes may differ by ``near``."""
        if not isinstance(expected, list) or not all(isinstance(part, dict) and "box" in part for part in expected):
            assert found == expected
            return
        assert [part["label"] for part in found] == [str(part["label"]) for part in expected]
        for one, two in zip(found, expected, strict=True):
            assert one["box"] == pytest.approx(two["box"], abs=self.near or 1e-9)
