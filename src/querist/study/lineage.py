"""Which models a model goes on from: the log tells, so that it can rebuild each of them.

A learner that asks for it (``warm_start``) gets the model of the round before. The first of every ten rounds begins
anew: a study that is opened again then takes ten fits at most to have its last model, bit for bit, and a model never
leans on the first labels for ever. So does a round when a label that the last model was taught was corrected or taken
back since, or may train no more: what a model goes on from knows no label of the audit either, nor of the sample of a
certified search, which may grow by labels that had trained. (Where several people answer an item, their consensus is
such a label.) The first round of another learner, or of one whose file was replaced, begins anew too, and so does every
fit after the study has ended: the last model is one fit on all labels.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

from querist.learners.protocol import Learner
from querist.store import Store
from querist.store.protocol import Published
from querist.study.settings import Settings

if TYPE_CHECKING:
    from querist.study.known import Known
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


def goes_on(learner: Learner, settings: Settings, store: Store, known: Known) -> bool:
    """Say whether the next round goes on from the model of the current one; costs a reading of the log."""
    made = store.published()
    if not getattr(learner, "warm_start", False) or settings.audit_mode == "final" or made is None:
        return False
    if not made.round % ANEW or made.info["learner"] != settings.learner_text:
        return False
    if made.info.get("read") != getattr(learner, "version", None):  # another file, by the same name
        return False
    return stands(known.as_of(*Stage.of(made), store.events()), known)


def stands(then: Known, now: Known) -> bool:
    """Say whether every label that might train then may train now, and is still the same."""
    items = [then.pool.ids[row] for row in then.labelled.tolist()]
    may = now.trains[now.pool.rows(items)]
    return bool(may.all()) and all(item in now.labels and now.labels[item] == then.labels[item] for item in items)


def line(settings: Settings, store: Store) -> tuple[Stage, ...]:
    """Give the stages of the current model and of those it goes on from, the first before all others; none without."""
    made = store.published()
    if made is None:
        return ()
    if settings.audit_mode == "final" or made.info["learner"] != settings.learner_text:
        return (Stage.of(made),)  # another learner looks at an older round
    return tuple(Stage(*stage) for stage in made.info.get("line", [Stage.of(made)]))


def rebuilt(stages: tuple[Stage, ...], there: Model | None, fit: Callable[[Stage, Model | None], Model]) -> Model:
    """Train a model after those that it goes on from, as far as the one that is there is none of them."""
    done = () if there is None else there.line
    model = there if done and stages[: len(done)] == done else None
    for stage in stages[0 if model is None else len(done) :]:
        model = fit(stage, model)
    assert model is not None
    return model
