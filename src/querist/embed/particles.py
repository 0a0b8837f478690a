"""Particle images as features: how alike they are when turned to fit each other, learnt without labels."""

from __future__ import annotations

from collections import OrderedDict
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from hashlib import blake2b
from threading import Lock
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from querist._arrays import Floats
from querist._draw import Draw
from querist._parallel import cores
from querist.embed._directions import Directions
from querist.embed._turned import Waves, by_block, unit, waves_of

if TYPE_CHECKING:
    from querist.data.images import Images

Rows = NDArray[np.float32]

RINGS, ORDERS, ANGLES = 16, 16, 64
REACH = 0.88
"""The largest circle, in halves of the side."""
BLUR = 1 / 64
"""The deviation of the Gaussian that takes noise away, in sides."""
LANDMARKS = 2000
"""Images that shape the directions at most; all others are placed by how alike they are to these."""
LEAST = 1e-6
_KEPT = 2

_known: OrderedDict[bytes, tuple[ParticlesEncoder, Rows]] = OrderedDict()
_lock = Lock()


@dataclass(frozen=True)
class Circles:
    """Read a particle on circles round its middle: the Fourier coefficients along each; nothing is learned.

    The image, at mean 0 and deviation 1 and blurred a little, is read on ``RINGS`` circles; a_k(r) is the k-th
    coefficient along circle r, k = 0 … 15, times the root of r, as a circle stands for its share of the image. A
    rotation multiplies a_k by one phase on all circles. Shape: [N, 512] float32, real parts, then imaginary ones. Cost
    O(P) for P pixels an image, about 0.3 ms for 64 × 64.
    """

    version: ClassVar[str] = "particles-2"
    width: ClassVar[int] = 2 * RINGS * ORDERS

    def encode(self, items: Images) -> Rows:
        """Read N images as rows [N, 512]; row-wise, threads share the work. Raises BadData."""
        with ThreadPoolExecutor(cores()) as threads:
            rows = list(threads.map(lambda row: on_circles(items.values(row)), range(len(items))))
        return np.array(rows, np.float32).reshape(-1, self.width)


@dataclass(frozen=True)
class Particles:
    """Describe particles by how alike they are to others of the pool, each turned so that it fits best.

    Two particles are as far apart as their images are after the best of 64 turns, both scaled to length 1 and without
    the pool's mean over all turns. Views of one structure then lie on a curved surface, and another conformation on a
    second one beside it. The leading directions of a kernel over these distances follow both: they are the features, at
    most 256 (see ``Directions``), learnt from 2,000 images of the pool at most and without a label. An image that comes
    later is placed among these. A small shift, up to a pixel of 64 or so, changes little; centre what lies
    farther off. A mirrored particle has other features. Cost: 0.3 ms an image of 64 × 64, 2 ms more to compare it with
    2,000 others, and O(M²·D) once for M ≤ 2,000, about 5 s.
    Source: Penczek, Radermacher & Frank 1992 (matching over turns); Singer, Zhao, Shkolnisky & Hadani 2011 (the
    neighbours that it gives); Schölkopf, Smola & Müller 1998 (kernel PCA).
    """

    base: ClassVar[Circles] = Circles()

    def fit_encode(self, items: Images) -> tuple[ParticlesEncoder, Rows]:
        """Learn from a pool and encode it; raises BadData."""
        return self.fit_rows(self.base.encode(items))

    def fit_rows(self, rows: Rows) -> tuple[ParticlesEncoder, Rows]:
        """Learn from what ``base`` made of a pool [N, 512], and encode it, [N, D]; the last two pools are kept."""
        key = blake2b(np.ascontiguousarray(rows).data, digest_size=16).digest()
        with _lock:
            if key not in _known:
                encoder = ParticlesEncoder.of(rows)
                _known[key] = (encoder, encoder.encode_rows(rows))
                while len(_known) > _KEPT:
                    _known.popitem(last=False)
            _known.move_to_end(key)
            return _known[key]


@dataclass(frozen=True, eq=False)
class ParticlesEncoder:
    """What was learnt from a pool: its mean over all turns [R], the landmarks, and their directions."""

    mean: Floats
    landmarks: Waves
    directions: Directions

    base: ClassVar[Circles] = Circles()

    @classmethod
    def of(cls, rows: Rows) -> ParticlesEncoder:
        """Learn from rows [N, 512]; which of many become landmarks, their content decides and not their order."""
        shaping = waves_of(_sample(rows), ORDERS)
        mean = shaping[:, :, 0].real.mean(axis=0, dtype=np.float64) if len(shaping) else np.zeros(RINGS)
        landmarks = _centred(shaping, mean)
        apart = by_block(landmarks, landmarks, lambda each: each)
        return cls(mean, landmarks, Directions.of(np.concatenate(apart) if apart else np.zeros((0, 0), np.float32)))

    @property
    def width(self) -> int:
        """The number of columns."""
        return int(self.directions.weights.shape[1])

    @cached_property
    def version(self) -> str:
        """Name what decides the encoding: a digest of the landmarks."""
        return f"{self.base.version}/{blake2b(self.landmarks.tobytes(), digest_size=8).hexdigest()}"

    def encode(self, items: Images) -> Rows:
        """Encode N images as rows [N, D] float32; row-wise. Raises BadData."""
        return self.encode_rows(self.base.encode(items))

    def encode_rows(self, rows: Rows) -> Rows:
        """Encode what ``base`` made of N images."""
        found = by_block(_centred(waves_of(rows, ORDERS), self.mean), self.landmarks, self.directions.at)
        return np.concatenate(found).astype(np.float32) if found else np.zeros((0, self.width), np.float32)


def _centred(waves: Waves, mean: Floats) -> Waves:
    waves = waves.copy()
    waves[:, :, 0] -= mean.astype(np.float32)
    return unit(waves)


def _sample(rows: Rows) -> Rows:
    """Take at most 2,000 rows by a number that their content gives, in the order of the pool."""
    if len(rows) <= LANDMARKS:
        return rows
    number = np.mod(1e4 * (rows.astype(np.float64) @ Draw(0).rng("particles").standard_normal(rows.shape[1])), 1.0)
    return rows[np.sort(np.argpartition(number, LANDMARKS)[:LANDMARKS])]


def on_circles(image: NDArray[Any]) -> Floats:
    """Read one image on circles, [512].

    >>> image = np.zeros((33, 33)); image[10:20, 14:17] = 1.0
    >>> waves, turned = (waves_of(on_circles(each)[None], ORDERS)[0] for each in (image, np.rot90(image)))
    >>> bool(np.allclose(np.abs(waves), np.abs(turned), atol=1e-6))
    True
    """
    from scipy.ndimage import gaussian_filter, map_coordinates

    values = np.asarray(image, np.float64)
    side = min(values.shape)
    values = gaussian_filter((values - values.mean()) / max(float(values.std()), LEAST), BLUR * side)
    radius, angle = np.arange(1, RINGS + 1) * REACH * side / 2 / RINGS, 2 * np.pi * np.arange(ANGLES) / ANGLES
    # the middle is a pixel for an odd side and lies between pixels for an even one, as RELION's boxes turn round side/2
    rows = values.shape[0] // 2 + radius[:, None] * np.sin(angle)[None, :]
    columns = values.shape[1] // 2 + radius[:, None] * np.cos(angle)[None, :]
    circles = map_coordinates(values, [rows, columns], order=1, mode="nearest")
    waves = np.fft.rfft(circles, axis=1)[:, :ORDERS] / ANGLES * np.sqrt(radius / side)[:, None]
    return np.concatenate([waves.real.ravel(), waves.imag.ravel()])
