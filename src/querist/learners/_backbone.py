"""A trained network of images, read from an ONNX file, as layers of PyTorch: its maps at 2, 4, 8 … pixels a cell.

This file imports PyTorch, so it is imported inside the functions that need it. Source: Lin et al. 2017 (maps of all
sizes of a trained network, joined from the coarsest to the finest).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import torch
from torch.nn import functional

from querist.errors import BadInput
from querist.learners._extra import need
from querist.learners._heatmap import layer, up
from querist.learners._training import Tensor

WIDTH = 64
"""Channels of the joined maps."""
COARSEST = 32
"""Pixels of the coarsest cells: a map beyond it shows a driving frame as a few numbers."""
PROBE = 2 * COARSEST
"""The side of the black image that is shown to learn which layer has which size."""


class Step(NamedTuple):
    """A layer: its operator with its settings, the names of what it reads, and of what it gives."""

    operator: str
    settings: Mapping[str, Any]
    reads: tuple[str, ...]
    gives: str


class Backbone(torch.nn.Module):  # type: ignore[misc]  # PyTorch's types are not known here
    """The layers of an ONNX network up to its last map, for images [B, 3, H, W]; none of its weights is trained.

    ``forward`` gives the last map of each size, the finest first; ``strides`` and ``widths`` are their pixels a cell
    and their channels. Layers after the last one that is known here (see ``OPERATORS``), such as a classifier's, are
    left out. Raises BadInput for a file that is no ONNX network, or one without maps of two sizes and more.
    """

    def __init__(self, path: str) -> None:
        super().__init__()
        steps, constants, image = _read(path)
        used = {name for step in steps for name in step.reads if name in constants}
        self.names = {name: f"c{at}" for at, name in enumerate(sorted(used))}
        for name, place in self.names.items():
            self.register_buffer(place, torch.tensor(constants[name]))
        self.image = image
        self.steps = _known(steps)
        sizes = self._sizes()
        if len(sizes) < 2:
            raise BadInput(
                f"{Path(path).name} gives no maps to find objects on: it must be a network of convolutions whose "
                f"layers are among {', '.join(sorted(OPERATORS))}, for images N × 3 × height × width"
            )
        self.strides, taps, self.widths = zip(*sizes, strict=True)
        self.taps: tuple[str, ...] = taps
        last = max(at for at, step in enumerate(self.steps) if step.gives in taps)
        self.steps = self.steps[: last + 1]

    def forward(self, images: Tensor) -> list[Tensor]:
        """Compute the maps of images whose sides are multiples of ``COARSEST``."""
        found = dict(self._run(images))
        return [found[name] for name in self.taps]

    def _run(self, images: Tensor) -> Any:
        values = {name: getattr(self, place) for name, place in self.names.items()}
        values[self.image] = images
        for step in self.steps:
            values[step.gives] = OPERATORS[step.operator](step.settings, *(values[name] for name in step.reads if name))
            yield step.gives, values[step.gives]

    def _sizes(self) -> list[tuple[int, str, int]]:
        """Find the last layer of each size: pixels a cell, name, channels."""
        found: dict[int, tuple[str, int]] = {}
        with torch.inference_mode():
            for name, value in self._run(torch.zeros(1, 3, PROBE, PROBE)):
                if value.ndim == 4 and 1 < value.shape[2] == value.shape[3] < PROBE:
                    found[PROBE // value.shape[2]] = (name, int(value.shape[1]))
        return [(stride, *found[stride]) for stride in sorted(found) if stride <= COARSEST]


class Pyramid(torch.nn.Module):  # type: ignore[misc]
    """The maps of a trained network, joined from the coarsest to the cells ``stride`` pixels apart; these are trained.

    Beside them the coarsest map as it is, what the trained network knows of the whole image.
    """

    def __init__(self, path: str, *, stride: int) -> None:
        super().__init__()
        self.backbone, self.stride = Backbone(path), stride
        self.first = sum(each < stride for each in self.backbone.strides)
        widths = self.backbone.widths[self.first :]
        if not widths or self.backbone.strides[self.first] != stride:
            has = ", ".join(map(str, self.backbone.strides))
            raise BadInput(f"{Path(path).name} has no map with cells {stride} pixels apart: it has {has}")
        self.widths = (WIDTH, widths[-1])
        self.sides = torch.nn.ModuleList(
            torch.nn.Sequential(torch.nn.BatchNorm2d(width), torch.nn.Conv2d(width, WIDTH, 1)) for width in widths
        )
        self.joins = torch.nn.ModuleList(layer(WIDTH, WIDTH, 1) for _ in widths)

    def forward(self, images: Tensor) -> tuple[Tensor, Tensor]:
        """Compute the features of the cells [B, F, h, w] and the coarsest map [B, G, h', w']."""
        high, wide = images.shape[2:]
        padded = functional.pad(images, (0, -wide % COARSEST, 0, -high % COARSEST))
        with torch.no_grad():
            maps = self.backbone(padded)[self.first :]
        joined = None
        for each, side, join in reversed(list(zip(maps, self.sides, self.joins, strict=True))):
            own = side(each)
            joined = join(own if joined is None else own + up(joined, own))
        assert joined is not None
        coarsest = self.backbone.strides[-1]
        return (
            joined[:, :, : -(-high // self.stride), : -(-wide // self.stride)],
            maps[-1][:, :, : -(-high // coarsest), : -(-wide // coarsest)],
        )


def _read(path: str) -> tuple[list[Step], dict[str, Any], str]:
    """Read the layers of an ONNX file, the values of what does not depend on the image, and the image's name."""
    need("onnx", extra="image", by="an encoder of the learner detector")
    import onnx
    import onnx.reference

    if not Path(path).is_file():
        raise BadInput(f"there is no encoder file {path!r}: give the path of an .onnx file")
    try:
        graph = onnx.load(path).graph
        constants, fixed = _constants(graph)
    except Exception as error:  # protobuf's and onnx's own exceptions have no common class
        line = " ".join(str(error).split())[:200]
        raise BadInput(f"{Path(path).name} is not an ONNX network that can be read: {line}") from None
    inputs = [each.name for each in graph.input if each.name not in constants]
    steps = [
        Step(
            node.op_type,
            {each.name: onnx.helper.get_attribute_value(each) for each in node.attribute},
            tuple(node.input),
            node.output[0],
        )
        for at, node in enumerate(graph.node)
        if at not in fixed
    ]
    return steps, constants, inputs[0] if inputs else ""


