"""Train a network of centres on scenes: images with boxes, of which random parts are shown, turned and scaled.

This file imports PyTorch, so it is imported inside the functions that train.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn import functional

from querist._arrays import Rows
from querist.errors import LearnerFailed
from querist.learners._heatmap import CentreNet, loss_of, one_thread, target_of
from querist.learners._training import Tensor, device_of, own_generator

WARMING = 0.2
"""The share of the steps in which the rate rises; it falls along a cosine after that."""
LEAST = 0.25
"""The share of a box that must be seen."""
CLIPPED = 10.0
"""The longest gradient that is followed."""


@dataclass(frozen=True, eq=False)
class Scene:
    """An image [channels, H, W] of about unit variance, its boxes [B, 5], and where somebody looked [H, W] (None: all).

    A box is class, x, y, width, height in pixels of this image.
    """

    image: NDArray[np.float32]
    boxes: NDArray[np.float64]
    known: NDArray[np.bool_] | None = None


@dataclass(frozen=True)
class Plan:
    """How to train: steps, images in each, the highest rate, the part shown (width, height), and what may change.

    ``zoom`` is the largest change of the scale, ``turn`` allows the eight positions of a square, ``flip`` mirrors
    left and right, ``upside`` top and bottom; ``contrast`` is the deviation of the logarithm of the gain. ``cut``:
    boxes end where the part does, as people draw them at the border of an image.
    """

    steps: int
    batch: int
    rate: float
    part: tuple[int, int]
    zoom: float = 1.25
    turn: bool = False
    flip: bool = True
    upside: bool = False
    contrast: float = 0.2
    noise: float = 0.0
    balanced: bool = True
    cut: bool = True


def train_net(
    net: CentreNet, scenes: Sequence[Scene], *, plan: Plan, device: str | None, rng: np.random.Generator
) -> CentreNet:
    """Train a network in place on all scenes; the same generator gives the same weights on the CPU, bit for bit.

    AdamW, the rate rising and then falling to nothing, so that the last weights are the ones to take and no image has
    to be held out to choose them. Raises LearnerFailed for a loss that is not finite.
    """
    target = device_of(device)
    weights = torch.from_numpy(class_weights(scenes, net.classes) if plan.balanced else np.ones(net.classes)).float()
    with own_generator(rng, target), one_thread():
        # channels beside each other in memory: an eighth faster on a CPU
        net.to(target, memory_format=torch.channels_last).train()
        optimiser = torch.optim.AdamW(net.parameters(), lr=plan.rate, weight_decay=1e-3)
        # a cycle of fewer steps than 10 has no room to rise: of such a training there is the beginning alone
        rates = torch.optim.lr_scheduler.OneCycleLR(
            optimiser, plan.rate, total_steps=max(10, plan.steps), pct_start=WARMING, cycle_momentum=False
        )
        for rows in orders(len(scenes), plan, rng):
            images, targets = batch_of([scenes[row] for row in rows.tolist()], net, plan, rng)
            optimiser.zero_grad(set_to_none=True)
            wanted = [part.to(target) for part in targets]
            made = net(images.to(target, memory_format=torch.channels_last))
            value = sum(
                (loss_of(each, wanted, weights.to(target)) for each in made), torch.zeros((), device=target)
            ) / len(made)
            _check(value, plan)
            value.backward()
            torch.nn.utils.clip_grad_norm_(net.parameters(), CLIPPED)
            optimiser.step()
            rates.step()
    net.eval()
    return net


def _check(value: Tensor, plan: Plan) -> None:
    if not torch.isfinite(value):
        raise LearnerFailed(
            f"the loss became {float(value)}: lower rate (now {plan.rate:g}), or look for images without any contrast"
        )


def class_weights(scenes: Sequence[Scene], classes: int) -> NDArray[np.float64]:
    """Weigh classes by one over the root of their boxes, 1 on average over the boxes; [C]."""
    codes = np.concatenate([np.empty(0), *(scene.boxes[:, 0] for scene in scenes)]).astype(int)
    counts = np.bincount(codes, minlength=classes).astype(np.float64)
    weights = 1.0 / np.sqrt(np.maximum(counts, 1.0))
    total = float((weights * counts).sum())
    return np.asarray(weights * (counts.sum() / total)) if total else np.ones(classes)


def orders(count: int, plan: Plan, rng: np.random.Generator) -> list[Rows]:
    """Draw which scenes each step shows: all of them once before any of them twice."""
    passes = -(-plan.steps * plan.batch // count)
    order = np.concatenate([rng.permutation(count) for _ in range(passes)])
    return [order[at * plan.batch : (at + 1) * plan.batch] for at in range(plan.steps)]


class View(NamedTuple):
    """What part of a scene is shown, and how: pixel p of it shows pixel ``matrix`` @ p + ``shift`` of the scene."""

    matrix: NDArray[np.float64]
    shift: NDArray[np.float64]


def view_of(scene: Scene, plan: Plan, rng: np.random.Generator) -> View:
    """Draw a view: scale, position of the part, mirrored or turned; where little is known, a part that shows of it."""
    scale = np.exp(rng.uniform(-1, 1) * np.log(plan.zoom))
    signs = np.where(rng.random(2) < 0.5, -1.0, 1.0)
    allowed = np.array([plan.flip or plan.turn, plan.upside or plan.turn])
    matrix = np.diag(np.where(allowed, signs, 1.0)) / scale
    if rng.random() < 0.5 and plan.turn:
        matrix = matrix[:, ::-1]
    size = np.array(scene.image.shape[:0:-1], np.float64)
    span = np.abs(matrix) @ np.array(plan.part, np.float64)
    # a part that is larger than the scene lies about it anywhere, a smaller one inside it
    middle = size / 2 + (rng.random(2) - 0.5) * np.abs(size - span)
    if scene.known is not None and (known := np.flatnonzero(scene.known)).size:
        row, column = divmod(int(rng.choice(known)), scene.known.shape[1])
        near = np.array([column, row]) + (rng.random(2) - 0.5) * span
        middle = np.where(size > span, np.clip(near, span / 2, size - span / 2), middle)
    return View(matrix, middle - matrix @ (np.array(plan.part) / 2))


def moved_boxes(boxes: NDArray[np.float64], view: View) -> NDArray[np.float64]:
    """Give the boxes of a scene as the part shows them."""
    back = np.linalg.inv(view.matrix)
    ends = np.stack([boxes[:, 1:3], boxes[:, 1:3] + boxes[:, 3:5]]) - view.shift
    corners = ends @ back.T
    low, high = corners.min(axis=0), corners.max(axis=0)
    return np.column_stack([boxes[:, 0], low, high - low])


def cut_boxes(boxes: NDArray[np.float64], part: tuple[int, int]) -> NDArray[np.float64]:
    """Cut boxes to the part; what is left of one with less than ``LEAST`` of its area inside teaches nothing.

    >>> cut_boxes(np.array([[0.0, -2.0, 0.0, 4.0, 4.0], [0.0, 9.5, 0.0, 4.0, 4.0]]), (10, 10)).tolist()
    [[0.0, 0.0, 0.0, 2.0, 4.0]]
    """
    low = np.clip(boxes[:, 1:3], 0, part)
    high = np.clip(boxes[:, 1:3] + boxes[:, 3:5], 0, part)
    left = (high - low).prod(axis=1) >= LEAST * boxes[:, 3:5].prod(axis=1)
    found: NDArray[np.float64] = np.column_stack([boxes[:, 0], low, high - low])[left]
    return found


def batch_of(
    scenes: Sequence[Scene], net: CentreNet, plan: Plan, rng: np.random.Generator
) -> tuple[Tensor, list[Tensor]]:
    """Show a random part of each scene: images [B, channels, h, w], and the targets of their cells."""
    images, targets = [], []
    for scene in scenes:
        view = view_of(scene, plan, rng)
        image, known = shown(scene, view, plan.part)
        boxes = moved_boxes(scene.boxes, view)
        boxes = cut_boxes(boxes, plan.part) if plan.cut else boxes
        cells = known[net.stride // 2 :: net.stride, net.stride // 2 :: net.stride]
        targets.append(target_of(boxes, cells, classes=net.classes, stride=net.stride))
        images.append(_altered(image, plan, rng))
    parts = [torch.from_numpy(np.stack(part)) for part in zip(*targets, strict=True)]
    return torch.stack(images), parts


def shown(scene: Scene, view: View, part: tuple[int, int]) -> tuple[Tensor, NDArray[np.bool_]]:
    """Draw the part of a scene [channels, h, w], and which of its pixels somebody looked at [h, w]."""
    wide, high = part
    columns, rows = np.meshgrid(np.arange(wide) + 0.5, np.arange(high) + 0.5)
    x, y = np.einsum("ij,jhw->ihw", view.matrix, np.stack([columns, rows])) + view.shift[:, None, None]
    tall, broad = scene.image.shape[1:]
    inside = (x >= 0) & (x < broad) & (y >= 0) & (y < tall)
    if scene.known is not None:
        at = np.clip(y, 0, tall - 1).astype(int), np.clip(x, 0, broad - 1).astype(int)
        inside &= scene.known[at]
    grid = torch.from_numpy(np.stack([2 * x / broad - 1, 2 * y / tall - 1], axis=2)).float()
    source = torch.from_numpy(np.ascontiguousarray(scene.image))
    image = functional.grid_sample(source[None], grid[None], align_corners=False, padding_mode="border")[0]
    return image, inside


def _altered(image: Tensor, plan: Plan, rng: np.random.Generator) -> Tensor:
    """Change the contrast, the brightness of each channel, and add noise."""
    channels = image.shape[0]
    gain: Any = np.exp(rng.normal(0, plan.contrast))
    shift = rng.normal(0, plan.contrast) + rng.normal(0, plan.contrast / 2, (channels, 1, 1))
    altered = image * float(gain) + torch.from_numpy(np.asarray(shift)).float()
    if plan.noise:
        altered = altered + plan.noise * torch.from_numpy(rng.standard_normal(image.shape)).float()
    return altered.float()
