"""Stop when the budget is spent."""

from __future__ import annotations

from dataclasses import dataclass

from querist.errors import BadInput
from querist.estimate.protocol import History, Verdict


@dataclass(frozen=True)
class Budget:
    """Stop when the model has its number of labels, or the labels have cost so much; audit labels count in the cost.

    >>> Budget(labels=100)(History()).sentence
    '0 of 100 labels'
    """

    labels: int | None = None
    cost: float | None = None

    def __post_init__(self) -> None:
        for name, value in (("labels", self.labels), ("cost", self.cost)):
            if value is not None and value <= 0:
                raise BadInput(f"the budget of {name} must be above 0: got {value}")

    def __call__(self, history: History) -> Verdict:
        """Compare what was spent."""
        last = history.versions[-1] if history.versions else None
        labels, cost = (last.labels, last.cost) if last else (0, 0.0)
        if self.labels is not None and (labels >= self.labels or self.cost is None):
            return Verdict(labels >= self.labels, f"{labels} of {self.labels} labels")
        if self.cost is not None:
            return Verdict(cost >= self.cost, f"a cost of {cost:g} of {self.cost:g}")
        return Verdict(False, "no budget is set")
