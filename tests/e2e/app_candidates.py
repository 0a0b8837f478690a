"""A study of candidates: discs in noise on a micrograph, and as many places without one."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from querist import Study
from querist.data import load
from querist.data.patches import candidate_pool

SIDE, DIAMETER, PATCH = 640, 24, 48


GRID = np.arange(40, SIDE - 40, 64)
PLACES = np.stack(np.meshgrid(GRID, GRID), -1).reshape(-1, 2).astype(float)
IS_DISC = np.arange(len(PLACES)) % 2 == 0


def write_micrograph(path: Path) -> None:
    """Write discs in noise, at every second candidate."""
    mrcfile = pytest.importorskip("mrcfile")
    values = np.random.default_rng(0).normal(0, 1, (SIDE, SIDE)).astype(np.float32)
    y, x = np.mgrid[:SIDE, :SIDE]
    for column, row in PLACES[IS_DISC]:
        values[np.hypot(x - column, y - row) < DIAMETER / 2] += 3
    with mrcfile.new(path) as file:
        file.set_data(values)


def make_candidates(folder: Path, study: str) -> dict[str, bool]:
    """Make a study of the candidates in ``folder / "ice"``; gives by item whether it is a disc."""
    pool = candidate_pool(load(folder / "ice").pool, [PLACES], PATCH, DIAMETER)
    Study.create(folder / study, pool, labels=["particle", "no"], batch=8).close()
    return dict(zip(pool.ids, IS_DISC.tolist(), strict=True))
