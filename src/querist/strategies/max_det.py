"""Rows that explain each other least: the largest determinant."""

from __future__ import annotations

from dataclasses import dataclass
from math import isfinite
from typing import ClassVar

from querist._arrays import Array, Floats, to_numpy
from querist.errors import BadInput
from querist.select.determinant import greedy_determinant
from querist.select.distance import COMPILED, packed
from querist.select.herding import spread
from querist.select.process import Process
from querist.strategies._coverage import check_sigma, labelled_embed, targets_of
from querist.strategies.protocol import About, Strategy
from querist.view import Draw, Need, Selection, View


@dataclass(frozen=True)
class MaxDet(Strategy):
    """Choose the row that those labelled and chosen explain least, again and again: greedy for the largest determinant.

    Formula: arg max_x k(x, x) − k(x, A)·(K_AA + σ²·I)⁻¹·k(A, x), A = L ∪ S, the posterior variance of a Gaussian
    process with noise σ²; the same as the greedy choice for det(K_AA + σ²·I), the mode of a determinantal point
    process. ``kernel`` "rbf": exp(−‖x − y‖²/``sigma``²), sigma None as for maxherding; "linear": x·y on embed as it is,
    which can tell at most D directions apart. ``noise`` is σ², in units of k. Rows explained to within rounding come
    last. Score: the variance given the labelled rows. Range: [0, max k(x, x)]. Cost: O(N·(L·D + L²) + L³) to score,
    O(n·N·(D + n)) to choose, rbf with O(n·N·L·D) more; memory O(N·(D + n)). Raises BadInput unless the kernel is known,
    σ > 0, noise > 0. Source: Chen, Zhang & Zhou 2018 (MAP of a DPP); Holzmüller et al. 2023.

    >>> import numpy as np, querist
    >>> points = np.array([[0.1], [5.0], [5.2]])
    >>> querist.choose("max-det(sigma=1.0)", 3, embed=points, seed=0).value.round(4).tolist()
    [1.0, 1.0, 0.086]
    """

    kernel: str = "rbf"
    sigma: float | None = None
    noise: float = 0.01

    needs: ClassVar[frozenset[Need]] = frozenset({"embed"})
    context: ClassVar[frozenset[str]] = frozenset({"labelled", "targets"})
    joint: ClassVar[bool] = True
    cold: ClassVar[str | None] = None
    about: ClassVar[About] = About(
        "coverage", "max k(x, x) − k(x, A)(K_AA + σ²I)⁻¹k(A, x)", "O(n·N·(D + n))", "Chen et al. 2018; Holzmüller 2023"
    )

    def __post_init__(self) -> None:
        check_sigma(self.sigma)
        if self.kernel not in ("rbf", "linear"):
            raise BadInput(f"kernel must be 'rbf' or 'linear': got {self.kernel!r}")
        if not (isinstance(self.noise, int | float) and isfinite(self.noise) and self.noise > 0):
            raise BadInput(f"noise must be a positive number: got {self.noise!r}")

    def score(self, view: View, draw: Draw) -> Array:
        """Score each row by its variance given the labelled rows; [N]."""
        return self._process(view).variance(to_numpy(view.embed))

    def select(self, view: View, scores: Floats, *, n: int, draw: Draw) -> Selection:
        """Choose min(n, N) distinct rows, the least explained first; ``scores`` are those of ``score``."""
        embed, process, n = to_numpy(view.embed), self._process(view), min(n, len(view))
        ties = draw.uniform(view.keys, "ties")
        if self.kernel == "linear" and n * embed.size >= COMPILED:
            from querist.select import _determinant_kernel as compiled

            rows, value = compiled.greedy_determinant(packed(embed), process, scores, n=n, ties=ties)
        else:
            rows, value = greedy_determinant(process.columns(embed), scores, n=n, noise=self.noise, ties=ties)
        return Selection(rows, value, reason="explained least by everything labelled or chosen")

    def _process(self, view: View) -> Process:
        sigma = self.sigma
        if self.kernel == "rbf" and sigma is None:
            targets = targets_of(view)
            sigma = spread(to_numpy(targets.embed), targets.keys)
        return Process.given(labelled_embed(view), sigma=sigma if self.kernel == "rbf" else None, noise=self.noise)
