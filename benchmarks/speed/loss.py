"""What uherding loses when it sees a part of the candidates and of the targets only: measured at 5,000 rows.

The objective is Σ_t u(t)·max_{s ∈ S} k(t, s) over the whole pool, u = 1 − (p₁ − p₂), k of width 28, the distance of two
rows of one cluster. The loss follows from how many rows are seen of each of the 100 clusters more than from the share.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

import querist
from speed.data import Data, arrays_of

POOL, SIGMA = 5_000, 28.0
SEEN = (500, 1_000, 2_500)
SEEDS = range(5)


def measure(folder: Path, seed: int, *, n: int = 50) -> dict[int, list[float]]:
    """Give the losses by rows seen, one for each seed, as a share of what the exact choice covers."""
    arrays = arrays_of(Data("both", POOL, C=10, D=384), folder, seed)
    rows = {name: np.asarray(arrays[name]) for name in ("probs", "embed")}
    best = covered(rows, querist.query(f"uherding(sigma={SIGMA})", n, seed=0, targets=rows, **rows))
    return {seen: [1 - covered(rows, _sampled(rows, n, seen, seed=one)) / best for one in SEEDS] for seen in SEEN}


def _sampled(rows: dict[str, np.ndarray], n: int, seen: int, *, seed: int) -> np.ndarray:
    part = np.random.default_rng(seed).choice(POOL, seen, replace=False)
    targets = {name: values[part] for name, values in rows.items()}
    return querist.query(f"uherding(sigma={SIGMA}, candidates={seen})", n, seed=seed, targets=targets, **rows)


def covered(rows: dict[str, np.ndarray], chosen: np.ndarray) -> float:
    """Compute the objective of a choice."""
    top = np.sort(rows["probs"], axis=1)[:, -2:]
    square = (rows["embed"] ** 2).sum(axis=1)
    gap = square[:, None] + square[chosen] - 2 * rows["embed"] @ rows["embed"][chosen].T
    near = np.exp(-np.maximum(gap, 0) / SIGMA**2).max(axis=1)
    return float(((1 - (top[:, 1] - top[:, 0])) * near).sum())


def sentence(losses: dict[int, list[float]]) -> str:
    """Tell the losses in words."""
    parts = [f"{np.mean(each):.1%} with {seen:,} ({min(each):.1%} to {max(each):.1%})" for seen, each in losses.items()]
    return (
        f"uherding on a part of {POOL:,} candidates and as many targets covers less than the exact choice: "
        f"{', '.join(parts)}; {len(SEEDS)} seeds"
    )
