"""Which models a model goes on from: the log tells, so that it can rebuild each of them.

A learner that asks for it (``warm_start``) gets the model of the round before. The first of every ten rounds begins
anew: a study that is opened again then takes ten fits at most to have its last model, bit for bit, and a model never
leans on the first labels for ever. The first round of another learner begins anew too, and so does every fit after the
study has ended: the last model is one fit on all labels. What a model goes on from knows no label of the audit either.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

from querist.learners.protocol import Learner
from querist.store import Store
from querist.store.protocol import Published
from querist.study.settings import Settings

if TYPE_CHECKING:
    from querist.study.model import Model

ANEW = 10
"""Of so many rounds the first begins anew."""


class Stage(NamedTuple):
    """When a model was trained: the log position, and the number of items."""

    position: int
    items: int

    @staticmethod
    def of(made: Published) -> Stage:
        """Give the stage of a round's model."""
        return Stage(made.position, made.info["items"])


def forerunner(learner: Learner, settings: Settings, store: Store, round: int | None = None) -> Published | None:
    """Give a round, by default the current one, if the next goes on from its model; None if that begins anew."""
    if not getattr(learner, "warm_start", False) or settings.audit_mode == "final":
        return None
    made = store.published(round)
    return made if made and made.round % ANEW and made.info["learner"] == settings.learner_text else None


def line(learner: Learner, settings: Settings, store: Store) -> tuple[Stage, ...]:
    """Give the stages of the current model and of those it goes on from, the first before all others; none without."""
    made, found = store.published(), list[Stage]()
    while made is not None:
        found.append(Stage.of(made))
        own = made.info["learner"] == settings.learner_text  # else another learner looks at an older round
        made = forerunner(learner, settings, store, made.round - 1) if own else None
    return tuple(reversed(found))


def rebuilt(stages: tuple[Stage, ...], there: Model | None, fit: Callable[[Stage, Model | None], Model]) -> Model:
    """Train a model after those that it goes on from, as far as the one that is there is none of them."""
    done = () if there is None else there.line
    model = there if done and stages[: len(done)] == done else None
    for stage in stages[0 if model is None else len(done) :]:
        model = fit(stage, model)
    assert model is not None
    return model
