"""NumPy archives; never with pickled objects."""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from querist.errors import BadData
from querist.formats._files import beside
from querist.formats.protocol import About, Arrays, Hints, no_hints

FEATURES = ("x", "features", "images", "embed", "embeddings", "data")
LABELS = ("y", "labels", "label", "target", "targets", "classes")
IDS = ("ids", "id")
GROUPS = ("group", "groups")
_SPARSE = {"data", "indices", "indptr", "shape", "format"}


@dataclass(frozen=True)
class Npz:
    """Arrays by name: ``X`` and ``y`` (or features, images, labels, target …), ``ids``, ``group``, all in one file.

    An archive that is split holds ``X_train``, ``train_images`` and the like; ``read_test`` gives the test part. What
    ``scipy.sparse.save_npz`` wrote is read as CSR.
    """

    about: ClassVar[About] = About("npz", (".npz",), True, True, "arrays X, y, ids, group; X_train and X_test")

    def read(self, path: Path, hints: Hints = no_hints) -> Arrays:
        """Read the arrays, of the training part where the archive is split; raises BadData."""
        found = _load(Path(path))
        part = _pick(found, "train") or _pick(found, "")
        if part is None:
            held = ", ".join(sorted(found)) or "nothing"
            raise BadData(f"{Path(path).name} holds no array called X: got {held}; name the rows X, the labels y")
        return part

    def read_test(self, path: Path) -> Arrays | None:
        """Read the test part of an archive that is split; None when it is not."""
        return _pick(_load(Path(path)), "test")

    def write(self, rows: Arrays, path: Path) -> None:
        """Write the arrays under X (or the parts of a CSR matrix), y, ids and group."""
        from scipy.sparse import csr_array, issparse

        arrays: dict[str, Any] = {"y": rows.labels, "ids": rows.ids, "group": rows.group}
        if issparse(rows.features):
            m = csr_array(rows.features)
            arrays |= {"data": m.data, "indices": m.indices, "indptr": m.indptr, "shape": m.shape, "format": b"csr"}
        else:
            arrays["X"] = rows.features
        plain = {name: np.asarray(value) for name, value in arrays.items() if value is not None}
        held = [name for name, value in plain.items() if value.dtype.hasobject]
        if held:
            raise BadData(f"the array {held[0]!r} holds objects, which npz would pickle: write csv, jsonl or parquet")
        np.savez_compressed(path, allow_pickle=False, **plain)


def _load(path: Path) -> dict[str, Any]:
    try:
        with path.open("rb") as raw:  # NumPy leaves a damaged file open when it opens it itself
            file = np.load(raw, allow_pickle=False)
            if isinstance(file, np.ndarray):
                raise BadData(f"{path.name} is one bare array: save it with numpy.savez(…, X=…, y=…)")
            return {name: _array(file.__getitem__, name, path.name) for name in file.files}
    except FileNotFoundError:
        raise BadData(f"there is no file {str(path)!r}: {beside(path)}") from None
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, RuntimeError) as error:  # an encrypted one is the last
        raise BadData(f"{path.name} is not a whole npz archive ({error}): write it again") from None
    except BadData:
        raise
    except ValueError:
        raise BadData(f"{path.name} is not an npz archive: save one with numpy.savez(…, X=…, y=…)") from None


def _array(get: Callable[[str], Any], name: str, file: str) -> Any:
    try:
        return get(name)
    except ValueError:
        raise BadData(
            f"{file}: the array {name!r} holds pickled objects, which are never loaded because they can run code; "
            "save it again as an array of numbers or of strings"
        ) from None


def _pick(found: Mapping[str, Any], part: str) -> Arrays | None:
    features = _sparse(found) if not part and found.keys() >= _SPARSE else _named(found, FEATURES, part)
    if features is None:
        return None
    labels = _named(found, LABELS, part)
    labels = labels.ravel() if labels is not None and labels.ndim == 2 and labels.shape[1] == 1 else labels
    return Arrays(features, labels, _named(found, IDS, part), _named(found, GROUPS, part))


def _named(found: Mapping[str, Any], names: Sequence[str], part: str) -> Any:
    spelt = [s for n in names for s in ((f"{n}_{part}", f"{part}_{n}") if part else (n,))]
    lower = {name.lower(): name for name in found}
    return next((found[lower[s]] for s in spelt if s in lower), None)


def _sparse(found: Mapping[str, Any]) -> Any:
    from scipy import sparse

    form = found["format"].item()
    build = {b"csr": sparse.csr_array, b"csc": sparse.csc_array}.get(form)
    if build is None:
        raise BadData(f"a sparse npz must be csr or csc: got {form!r}; convert it with .tocsr()")
    parts = (found["data"], found["indices"], found["indptr"])
    return build(parts, shape=tuple(found["shape"].tolist())).tocsr()
