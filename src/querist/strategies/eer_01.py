"""Expected error reduction, by the share of errors: the label that leaves fewest."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from querist._arrays import Array
from querist.scores.expected_error import zero_one
from querist.strategies._expected_error import score_by_error
from querist.strategies._limits import check_number
from querist.strategies.protocol import About, Strategy
from querist.view import Draw, Need, View


@dataclass(frozen=True)
class Eer01(Strategy):
    """Prefer the rows whose label would leave fewest errors on the rest of the pool, on average over labels.

    Formula: s = −Σ_y p_y · mean_{t ∈ U∖x} (1 − max_c p⁺ʸ(c|t)), p⁺ʸ the model fitted to the labelled rows and (x, y).
    The model is the linear softmax of ``head`` on ``embed``, fitted under the penalty ½·prior·‖W‖² with free
    intercepts: every p⁺ʸ is its exact refit, found in a few Newton steps from one shared Hessian. ``prior`` None takes
    the head's, or 1 (scikit-learn's C = 1) when it names none. A head with one logit [1, D] is that of class 1 against
    class 0. The head counts as the optimum for the answered rows; a class without a label counts as seen 1/C times at
    the origin, as in the learner linear.
    U is the targets that nobody was asked about: the pool, or a sample of it, and then the mean is what estimates the
    sum over U. Range: [−(1 − 1/C), 0].
    Cost: O(N·C²·T·Q + N·C·(C·L·Q + P²)), Q = min(L, D) + 2, P = (C − 1)·Q; three [P, P] matrices, at most
    ``max_bytes``, and two blocks. Raises BadInput, BadEvidence. Source: Roy & McCallum 2001.

    >>> import numpy as np, querist
    >>> head = querist.Head(np.array([[-1.0], [1.0]]), np.zeros(2))
    >>> embed, asked = np.array([[0.1], [-3.0], [0.2]]), {"embed": np.array([[-1.0], [1.0]])}
    >>> querist.choose("eer-01", 1, embed=embed, head=head, labelled=asked, labels=[0, 1]).value.round(4).tolist()
    [-0.1197]
    """

    prior: float | None = None
    max_bytes: int = 2 * 2**30

    needs: ClassVar[frozenset[Need]] = frozenset({"embed", "head"})
    context: ClassVar[frozenset[str]] = frozenset({"labelled", "targets"})
    about: ClassVar[About] = About(
        "expected error", "−Σ_y p_y Σ_{U∖x} (1 − max_c p⁺ʸ)", "O(N·T·C²·min(L, D))", "Roy & McCallum 2001"
    )

    def __post_init__(self) -> None:
        check_number("prior", self.prior)

    def score(self, view: View, draw: Draw) -> Array:
        """Score each row by the share of errors that its label would leave, negated; [N]."""
        return score_by_error(view, zero_one, name="eer-01", prior=self.prior, max_bytes=self.max_bytes)
