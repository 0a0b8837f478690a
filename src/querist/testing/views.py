"""Random but valid evidence for any strategy, made from what it declares."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from querist._arrays import Rows
from querist._draw import keys_of
from querist._query import default_targets
from querist.strategies.protocol import Strategy
from querist.view import NEEDS, Head, Need, Ragged, Round, View

LABELLED = 6
Change: TypeAlias = Callable[[str, NDArray[Any]], Any]
"""A function of the name of an array (``probs``, ``elements``, ``head.weight`` …) and the array itself."""


@dataclass(frozen=True)
class Sizes:
    """The axes of made-up evidence; ``committee``: elements have a member axis, as those of several models do."""

    classes: int = 3
    members: int = 4
    features: int = 5
    committee: bool = False


def limit(strategy: Strategy, sizes: Sizes) -> Sizes:
    """Fit the number of classes to what a strategy is defined for; one that compares models sees members of elements.

    A strategy that names one class by its place, ``target``, sees that class.

    >>> from querist.strategies.margin import Margin
    >>> limit(Margin(), Sizes(classes=9)).classes
    9
    """
    most = strategy.most_classes
    several = strategy.about.family in ("committee", "bayesian")
    classes = max(min(sizes.classes, most or sizes.classes), getattr(strategy, "target", 0) + 1)
    return replace(sizes, classes=classes, committee=sizes.committee or several)


def make_view(
    strategy: Strategy, n: int, *, seed: int = 0, sizes: Sizes | None = None, needs: Iterable[Need] | None = None
) -> View:
    """Make a view of n rows that has what a strategy needs and the context it asks for, and nothing else.

    ``needs`` overrides the evidence (default: the strategy's needs and the first of its ``either``). The ids are
    ``item_00``, ``item_01`` …; six labelled rows are called ``asked_0`` …, the last of them without an answer yet.
    Arrays are NumPy float64. There are no more classes than the strategy is defined for.

    >>> from querist.strategies.margin import Margin
    >>> make_view(Margin(), 2).probs.shape
    (2, 3)
    """
    wanted = [*strategy.needs, *strategy.either[:1]] if needs is None else needs
    rng, shape = np.random.default_rng(seed), limit(strategy, sizes or Sizes())
    view = make_rows([f"item_{i:02d}" for i in range(n)], wanted, rng, shape)
    return with_context(view, strategy.context, rng, shape)


def make_rows(ids: list[str], needs: Iterable[Need], rng: np.random.Generator, sizes: Sizes) -> View:
    """Make rows without context."""
    counts = rng.integers(0, 5, len(ids))
    # sorted, because the order of a set of names differs between processes and would change the numbers
    evidence: dict[Need, Any] = {need: _MAKERS[need](rng, counts, sizes) for need in sorted(needs)}
    return View.of(evidence, ids=ids)


def with_context(view: View, context: Iterable[str], rng: np.random.Generator, sizes: Sizes) -> View:
    """Add the parts of the context that are named."""
    names: list[Need] = [need for need in view.evidence() if need != "head"]
    asked = make_rows([f"asked_{i}" for i in range(LABELLED)], names, rng, sizes)
    labels = np.arange(LABELLED) % sizes.classes
    labels[-1] = -1
    parts: dict[str, Any] = {}
    if "asked" in context:
        parts |= {"labelled": View.of({}, ids=asked.ids), "labels": labels}
    if "labelled" in context:
        parts |= {"labelled": asked, "labels": labels}
    if "votes" in context:
        pairs = np.stack([np.tile([0, 1], LABELLED), np.repeat(np.abs(labels), 2)], axis=1)
        parts |= {"labelled": asked, "labels": labels, "votes": Ragged(pairs, np.arange(0, 2 * LABELLED + 1, 2))}
    if "outcomes" in context:
        parts |= {"labelled": asked, "outcomes": np.append(rng.normal(size=LABELLED - 1), np.nan)}
    if "group" in context:
        parts["group"] = rng.integers(0, 1 + len(view) // 3, len(view))
    if "time" in context:
        parts["time"] = rng.integers(0, 2 * len(view) + 1, len(view)).astype(np.float64)
    if "past" in context:
        parts["past"] = (Round(asked.keys, labels, np.linspace(1.0, 0.5, LABELLED), "random"),)
    view = replace(view, **parts)
    if view.labelled is not None:
        view = replace(view, labelled=_placed(view, rng))
    return replace(view, targets=default_targets(view)) if "targets" in context else view


def _placed(view: View, rng: np.random.Generator) -> View | None:
    """Say of the labelled rows too what is said of the others: group and time."""
    asked = view.labelled
    assert asked is not None
    group = None if view.group is None else rng.integers(0, 1 + len(view) // 3, len(asked))
    time = None if view.time is None else rng.integers(0, 2 * len(view) + 1, len(asked)).astype(np.float64)
    return replace(asked, group=group, time=time)


def change_arrays(view: View, change: Change) -> View:
    """Apply a change to every array of evidence, of the rows and of the context."""
    values: dict[str, Any] = {need: _changed(need, getattr(view, need), change) for need in NEEDS}
    for part in ("labelled", "targets"):
        other = getattr(view, part)
        values[part] = None if other is None else change_arrays(other, change)
    return replace(view, **values)


def relabel(view: View, ids: list[str]) -> View:
    """Give the rows other ids."""
    return replace(view, ids=ids, keys=keys_of(ids))


def repeat_rows(view: View, rows: Rows) -> View:
    """Take rows, some several times, as items of their own."""
    return relabel(view.take(rows), [f"item_{i:02d}" for i in range(len(rows))])


def sort_rows(view: View) -> View:
    """Sort the rows by key, as a study does."""
    return view.take(np.argsort(view.keys, kind="stable"))


def arguments(view: View) -> dict[str, Any]:
    """Write a view as keyword arguments of ``querist.query``: ids, group, time, evidence, labelled, labels, votes."""
    given: dict[str, Any] = {"ids": list(view.ids), **{str(need): value for need, value in view.evidence().items()}}
    if view.group is not None:
        given["group"] = view.group
    if view.time is not None:
        given["time"] = view.time
    if view.labelled is not None:
        labels = view.outcomes if len(view.outcomes) else view.labels
        placed = {name: getattr(view.labelled, name) for name in ("group", "time")}
        known = {name: value for name, value in placed.items() if value is not None}
        rows: dict[str, Any] = {**{str(need): value for need, value in view.labelled.evidence().items()}, **known}
        given |= {"labelled": rows, "labels": labels, "votes": view.votes}
    return given


def one_hot(name: str, value: NDArray[Any]) -> NDArray[Any]:
    """Change distributions to certain ones: 1 for the most probable class, 0 elsewhere."""
    return _certain(value.argmax(axis=-1), value) if name in DISTRIBUTIONS else value


def first_class(name: str, value: NDArray[Any]) -> NDArray[Any]:
    """Change distributions to certainty of the first class."""
    return _certain(np.zeros(value.shape[:-1], np.intp), value) if name in DISTRIBUTIONS else value


def _certain(classes: NDArray[np.intp], like: NDArray[Any]) -> NDArray[np.float64]:
    return np.asarray(np.eye(like.shape[-1])[classes])


def permute_classes(view: View, order: NDArray[np.intp]) -> View:
    """Name the classes in another order: new class c is the old class order[c]."""
    view = change_arrays(view, lambda name, value: _permuted(name, value, order))
    code = np.append(np.argsort(order), -1)  # the last place stands for -1, no answer
    votes = view.votes
    if votes is not None:
        votes = replace(votes, values=np.stack([votes.values[:, 0], code[votes.values[:, 1]]], axis=1))
    past = tuple(replace(r, labels=code[r.labels]) for r in view.past)
    return replace(view, labels=code[view.labels], votes=votes, past=past)


DISTRIBUTIONS = frozenset({"probs", "draws", "elements"})


def _permuted(name: str, value: NDArray[Any], order: NDArray[np.intp]) -> Any:
    if name == "decision" and value.shape[-1] == 1:
        return value if order[0] == 0 else -value
    if name in DISTRIBUTIONS or name == "decision":
        return value[..., order]
    if name in ("head.weight", "head.bias"):
        return value[order]
    if name == "head.covariance":
        width = len(value) // len(order) - 1
        cells = np.append(order[:, None] * width + np.arange(width), len(order) * width + order)
        return value[np.ix_(cells, cells)]
    return value


def _changed(name: str, value: Any, change: Change) -> Any:
    if value is None:
        return None
    if isinstance(value, Ragged):
        return replace(value, values=change(name, value.values))
    if isinstance(value, Head):
        covariance = None if value.covariance is None else change("head.covariance", value.covariance)
        return Head(change("head.weight", value.weight), change("head.bias", value.bias), covariance, value.prior)
    return change(name, value)


_Maker: TypeAlias = Callable[[np.random.Generator, NDArray[np.int64], Sizes], Any]


def _place_shape(counts: Rows, sizes: Sizes) -> tuple[int, ...]:
    """Places of a committee are boxes, one a member; others are the ends of a token."""
    total = int(counts.sum())
    return (total, sizes.members, 4) if sizes.committee else (total, 2)


def _starts(counts: NDArray[np.int64]) -> NDArray[np.int64]:
    return np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)


def _simplex(rng: np.random.Generator, *shape: int) -> NDArray[np.float64]:
    return rng.dirichlet(np.ones(shape[-1]), shape[:-1])


def _decision(rng: np.random.Generator, counts: NDArray[np.int64], sizes: Sizes) -> NDArray[np.float64]:
    return rng.normal(size=(len(counts), 1 if sizes.classes == 2 else sizes.classes))


def _mean_var(rng: np.random.Generator, counts: NDArray[np.int64], sizes: Sizes) -> NDArray[np.float64]:
    return np.stack([rng.normal(size=len(counts)), rng.uniform(0.1, 2.0, len(counts))], axis=1)


def _head(rng: np.random.Generator, counts: NDArray[np.int64], sizes: Sizes) -> Head:
    cells = sizes.classes * (sizes.features + 1)
    root = rng.normal(size=(cells, cells))
    weight = rng.normal(size=(sizes.classes, sizes.features))
    return Head(weight, rng.normal(size=sizes.classes), root @ root.T / cells + np.eye(cells), prior=0.5)


def _paths(rng: np.random.Generator, counts: NDArray[np.int64], sizes: Sizes) -> Ragged:
    runs = [np.sort(np.log(_simplex(rng, int(count) + 1)))[::-1] for count in counts]
    return Ragged(np.concatenate([np.empty(0), *runs]), _starts(counts + 1))


def _elements(rng: np.random.Generator, counts: NDArray[np.int64], sizes: Sizes) -> Ragged:
    members = (sizes.members,) if sizes.committee else ()
    return Ragged(_simplex(rng, int(counts.sum()), *members, sizes.classes), _starts(counts))


_MAKERS: dict[Need, _Maker] = {
    "probs": lambda rng, counts, sizes: _simplex(rng, len(counts), sizes.classes),
    "decision": _decision,
    "draws": lambda rng, counts, sizes: _simplex(rng, len(counts), sizes.members, sizes.classes),
    "mean_var": _mean_var,
    "embed": lambda rng, counts, sizes: rng.normal(size=(len(counts), sizes.features)),
    "head": _head,
    "elements": _elements,
    "places": lambda rng, counts, sizes: Ragged(rng.uniform(size=_place_shape(counts, sizes)), _starts(counts)),
    "paths": _paths,
    "cost": lambda rng, counts, sizes: rng.uniform(0.5, 2.0, len(counts)),
}
