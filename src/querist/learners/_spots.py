"""Spots in a micrograph: the band that shows particles, correlation with a template, the places of its peaks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from querist._arrays import Floats

SIDE = 13.0
"""Pixels that a particle's diameter has where it is looked for: fewer blur it, more cost time."""
REACH = 0.7
"""The radius of a template in diameters: the particle and the halo round it."""
CLIPPED = 5.0
"""Robust deviations beyond which a pixel is ice or a hot pixel, and counts no more."""
APART = 0.5
"""Diameters between two candidates at least."""


class Peaks(NamedTuple):
    """Places [M, 2] (x, y) in pixels of the image looked at, and the score [M] of each."""

    places: Floats
    scores: Floats


def factor_of(diameter: float) -> int:
    """Say how many pixels become one for a particle of a diameter.

    >>> factor_of(27.0), factor_of(150.0), factor_of(8.0)
    (2, 11, 1)
    """
    return max(1, int(diameter // SIDE))


def band(image: NDArray[Any], diameter: float) -> Floats:
    """Take away what is larger than a particle, and bring the noise to about 1; pixels are cut at ±``CLIPPED``.

    The scale is the median absolute deviation (times 1.4826), so that ice and carbon do not set it. Cost O(pixels).
    """
    from scipy.ndimage import gaussian_filter

    values = np.asarray(image, np.float64)
    flat = values - gaussian_filter(values, diameter, mode="nearest")
    spread = 1.4826 * float(np.median(np.abs(flat - np.median(flat))))
    return np.asarray(np.clip(flat / (spread if spread > 0 else 1.0), -CLIPPED, CLIPPED))


def away(radius: int) -> Floats:
    """Give the distance from the middle of each pixel of a square [2·radius + 1, 2·radius + 1]."""
    side = np.arange(-radius, radius + 1)
    return np.hypot(side[:, None], side[None, :])


def spot(diameter: float) -> Floats:
    """Draw a difference of Gaussians that a dark spot of a diameter answers to, and a dark ring of it too.

    It is wide, 0.4 and 0.8 diameters: a narrower one answers best at the rim of a hollow particle.
    """
    distance = away(round(REACH * diameter))
    inner, outer = (np.exp(-0.5 * (distance / (share * diameter)) ** 2) for share in (0.4, 0.8))
    return np.asarray(outer / outer.sum() - inner / inner.sum())


def mean_patch(images: Sequence[Floats], points: Sequence[Floats], radius: int) -> Floats | None:
    """Average the patches round points, over all angles too; None where no patch lies inside its image."""
    total, count = np.zeros((2 * radius + 1, 2 * radius + 1)), 0
    for image, places in zip(images, points, strict=True):
        for x, y in np.rint(places).astype(int).tolist():
            if radius <= x < image.shape[1] - radius and radius <= y < image.shape[0] - radius:
                total += image[y - radius : y + radius + 1, x - radius : x + radius + 1]
                count += 1
    return turned(total / count) if count else None


def turned(patch: Floats) -> Floats:
    """Average a patch over all angles, as particles lie as they like; between whole radii in proportion.

    >>> turned(np.array([[0.0, 4.0, 0.0], [0.0, 9.0, 0.0], [0.0, 0.0, 0.0]])).round(2)[1].tolist()
    [0.63, 9.0, 0.63]
    """
    distance = away(len(patch) // 2)
    inner = np.floor(distance).astype(int)
    share, size = distance - inner, inner.max() + 2
    weight = np.bincount(inner.ravel(), 1 - share.ravel(), size) + np.bincount(inner.ravel() + 1, share.ravel(), size)
    total = np.bincount(inner.ravel(), ((1 - share) * patch).ravel(), size)
    total += np.bincount(inner.ravel() + 1, (share * patch).ravel(), size)
    profile = total / np.where(weight > 0, weight, 1.0)
    return np.asarray((1 - share) * profile[inner] + share * profile[inner + 1])


def response(image: Floats, template: Floats) -> Floats:
    """Correlate with a template of mean 0 and norm 1, by FFT; the border is mirrored. Cost O(P log P), P pixels."""
    from scipy.signal import fftconvolve

    flat = template - template.mean()
    norm = float(np.sqrt((flat**2).sum()))
    kernel = flat[::-1, ::-1] / (norm if norm > 0 else 1.0)
    padded = np.pad(image, len(template) // 2, mode="symmetric")
    return np.asarray(fftconvolve(padded, kernel, mode="valid"))


def peaks(score: Floats, apart: float) -> Peaks:
    """Find the pixels that no other within ``apart`` surpasses, their place refined by a parabola through neighbours.

    Of equal ones the first counts: two beside each other would else be refined to one place. A flat image has none.
    Cost O(P), and O(apart²) for each pixel that the square inside the circle does not rule out.
    """
    from scipy.ndimage import maximum_filter

    if np.ptp(score) == 0:
        return Peaks(np.empty((0, 2)), np.empty(0))
    inner = 2 * int(max(apart, 1.0) / 2**0.5) + 1
    rows, columns = np.nonzero(score == maximum_filter(score, size=inner, mode="nearest"))
    around = np.argwhere(away(max(1, int(apart))) <= max(apart, 1.0)) - max(1, int(apart))
    near_rows = np.clip(rows[:, None] + around[None, :, 0], 0, score.shape[0] - 1)
    near_columns = np.clip(columns[:, None] + around[None, :, 1], 0, score.shape[1] - 1)
    here, near = score[rows, columns], score[near_rows, near_columns]
    first = near_rows * score.shape[1] + near_columns >= (rows * score.shape[1] + columns)[:, None]
    kept = ((near < here[:, None]) | ((near == here[:, None]) & first)).all(axis=1)
    rows, columns = rows[kept], columns[kept]
    x = columns + _offset(score, rows, columns, axis=1)
    y = rows + _offset(score, rows, columns, axis=0)
    return Peaks(np.stack([x, y], axis=1).astype(np.float64), score[rows, columns])


def _offset(score: Floats, rows: NDArray[Any], columns: NDArray[Any], *, axis: int) -> Floats:
    """Say how far the top of the parabola lies from a peak, within half a pixel; 0 at the border."""
    place, size = (rows, columns)[axis], score.shape[axis]
    here = score[rows, columns]
    before, after = np.clip(place - 1, 0, size - 1), np.clip(place + 1, 0, size - 1)
    low = score[before, columns] if axis == 0 else score[rows, before]
    high = score[after, columns] if axis == 0 else score[rows, after]
    bend = 2 * here - low - high
    whole = (place > 0) & (place < size - 1) & (bend > 0)
    return np.clip(np.where(whole, (high - low) / (2 * np.where(bend > 0, bend, 1.0)), 0.0), -0.5, 0.5)
