"""A small network that finds objects as points: a heat map of centres for each class, with size and offset beside it.

Source: Zhou, Wang & Krähenbühl 2019 ("Objects as points"); Law & Deng 2018 (the focal loss on heat maps). This file
imports PyTorch, so it is imported inside the functions that need it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn import functional

from querist.learners._training import Module, Tensor

WIDTHS = (16, 32, 64, 96)
"""Channels after the first layer, and at 1, 2 and 4 times the distance of the cells."""
HIDDEN = 64
PRIOR = -4.0
"""The logit that a new network gives any cell: 2 % of them hold an object, as otherwise the first steps run wild."""
PLACE = 4
"""Numbers of a cell beside its classes: offset x and y, logarithms of width and height, all in cells."""
SPREAD = 0.12
"""Deviation of the target's bell in sides of the box (Liu et al. 2020 have 0.09), half a cell at least."""
NEAR = 0.4
"""Cells on which a bell of twice the deviation is higher than this learn the place of their box too, by its height."""
MARGIN = 64
"""Pixels that the tiles of a large image overlap on each side."""
DEEPEST = 8
"""Cells of the finest level that become one at the deepest, and a reserve of one more halving."""


class CentreNet(torch.nn.Module):  # type: ignore[misc]  # PyTorch's types are not known here
    """What a trunk makes of images, read as centres: ``trunk`` gives the cells, ``stride`` pixels apart, and more.

    ``features`` gives [B, F, h, w] for the cells, ``read`` turns them into C logits and the 4 numbers of a place.
    Dropout of whole features lies between the two, so K draws cost no more than K small layers on the peaks. Where
    there is any, ``rate``, both are trained, with and without: a network trained with dropout alone says other sizes
    without it, as the variance of what it sees is another (Li et al. 2019).
    """

    def __init__(self, trunk: Module, classes: int, *, rate: float = 0.0) -> None:
        super().__init__()
        self.classes, self.stride, self.width = classes, int(trunk.stride), int(sum(trunk.widths))
        self.trunk = trunk
        self.dropout = torch.nn.Dropout2d(rate)
        self.hidden = torch.nn.Conv2d(trunk.widths[0], HIDDEN, 1)
        self.out = torch.nn.Conv2d(HIDDEN, classes + PLACE, 1)
        with torch.no_grad():
            self.out.bias[:classes] = PRIOR
            self.out.weight[classes:] *= 0.1

    def features(self, images: Tensor) -> tuple[Tensor, Tensor]:
        """Compute the features of the cells [B, F, h, w], and of the deepest level [B, G, h', w']."""
        found: tuple[Tensor, Tensor] = self.trunk(images)
        return found

    def read(self, features: Tensor) -> Tensor:
        """Turn features [B, F, h, w] into logits and places [B, C + 4, h, w]."""
        return self.out(functional.relu(self.hidden(features)))

    def forward(self, images: Tensor) -> list[Tensor]:
        """Compute logits and places of the cells, and once more with dropout where there is any."""
        features = self.features(images)[0]
        return [self.read(each) for each in ([features, self.dropout(features)] if self.dropout.p else [features])]


