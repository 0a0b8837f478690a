"""What an estimate is, what a stopping rule sees, and what it says."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from querist._arrays import Floats

Codes: TypeAlias = NDArray[np.int64]
Interval: TypeAlias = tuple[float, float]

SURE_MISTAKE = float(-np.log(np.finfo(np.float64).eps))
"""The log loss of one sure mistake, 36.04 nats: probabilities are clipped at the epsilon of float64."""
RANGES: dict[str, Interval] = {"log_loss": (0.0, SURE_MISTAKE), "labels_saved": (0.0, float("inf"))}
"""The values that a metric can have; [0, 1] for those that are not named."""


@dataclass(frozen=True)
class Estimate:
    """A metric of the current model on the items that the sample stands for, with its interval.

    ``value`` is None when the labels do not carry a figure; ``why`` says what is missing. ``low`` and ``high`` hold the
    truth with probability ``confidence``; ``method`` names how, and says so when that is approximate. ``n`` counts the
    labels used.

    >>> Estimate("accuracy", 0.9, 0.8, 0.95, 60, 0.95, "exact").sentence
    'accuracy 90.0 % (80.0 to 95.0 %, 95 % confidence, 60 audit labels, exact)'
    >>> not_enough("accuracy", 0, 0.95, "no audit label yet").sentence
    'accuracy: not enough yet: no audit label yet'
    """

    metric: str
    value: float | None
    low: float
    high: float
    n: int
    confidence: float
    method: str
    why: str = ""

    @property
    def width(self) -> float:
        """The length of the interval."""
        return self.high - self.low

    @property
    def sentence(self) -> str:
        """The estimate in plain words."""
        name = self.metric.replace("_", " ")
        if self.value is None:
            return f"{name}: not enough yet: {self.why}"
        ends = f"{self._ends()}, {_percent(self.confidence)} confidence"
        labels = f"{self.n} audit {'label' if self.n == 1 else 'labels'}"
        note = f"; {self.why}" if self.why else ""
        return f"{name} {self._text(self.value)}{self._unit()} ({ends}, {labels}, {self.method}){note}"

    def _share(self) -> bool:
        return self.metric not in RANGES

    def _unit(self) -> str:
        return " %" if self._share() else ""

    def _text(self, value: float) -> str:
        return f"{100 * value:.1f}" if self._share() else f"{value:.3g}"

    def _ends(self) -> str:
        if np.isinf(self.high):
            return f"at least {self._text(self.low)}{self._unit()}"
        return f"{self._text(self.low)} to {self._text(self.high)}{self._unit()}"

    def facts(self) -> dict[str, Any]:
        """Give the estimate as JSON, an endless interval with None for its end."""
        ends = {"low": self.low, "high": None if np.isinf(self.high) else self.high}
        return {**asdict(self), **ends, "sentence": self.sentence}


def _percent(share: float) -> str:
    return f"{100 * share:.4g} %"


def not_enough(metric: str, n: int, confidence: float, why: str) -> Estimate:
    """Say that the labels do not carry a figure: no value, and the whole range of the metric."""
    low, high = RANGES.get(metric, (0.0, 1.0))
    return Estimate(metric, None, low, high, n, confidence, "none", why)


@dataclass(frozen=True, eq=False)
class Version:
    """One trained model, as the stopping rules see it.

    ``labels`` it was trained on; ``predicted`` int64 [S]: its class for each item of the stop set, in audit order, −1
    for an item that was not there yet; ``uncertainty`` float64 [S]: the entropy of its prediction over log C, in
    [0, 1], None where the learner gives no probabilities; ``audited``: audit labels there when it was trained;
    ``cost``: what the labels had cost by then; ``classes``: the label set that the codes refer to.
    """

    labels: int
    predicted: Codes
    uncertainty: Floats | None = None
    audited: int = 0
    cost: float = 0.0
    classes: tuple[str | int, ...] = ()


@dataclass(frozen=True, eq=False)
class History:
    """What a study has seen: its models, oldest first, and the audit answers.

    The stop set are S items in a fixed random order that no strategy may choose and no model is trained on: a uniform
    sample of the pool. ``truth`` int64 [n] holds the classes of its first n, −1 for one that people could not label.
    ``pool`` is the number of items N (None: without end), ``left`` those that can still be asked.

    >>> one = Version(10, np.array([0, 1, 1]))
    >>> History((one,), np.array([0, 0]), pool=100).right(one).tolist()
    [True, False]
    """

    versions: tuple[Version, ...] = ()
    truth: Codes = field(default_factory=lambda: np.empty(0, np.int64))
    pool: int | None = None
    left: int | None = None

    def comparable(self) -> tuple[Version, ...]:
        """Give the latest versions that share the present label set: codes of another set mean something else."""
        if not self.versions:
            return ()
        last = self.versions[-1].classes
        same = [version.classes == last for version in self.versions]
        start = len(same) - same[::-1].index(False) if False in same else 0
        return self.versions[start:]

    def right(self, version: Version) -> NDArray[np.bool_]:
        """Tell for each audit answer whether a version predicts it; bool [n], items without an answer left out."""
        n = min(len(self.truth), len(version.predicted))
        truth, said = self.truth[:n], version.predicted[:n]
        return np.asarray((truth == said)[(truth >= 0) & (said >= 0)])

    def outcomes(self) -> NDArray[np.bool_]:
        """Tell whether each comparable version is right on each audit item that all of them predicted; bool [V, n]."""
        versions = self.comparable()
        n = min([len(self.truth), *(len(v.predicted) for v in versions)])
        truth = self.truth[:n]
        said = np.array([v.predicted[:n] for v in versions], np.int64).reshape(len(versions), n)
        use = (truth >= 0) & (said >= 0).all(axis=0)
        return np.asarray(said[:, use] == truth[use])


@dataclass(frozen=True)
class Verdict:
    """Whether to stop, and one plain sentence why."""

    stop: bool
    sentence: str


Stop: TypeAlias = Callable[[History], Verdict]
