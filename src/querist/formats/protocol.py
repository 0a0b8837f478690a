"""What a file format is: rows or arrays in, rows out; some carry labels too."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any, ClassVar, Literal, NamedTuple, Protocol, TypeAlias

from querist.tasks.protocol import Answer, Label

Table: TypeAlias = Any
"""A ``pyarrow.Table``, which ships without types."""

Hints: TypeAlias = Callable[[Sequence[str]], Mapping[str, Literal["text", "code"]]]
"""Given the column names of an untyped file, say which are text, or codes (text unless all are whole numbers)."""


class About(NamedTuple):
    """The facts that ``querist formats`` lists, one line each."""

    name: str
    suffixes: tuple[str, ...]
    reads: bool
    writes: bool
    line: str


@dataclass(frozen=True, eq=False)
class Arrays:
    """What a numeric file holds: N rows of features, and what else it says about them.

    ``features`` is dense [N, …], CSR, or an object array of texts; ``labels``, ``ids`` and ``group`` have one value a
    row or are None; ``about`` is JSON.
    """

    features: Any
    labels: Any = None
    ids: Any = None
    group: Any = None
    about: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class LabelRow:
    """One item with everything that is known of it, as an export writes it and an import reads it.

    ``data`` is the record that people see; ``answers`` are in log order, ``times`` their milliseconds since 1970 (empty
    when not known); ``prediction`` and ``selection`` are JSON (model, version, probs, acquisition; round, strategy,
    rank, propensity). How an item was selected has to go with its label: without it nobody can correct for the choice.
    ``agreed`` is the label that a study made of those of several people; None: there is one at most, or nobody said.
    """

    id: str
    data: Mapping[str, Any] = field(default_factory=dict)
    answers: tuple[Answer, ...] = ()
    prediction: Mapping[str, Any] | None = None
    selection: Mapping[str, Any] | None = None
    times: tuple[int | None, ...] = ()
    task: str = "classification"
    agreed: Label | None = None

    def timed(self) -> list[tuple[Answer, int | None]]:
        """Pair each answer with its time."""
        times = self.times or (None,) * len(self.answers)
        return list(zip(self.answers, times, strict=True))


class Format(Protocol):
    """A way to read and write rows; the class is the file's name in CamelCase and takes no argument."""

    about: ClassVar[About]

    def read(self, path: Path, hints: Hints = ...) -> Table | Arrays:
        """Read a file, gzip'd or not; raises BadData that says where and what to do."""
        ...

    def write(self, rows: Any, path: Path) -> None:
        """Write what ``read`` gives, gzip'd when the name ends with ``.gz``."""
        ...


class LabelFormat(Format, Protocol):
    """A format that also carries answers."""

    def write_labels(self, rows: Sequence[LabelRow], stream: IO[str]) -> None:
        """Write items with their answers to a text stream."""
        ...

    def read_rows(self, stream: IO[str]) -> list[LabelRow]:
        """Read items with their answers; raises BadData that names the line."""
        ...

    def read_labels(self, stream: IO[str]) -> list[Answer]:
        """Read the answers alone, in the order of the file."""
        ...


class Read(NamedTuple):
    """The rows of a folder or a file; a line for each thing that is wrong, and for what is no label by design."""

    rows: list[LabelRow]
    skipped: list[str]
    notes: tuple[str, ...] = ()


class FolderFormat(Format, Protocol):
    """A format that keeps the boxes of each image in a file of its own."""

    def read_folder(self, path: Path, images: Mapping[str, tuple[int, int]] | None = None) -> Read:
        """Read what is sound of a folder, and say what is not.

        ``images`` gives the width and height of each known image by its id; None: those that lie in the folder.
        Raises BadData where the folder as a whole is of no use.
        """
        ...

    def write_folder(self, rows: Sequence[LabelRow], path: Path) -> None:
        """Write items with their latest boxes into a folder, which is made; raises BadData on other labels."""
        ...


def no_hints(names: Sequence[str]) -> Mapping[str, Literal["text", "code"]]:
    """Leave every column to be inferred."""
    return {}


def answers_of(rows: Sequence[LabelRow]) -> list[Answer]:
    """List the answers of rows, in order."""
    return [answer for row in rows for answer in row.answers]
