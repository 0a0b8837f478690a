"""Particle images as features: how alike they are when turned to fit each other, learnt without labels."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
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
from querist.embed import _directions
from querist.embed._directions import Directions, distinct
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
FORM = 2
"""Counts the changes of what is learnt from a pool that no constant tells."""
DIGESTED = 4096
KEPT = 2
"""Pools whose encoder stays in memory."""
KEPT_BYTES = 2**25
"""The features of these pools stay too where they are no larger, for the many runs of a simulation."""

_known: OrderedDict[bytes, tuple[ParticlesEncoder, Rows | None]] = OrderedDict()
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
    farther off. A mirrored particle has other features. Columns belong to one pool: an item more turns them all, so
    that weights learnt on the columns of another pool mean nothing (a learner that goes on from a model begins badly
    after new items), though distances hardly change. Cost: 0.3 ms an image of 64 × 64, 2 to 6 ms of processor time more
    to compare it with 2,000 others, and O(M²·D) once for M ≤ 2,000, about 5 s; a study keeps both in its cache.
    Source: Penczek, Radermacher & Frank 1992 (matching over turns); Singer, Zhao, Shkolnisky & Hadani 2011 (the
    neighbours that it gives); Schölkopf, Smola & Müller 1998 (kernel PCA).
    """

    base: ClassVar[Circles] = Circles()

    @property
    def version(self) -> str:
        """Name what decides the features beside the pool: what reads the images, and how their likeness is used."""
        shape = f"{LANDMARKS}-{_directions.REACH}-{_directions.MOST}-{_directions.COPY}"
        return f"{self.base.version}/directions-{FORM}-{shape}"

    def fit_encode(self, items: Images) -> tuple[ParticlesEncoder, Rows]:
        """Learn from a pool and encode it; raises BadData."""
        return self.fit_rows(self.base.encode(items))

    def fit_rows(self, rows: Rows) -> tuple[ParticlesEncoder, Rows]:
        """Learn from what ``base`` made of a pool [N, 512], and encode it, [N, D]; the last two pools are kept."""
        key = digest_of(rows)
        with _lock:
            encoder, features = _known.get(key, (None, None))
        if encoder is None:
            encoder = self.fit(rows)
        if features is None:
            features = encoder.encode_rows(rows)
        with _lock:
            _known[key] = (encoder, features if features.nbytes <= KEPT_BYTES else None)
            _known.move_to_end(key)
            while len(_known) > KEPT:
                _known.popitem(last=False)
        return encoder, features

    def fit(self, rows: Rows) -> ParticlesEncoder:
        """Learn from what ``base`` made of a pool [N, 512], and encode nothing."""
        return ParticlesEncoder.of(rows)

    def restore(self, arrays: Mapping[str, NDArray[Any]]) -> ParticlesEncoder:
        """Build the encoder again from its ``arrays``."""
        directions = Directions(float(arrays["width"]), arrays["sums"], arrays["weights"])
        return ParticlesEncoder(arrays["mean"], arrays["landmarks"], directions)


@dataclass(frozen=True, eq=False)
class ParticlesEncoder:
    """What was learnt from a pool: its mean over all turns [R], the landmarks, and their directions."""

    mean: Floats
    landmarks: Waves
    directions: Directions

    base: ClassVar[Circles] = Circles()

    @classmethod
    def of(cls, rows: Rows) -> ParticlesEncoder:
        """Learn from rows [N, 512]; which of many become landmarks, their content decides and not their order.

        Of copies the first is a landmark.
        """
        sample = _sample(rows)
        mean = waves_of(sample, ORDERS)[:, :, 0].real.mean(axis=0, dtype=np.float64) if len(rows) else np.zeros(RINGS)
        landmarks = Centred(sample, mean)[:]
        found = by_block(landmarks, landmarks, lambda each: each)
        apart = np.concatenate(found) if found else np.zeros((0, 0), np.float32)
        own = distinct(apart)
        return cls(mean, landmarks[own], Directions.of(apart[np.ix_(own, own)]))

    @property
    def arrays(self) -> dict[str, NDArray[Any]]:
        """Give all that it consists of, for a file."""
        found = self.directions
        own: dict[str, NDArray[Any]] = {"mean": self.mean, "landmarks": self.landmarks}
        return {**own, "width": np.asarray(found.width), "sums": found.sums, "weights": found.weights}

    @property
    def width(self) -> int:
        """The number of columns."""
        return int(self.directions.weights.shape[1])

    @cached_property
    def version(self) -> str:
        """Name what decides the encoding: how it is learnt, and a digest of the landmarks."""
        return f"{Particles().version}/{blake2b(self.landmarks.tobytes(), digest_size=8).hexdigest()}"

    def encode(self, items: Images) -> Rows:
        """Encode N images as rows [N, D] float32; row-wise. Raises BadData."""
        return self.encode_rows(self.base.encode(items))

    def encode_rows(self, rows: Rows) -> Rows:
        """Encode what ``base`` made of N images; beside the rows and what it gives, it needs a block's memory."""
        found = by_block(Centred(rows, self.mean), self.landmarks, self._place)
        return np.concatenate(found) if found else np.zeros((0, self.width), np.float32)

    def _place(self, apart: NDArray[np.float32]) -> Rows:
        return self.directions.at(apart).astype(np.float32)


@dataclass(frozen=True, eq=False)
class Centred:
    """Rows [N, 512] as waves of length 1 without the pool's mean, made block by block as they are asked for."""

    rows: Rows
    mean: Floats

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, part: slice, /) -> Waves:
        waves = waves_of(self.rows[part], ORDERS)
        waves[:, :, 0] -= self.mean.astype(np.float32)
        return unit(waves)


def digest_of(rows: Rows) -> bytes:
    """Digest rows block by block: those of a cache are views of a file."""
    state = blake2b(repr(rows.shape).encode(), digest_size=16)
    for start in range(0, len(rows), DIGESTED):
        state.update(np.ascontiguousarray(rows[start : start + DIGESTED]).data)
    return state.digest()


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
