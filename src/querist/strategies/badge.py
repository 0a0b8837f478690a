"""Uncertain and different at once: k-means++ on gradients of the last layer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from querist._arrays import Array, Floats, float64, namespace, to_numpy
from querist._parallel import WORTH
from querist.select.distance import packed, squared_to
from querist.select.kmeanspp import COMPILED, kmeanspp, kmeanspp_of_gradients
from querist.select.top import foremost, leaders
from querist.strategies.protocol import About, Strategy
from querist.view import Draw, Need, Selection, View


@dataclass(frozen=True)
class Badge(Strategy):
    """Draw rows by k-means++ on the gradient that their predicted label would give the last layer.

    Formula: g = (p − e_ŷ) ⊗ h with h = embed; P(x) ∝ min_{s ∈ S} ‖g_x − g_s‖², starting from the largest ‖g‖ as
    the published code does (the paper's k-means++ would draw it). g is never formed. Score: ‖g‖². When only copies
    of chosen gradients remain, the rest follows in random order. From n·N·(C + D) = 2²⁶ on the same distribution is
    drawn by rejection, which leaves most distances out, and the propensities are not known: None.
    Range: [0, ∞), in the squared units of embed. Cost: O(n·N·(C + D)). Source: Ash et al. 2020.

    >>> import querist
    >>> probs, embed = np.array([[0.5, 0.5], [1.0, 0.0], [0.6, 0.4]]), np.array([[2.0, 0.0], [5.0, 5.0], [0.0, 1.0]])
    >>> querist.choose("badge", 1, probs=probs, embed=embed, seed=0).value.round(4).tolist()
    [2.0]
    """

    needs: ClassVar[frozenset[Need]] = frozenset({"probs", "embed"})
    joint: ClassVar[bool] = True
    about: ClassVar[About] = About("hybrid batch", "D² sampling of (p − e_ŷ) ⊗ h", "O(n·N·(C + D))", "Ash et al. 2020")

    def score(self, view: View, draw: Draw) -> Array:
        """Score each row by its squared gradient norm ‖p − e_ŷ‖²·‖h‖²; [N]."""
        if isinstance(view.embed, np.ndarray) and view.embed.size >= WORTH:
            from querist.select._kmeanspp_kernel import gradients

            space = gradients(packed(to_numpy(view.probs)), packed(view.embed))
            return space.q_norm * space.h_norm
        error, h = residual(view.probs), float64(view.embed)
        xp = namespace(error, h)
        return xp.sum(error * error, axis=-1) * xp.sum(h * h, axis=-1)

    def select(self, view: View, scores: Floats, *, n: int, draw: Draw) -> Selection:
        """Choose min(n, N) distinct rows; the first of largest score, the others drawn."""
        n = min(n, len(view))
        if n == 0:
            return Selection(np.empty(0, np.intp), np.empty(0))
        ties = draw.uniform(view.keys, "ties")
        probs, embed, rng = to_numpy(view.probs), to_numpy(view.embed), draw.rng("badge")
        first = foremost(scores, ties)
        if n * (probs.size + embed.size) >= COMPILED:
            chosen = kmeanspp_of_gradients((probs, embed), first, n=n, ties=ties, rng=rng)
        else:
            chosen = kmeanspp(Gradients.of(residual(probs), embed).squared, first, n=n, ties=ties, rng=rng)
        value, propensity = chosen.value.copy(), chosen.propensity
        value[0] = scores[first]
        if propensity is not None:
            propensity = np.append(1.0 / len(leaders(scores)), propensity[1:])
        return Selection(chosen.rows, value, propensity, "would change the model much, and unlike the others chosen")


def residual(probs: Array) -> Array:
    """Compute p − e_ŷ, the gradient of the loss by the logits if the predicted label were right; [N, C].

    >>> residual(np.array([[0.75, 0.25]])).tolist()
    [[-0.25, 0.25]]
    """
    p = float64(probs)
    xp = namespace(p)
    classes = xp.arange(p.shape[-1], device=p.device) if hasattr(p, "device") else xp.arange(p.shape[-1])
    best = classes[None, :] == xp.argmax(p, axis=-1)[:, None]
    return xp.where(best, p - 1.0, p)


@dataclass(frozen=True, eq=False)
class Gradients:
    """The products q_i ⊗ h_i, kept as their factors: residuals [N, C] and embeddings [N, D], with squared norms [N]."""

    q: Floats
    h: Floats
    q_norm: Floats
    h_norm: Floats

    @staticmethod
    def of(q: Floats, h: Floats) -> Gradients:
        """Prepare the norms; O(N·(C + D))."""
        zero_q, zero_h = np.zeros(q.shape[1]), np.zeros(h.shape[1])
        return Gradients(q, h, squared_to(q, zero_q), squared_to(h, zero_h))

    def squared(self, row: int) -> Floats:
        """Compute ‖q_i ⊗ h_i − q_j ⊗ h_j‖² of every row i to one row j; [N], O(N·(C + D)).

        With means (m) and differences (d) of the factors it is |d_q|²|m_h|² + |m_q|²|d_h|² + 2(d_q·m_q)(d_h·m_h):
        exactly 0 between copies, where the difference of the products' norms would leave rounding.
        """
        d_q = squared_to(self.q, self.q[row])
        d_h = squared_to(self.h, self.h[row].astype(np.float64))
        m_q = (2 * self.q_norm + 2 * self.q_norm[row] - d_q) / 4
        m_h = (2 * self.h_norm + 2 * self.h_norm[row] - d_h) / 4
        cross = (self.q_norm - self.q_norm[row]) * (self.h_norm - self.h_norm[row]) / 2
        return np.asarray(np.maximum(d_q * m_h + m_q * d_h + cross, 0.0))
