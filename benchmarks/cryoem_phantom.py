"""Project particle stacks whose classes are known: conformations of a phantom, and another object.

    python benchmarks/cryoem_phantom.py OUT [--moves 0,20] [--count 1000] [--snr 0.1] [--other MAP] [--seed 0]

The phantom is a set of Gaussian subunits in a box of 64 pixels of 4 Å; each move (in Å) of one domain of it is a class.
``--other`` adds a map (the sample EMD-3197) as a class of its own. Orientations are uniform, the contrast transfer
function is that of 300 kV with 1 to 2.5 µm of defocus, the noise is white; ``snr`` is the variance of the signal over
that of the noise, inside the particle's circle. Written are ``particles.mrcs`` and ``particles.star`` (RELION 3.1, the
class in ``rlnClassNumber``). Printed is the accuracy of a matched filter that knows every pose: nothing can do better.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np

BOX, PIXEL = 64, 4.0
VOLTAGE, ABERRATION, AMPLITUDE = 300.0, 2.7, 0.1


def subunits(move, rng):
    """Give centres [S, 3] in Å, widths [S] in Å and weights [S]; the last three are the domain that moves."""
    body = rng.normal(0, 28, (14, 3))
    arm = np.array([[62.0, 0.0, 0.0], [74.0, 12.0, 6.0], [70.0, -10.0, 12.0]])
    arm = arm + np.array([0.0, move, 0.0])
    centres = np.concatenate([body, arm])
    return centres, np.full(len(centres), 9.0), np.concatenate([np.ones(len(body)), np.full(len(arm), 1.4)])


def rotations(count, rng):
    """Draw rotations uniformly, from quaternions; [N, 3, 3]."""
    from scipy.spatial.transform import Rotation

    return Rotation.random(count, rng=rng)


def projected(units, turns):
    """Project Gaussians along z after rotations; [N, BOX, BOX]. Exact: a Gaussian's projection is one."""
    centres, widths, weights = units
    grid = (np.arange(BOX) - BOX // 2) * PIXEL
    placed = np.stack([turn.apply(centres) for turn in turns])
    across = np.exp(-0.5 * ((grid[None, None, :] - placed[:, :, 0, None]) / widths[None, :, None]) ** 2)
    down = np.exp(-0.5 * ((grid[None, None, :] - placed[:, :, 1, None]) / widths[None, :, None]) ** 2)
    return np.einsum("s,nsy,nsx->nyx", weights, down, across)


def projected_map(path, turns):
    """Project a map along z after rotations, on the grid of the phantom; [N, BOX, BOX]."""
    import mrcfile
    from scipy.ndimage import map_coordinates

    with mrcfile.open(path) as file:
        volume, voxel = np.asarray(file.data, np.float64), float(file.voxel_size.x)
    grid = (np.arange(BOX) - BOX // 2) * PIXEL
    z, y, x = np.meshgrid(grid[::2], grid, grid, indexing="ij")
    points = np.stack([x.ravel(), y.ravel(), z.ravel()], axis=1)
    middle = (np.array(volume.shape) - 1) / 2
    images = []
    for turn in turns:
        back = turn.inv().apply(points) / voxel
        places = [back[:, 2] + middle[0], back[:, 1] + middle[1], back[:, 0] + middle[2]]
        images.append(map_coordinates(volume, places, order=1, cval=0.0).reshape(z.shape).sum(axis=0))
    return np.array(images)


def transfer(defocus):
    """Give the contrast transfer functions of defocus [N] in Å, [N, BOX, BOX // 2 + 1]."""
    volts = VOLTAGE * 1e3
    wave = 12.2643 / np.sqrt(volts * (1 + 0.978466e-6 * volts))
    squared = np.fft.fftfreq(BOX, PIXEL)[:, None] ** 2 + np.fft.rfftfreq(BOX, PIXEL)[None, :] ** 2
    phase = np.pi * wave * defocus[:, None, None] * squared - 0.5 * np.pi * ABERRATION * 1e7 * wave**3 * squared**2
    return -np.sqrt(1 - AMPLITUDE**2) * np.sin(phase) - AMPLITUDE * np.cos(phase)


def blurred(images, filters):
    """Apply transfer functions."""
    return np.fft.irfft2(np.fft.rfft2(images) * filters, s=(BOX, BOX))


def made(moves, *, count, snr, seed, other=None):
    """Make a stack: images [N, BOX, BOX], classes [N] from 1, defocus [N], and the accuracy of the known pose."""
    rng = np.random.default_rng(seed)
    shape = int(rng.integers(2**31))
    turns, defocus = rotations(count, rng), rng.uniform(1e4, 2.5e4, count)
    filters = transfer(defocus)
    kinds = [projected(subunits(move, np.random.default_rng(shape)), turns) for move in moves]
    if other is not None:
        kinds.append(projected_map(other, turns))
    clean = np.stack([blurred(kind / kind.std(), filters) for kind in kinds])
    classes = rng.integers(len(kinds), size=count)
    signal = clean[classes, np.arange(count)]
    side = np.arange(BOX) - BOX / 2
    circle = np.hypot(side[:, None], side[None, :]) <= BOX * 0.4
    noise = np.sqrt(signal[:, circle].var() / snr)
    images = signal + rng.normal(0, noise, signal.shape)
    nearest = ((images[None] - clean) ** 2).sum(axis=(2, 3)).argmin(axis=0)
    return images.astype(np.float32), classes + 1, defocus, float((nearest == classes).mean())


def write(out, stack, *, micrographs=None):
    """Write a stack and its STAR file; without the names of their micrographs, particles are of twenty in turn."""
    import mrcfile

    from querist.formats import _star

    images, classes, defocus, _ = stack
    out.mkdir(parents=True, exist_ok=True)
    with mrcfile.new(out / "particles.mrcs", overwrite=True) as file:
        file.set_data(images)
        file.set_image_stack()
        file.voxel_size = PIXEL
    count = len(images)
    columns = {
        "rlnImageName": [f"{at + 1:06d}@particles.mrcs" for at in range(count)],
        "rlnMicrographName": micrographs or [f"mic_{at % 20:03d}.mrc" for at in range(count)],
        "rlnDefocusU": [f"{value:.1f}" for value in defocus],
        "rlnDefocusV": [f"{value:.1f}" for value in defocus],
        "rlnClassNumber": [str(value) for value in classes],
        "rlnOpticsGroup": ["1"] * count,
    }
    optics = {
        "rlnOpticsGroupName": ["opticsGroup1"],
        "rlnOpticsGroup": ["1"],
        "rlnVoltage": [str(VOLTAGE)],
        "rlnSphericalAberration": [str(ABERRATION)],
        "rlnAmplitudeContrast": [str(AMPLITUDE)],
        "rlnImagePixelSize": [str(PIXEL)],
        "rlnImageSize": [str(images.shape[1])],
    }
    frames = {"optics": _star.frame_of(optics), "particles": _star.frame_of(columns)}
    (out / "particles.star").write_text(_star.text_of(frames), encoding="utf-8", newline="\n")


def main():
    """Read the options, write the stack, print the ceiling."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("out", type=Path)
    parser.add_argument("--moves", default="0,20")
    parser.add_argument("--count", type=int, default=1000)
    parser.add_argument("--snr", type=float, default=0.1)
    parser.add_argument("--other", type=Path)
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    moves = [float(move) for move in given.moves.split(",")]
    stack = made(moves, count=given.count, snr=given.snr, seed=given.seed, other=given.other)
    write(given.out, stack)
    print(f"{len(stack[0])} images, {len(set(stack[1]))} classes; known-pose matched filter: {stack[3]:.3f}")


if __name__ == "__main__":
    main()
