"""Methods whose published code is no package: the papers' formulas, written here in the plain way.

``badge`` follows the formula and the cost of the published code (a distribution of scipy.stats built for each draw, a
loop over rows); ``badge-formula`` is the same formula in arrays, faster than anything published.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import torch
from scipy import stats

from speed.peers import Call, Inputs

Draw = Callable[[np.ndarray], int]


def _badge(inputs: Inputs) -> Call:
    return lambda: _k_means_plus_plus(inputs, _draw_by_scipy(inputs.seed), keep=_smaller_one_by_one)


def _badge_formula(inputs: Inputs) -> Call:
    return lambda: _k_means_plus_plus(inputs, _draw_by_sums(inputs.seed), keep=np.minimum)


def _k_means_plus_plus(inputs: Inputs, draw: Draw, keep: Callable[..., np.ndarray]) -> list[int]:
    """Choose by D² on (p − e_ŷ) ⊗ h: ‖g_i − g_j‖² = |q_i|²|h_i|² + |q_j|²|h_j|² − 2(q_i·q_j)(h_i·h_j)."""
    error, embed = np.array(inputs["probs"]), inputs["embed"]
    error[np.arange(len(error)), error.argmax(axis=1)] -= 1
    norm = (error * error).sum(axis=1) * np.einsum("nd,nd->n", embed, embed)
    chosen, gap = [int(norm.argmax())], np.full(len(norm), np.inf, np.float32)
    while len(chosen) < inputs.n:
        last = chosen[-1]
        new = norm + norm[last] - 2 * (error @ error[last]) * (embed @ embed[last])
        gap = keep(gap, np.maximum(new, 0))
        gap[chosen] = 0
        chosen.append(draw(gap))
    return chosen


def _smaller_one_by_one(old: np.ndarray, new: np.ndarray) -> np.ndarray:
    for row in range(len(old)):
        if old[row] > new[row]:
            old[row] = new[row]
    return old


def _draw_by_scipy(seed: int) -> Draw:
    rng = np.random.default_rng(seed)

    def draw(gap: np.ndarray) -> int:
        weight = gap.astype(np.float64)
        distribution = stats.rv_discrete(values=(np.arange(len(gap)), weight / weight.sum()))
        return int(distribution.rvs(random_state=rng))

    return draw


def _draw_by_sums(seed: int) -> Draw:
    rng = np.random.default_rng(seed)

    def draw(gap: np.ndarray) -> int:
        total = np.cumsum(gap, dtype=np.float64)
        return int(np.searchsorted(total, rng.uniform(0, total[-1]), side="right"))

    return draw


def _bait(inputs: Inputs) -> Call:
    """Prepare the Fisher factors V: columns √p_y · (e_y − p) ⊗ h."""
    probs, embed = (torch.from_numpy(np.array(inputs[name])) for name in ("probs", "embed"))
    asked = [torch.from_numpy(np.array(inputs[f"labelled_{name}"])) for name in ("probs", "embed")]
    factors, known = _factors(probs, embed), _factors(*asked)
    return lambda: _forward_backward(factors, known, inputs.n)


def _factors(probs: torch.Tensor, embed: torch.Tensor) -> torch.Tensor:
    error = torch.eye(probs.shape[1])[None] - probs[:, None, :]
    columns = probs.sqrt()[:, :, None] * error
    return torch.einsum("nyc,nd->nycd", columns, embed).flatten(2)


def _forward_backward(factors: torch.Tensor, known: torch.Tensor, n: int) -> list[int]:
    rank, width = factors.shape[1:]
    flat, asked = factors.reshape(-1, width), known.reshape(-1, width)
    target = flat.T @ flat / len(factors)
    inverse = torch.linalg.inv(torch.eye(width) + asked.T @ asked)
    chosen: list[int] = []
    for _ in range(2 * n):
        gain = _gains(factors, inverse, target, torch.eye(rank))
        gain[chosen] = -torch.inf
        chosen.append(int(gain.argmax()))
        inverse = _updated(inverse, factors[chosen[-1]], torch.eye(rank))
    while len(chosen) > n:
        loss = -_gains(factors[chosen], inverse, target, -torch.eye(rank))
        drop = chosen.pop(int(loss.argmin()))
        inverse = _updated(inverse, factors[drop], -torch.eye(rank))
    return chosen


def _gains(factors: torch.Tensor, inverse: torch.Tensor, target: torch.Tensor, sign: torch.Tensor) -> torch.Tensor:
    """Compute the trace that a row takes off, by Woodbury: tr[(±I + VᵀMV)⁻¹ VᵀM F M V]."""
    middle, out = inverse @ target @ inverse, []
    for part in factors.split(1024):
        inner = sign + part @ inverse @ part.mT
        outer = part @ middle @ part.mT
        out.append(torch.linalg.solve(inner, outer).diagonal(dim1=1, dim2=2).sum(dim=1))
    return torch.cat(out)


def _updated(inverse: torch.Tensor, factor: torch.Tensor, sign: torch.Tensor) -> torch.Tensor:
    side = factor @ inverse
    return inverse - side.T @ torch.linalg.solve(sign + side @ factor.T, side)


def _probcover(inputs: Inputs) -> Call:
    embed = torch.from_numpy(np.concatenate([inputs["embed"], inputs["labelled_embed"]]))
    return lambda: _cover(embed, len(inputs["embed"]), inputs.options["delta"], inputs.n)


def _cover(embed: torch.Tensor, pool: int, delta: float, n: int) -> list[int]:
    """Choose the row of greatest degree, strike out all edges into what it covers, again and again."""
    source, goal = (np.concatenate(part) for part in zip(*_edges(embed, delta), strict=True))
    covered = np.zeros(len(embed), bool)
    covered[goal[source >= pool]] = True
    chosen: list[int] = []
    for _ in range(n):
        alive = ~covered[goal]
        source, goal = source[alive], goal[alive]
        degree = np.bincount(source, minlength=len(embed))[:pool]
        degree[chosen] = -1
        chosen.append(int(degree.argmax()))
        covered[goal[source == chosen[-1]]] = True
    return chosen


def _edges(embed: torch.Tensor, delta: float) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    for start in range(0, len(embed), 500):
        near = torch.cdist(embed[start : start + 500], embed) < delta
        rows, columns = near.nonzero(as_tuple=True)
        yield (rows + start).numpy(), columns.numpy()


def _typiclust(inputs: Inputs) -> Call:
    embed = np.concatenate([inputs["embed"], inputs["labelled_embed"]])
    return lambda: _typical(embed, len(inputs["embed"]), inputs.n, inputs.seed)


def _typical(embed: np.ndarray, pool: int, n: int, seed: int) -> list[int]:
    """Cluster; visit clusters by fewest labels, then size; take the row nearest to its 20 neighbours inside."""
    from sklearn.cluster import MiniBatchKMeans

    count = min(len(embed) - pool + n, 500)
    cluster = MiniBatchKMeans(count, batch_size=5000, n_init=1, random_state=seed).fit_predict(embed)
    labels, size = np.bincount(cluster[pool:], minlength=count), np.bincount(cluster, minlength=count)
    order = np.lexsort((-size, labels, size < 5))[:n]
    return [_most_typical(embed, np.flatnonzero(cluster[:pool] == one)) for one in order]


def _most_typical(embed: np.ndarray, members: np.ndarray) -> int:
    from sklearn.neighbors import NearestNeighbors

    near = max(1, min(20, len(members) // 2))
    rows = embed[members]
    gap = NearestNeighbors(n_neighbors=min(near + 1, len(rows))).fit(rows).kneighbors(rows)[0]
    return int(members[gap[:, 1:].mean(axis=1).argmin()])


TASKS = {
    "badge": _badge,
    "badge-formula": _badge_formula,
    "bait": _bait,
    "probcover": _probcover,
    "typiclust": _typiclust,
}
