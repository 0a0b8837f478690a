"""The data of deep.py: pixels, and frozen features, made once and kept below a folder."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from deep_graph import slow, straightened
from numpy.typing import NDArray

from querist.data import load, load_test

DATA = Path(__file__).resolve().parents[2] / "shared" / "data"
EPOCHS = 3
"""Passes of the self-supervised training."""
LEADING = 128
"""Directions of the features of CIFAR-10 that are kept."""


NEIGHBOURS, SLOW, WIDE = 5, 32, 100
"""Of the graph: neighbours of each picture, directions that are kept, and those of the gradients it is made of."""
HELD = 4000
"""Pictures of the pool that development measures on."""


class Data(NamedTuple):
    """Pool items and codes, test items and codes."""

    x: NDArray[np.float32]
    y: NDArray[np.int64]
    test_x: NDArray[np.float32]
    test_y: NDArray[np.int64]


def pixels() -> Data:
    """Read MNIST as pixels 0 … 1, [N, 784]."""
    pool, test, codes = _read("image_mnist")
    x, test_x = (np.asarray(each.items, np.float32) / np.float32(255.0) for each in (pool, test))
    return Data(x, codes[0], test_x, codes[1])


def _read(name: str) -> tuple[Any, Any, list[NDArray[np.int64]]]:
    """Read a folder's pool, its test part, and both as codes."""
    pool = load(DATA / name)
    test = load_test(DATA / name, like=pool.pool)
    assert pool.labels is not None and test is not None and test.labels is not None  # noqa: PT018
    names = sorted({str(label) for label in pool.labels})
    codes = [np.array([names.index(str(label)) for label in each.labels], np.int64) for each in (pool, test)]
    return pool.pool, test.pool, codes


def repeated(data: Data, times: int) -> tuple[str, Data]:
    """Have each picture several times, with normal noise of deviation 0.1 on its standardised pixels."""
    if times == 1:
        return "mnist", data
    rng = np.random.default_rng(0)
    x = np.tile(data.x, (times, 1))
    x += rng.normal(scale=0.1 * data.x.std(), size=x.shape).astype(np.float32)
    return f"mnist-x{times}", Data(x, np.tile(data.y, times), data.test_x, data.test_y)


def mnist_features(out: Path, kind: str, *, develop: bool = False) -> Data:
    """Give MNIST as features that need no label; to ``develop``, with a part of the pool in place of the test part."""
    data = pixels()
    if develop:
        order = np.random.default_rng(123).permutation(len(data.x))
        held, rest = np.sort(order[:HELD]), np.sort(order[HELD:])
        data = Data(data.x[rest], data.y[rest], data.x[held], data.y[held])
    name = f"mnist-{kind}-develop.npz" if develop else f"mnist-{kind}.npz"
    pool, test = _kept(out / name, lambda: FEATURES[kind](data.x, data.test_x))
    return Data(pool, data.y, test, data.test_y)


def cifar_features(out: Path) -> Data:
    """Give CIFAR-10 as the 128 leading directions of frozen MobileNetV2 features; a run cut short goes on."""
    from querist.embed import encode_pool

    pool, test, codes = _read("image_cifar10")
    encoder = str(DATA / "models" / "mobilenet_v2_1.0_224.onnx")

    def rows() -> list[NDArray[np.float32]]:
        return leading([encode_pool(each.items, encoder, cache=out / "cache")[1] for each in (pool, test)], LEADING)

    x, test_x = _kept(out / "cifar-mobilenet.npz", rows)
    return Data(x, codes[0], test_x, codes[1])


def leading(parts: Sequence[NDArray[np.float32]], count: int) -> list[NDArray[np.float32]]:
    """Give the leading directions of the first part, each part's mean variance of a column brought to 1."""
    mean = parts[0].mean(axis=0)
    centred = np.asarray(parts[0] - mean, np.float64)
    directions = np.linalg.eigh(centred.T @ centred)[1][:, ::-1][:, :count]
    scale = np.sqrt(np.square(centred @ directions).mean())
    return [((part - mean) @ directions / scale).astype(np.float32) for part in parts]


def _kept(place: Path, make: Callable[[], Sequence[NDArray[np.float32]]]) -> tuple[Any, Any]:
    """Read two parts back, or make them and keep them."""
    if not place.exists():
        started = time.perf_counter()
        pool, test = make()
        fresh = place.with_suffix(".part.npz")
        np.savez(fresh, pool=pool, test=test)
        fresh.replace(place)
        print(f"# {place.name}: {time.perf_counter() - started:.0f} s", file=sys.stderr, flush=True)
    with np.load(place, allow_pickle=False) as file:
        return file["pool"], file["test"]


def _gradients(*parts: NDArray[np.float32]) -> list[NDArray[np.float32]]:
    """Describe pictures by their gradients in 4 × 4 cells and 8 directions (Dalal & Triggs 2005), as images are."""
    from querist.embed.image import edges

    return leading([edges(part.reshape(-1, 28, 28)).reshape(len(part), -1) for part in parts], 64)


def _all_alike(pool: NDArray[np.float32], test: NDArray[np.float32]) -> list[NDArray[np.float32]]:
    """Describe pictures by slow directions of the graph of neighbours, each of the same weight."""
    found = slow(*_gradients(pool, test), neighbours=NEIGHBOURS, count=SLOW)
    return leading([found.pool.astype(np.float32), found.test.astype(np.float32)], SLOW)


