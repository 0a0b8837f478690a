"""Images as features of a trained network: any ONNX file that takes images."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from hashlib import blake2b
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from querist.errors import BadData, BadEvidence, BadInput, MissingExtra, near

if TYPE_CHECKING:
    from querist.data.images import Images

BLOCK = 32
SIDE = 224
NAMES = ("features", "embedding", "embeddings", "image_embeds", "pooler_output", "last_hidden_state")
SCALES = {
    "symmetric": (127.5, 127.5),
    "unit": (0.0, 255.0),
    "imagenet": ((123.675, 116.28, 103.53), (58.395, 57.12, 57.375)),
    "none": (0.0, 1.0),
}


class Shape(NamedTuple):
    """How the network takes images: width, height, channels first, 8-bit values, and how many at once (None: any)."""

    width: int
    height: int
    first: bool
    bytes: bool
    batch: int | None


@dataclass(frozen=True)
class Onnx:
    """Describe an image by what a network makes of it, on the CPU.

    ``path`` is the file. The image is squeezed to the network's size (224 × 224 where it takes any), in colour.
    ``scale`` brings 0 … 255 to what the network was trained with: "symmetric" −1 … 1, "unit" 0 … 1, "imagenet" the
    means and deviations of torchvision's models, "none" as they are. ``output`` names the output to take; by default
    one called features, embedding or the like, else the first. Maps [N, D, h, w] and tokens [N, T, D] are averaged.

    A file is data, not code, but a network may be large: give files that you trust. Raises BadInput for a file that
    is none, MissingExtra without onnxruntime.
    """

    path: str
    scale: str = "symmetric"
    output: str | None = None

    def __post_init__(self) -> None:
        if self.scale not in SCALES:
            raise BadInput(f"the scale of an encoder is one of {', '.join(SCALES)}: got {self.scale!r}")
        if not Path(self.path).is_file():
            raise BadInput(f"there is no encoder file {self.path!r}: give the path of an .onnx file")

    @cached_property
    def version(self) -> str:
        """Name what decides the encoding: a digest of the file, the scale and the output."""
        state = blake2b(Path(self.path).read_bytes(), digest_size=8)
        state.update(repr((self.scale, self.output)).encode())
        return f"onnx-1/{state.hexdigest()}"

    @cached_property
    def width(self) -> int:
        """The number of features, found by encoding a black image."""
        shape = self._shape
        return int(self._run(np.zeros((1, shape.height, shape.width, 3), np.uint8)).shape[1])

    def encode(self, items: Images) -> NDArray[np.float32]:
        """Encode N images as rows [N, D] float32; row-wise, in blocks of 32.

        Raises BadData for an image that cannot be read, and BadEvidence where the network gives NaN; both name it.
        """
        rows = np.empty((len(items), self.width), np.float32)
        for start in range(0, len(items), BLOCK):
            part = items[start : start + BLOCK]
            found = self._run(part.pixels(self._shape.width, self._shape.height))
            wrong = np.flatnonzero(~np.isfinite(found).all(axis=1))
            if len(wrong):
                raise BadEvidence(
                    f"the encoder {Path(self.path).name} gives NaN or infinity for the image "
                    f"{part.names[wrong[0]]!r}: check its scale=, or take another encoder"
                )
            rows[start : start + BLOCK] = found
        return rows

    @cached_property
    def _session(self) -> Any:
        try:
            import onnxruntime
        except ImportError:
            raise MissingExtra(
                'an ONNX encoder needs onnxruntime: pip install "querist[image]"; without it, images are described '
                "by their pixels, which needs no encoder"
            ) from None
        options = onnxruntime.SessionOptions()
        options.log_severity_level = 4
        try:
            return onnxruntime.InferenceSession(self.path, options, providers=["CPUExecutionProvider"])
        except Exception as error:  # the runtime's own exceptions have no common class
            raise BadInput(f"{Path(self.path).name} is not an ONNX network that can run here: {_line(error)}") from None

    @cached_property
    def _output(self) -> str:
        known = [output.name for output in self._session.get_outputs()]
        if self.output is not None and self.output not in known:
            raise BadInput(f"the encoder has no output {self.output!r}: {near(self.output, known)}")
        return self.output or next((name for name in NAMES if name in known), str(known[0]))

    @cached_property
    def _shape(self) -> Shape:
        inputs = self._session.get_inputs()
        shape = list(inputs[0].shape)
        if len(inputs) != 1 or len(shape) != 4 or 3 not in (shape[1], shape[3]):
            got = ", ".join(f"{one.name} {one.shape}" for one in inputs)
            raise BadInput(
                f"{Path(self.path).name} must take one batch of colour images, N × 3 × height × width: got {got}"
            )
        first = shape[1] == 3
        height, width = (side if isinstance(side, int) else SIDE for side in (shape[2:] if first else shape[1:3]))
        batch = shape[0] if isinstance(shape[0], int) else None
        return Shape(width, height, first, inputs[0].type == "tensor(uint8)", batch)

    def _run(self, images: NDArray[np.uint8]) -> NDArray[np.float32]:
        batch = self._shape.batch or len(images)
        parts = [self._once(images[start : start + batch], batch) for start in range(0, len(images), batch)]
        return np.concatenate(parts)

    def _once(self, images: NDArray[np.uint8], batch: int) -> NDArray[np.float32]:
        whole = np.concatenate([images, np.zeros((batch - len(images), *images.shape[1:]), np.uint8)])
        name = self._session.get_inputs()[0].name
        try:
            found = self._session.run([self._output], {name: self._scaled(whole)})[0]
        except Exception as error:  # the runtime's own exceptions have no common class
            raise BadData(f"the encoder {Path(self.path).name} failed: {_line(error)}") from None
        return _flat(np.asarray(found, np.float32))[: len(images)]

    def _scaled(self, images: NDArray[np.uint8]) -> NDArray[Any]:
        shape = self._shape
        turned = images.transpose(0, 3, 1, 2) if shape.first else images
        if shape.bytes:
            return np.ascontiguousarray(turned)
        mean, deviation = (np.asarray(part, np.float32) for part in SCALES[self.scale])
        scaled = (images.astype(np.float32) - mean) / deviation
        return np.ascontiguousarray(scaled.transpose(0, 3, 1, 2) if shape.first else scaled)


def _flat(found: NDArray[np.float32]) -> NDArray[np.float32]:
    """Average maps [N, D, h, w] and tokens [N, T, D] to rows [N, D]."""
    if found.ndim == 4:
        return np.asarray(found.mean(axis=(2, 3)))
    if found.ndim == 3:
        return np.asarray(found.mean(axis=1))
    if found.ndim != 2:
        raise BadInput(f"the output of an encoder must be [N, D], a map or tokens: got {found.shape}; name another one")
    return found


def _line(error: Exception) -> str:
    return " ".join(str(error).split())[:200]
