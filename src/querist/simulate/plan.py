"""The plan of a simulation: what is compared, and under which protocol."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, fields
from operator import index
from typing import Any, cast

from querist._load import spec_of
from querist._query import resolve as resolve_strategy
from querist.embed import fitted_as
from querist.errors import BadInput, near
from querist.learners import resolve as resolve_learner
from querist.learners.protocol import Learner
from querist.strategies.protocol import Strategy, evidence_for
from querist.tasks import Task, named


@dataclass(frozen=True)
class Plan:
    """What a simulation compares, and how.

    ``strategies`` and ``learner`` (None: the task's own) are specifications or objects; ``encoder`` describes images
    or texts (see ``querist.embed``: ``image_encoder``, ``text_encoder``). ``initial`` items are labelled before the
    first round, chosen by ``initial_by``: "random", "stratified" (each class first, then in proportion) or a strategy,
    which then chooses without any label. Rounds of ``batch`` items follow until ``budget`` labels (initial set
    included; None: the whole training part), until the cost reaches ``spend``, or until nothing is left to ask. Each of
    ``seeds`` has its own split, ``test_size`` of the items for testing (``stratify``: the same share of each class),
    and its own initial set: both are the same for every strategy. ``noise`` is the share of wrong answers, ``missing``
    of "unsure" ones. With several ``annotators`` each round is answered by the next of them: their shares of wrong
    answers are spread evenly from 0 to twice the noise, up to ``overlap`` of them may label an item, every answer
    counts as a label, and people agree on the consensus. ``audit`` is the share of labels drawn at random that trains
    nothing (see ``Study``). ``cost`` is what is counted beside labels: items, the task's own unit, or seconds (a column
    "seconds" of the data); where it is not items, the curves are drawn against it, and in seconds a study
    learns what an answer takes, for strategies such as ``per-cost``.

    For the summary: ``metric`` (default: the task's first), ``targets`` in its unit, ``shares`` of the value with all
    labels, ``window`` rounds of smoothing before a target counts as reached.

    Raises BadInput.

    >>> Plan(strategies=("random", "margin"), seeds=range(3)).seeds
    (0, 1, 2)
    """

    strategies: tuple[str | Strategy, ...]
    learner: str | Learner | None = None
    encoder: str | None = None
    task: str | Task = "classification"
    initial: int = 20
    initial_by: str = "random"
    batch: int = 10
    budget: int | None = None
    spend: float | None = None
    seeds: tuple[int, ...] = tuple(range(10))
    test_size: float = 0.4
    stratify: bool = True
    noise: float = 0.0
    missing: float = 0.0
    annotators: int = 1
    overlap: int = 1
    audit: float = 0.0
    cost: str = "items"
    metric: str | None = None
    targets: tuple[float, ...] = (0.7, 0.8, 0.85, 0.9, 0.95, 0.96, 0.97, 0.98, 0.99)
    shares: tuple[float, ...] = (0.9, 0.95, 0.98, 0.99)
    window: int = 3

    def __post_init__(self) -> None:
        if self.learner is None:
            object.__setattr__(self, "learner", _task_of(self.task).learner)
        for name in ("strategies", "seeds", "targets", "shares"):
            object.__setattr__(self, name, _tuple(name, getattr(self, name)))
        object.__setattr__(self, "seeds", tuple(_whole("each of seeds", seed) for seed in self.seeds))
        for name in ("initial", "batch", "budget", "window", "annotators", "overlap"):
            if getattr(self, name) is not None:
                object.__setattr__(self, name, _whole(name, getattr(self, name)))
        for name in ("targets", "shares"):
            object.__setattr__(self, name, tuple(float(value) for value in getattr(self, name)))
        self._check_choices()
        self._check_numbers()

    def _check_choices(self) -> None:
        names = [name_of(s) for s in self.strategies]
        if not names:
            raise BadInput("strategies must name one strategy or more: got none, see `querist strategies`")
        for word, values in (("strategy", names), ("seed", self.seeds)):
            twice = [v for i, v in enumerate(values) if v in values[:i]]
            if twice:
                raise BadInput(f"every {word} may be there once: {twice[0]!r} is there twice")
        if not self.seeds:
            raise BadInput("seeds must hold one seed or more: got none")
        costs = {"items", "seconds", _task_of(self.task).unit}
        if self.cost not in costs:
            task = self.task if isinstance(self.task, str) else self.task.schema["task"]
            raise BadInput(f"{task} has no cost in {self.cost!r}: {near(self.cost, costs)}")

    def _check_numbers(self) -> None:
        if self.initial < 0 or self.batch < 1:
            raise BadInput(f"initial must be 0 or more and batch 1 or more: got {self.initial} and {self.batch}")
        if self.budget is not None and self.budget < self.initial:
            raise BadInput(f"budget counts the initial set too: got {self.budget} with {self.initial} initial labels")
        if not 0.0 < self.test_size < 1.0:
            raise BadInput(f"test_size must be a share between 0 and 1: got {self.test_size}")
        if not 1 <= self.overlap <= self.annotators:
            counts = f"{self.overlap} and {self.annotators}"
            raise BadInput(f"overlap must lie between 1 and the number of annotators: got {counts}")
        if self.spend is not None:
            self._check_spend(self.spend)
        for name in ("noise", "missing"):
            if not 0.0 <= getattr(self, name) <= 1.0:
                raise BadInput(f"{name} must be a share between 0 and 1: got {getattr(self, name)}")

    def _check_spend(self, spend: float) -> None:
        if self.cost == "items":
            raise BadInput(
                "spend (--spend) is a budget of cost, and the cost here is counted in items: give budget (--budget), "
                "or another cost (--cost)"
            )
        if not 0.0 < spend < float("inf"):
            raise BadInput(f"spend (--spend) must be a number above 0, in {self.cost}: got {spend}")

    @property
    def unit(self) -> str:
        """What budgets and curves are counted in beside labels, in words: "labels" where that is all."""
        return "labels" if self.cost == "items" else self.cost

    @property
    def names(self) -> tuple[str, ...]:
        """The strategies as they are called in tables."""
        return tuple(name_of(s) for s in self.strategies)

    def facts(self) -> dict[str, Any]:
        """Write the plan as JSON."""
        values = {f.name: getattr(self, f.name) for f in fields(self)}
        words = {"strategies": list(self.names), "learner": name_of(self.learner, "learners")}
        plain = {k: list(v) if isinstance(v, tuple) else v for k, v in values.items()}
        return {**plain, **words, "task": self.task if isinstance(self.task, str) else dict(self.task.schema)}

    def protocol(self, *, full: bool = False) -> dict[str, Any]:
        """Write what decides a curve apart from the data, the split, the strategy and the seed.

        ``full``: what decides the fit on all labels.
        """
        encoder = fitted_as(self.encoder)
        fitted = {} if encoder is None else {"encoder": encoder}  # a frozen one is in the data's digest
        oracle = ("learner", "task", "noise", "missing", "cost")
        facts, plain = self.facts(), {f.name: f.default for f in fields(self)}
        later = (
            "annotators",
            "overlap",
            "audit",
            "spend",
        )  # left out where they are not used: curves kept before stay valid
        extra = {k: facts[k] for k in later if facts[k] != plain[k]}
        known = oracle if full else (*oracle, "initial", "initial_by", "batch", "budget")
        return {k: facts[k] for k in known} | fitted | ({} if full else extra)


def plan_of(options: dict[str, Any]) -> Plan:
    """Build a plan from keyword options; raises BadInput with the near names.

    >>> plan_of({"strategies": "margin"}).names
    ('margin',)
    """
    known = [f.name for f in fields(Plan)]
    for name in options:
        if name not in known:
            raise BadInput(f"simulate has no option {name!r}: {near(name, known)}")
    if "strategies" not in options:
        raise BadInput("simulate needs strategies=…: one name or several, see `querist strategies`")
    return Plan(**options)


def check_models(plan: Plan) -> None:
    """Fail before the first run where a strategy needs evidence that the learner does not give.

    Raises UnknownName, MissingEvidence.
    """
    provides = resolve_learner(plan.learner)[0].provides
    chosen = () if plan.initial_by in ("random", "stratified") else (plan.initial_by,)
    for strategy in (*plan.strategies, *chosen):
        rule, name = resolve_strategy(strategy)
        evidence_for(rule, name, provides | {"cost"} if plan.cost == "seconds" else provides)


def name_of(thing: object, kind: str = "strategies") -> str:
    """Name a strategy or learner as its specification, or as it prints.

    >>> name_of("margin")
    'margin'
    """
    return thing if isinstance(thing, str) else spec_of(thing, kind) or repr(thing)


def has_spec(thing: object, kind: str) -> bool:
    """Say whether a specification names the thing completely, so that its curves can be kept."""
    return isinstance(thing, str) or spec_of(thing, kind) is not None


def _task_of(task: str | Task) -> Task:
    """Give the task, or the class of that name: it says what holds for every task of its kind."""
    return cast(Task, named(task) if isinstance(task, str) else task)


def _whole(name: str, value: Any) -> int:
    """Take a whole number of any library as Python's, which JSON can write."""
    try:
        return index(value)
    except TypeError:
        raise BadInput(f"{name} must be a whole number: got {value!r}") from None


def _tuple(name: str, value: Any) -> tuple[Any, ...]:
    if isinstance(value, str):
        return (value,)
    if not isinstance(value, Iterable):
        raise BadInput(f"{name} must be several values, such as a list: got {value!r}")
    return tuple(value)
