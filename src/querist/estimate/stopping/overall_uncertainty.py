"""Stop when the model is sure of the pool."""

from __future__ import annotations

from dataclasses import dataclass

from querist.estimate.protocol import History, Verdict


@dataclass(frozen=True)
class OverallUncertainty:
    """Stop when the mean uncertainty of the current model on the stop set is low.

    Formula: mean of entropy / log C below ``threshold``, from ``least`` labels on. It believes the model: use it with
    calibrated probabilities only. Cost: O(S). Source: Zhu, Wang, Hovy & Ma 2010.

    >>> OverallUncertainty()(History()).sentence
    'not enough yet: no model'
    """

    threshold: float = 0.05
    least: int = 30

    def __call__(self, history: History) -> Verdict:
        """Average the uncertainty of the current model."""
        if not history.versions:
            return Verdict(False, "not enough yet: no model")
        last = history.versions[-1]
        if last.uncertainty is None or not len(last.uncertainty):
            return Verdict(False, "the model gives no probabilities: its uncertainty is not known")
        if last.labels < self.least:
            return Verdict(False, f"not enough yet: {last.labels} of at least {self.least} labels")
        mean = float(last.uncertainty.mean())
        if mean < self.threshold:
            return Verdict(True, f"the model is sure: mean uncertainty {mean:.3f} is below {self.threshold:g}")
        return Verdict(False, f"the model is unsure: mean uncertainty {mean:.3f}, not below {self.threshold:g}")
