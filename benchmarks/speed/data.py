"""The arrays that every package gets: 100 Gaussian clusters, written once as .npy files and memory-mapped by all.

Centres are normal with standard deviation 3, rows normal with 1 around the centre of a cluster drawn at random.
Probabilities are the softmax of such rows: of the rows themselves where no embedding is asked for, else of a random
linear head on the embedding. Everything follows from the seed and the sizes.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

CLUSTERS, SPREAD = 100, 3.0
LABELLED = 10
BLOCK = 2**24
"""Numbers generated at a time: the large arrays are never in memory as a whole."""


@dataclass(frozen=True)
class Data:
    """Which arrays to make: the kind, and its sizes by axis letter."""

    kind: str
    N: int
    C: int = 0
    K: int = 0
    D: int = 0

    @property
    def name(self) -> str:
        """Name the folder of these arrays."""
        sizes = [f"{axis}{size}" for axis, size in asdict(self).items() if axis != "kind" and size]
        return "-".join([self.kind, *sizes])


def arrays_of(data: Data, folder: Path, seed: int) -> dict[str, np.ndarray]:
    """Give the arrays, memory-mapped; they are made when they are not there."""
    home = folder / f"{data.name}-seed{seed}"
    if not (home / "done.json").exists():
        home.mkdir(parents=True, exist_ok=True)
        KINDS[data.kind](data, home, np.random.default_rng(seed))
        (home / "done.json").write_text(json.dumps(asdict(data)), encoding="utf-8")
    return opened(home)


def opened(home: Path) -> dict[str, np.ndarray]:
    """Open every array of a folder, memory-mapped and read-only."""
    return {path.stem: np.load(path, mmap_mode="r") for path in sorted(home.glob("*.npy"))}


def size_of(arrays: Mapping[str, np.ndarray]) -> int:
    """Count the bytes of the rows to choose from."""
    return sum(values.nbytes for name, values in arrays.items() if not name.startswith(("labelled", "head")))


def _blocks(rows: int, width: int) -> Iterator[slice]:
    step = max(1, BLOCK // width)
    return (slice(start, min(start + step, rows)) for start in range(0, rows, step))


def _file(home: Path, name: str, shape: tuple[int, ...]) -> Any:
    return np.lib.format.open_memmap(home / f"{name}.npy", mode="w+", dtype=np.float32, shape=shape)


def _points(rng: np.random.Generator, centres: np.ndarray, rows: int) -> np.ndarray:
    out = rng.standard_normal((rows, centres.shape[1]), dtype=np.float32)
    out += centres[rng.integers(len(centres), size=rows)]
    return out


def _centres(rng: np.random.Generator, width: int) -> np.ndarray:
    return (SPREAD * rng.standard_normal((CLUSTERS, width))).astype(np.float32)


def _softmax(logits: np.ndarray) -> np.ndarray:
    logits -= logits.max(axis=-1, keepdims=True)
    np.exp(logits, out=logits)
    logits /= logits.sum(axis=-1, keepdims=True)
    return logits


def _make_probs(data: Data, home: Path, rng: np.random.Generator) -> None:
    out, centres = _file(home, "probs", (data.N, data.C)), _centres(rng, data.C)
    for cut in _blocks(data.N, data.C):
        out[cut] = _softmax(_points(rng, centres, cut.stop - cut.start))


def _make_draws(data: Data, home: Path, rng: np.random.Generator) -> None:
    out, centres = _file(home, "draws", (data.N, data.K, data.C)), _centres(rng, data.C)
    for cut in _blocks(data.N, data.K * data.C):
        logits = _points(rng, centres, cut.stop - cut.start)[:, None, :]
        noise = rng.standard_normal((cut.stop - cut.start, data.K, data.C), dtype=np.float32)
        out[cut] = _softmax(logits + noise)


def _make_embed(data: Data, home: Path, rng: np.random.Generator) -> None:
    out, centres = _file(home, "embed", (data.N, data.D)), _centres(rng, data.D)
    for cut in _blocks(data.N, data.D):
        out[cut] = _points(rng, centres, cut.stop - cut.start)
    np.save(home / "labelled_embed.npy", _points(rng, centres, LABELLED))


def _make_both(data: Data, home: Path, rng: np.random.Generator) -> None:
    _make_embed(data, home, rng)
    head = (rng.standard_normal((data.D, data.C)) / np.sqrt(data.D)).astype(np.float32)
    embed, out = np.load(home / "embed.npy", mmap_mode="r"), _file(home, "probs", (data.N, data.C))
    for cut in _blocks(data.N, data.D):
        out[cut] = _softmax(embed[cut] @ head)
    np.save(home / "labelled_probs.npy", _softmax(np.load(home / "labelled_embed.npy") @ head))


def _make_logistic(data: Data, home: Path, rng: np.random.Generator) -> None:
    """Make a pool, 40 labelled rows, and the logistic regression (C = 1) fitted to those."""
    from sklearn.linear_model import LogisticRegression

    centres = _centres(rng, data.D) / 4
    points, truth = _points(rng, centres, data.N + 40), rng.standard_normal((data.D, data.C))
    labels = (points @ truth + rng.gumbel(size=(len(points), data.C))).argmax(axis=1)
    asked = slice(data.N, None)
    model = LogisticRegression(C=1.0, tol=1e-10, max_iter=10_000)
    model.fit(points[asked].astype(np.float64), labels[asked])
    weight, bias = model.coef_, model.intercept_
    if data.C == 2:
        weight, bias = np.concatenate([-weight, weight]) / 2, np.concatenate([-bias, bias]) / 2
    saved = {"embed": points[: data.N], "labelled_embed": points[asked], "head_weight": weight, "head_bias": bias}
    for name, values in saved.items():
        np.save(home / f"{name}.npy", values)
    np.save(home / "labelled_labels.npy", labels[asked].astype(np.int64))


KINDS: dict[str, Callable[[Data, Path, np.random.Generator], None]] = {
    "probs": _make_probs,
    "draws": _make_draws,
    "embed": _make_embed,
    "both": _make_both,
    "logistic": _make_logistic,
}
