"""The status page in numbers, from counters that are kept: nothing here reads the pool or the log whole."""

from __future__ import annotations

from querist.study import Study
from querist.study.known import IMPORT
from querist.web.ledger import Ledger
from querist.web.models import Person, StatusInfo, Training
from querist.web.rounds import Rounds


def status_info(study: Study, rounds: Rounds, ledger: Ledger, training: Training) -> StatusInfo:
    """Put the status together."""
    counts, models = study.store.counts(), rounds.models()
    current = study.store.published()
    behind = ledger.since(0 if current is None else current.position)
    items = counts.open + counts.answered + counts.aside
    return StatusInfo(
        sentence=_sentence(items, counts.answered, counts.leased, behind),
        items=items,
        labelled=counts.answered,
        aside=counts.aside,
        leased=counts.leased,
        remaining=counts.open + counts.aside,
        classes={str(name): ledger.classes[str(name)] for name in study.task.schema["labels"]},
        people=[Person(who=who, n=n) for who, n in ledger.people.most_common() if n and who != IMPORT],
        per_minute=ledger.per_minute(),
        round=0 if current is None else current.round,
        model=models[0] if models else None,
        models=models,
        behind=behind,
        estimate=None,
        curve=[],
        saved=None,
        stop=None,
        training=training,
    )


def _sentence(items: int, labelled: int, leased: int, behind: int) -> str:
    news = f", {behind} {'answer' if behind == 1 else 'answers'} since the last training" if behind else ""
    out = f", {leased} with people" if leased else ""
    return f"{labelled:,} of {items:,} items labelled{out}{news}"