class Trunk(torch.nn.Module):  # type: ignore[misc]
    """Three levels down, two up; cells ``stride`` pixels apart, 2 or 4. About 400,000 weights."""

    def __init__(self, channels: int, *, stride: int) -> None:
        super().__init__()
        first, fine, middle, deep = WIDTHS
        self.stride, self.widths = stride, (fine, deep)
        self.stem = layer(channels, first, stride // 2)
        self.fine = torch.nn.Sequential(layer(first, fine, 2), Residual(fine))
        self.middle = torch.nn.Sequential(layer(fine, middle, 2), Residual(middle))
        self.deep = torch.nn.Sequential(layer(middle, deep, 2), Residual(deep))
        self.up_deep, self.up_middle = torch.nn.Conv2d(deep, middle, 1), torch.nn.Conv2d(middle, fine, 1)
        self.join_middle, self.join_fine = layer(middle, middle, 1), layer(fine, fine, 1)

    def forward(self, images: Tensor) -> tuple[Tensor, Tensor]:
        """Compute the features of the cells [B, F, h, w], and of the deepest level [B, G, h', w']."""
        fine = self.fine(self.stem(images))
        middle = self.middle(fine)
        deep = self.deep(middle)
        middle = self.join_middle(middle + up(self.up_deep(deep), middle))
        return self.join_fine(fine + up(self.up_middle(middle), fine)), deep


class Residual(torch.nn.Module):  # type: ignore[misc]
    """Two convolutions whose result is added to what came in."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.first = layer(width, width, 1)
        self.second = torch.nn.Sequential(
            torch.nn.Conv2d(width, width, 3, padding=1, bias=False), torch.nn.BatchNorm2d(width)
        )

    def forward(self, values: Tensor) -> Tensor:
        """Apply both."""
        return functional.relu(values + self.second(self.first(values)))


def layer(inside: int, outside: int, stride: int) -> Module:
    """Make a convolution of 3 × 3 cells that is normalised and rectified."""
    return torch.nn.Sequential(
        torch.nn.Conv2d(inside, outside, 3, stride=stride, padding=1, bias=False),
        torch.nn.BatchNorm2d(outside),
        torch.nn.ReLU(),
    )


def up(values: Tensor, like: Tensor) -> Tensor:
    """Repeat cells until there are as many as of a finer level."""
    return functional.interpolate(values, size=like.shape[2:], mode="nearest")


class Target(NamedTuple):
    """What the cells of an image are to say: heat [C, h, w], place [4, h, w] and its weight [h, w], known [h, w]."""

    heat: NDArray[np.float32]
    place: NDArray[np.float32]
    weight: NDArray[np.float32]
    known: NDArray[np.float32]


def target_of(boxes: NDArray[np.float64], known: NDArray[Any], *, classes: int, stride: int) -> Target:
    """Draw the target of boxes [B, 5] (class, x, y, width, height in pixels) on the cells that are ``known`` [h, w].

    Each box is a bell of height 1 at the cell of its centre; where bells of a class meet, the higher one counts. A box
    whose centre lies outside the cells is left out. Cost O(B·h·w).
    """
    high, wide = known.shape
    size = np.maximum(boxes[:, 3:5] / stride, 1e-3)
    centre = boxes[:, 1:3] / stride + size / 2
    kept = ((centre >= 0) & (centre < [wide, high])).all(axis=1)
    size, centre, codes = size[kept], centre[kept], boxes[kept, 0].astype(int)
    bells = _bells(np.floor(centre), size, (high, wide))
    heat = np.zeros((classes, high, wide), np.float32)
    for code in np.unique(codes):
        heat[code] = bells[codes == code].max(axis=0)
    place, weight = np.zeros((PLACE, high, wide), np.float32), np.zeros((high, wide), np.float32)
    if len(bells):
        owner = bells.argmax(axis=0)
        weight = bells.max(axis=0) ** 0.25
        place[0] = centre[owner, 0] - np.arange(wide) - 0.5
        place[1] = centre[owner, 1] - np.arange(high)[:, None] - 0.5
        place[2:] = np.log(size)[owner].transpose(2, 0, 1)
    return Target(heat, place, np.where(weight > NEAR, weight, 0).astype(np.float32), known.astype(np.float32))


def _bells(cells: NDArray[np.float64], size: NDArray[np.float64], shape: tuple[int, int]) -> NDArray[np.float32]:
    """Draw a bell for each box, [B, h, w]."""
    sigma = np.maximum(SPREAD * size, 0.5)
    across = np.exp(-0.5 * ((np.arange(shape[1]) - cells[:, :1]) / sigma[:, :1]) ** 2)
    down = np.exp(-0.5 * ((np.arange(shape[0]) - cells[:, 1:]) / sigma[:, 1:]) ** 2)
    return (down[:, :, None] * across[:, None, :]).astype(np.float32)


def loss_of(made: Tensor, target: Sequence[Tensor], weights: Tensor) -> Tensor:
    """Give the loss of a batch: focal on the heat, absolute errors of the places; cells not known say nothing.

    ``weights`` [C] of the classes. The heat is divided by the objects of the batch, the places by their weights.
    """
    heat, place, weight, known = target
    classes = heat.shape[1]
    logits = made[:, :classes]
    chance = torch.sigmoid(logits)
    here = heat >= 1.0
    hit = -functional.logsigmoid(logits) * (1 - chance) ** 2
    miss = -functional.logsigmoid(-logits) * chance**2 * (1 - heat) ** 4
    focal = (torch.where(here, hit, miss) * known[:, None] * weights[:, None, None]).sum()
    errors = (made[:, classes:] - place).abs().sum(dim=1) * weight * known
    return focal / here.sum().clamp_min(1) + 0.5 * errors.sum() / weight.sum().clamp_min(1)


@dataclass(frozen=True, eq=False)
class Peaks:
    """What K networks or draws say of P candidates: logits [P, K, C], boxes [P, K, 4] (x, y, width, height, pixels)."""

    logits: NDArray[np.float64]
    boxes: NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Cells:
    """The features of the cells [F, h, w] of one image, and what is pooled over it [E]."""

    features: Tensor
    pooled: NDArray[np.float32]


@contextmanager
def one_thread() -> Iterator[None]:
    """Compute on one thread in a block, and leave the number of threads as it was.

    Layers as small as these hardly gain by a second one, and where another program uses the core, waiting for it made a
    training ten times slower. It also makes the results independent of the number of cores.
    """
    threads = torch.get_num_threads()
    try:
        torch.set_num_threads(1)
        yield
    finally:
        torch.set_num_threads(threads)


def cells_of(net: CentreNet, image: NDArray[np.float32], *, tile: int) -> Cells:
    """Compute the cells of an image [channels, H, W]; where a side is longer than ``tile``, in overlapping tiles.

    ``tile`` bounds the memory: of a larger image the features alone are kept whole.
    """
    device = next(net.parameters()).device
    high, wide = image.shape[1:]
    step = net.stride * DEEPEST
    length = max(step, tile // step * step)
    count = (-(-high // net.stride), -(-wide // net.stride))
    whole, pooled = None, []
    for top in range(0, high, length):
        for left in range(0, wide, length):
            y, x = max(0, top - MARGIN), max(0, left - MARGIN)
            part = image[:, y : top + length + MARGIN, x : left + length + MARGIN]
            fine, deep = net.features(torch.from_numpy(np.ascontiguousarray(part))[None].to(device))
            whole = fine.new_zeros((fine.shape[1], *count)) if whole is None else whole
            row, column = top // net.stride, left // net.stride
            inner = fine[0, :, (top - y) // net.stride :, (left - x) // net.stride :]
            inner = inner[:, : length // net.stride, : length // net.stride]
            whole[:, row : row + inner.shape[1], column : column + inner.shape[2]] = inner
            pooled.append(deep.mean(dim=(0, 2, 3)))
    assert whole is not None
    found = torch.cat([torch.stack(pooled).mean(dim=0), whole.mean(dim=(1, 2))])
    return Cells(whole, found.float().cpu().numpy())


def peaks_of(nets: Sequence[CentreNet], cells: Sequence[Cells], *, most: int, masks: Sequence[Tensor | None]) -> Peaks:
    """Find the cells at which the networks together see the likeliest centres, and what each network or draw says.

    A centre is a cell that none of its 8 neighbours surpasses; the ``most`` likeliest are kept. ``masks`` [K, F] are
    the draws of dropout of each network, None for none.
    """
    heat = sum(
        torch.sigmoid(net.read(each.features[None])[0, : net.classes]) for net, each in zip(nets, cells, strict=True)
    )
    best = heat.max(dim=0).values
    highest = functional.max_pool2d(best[None, None], 3, stride=1, padding=1)[0, 0]
    flat = torch.where(best == highest, best, best.new_zeros(())).flatten()
    # a stable sort: which of two equal peaks comes first must not depend on the machine
    order = torch.sort(flat, descending=True, stable=True).indices[:most]
    order = order[flat[order] > 0]
    made = [
        _said(net, each.features.flatten(1).T[order], mask) for net, each, mask in zip(nets, cells, masks, strict=True)
    ]
    said = torch.cat(made, dim=1).double().cpu().numpy()
    return _boxed(said, order.cpu().numpy(), best.shape[1], nets[0])


def _said(net: CentreNet, features: Tensor, mask: Tensor | None) -> Tensor:
    """Read the features [P, F] of some cells, once or with each mask, [P, K, C + 4]."""
    drawn = features[:, None] if mask is None else features[:, None] * mask[None]
    return net.read(drawn.permute(0, 2, 1)[..., None]).squeeze(3).permute(0, 2, 1)


def _boxed(said: NDArray[np.float64], order: NDArray[np.intp], wide: int, net: CentreNet) -> Peaks:
    """Turn offsets and logarithms of sizes into boxes in pixels."""
    cell = np.stack([order % wide, order // wide], axis=1)[:, None, :] + 0.5
    place = said[..., net.classes :]
    centre, size = (cell + place[..., :2]) * net.stride, np.exp(np.clip(place[..., 2:], -8, 8)) * net.stride
    return Peaks(said[..., : net.classes], np.concatenate([centre - size / 2, size], axis=2))
