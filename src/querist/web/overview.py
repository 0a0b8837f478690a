"""The status page in numbers, from counters that are kept: nothing here reads the pool or the log whole."""

from __future__ import annotations

from querist.store.protocol import Published
from querist.study import Study
from querist.study.dashboard import accuracy_of
from querist.study.known import IMPORT
from querist.web.ledger import Ledger
from querist.web.models import Estimate, Person, Saved, StatusInfo, StopAdvice, Training
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
        estimate=_estimate(current),
        curve=rounds.curve(),
        saved=_saved(current),
        stop=_advice(current),
        training=training,
    )


def _estimate(current: Published | None) -> Estimate | None:
    """Give the accuracy of the current model, as far as the audit can tell."""
    found = accuracy_of({} if current is None else current.info)
    return None if found is None else Estimate.model_validate({name: found[name] for name in Estimate.model_fields})


def _saved(current: Published | None) -> Saved | None:
    """Give the comparison with random labels, where it comes to a number."""
    found = None if current is None else current.info.get("saved")
    if found is None or found["value"] is None or found["high"] is None:
        return None
    return Saved(factor=found["value"], low=found["low"], high=found["high"], sentence=found["sentence"])


def _advice(current: Published | None) -> StopAdvice | None:
    said = None if current is None else current.info.get("advice")
    return None if said is None else StopAdvice.model_validate(said)


def _sentence(items: int, labelled: int, leased: int, behind: int) -> str:
    news = f", {behind} {'answer' if behind == 1 else 'answers'} since the last training" if behind else ""
    out = f", {leased} with people" if leased else ""
    return f"{labelled:,} of {items:,} items labelled{out}{news}"
