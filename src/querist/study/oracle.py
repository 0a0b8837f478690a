"""The whole loop in one call: an oracle answers what the study asks."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, TypeAlias

from querist.study.facts import Status, Step
from querist.study.stretches import answered
from querist.tasks import Answer

if TYPE_CHECKING:
    from querist.study.loop import Study

Oracle: TypeAlias = Callable[[Sequence[str]], Sequence[Answer]]
"""Answers items by their ids; it may be noisy, leave items out, and carry cost. It answers whole items: where stretches
are asked, ``run`` cuts the answers down to them."""


def run(study: Study, oracle: Oracle, budget: int, *, on_step: Callable[[Step], None] | None = None) -> Status:
    """Label until ``budget`` items have a label or none is left: step, ask, tell, repeat."""
    while True:
        step = study.step()
        if on_step is not None:
            on_step(step)
        wanted = min(study.batch, budget - step.labels)
        queries = study.ask(wanted, who="oracle") if wanted > 0 else []
        fresh = [query.id for query in queries if not _set_aside(study, query.id)]
        told = [replace(a, who=a.who or "oracle") for a in oracle(fresh)] if fresh else []
        answers = answered(study, queries, told)
        study.record(answers)
        study.store.release("oracle")
        if not answers:
            return study.status()


def _set_aside(study: Study, item: str) -> bool:
    kinds = {answer.kind for answer in study.answers(item)}
    return bool(kinds) and "label" not in kinds
