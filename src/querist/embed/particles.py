"""Particle images as features that do not change when the particle is turned, and little when it is moved."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from querist._arrays import Floats
from querist._parallel import cores

if TYPE_CHECKING:
    from querist.data.images import Images

RINGS, ORDERS, ANGLES = 8, 9, 64
SPECTRUM = 16
"""Circles on which the power spectrum is read."""
REACH = 0.88
"""The largest circle, in halves of the side."""
BLUR = 1.5 / 64
"""The deviation of the Gaussian that takes noise away, in sides."""
LEAST = 1e-6


@dataclass(frozen=True)
class Particles:
    """Describe a particle by how its angular harmonics on one circle go with those on another; nothing is learned.

    The image, at mean 0 and deviation 1 and blurred a little, is read on ``RINGS`` circles round its middle; a_k(r) is
    the k-th Fourier coefficient along circle r. A rotation multiplies a_k by one phase on all circles, so the products
    a_k(r)·a_k(s)* of all pairs do not change: they are the features, real and imaginary parts, k = 1 … 8, with the
    means a_0(r). They keep what the strengths |a_k| alone lose, how the circles lie to each other. Of the logarithm of
    the power spectrum, which a shift does not change, the strengths of the even harmonics on 16 circles are added. A
    mirrored particle has other features. For a learner that wants few features, reduce them by PCA. Shape: [N, 600]
    float32. Cost O(P log P) for P pixels an image, about 0.5 ms for 64 × 64.
    Source: Zhao & Singer 2014 (rotational invariants of second and third order; ours are of second order).
    """

    version: ClassVar[str] = "particles-1"
    width: ClassVar[int] = RINGS + (ORDERS - 1) * RINGS**2 + SPECTRUM * ((ORDERS + 1) // 2)

    def encode(self, items: Images) -> NDArray[np.float32]:
        """Encode N images as rows [N, 600]; row-wise, threads share the work. Raises BadData."""
        with ThreadPoolExecutor(cores()) as threads:
            rows = list(threads.map(lambda row: described(items.values(row)), range(len(items))))
        return np.array(rows, np.float32).reshape(-1, self.width)


def described(image: NDArray[Any]) -> Floats:
    """Describe one image, [600].

    >>> image = np.zeros((33, 33)); image[10:20, 14:17] = 1.0
    >>> bool(np.abs(described(image) - described(np.rot90(image))).max() < 1e-9)
    True
    """
    from scipy.ndimage import gaussian_filter

    values = np.asarray(image, np.float64)
    side = min(values.shape)
    values = (values - values.mean()) / max(float(values.std()), LEAST)
    # the middle is a pixel for an odd side and lies between pixels for an even one, as RELION's boxes turn round side/2
    middle = (float(values.shape[0] // 2), float(values.shape[1] // 2))
    waves = _waves(gaussian_filter(values, BLUR * side), middle, np.arange(1, RINGS + 1) * REACH * side / 2 / RINGS)
    power = np.log(np.abs(np.fft.fftshift(np.fft.fft2(values * _window(values.shape)))) ** 2 + LEAST)
    spectrum = _waves(power, middle, (np.arange(SPECTRUM) + 0.5) * side / 4 / SPECTRUM)
    return np.concatenate([waves[:, 0].real, *map(_products, waves.T[1:]), np.abs(spectrum[:, ::2]).ravel()])


def _window(shape: tuple[int, ...]) -> Floats:
    """Fade to 0 at the border, so that the border itself is not in the spectrum."""
    rows, columns = (np.hanning(side + 2)[1:-1] for side in shape)
    return np.asarray(rows[:, None] * columns[None, :])


def _waves(image: Floats, middle: tuple[float, float], radius: Floats) -> NDArray[np.complex128]:
    """Give the Fourier coefficients along circles round a point, [radii, ORDERS]."""
    from scipy.ndimage import map_coordinates

    angle = 2 * np.pi * np.arange(ANGLES) / ANGLES
    rows = middle[0] + radius[:, None] * np.sin(angle)[None, :]
    columns = middle[1] + radius[:, None] * np.cos(angle)[None, :]
    circles = map_coordinates(image, [rows, columns], order=1, mode="nearest")
    return np.asarray(np.fft.rfft(circles, axis=1)[:, :ORDERS] / ANGLES)


def _products(wave: NDArray[np.complex128]) -> Floats:
    """Give the products of every two coefficients [R], the one conjugated: [R²] real numbers."""
    products = np.outer(wave, wave.conj())
    return np.concatenate([products.real[np.triu_indices(len(wave))], products.imag[np.triu_indices(len(wave), 1)]])
