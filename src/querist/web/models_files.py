"""What goes over the wire when a study is made, and when labels go out and in."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from querist.web.models import Given, Name, Said, StudyInfo


class FileEntry(Said):
    """A file or folder under the root given at start."""

    name: str
    kind: Literal["folder", "file"]
    size: int


class Files(Said):
    """What lies in a folder under the root."""

    entries: list[FileEntry]


class Uploaded(Said):
    """A file that came in; ``upload`` names it from now on."""

    upload: str
    name: str
    size: int


class Reading(Given):
    """Where data lie and how to read them: an upload, or a path under the root; names of columns.

    An absent column is found by its usual name, an empty one set aside.
    """

    upload: str | None = Field(default=None, max_length=100)
    path: str | None = Field(default=None, max_length=4_096)
    text: str | None = Field(default=None, max_length=500)
    label: str | None = Field(default=None, max_length=500)
    id: str | None = Field(default=None, max_length=500)


class PreviewRequest(Reading):
    """What to look into before a study is made of it."""

    task: Name = "classification"


class Skipped(Said):
    """Something that was left out, and why."""

    where: str
    why: str


class Preview(Said):
    """What was read: so many rows, the first of them, the labels found, what was skipped."""

    rows: int
    kind: str
    columns: list[str]
    sample: list[dict[str, Any]]
    labels: list[str | int]
    skipped: list[Skipped]
    warnings: list[str]


class StudyRequest(Reading):
    """A new study; ``labels`` in order, empty for those found in the data."""

    name: Annotated[str, Field(min_length=1, max_length=80)]
    task: Name = "classification"
    labels: list[Annotated[str, Field(max_length=500)] | int] = Field(default=[], max_length=10_000)
    learner: Name | None = None
    strategy: Name | None = None
    batch: int | None = Field(default=None, ge=1, le=10_000)


class StudyMade(Said):
    """The study that the server shows from now on."""

    study: StudyInfo


class ImportRequest(Given):
    """Labels to take in from an upload."""

    upload: str = Field(max_length=100)
    format: Name


class Imported(Said):
    """How many answers came in, and what was left out."""

    imported: int
    skipped: list[Skipped]


class Entry(Said):
    """A name that can be chosen, and what it is in one line."""

    name: str
    line: str


class Catalogue(Said):
    """What there is to choose from."""

    tasks: list[Entry]
    learners: list[Entry]
    strategies: list[Entry]
    formats: list[Entry]
