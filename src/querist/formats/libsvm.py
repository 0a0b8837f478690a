"""LIBSVM: a label and the features that are not zero, ``1 3:0.5 7:2``."""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from querist.errors import BadData
from querist.formats._files import read_text, write_bytes
from querist.formats.protocol import About, Arrays, Hints, no_hints

DENSE = 0.25
DENSE_VALUES = 2**27


@dataclass(frozen=True)
class Libsvm:
    """Class codes and numeric features; absent features are 0.

    Features count from 1, as LIBSVM says; from 0 when an index 0 occurs, or as ``first`` says. ``width`` is the number
    of features, for a file whose last ones are all 0. The matrix is dense when a quarter of it or more is not zero
    (and it stays under 1 GB), else CSR; ``dense`` overrules that.
    """

    about: ClassVar[About] = About(
        "libsvm", (".libsvm", ".svm", ".svmlight"), True, True, "class codes and sparse numeric features"
    )
    width: int | None = None
    first: int | None = None
    dense: bool | None = None

    def read(self, path: Path, hints: Hints = no_hints) -> Arrays:
        """Read features [N, D] and whole-number labels; raises BadData with the line and the token."""
        from scipy.sparse import csr_array

        name = Path(path).name
        labels, starts, indices, values = _parse(read_text(path).split(b"\n"), name)
        first = self._first(indices, name)
        columns = np.asarray(indices, np.int64) - first
        width = self._width(columns, name, first)
        matrix = csr_array((np.asarray(values), columns, np.asarray(starts)), shape=(len(labels), width))
        matrix.sort_indices()
        about = {"libsvm": {"first": first}}
        return Arrays(matrix.toarray() if self._is_dense(matrix) else _small(matrix), labels, about=about)

    def write(self, rows: Arrays, path: Path) -> None:
        """Write features and whole-number labels (0 where there is none), counting from 1."""
        from scipy.sparse import csr_array

        matrix = csr_array(rows.features)
        labels = rows.labels if rows.labels is not None else [0] * matrix.shape[0]
        lines = []
        for i, label in enumerate(labels):
            if not isinstance(label, int | np.integer):
                raise BadData(f"LIBSVM labels are whole numbers: row {i} has {label!r}; write csv or jsonl instead")
            run = slice(matrix.indptr[i], matrix.indptr[i + 1])
            pairs = zip((matrix.indices[run] + 1).tolist(), matrix.data[run].tolist(), strict=True)
            lines.append(" ".join([str(int(label)), *(f"{k}:{v!r}" for k, v in pairs)]) + "\n")
        write_bytes(path, "".join(lines).encode())

    def _first(self, indices: Sequence[int], name: str) -> int:
        lowest = min(indices, default=1)
        if self.first is not None and lowest < self.first:
            raise BadData(f"{name} has a feature 0, but the features of the pool count from 1: number them alike")
        return min(lowest, 1) if self.first is None else self.first

    def _width(self, columns: Any, name: str, first: int) -> int:
        found = int(columns.max()) + 1 if len(columns) else 0
        if self.width is not None and found > self.width:
            raise BadData(
                f"{name} has a feature {found - 1 + first}, but the pool has {self.width} features: give the same ones"
            )
        if found == 0 and self.width is None:
            raise BadData(f"{name} has no features at all: write them as index:value after the label")
        return self.width or found

    def _is_dense(self, matrix: Any) -> bool:
        if self.dense is not None:
            return self.dense
        size = matrix.shape[0] * matrix.shape[1]
        return bool(size <= DENSE_VALUES and matrix.nnz >= DENSE * size)


def _small(matrix: Any) -> Any:
    if matrix.nnz < 2**31:  # several libraries take 32-bit indices only
        matrix.indices, matrix.indptr = matrix.indices.astype(np.int32), matrix.indptr.astype(np.int32)
    return matrix


def _parse(lines: Sequence[bytes], name: str) -> tuple[list[int], Any, Any, Any]:
    labels: list[int] = []
    starts, indices, values = array("q", [0]), array("q"), array("d")
    for number, line in enumerate(lines, 1):
        parts = line.partition(b"#")[0].split()
        if not parts:
            continue
        labels.append(_label(parts[0], f"{name}, line {number}"))
        begun = len(indices)
        for token in parts[1:]:
            index, _, value = token.partition(b":")
            try:
                indices.append(int(index))
                values.append(float(value))
            except (ValueError, OverflowError):
                raise _bad_token(token, f"{name}, line {number}") from None
        _check_indices(indices[begun:], f"{name}, line {number}")
        starts.append(len(indices))
    if not labels:
        raise BadData(f"{name} holds zero rows: every line is blank or a comment")
    return labels, starts, indices, values


def _bad_token(token: bytes, where: str) -> BadData:
    return BadData(f"{where}: expected index:value with a whole index and a number: got {token.decode()!r}")


def _check_indices(indices: Sequence[int], where: str) -> None:
    if len(set(indices)) < len(indices):
        raise BadData(f"{where}: a feature occurs twice; give each index once")
    if indices and min(indices) < 0:
        raise BadData(f"{where}: a feature index must be 0 or more: got {min(indices)}")


def _label(token: bytes, where: str) -> int:
    try:
        value = float(token)
        if value == int(value):
            return int(value)
    except (ValueError, OverflowError):
        pass
    raise BadData(f"{where}: the label must be a whole number (classes only): got {token.decode()!r}")
