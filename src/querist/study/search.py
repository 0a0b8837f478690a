"""A study that seeks one class: what is sought, what was found, what is left, when to stop."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from querist._arrays import Floats, Rows, to_numpy
from querist.errors import BadInput, near
from querist.estimate.protocol import Estimate
from querist.estimate.recall import certified, check_recall, expected_left, knee, left_of, members_needed, recall_of
from querist.strategies.protocol import Strategy
from querist.tasks import Label, Task
from querist.view import Need

if TYPE_CHECKING:
    from querist.study.known import Known
    from querist.study.model import Model
    from querist.study.settings import Settings

STOPS = ("knee", "certified")


@dataclass(frozen=True)
class Goal:
    """Find the members of one class, and stop when few are left.

    ``stop`` "knee" stops where reading has become much less rewarding: cheap, and without any guarantee. "certified"
    asks for a random sample first, until it holds ``members_needed`` members (45 for a recall of .95 at a confidence of
    .9), trains nothing on it, and stops when the search would have read all of them: the recall is then reached with
    that confidence. It costs about 45 / (share of the class) items more. Raises BadInput.

    >>> Goal("spam").facts()["recall"]
    0.95
    """

    target: Label
    recall: float = 0.95
    confidence: float = 0.9
    stop: str = "knee"

    def __post_init__(self) -> None:
        check_recall(self.recall)
        members_needed(self.recall, confidence=self.confidence)
        if self.stop not in STOPS:
            raise BadInput(f"no stopping rule of a search is called {self.stop!r}: {near(self.stop, STOPS)}")

    def facts(self) -> dict[str, Any]:
        """Give the goal as JSON."""
        return asdict(self)

    def strategy(self, task: Task, wish: Strategy | str | None, audit: float | str | None) -> str:
        """Name the strategy that seeks the target; raises BadInput for another wish, and for an unknown class."""
        if wish is not None or audit:
            raise BadInput("a search chooses by its own strategy, find, and has its own sample: leave strategy and "
                           "audit away, or the goal")  # fmt: skip
        classes = task.schema.get("labels", [])
        if task.schema["task"] != "classification" or self.target not in classes:
            raise BadInput(f"no class is called {self.target!r}: {near(str(self.target), [str(c) for c in classes])}")
        return f"find(target={list(classes).index(self.target)})"


class Choice(NamedTuple):
    """The items that the model chose, none where it did not; and the copies that have an answer to be offered."""

    batch: Sequence[str]
    copies: Collection[str] = ()


def found_of(
    known: Known, model: Model, settings: Settings, choice: Choice, before: Mapping[str, Any]
) -> dict[str, Any]:
    """Say for the log what the search has found, what it would have found of the sample, and whether to stop.

    A member of the sample counts as found once a
    batch was read whose last item was less probable: it would have been read with it.
    """
    goal = Goal(**(settings.goal or {}))
    code = list(known.task.schema["labels"]).index(goal.target)
    relevant = [label == goal.target for label in known.labels.values()]
    if settings.audit_mode != "sample":
        left = expected_left(_left(known, model, code, choice.copies))
        told = [_told(left)] if relevant else []  # without a label the model knows nothing
        return {"estimates": told, "advice": asdict(knee(relevant))}
    order = np.flatnonzero(known.reserved)
    members = order[known.codes[order] == code]
    hits = sorted({*before.get("hits", ()), *_read(known, before)} & _ids(known, members))
    hits = hits if (known.codes < 0).any() else sorted(_ids(known, members))
    recall = recall_of(len(hits), len(members))
    verdict = certified(len(hits), len(members), recall=goal.recall, confidence=goal.confidence)
    found = sum(relevant) - len(members)
    estimates = [recall.facts(), *([_told(_from_sample(found, recall))] if recall.value else [])]
    ahead = {"batch": list(choice.batch), "hits": sorted(_hits(known, model, members, choice.batch, code=code))}
    return {"estimates": estimates, "advice": asdict(verdict), "hits": hits, "ahead": ahead}


def _read(known: Known, before: Mapping[str, Any]) -> set[str]:
    """Name the members of the sample that the last batch reached; none unless all of it was answered or set aside."""
    ahead = before.get("ahead", {"batch": [], "hits": []})
    gone = all(item in known.labels or item in known.aside for item in ahead["batch"])
    return set(ahead["hits"]) if gone else set()


def _left(known: Known, model: Model, code: int, copies: Collection[str]) -> Floats:
    """Give the probabilities of the unread items, but for copies of those that were read."""
    unread = known.codes < 0
    unread[known.pool.rows(list(copies))] = False
    return _probs(model, np.flatnonzero(unread), code)


def _probs(model: Model, rows: Rows, code: int) -> Floats:
    needs: frozenset[Need] = frozenset({"probs"})
    if not len(rows):
        return np.empty(0)
    return np.asarray(to_numpy(model.predictor.predict(model.encoded.features[rows], needs)["probs"])[:, code])


def _ids(known: Known, rows: Rows) -> set[str]:
    return {known.pool.ids[row] for row in rows.tolist()}


def _hits(known: Known, model: Model, members: Rows, batch: Sequence[str], *, code: int) -> set[str]:
    """Name the members of the sample that lie above the last item chosen."""
    if not len(batch) or not len(members):
        return set()
    cut = _probs(model, known.pool.rows(list(batch)), code).min()
    return _ids(known, members[_probs(model, members, code) > cut])


def _from_sample(found: int, recall: Estimate) -> Estimate:
    low, high = left_of(found, recall)
    value = found * (1 / (recall.value or 1.0) - 1)
    return Estimate("left", value, low, high, recall.n, recall.confidence, "the random sample")


def _told(left: Estimate) -> dict[str, Any]:
    """Say in words how many members are left."""
    most = "any number" if np.isinf(left.high) else f"{left.high:.0f}"
    ends = f"{left.low:.0f} to {most}, {100 * left.confidence:g} % confidence, by {left.method}"
    return left.facts() | {"sentence": f"about {left.value:.0f} members left unread ({ends})"}
