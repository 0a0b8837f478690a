"""The dashboard of a study in figures: what the audit proves of the current model, and how the people work.

All figures of the model come from audit items that it has not seen, as they were answered when it was trained: the
labels that a strategy chose would make it look far worse or better than it is, and are never counted.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from querist._arrays import Floats
from querist.estimate.agreement import agreement
from querist.estimate.by_class import by_class, confusion
from querist.estimate.curve import curve_of, forecast
from querist.estimate.looks import alpha_at
from querist.estimate.protocol import Codes, Estimate, History
from querist.estimate.reliability import reliability
from querist.store import Store
from querist.store.protocol import Published
from querist.study.audit import CONFIDENCE
from querist.study.known import Known
from querist.study.settings import Settings
from querist.view import Draw

POINTS = 50
"""Rounds of the learning curve, the last ones."""
AHEAD = 50
"""Labels that the forecast reaches ahead at least; half as many again as there are, where that is more."""
STEPS = 4


@dataclass(frozen=True)
class Dashboard:
    """The figures, each None or empty where the labels do not carry it; ``why`` then says what is missing.

    ``curve``: labels, value, low, high and n of each model's accuracy. ``forecast``: the same for labels to come, at 90
    % confidence. ``by_class``: precision, recall and F1, as estimates. ``confusion``: ``cells`` of [true class,
    predicted class, number], by place in ``classes``, and their sum n. ``reliability``: ``raw`` and ``tempered``, with
    their bins and calibration errors. ``pace``: seconds a label, and labels by hour. ``agreement``: alpha, and pairs.
    """

    round: int
    why: str
    classes: tuple[str | int, ...]
    curve: tuple[dict[str, Any], ...]
    forecast: tuple[dict[str, Any], ...]
    by_class: tuple[dict[str, Any], ...]
    confusion: dict[str, Any] | None
    reliability: dict[str, Any] | None
    pace: dict[str, Any]
    agreement: dict[str, Any] | None

    def facts(self) -> dict[str, Any]:
        """Give the figures as JSON."""
        return asdict(self)


@dataclass(frozen=True, eq=False)
class Audited:
    """What the current model said of the audit items that were answered when it was trained, and the answers.

    ``raw`` and ``tempered`` float64 [n] are the probabilities of the predicted classes, None where there are none.
    """

    truth: Codes
    predicted: Codes
    raw: Floats | None
    tempered: Floats | None


def dashboard_of(settings: Settings, known: Known, store: Store) -> Dashboard:
    """Put the figures together. Cost: that of reading what 50 rounds say of themselves, the audit, the shared items."""
    current = store.published()
    audited = _audited(settings, known, store, current)
    shared = known.shared()
    classes = tuple(known.task.schema["labels"])
    info: Mapping[str, Any] = {} if current is None else current.info
    found = {} if isinstance(audited, str) else _model_figures(audited, classes, settings, info)
    return Dashboard(
        round=0 if current is None else current.round,
        why=audited if isinstance(audited, str) else "",
        classes=classes,
        curve=tuple(curve(store, current)),
        forecast=tuple(info.get("forecast", ())),
        by_class=found.get("by_class", ()),
        confusion=found.get("confusion"),
        reliability=found.get("reliability"),
        pace=known.pace.facts(),
        agreement=agreement(shared, classes=known.task.classes).facts() if shared else None,
    )


def _audited(settings: Settings, known: Known, store: Store, current: Published | None) -> Audited | str:
    """Pair the answers of the audit with the current model's word on them; a sentence where that cannot be."""
    reserve = settings.held
    if reserve.mode == "sample":
        return "a search tells its recall from its random sample: figures by class need an audit, which it has not"
    if not reserve.share:
        return "this study has no audit: nothing can be said of the model without bias"
    if reserve.mode != "apart":
        return "the audit's answers train the model: figures by class need answers that it has not seen"
    raw = None if current is None else store.get(f"audit/{current.round}")
    if raw is None:
        return "no model has been scored yet"
    kept = json.loads(raw)
    if kept["classes"] != list(known.task.schema["labels"]):
        return "the classes have changed since the model was trained: the next model has figures again"
    then = reserve.order(known.pool.first(kept["items"]))[: min(kept["audited"], len(kept["predicted"]))]
    truth = known.codes[then]
    rows = np.flatnonzero(truth >= 0)
    if not len(rows):
        return "no audit item was answered when this model was trained"
    sure = [None if kept.get(name) is None else np.array(kept[name])[rows] for name in ("confidence", "tempered")]
    return Audited(truth[rows], np.array(kept["predicted"], np.int64)[rows], *sure)


def _model_figures(
    audited: Audited, classes: tuple[str | int, ...], settings: Settings, info: Mapping[str, Any]
) -> dict[str, Any]:
    """Give the figures of a model, with intervals that hold over all looks at once, as those of its accuracy do."""
    level = 1 - alpha_at(1 - CONFIDENCE, max(info.get("looks", 1), 1))
    truth, said = audited.truth, audited.predicted
    found = by_class(truth, said, classes=classes, confidence=level)
    return {
        "by_class": tuple(one.at(CONFIDENCE).facts() for one in found),
        "confusion": {"cells": confusion(truth, said, classes=len(classes)), "n": len(truth)},
        "reliability": _reliability(audited, Draw(settings.seed, len(truth)), level),
    }


def _reliability(audited: Audited, draw: Draw, level: float) -> dict[str, Any] | None:
    right = audited.truth == audited.predicted
    parts = {}
    for name, sure in (("raw", audited.raw), ("tempered", audited.tempered)):
        found = None if sure is None else reliability(sure, right, draw.rng("reliability"), level=level)
        parts[name] = None if found is None else found.facts()
    return parts if any(part is not None for part in parts.values()) else None


def curve(store: Store, current: Published | None) -> Iterator[dict[str, Any]]:
    """Give the accuracy of each of the last models that the audit could tell, oldest first."""
    last = 0 if current is None else current.round
    for number in range(max(last - POINTS, 0) + 1, last + 1):
        published = current if number == last else store.published(number)
        point = None if published is None else point_of(published.info)
        if point is not None:
            yield point


def accuracy_of(info: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """Find the accuracy among the estimates of a round; None without one that says something."""
    found = (one for one in info.get("estimates", ()) if one["metric"] == "accuracy" and one["value"] is not None)
    return next(found, None)


def point_of(info: Mapping[str, Any]) -> dict[str, Any] | None:
    """Give a round's point of the learning curve."""
    found = accuracy_of(info)
    if found is None:
        return None
    return {"labels": info["step"]["labels"], **{name: found[name] for name in ("value", "low", "high", "n")}}


def forecast_of(history: History, more: int, draw: Draw) -> Estimate:
    """Forecast the accuracy after ``more`` labels from the learning curve on the audit."""
    return forecast(curve_of(history, draw.rng("curve")), more, draw.rng("forecast"))


def forecasts(history: History, draw: Draw) -> list[dict[str, Any]]:
    """Forecast the accuracy at some numbers of labels to come, as ``Study.forecast`` does; none before a curve fits.

    ``more`` counts the labels from the current model on.
    """
    fitted = curve_of(history, draw.rng("curve"))
    if fitted is None:
        return []
    reach = max(AHEAD, fitted.labels // 2)
    steps = [round(reach * at / STEPS) for at in range(1, STEPS + 1)]
    found = ((more, forecast(fitted, more, draw.rng("forecast"))) for more in steps)
    return [{"more": more, "value": one.value, "low": one.low, "high": one.high, "n": one.n} for more, one in found]
