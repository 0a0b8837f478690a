"""Stop when more labels are expected to bring less than they cost."""

from __future__ import annotations

from dataclasses import dataclass

from querist.estimate.curve import MODELS, curve_of, gain
from querist.estimate.protocol import History, Verdict
from querist.estimate.sample import FEW
from querist.view import Draw


@dataclass(frozen=True)
class ExpectedGain:
    """Stop when the next labels would bring less accuracy than a label is worth.

    Formula: the upper limit of the gain of the next ``labels`` labels, on a power law through the audited accuracies,
    is below price · labels; ``price`` is the accuracy that a label must bring: 0.0002 is one point for 50 labels. Cost:
    that of ``fit_curve``. Source: the cost-based stop after Pullar-Strecker 2021.

    >>> ExpectedGain()(History()).sentence
    'what more labels bring cannot be told yet: that needs 4 models (0 now) and 30 audit labels (0 now)'
    """

    price: float = 0.0002
    labels: int = 50
    confidence: float = 0.9

    def __call__(self, history: History) -> Verdict:
        """Forecast the gain from the learning curve."""
        curve = curve_of(history, Draw(0, len(history.versions)).rng("expected gain"))
        if curve is None:
            sizes = {version.labels for version in history.comparable() if version.labels > 0}
            needs = f"{MODELS} models ({len(sizes)} now) and {FEW} audit labels ({history.outcomes().shape[1]} now)"
            return Verdict(False, f"what more labels bring cannot be told yet: that needs {needs}")
        _, _, high = gain(curve, self.labels, confidence=self.confidence)
        worth = self.price * self.labels
        most = f"the next {self.labels} labels bring at most {100 * high:.2f} points of accuracy"
        if high < worth:
            return Verdict(True, f"{most}: less than the {100 * worth:.2f} that they must bring")
        return Verdict(False, f"{most}: not less than the {100 * worth:.2f} that they must bring")