def _constants(graph: Any) -> tuple[dict[str, Any], set[int]]:
    """Compute what does not depend on the image, such as weights that were kept as small whole numbers."""
    import onnx

    known = {each.name: onnx.numpy_helper.to_array(each) for each in graph.initializer}
    fixed = set()
    for at, node in enumerate(graph.node):
        if all(name in known for name in node.input if name):
            found = onnx.reference.ReferenceEvaluator(node).run(None, {name: known[name] for name in node.input})
            known.update(zip(node.output, found, strict=False))
            fixed.add(at)
    return known, fixed


def _known(steps: Sequence[Step]) -> list[Step]:
    """Keep the layers up to the first that is not known here."""
    unknown = (at for at, step in enumerate(steps) if step.operator not in OPERATORS)
    return list(steps[: next(unknown, len(steps))])


def _padded(settings: Mapping[str, Any], image: Tensor, value: float) -> Tensor:
    top, left, bottom, right = settings.get("pads", (0, 0, 0, 0))
    if settings.get("auto_pad", b"NOTSET") in (b"SAME_UPPER", b"SAME_LOWER"):
        sides = zip(image.shape[2:], settings["kernel_shape"], settings.get("strides", (1, 1)), strict=True)
        down, across = (max(0, (-(-side // step) - 1) * step + kernel - side) for side, kernel, step in sides)
        upper = settings["auto_pad"] == b"SAME_UPPER"
        top, left = (down // 2, across // 2) if upper else (-(-down // 2), -(-across // 2))
        bottom, right = down - top, across - left
    return functional.pad(image, (left, right, top, bottom), value=value)


def _convolution(settings: Mapping[str, Any], image: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    moves = {"stride": settings.get("strides", (1, 1)), "dilation": settings.get("dilations", (1, 1))}
    whole = _padded({"kernel_shape": weight.shape[2:], **settings}, image, 0.0)
    return functional.conv2d(whole, weight, bias, groups=settings.get("group", 1), **moves)


def _normalised(settings: Mapping[str, Any], image: Tensor, *rest: Tensor) -> Tensor:
    scale, shift, mean, variance = rest
    return functional.batch_norm(image, mean, variance, scale, shift, eps=settings.get("epsilon", 1e-5))


def _largest(settings: Mapping[str, Any], image: Tensor) -> Tensor:
    whole = _padded(settings, image, float("-inf"))
    return functional.max_pool2d(whole, settings["kernel_shape"], settings.get("strides", (1, 1)))


OPERATORS: dict[str, Callable[..., Tensor]] = {
    "Add": lambda _, left, right: left + right,
    "BatchNormalization": _normalised,
    "Clip": lambda _, image, low=None, high=None: torch.clamp(image, low, high),
    "Conv": _convolution,
    "GlobalAveragePool": lambda _, image: image.mean(dim=(2, 3), keepdim=True),
    "HardSigmoid": lambda settings, image: torch.clamp(
        settings.get("alpha", 0.2) * image + settings.get("beta", 0.5), 0, 1
    ),
    "HardSwish": lambda _, image: functional.hardswish(image),
    "Identity": lambda _, image: image,
    "MaxPool": _largest,
    "Mul": lambda _, left, right: left * right,
    "Relu": lambda _, image: functional.relu(image),
    "Sigmoid": lambda _, image: torch.sigmoid(image),
}