def _slowest_first(pool: NDArray[np.float32], test: NDArray[np.float32]) -> list[NDArray[np.float32]]:
    """Describe pictures by slow directions, each weighed by how slow it is: a linear head then prefers smooth answers.

    With a normal prior on its weights the head is a Gaussian process whose kernel is the graph's regularised Laplacian,
    squared (Smola & Kondor 2003).
    """
    found = slow(*_gradients(pool, test), neighbours=NEIGHBOURS, count=SLOW)
    return _scaled(found.weighed())


def _straight(pool: NDArray[np.float32], test: NDArray[np.float32]) -> list[NDArray[np.float32]]:
    """Do as ``_slowest_first``, with the digits set upright first, and their gradients in cells at four offsets."""
    described = [_overlapping(straightened(part)) for part in (pool, test)]
    found = slow(*leading(described, WIDE), neighbours=NEIGHBOURS, count=SLOW)
    return _scaled(found.weighed())


def _scaled(parts: Sequence[NDArray[np.floating]]) -> list[NDArray[np.float32]]:
    """Bring the mean variance of a column of the first part to 1."""
    scale = parts[0].std(axis=0)
    return [(part / np.sqrt(np.square(scale).mean())).astype(np.float32) for part in parts]


def _overlapping(flat: NDArray[np.float32]) -> NDArray[np.float32]:
    """Describe pictures by gradients in cells at four offsets of half a cell; [N, 512]."""
    from querist.embed.image import edges

    images, offsets = flat.reshape(-1, 28, 28), ((0, 0), (3, 3), (0, 3), (3, 0))
    return np.hstack([edges(np.roll(images, each, (1, 2))).reshape(len(flat), -1) for each in offsets])


def _self_supervised(*parts: NDArray[np.float32]) -> list[NDArray[np.float32]]:
    """Train a CNN to know a picture again after a small turn, shift and zoom (SimCLR, Chen et al. 2020), no label."""
    import torch
    from torch import nn

    from querist.learners._settings import Settings
    from querist.learners._training import Examples, own_generator, train

    images = torch.from_numpy(parts[0]).view(-1, 1, 28, 28)
    rng = np.random.default_rng(0)
    with own_generator(rng, torch.device("cpu")):
        trunk = nn.Sequential(
            *(nn.Conv2d(1, 32, 5, padding=2), nn.BatchNorm2d(32), nn.ReLU(), nn.MaxPool2d(2)),
            *(nn.Conv2d(32, 64, 3, padding=1), nn.BatchNorm2d(64), nn.ReLU(), nn.MaxPool2d(2)),
            *(nn.Conv2d(64, 128, 3, padding=1), nn.BatchNorm2d(128), nn.ReLU(), nn.AdaptiveAvgPool2d(2), nn.Flatten()),
        )
        module = nn.Sequential(trunk, nn.Linear(512, 128), nn.ReLU(), nn.Linear(128, 64))

    def batch(rows: NDArray[np.intp]) -> tuple[Any, Any]:
        return torch.cat([_turned(images[rows], rng), _turned(images[rows], rng)]), torch.zeros(len(rows))

    def loss(outputs: Any, _: Any) -> Any:
        unit = nn.functional.normalize(outputs, dim=1)
        alike = (unit @ unit.T / 0.2) - 1e9 * torch.eye(len(unit))
        half = len(unit) // 2
        return nn.functional.cross_entropy(alike, torch.cat([torch.arange(half) + half, torch.arange(half)]))

    settings = Settings(
        epochs=EPOCHS, batch=256, held_out=0.0, device="cpu", progress=lambda e: print(f"# {e}", file=sys.stderr)
    )
    train(module, Examples(len(images), batch), loss=loss, settings=settings, rng=rng)
    with torch.no_grad():
        split = [torch.from_numpy(part).view(-1, 1, 28, 28).split(500) for part in parts]
        found = [torch.cat([trunk(images) for images in blocks]).numpy() for blocks in split]
    return leading(found, 64)


def _turned(images: Any, rng: np.random.Generator) -> Any:
    """Turn each image by up to 20°, shift it by up to 3 pixels, zoom and shear it by up to 20 %."""
    import torch

    count = len(images)
    angle = rng.uniform(-0.35, 0.35, count)
    zoom, shear = rng.uniform(0.8, 1.2, (count, 2)), rng.uniform(-0.2, 0.2, count)
    matrix = np.empty((count, 2, 3), np.float32)
    matrix[:, 0, 0], matrix[:, 0, 1] = zoom[:, 0] * np.cos(angle), -np.sin(angle) + shear
    matrix[:, 1, 0], matrix[:, 1, 1] = np.sin(angle), zoom[:, 1] * np.cos(angle)
    matrix[:, :, 2] = rng.uniform(-0.2, 0.2, (count, 2))
    grid = torch.nn.functional.affine_grid(torch.from_numpy(matrix), list(images.shape), align_corners=False)
    return torch.nn.functional.grid_sample(images, grid, align_corners=False)


FEATURES: dict[str, Callable[..., list[NDArray[np.float32]]]] = {
    "straight": _straight,
    "diffusion": _slowest_first,
    "graph": _all_alike,
    "hog": _gradients,
    "ssl": _self_supervised,
}
