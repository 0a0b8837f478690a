"""A trained network of images, read from an ONNX file, as layers of PyTorch: its maps at 2, 4, 8 … pixels a cell.

This file imports PyTorch, so it is imported inside the functions that need it. Source: Lin et al. 2017 (maps of all
sizes of a trained network, joined from the coarsest to the finest).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
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
ENOUGH = 16
"""Pixels of the cells up to which a network must be known: its first layers alone tell edges, and no objects."""
PROBES = (2 * COARSEST, 3 * COARSEST)
"""The sides of the black images that are shown to learn which layer has which size."""


class Step(NamedTuple):
    """A layer: its operator with its settings, the names of what it reads, and of what it gives."""

    operator: str
    settings: Mapping[str, Any]
    reads: tuple[str, ...]
    gives: str


class Backbone(torch.nn.Module):  # type: ignore[misc]  # PyTorch's types are not known here
    """The layers of an ONNX network up to its last map, for images [B, 3, H, W]; none of its weights is trained.

    ``forward`` gives the last map of each size, the finest first; ``strides`` and ``widths`` are their pixels a cell
    and their channels. Layers from the first on that is not known here (see ``OPERATORS``), such as a classifier's, are
    left out. Raises BadInput for a file that is no ONNX network, one whose layers are not known down to cells of
    ``ENOUGH`` pixels, and one whose maps do not halve the image.
    """

    def __init__(self, path: str) -> None:
        super().__init__()
        steps, constants, self.image = _read(path)
        unknown = next((at for at, step in enumerate(steps) if step.operator not in OPERATORS), len(steps))
        self.steps = steps[:unknown]
        used = {name for step in self.steps for name in step.reads if name in constants}
        self.names = {name: f"c{at}" for at, name in enumerate(sorted(used))}
        for name, place in self.names.items():
            self.register_buffer(place, _tensor(constants[name]), persistent=False)
        maps = self._maps(Path(path).name)
        if max(maps, default=0) < ENOUGH:
            end = f"{steps[unknown].operator} is not known" if unknown < len(steps) else "there are no more layers"
            raise BadInput(
                f"{Path(path).name} gives no maps to find objects on: after cells of {max(maps, default=1)} pixels "
                f"{end}; it must be a network of {', '.join(sorted(OPERATORS))} with cells of {ENOUGH}"
            )
        self.strides = tuple(maps)
        self.taps, self.widths = zip(*maps.values(), strict=True)
        last = max(at for at, step in enumerate(self.steps) if step.gives in self.taps)
        self.steps = self.steps[: last + 1]

    def forward(self, images: Tensor) -> list[Tensor]:
        """Compute the maps of images whose sides are multiples of ``COARSEST``."""
        found = dict(self._run(images))
        return [found[name] for name in self.taps]

    def _run(self, images: Tensor) -> Iterator[tuple[str, Tensor]]:
        values = {name: getattr(self, place) for name, place in self.names.items()}
        values[self.image] = images
        for step in self.steps:
            given = [values[name] if name else None for name in step.reads]
            values[step.gives] = OPERATORS[step.operator](step.settings, *given)
            yield step.gives, values[step.gives]

    def _maps(self, name: str) -> dict[int, tuple[str, int]]:
        """Find the last layer of each size, by pixels a cell: its name and channels."""
        try:
            first, second = (self._sizes(side) for side in PROBES)
        except (RuntimeError, ValueError) as error:  # of shapes that do not go together
            line = " ".join(str(error).split())[:200]
            raise BadInput(f"{name} does not take images N × 3 × height × width of any size: {line}") from None
        if first != second or any(stride & (stride - 1) for stride in first):
            raise BadInput(
                f"the maps of {name} do not halve the image: cells of {', '.join(map(str, sorted(first)))} pixels; "
                "take a network whose convolutions are padded"
            )
        return {stride: first[stride] for stride in sorted(first) if stride <= COARSEST}

    def _sizes(self, side: int) -> dict[int, tuple[str, int]]:
        """Find the last layer of each size of a black image, by pixels a cell, rounded up."""
        found: dict[int, tuple[str, int]] = {}
        with torch.inference_mode():
            for name, value in self._run(torch.zeros(1, 3, side, side)):
                if value.ndim == 4 and 1 < value.shape[2] == value.shape[3] < side:
                    found[-(-side // value.shape[2])] = (name, int(value.shape[1]))
        return found


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


def _tensor(value: Any) -> Tensor:
    """Give a constant as a tensor, numbers of half precision as others."""
    made = torch.tensor(value)
    return made.float() if made.dtype == torch.float16 else made


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
    return functional.max_pool2d(
        whole,
        settings["kernel_shape"],
        settings.get("strides", (1, 1)),
        dilation=settings.get("dilations", (1, 1)),
        ceil_mode=bool(settings.get("ceil_mode", 0)),
    )


def _clipped(settings: Mapping[str, Any], image: Tensor, low: Any = None, high: Any = None) -> Tensor:
    """Clip; networks of before opset 11 have the limits among the settings."""
    low, high = settings.get("min", low), settings.get("max", high)
    return image if low is None and high is None else torch.clamp(image, low, high)


def _mean(settings: Mapping[str, Any], image: Tensor, axes: Tensor | None = None) -> Tensor:
    """Average over axes; networks of before opset 18 have them among the settings, without any it is all."""
    over = settings.get("axes") if axes is None else axes.tolist()
    return image.mean(dim=tuple(over or range(image.ndim)), keepdim=bool(settings.get("keepdims", 1)))


OPERATORS: dict[str, Callable[..., Tensor]] = {
    "Add": lambda _, left, right: left + right,
    "BatchNormalization": _normalised,
    "Clip": _clipped,
    "Concat": lambda settings, *parts: torch.cat(parts, dim=settings["axis"]),
    "Conv": _convolution,
    "GlobalAveragePool": lambda _, image: image.mean(dim=(2, 3), keepdim=True),
    "HardSigmoid": lambda settings, image: torch.clamp(
        settings.get("alpha", 0.2) * image + settings.get("beta", 0.5), 0, 1
    ),
    "HardSwish": lambda _, image: functional.hardswish(image),
    "Identity": lambda _, image: image,
    "LeakyRelu": lambda settings, image: functional.leaky_relu(image, settings.get("alpha", 0.01)),
    "MaxPool": _largest,
    "Mul": lambda _, left, right: left * right,
    "ReduceMean": _mean,
    "Relu": lambda _, image: functional.relu(image),
    "Sigmoid": lambda _, image: torch.sigmoid(image),
}
