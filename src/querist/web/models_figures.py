"""What goes over the wire of the dashboard: the figures of ``Study.dashboard``, as the library computes them."""

from __future__ import annotations

from querist.web.models import CurvePoint, Said


class Ahead(Said):
    """The accuracy forecast after ``more`` labels, with a 90 % interval."""

    more: int
    value: float
    low: float
    high: float
    n: int


class Figure(Said):
    """A figure from audit items; ``value`` is null where they do not carry it, and ``why`` says what is missing."""

    metric: str
    value: float | None
    low: float
    high: float
    n: int
    confidence: float
    method: str
    why: str
    sentence: str


class ClassFigures(Said):
    """How good the model is at one class."""

    label: str | int
    precision: Figure
    recall: Figure
    f1: Figure


class Confusion(Said):
    """How many audit items of each class the model takes for which: rows of true and predicted class, and number."""

    cells: list[tuple[int, int, int]]
    n: int


class ReliabilityBin(Said):
    """Items of about equal confidence, and the share that is right."""

    confidence: float
    right: float
    low: float
    high: float
    n: int


class ReliabilityInfo(Said):
    """How sure the model is against how often it is right."""

    bins: list[ReliabilityBin]
    ece: float
    by_chance: float
    n: int
    sentence: str


class Reliabilities(Said):
    """Before and after tempering; null where there is none."""

    raw: ReliabilityInfo | None
    tempered: ReliabilityInfo | None


class PersonPace(Said):
    """The median seconds of a person's labels, with quartiles."""

    who: str
    median: float | None
    low: float | None
    high: float | None
    n: int


class PaceInfo(Said):
    """How fast people label; ``hours`` are labels in each hour up to ``until``, in milliseconds since 1970."""

    median: float | None
    n: int
    people: list[PersonPace]
    hours: list[int]
    until: int | None


class PairInfo(Said):
    """How far two people agree."""

    who: str
    other: str
    items: int
    share: float
    low: float
    high: float
    kappa: float | None


class AgreementInfo(Said):
    """How far people agree on the items that they share."""

    items: int
    people: int
    share: float | None
    alpha: float | None
    low: float | None
    high: float | None
    pairs: list[PairInfo]
    sentence: str


class DashboardInfo(Said):
    """The figures; what the labels do not carry is null or empty, and ``why`` says what is missing."""

    round: int
    why: str
    classes: list[str | int]
    curve: list[CurvePoint]
    forecast: list[Ahead]
    by_class: list[ClassFigures]
    confusion: Confusion | None
    reliability: Reliabilities | None
    pace: PaceInfo
    agreement: AgreementInfo | None
