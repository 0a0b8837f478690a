"""One step: train, score the pool, publish the next queue."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, NamedTuple

import numpy as np

import querist
from querist._arrays import Floats, Rows, to_numpy
from querist.estimate.protocol import Estimate
from querist.estimate.stopping import rule as stopping_rule
from querist.estimate.stopping.stabilising_predictions import StabilisingPredictions
from querist.learners.calibration import Tempered
from querist.learners.protocol import Learner, Predictor
from querist.store import Store
from querist.store.protocol import Claim, Published, Ranked, Ranking
from querist.strategies.find import Find
from querist.strategies.protocol import Strategy, evidence_for
from querist.study.audit import Reserve, Turn, answers, findings, history, saved, version
from querist.study.cold import Rule, Taught, rule_of
from querist.study.dashboard import forecasts
from querist.study.facts import Step
from querist.study.items import Encoded
from querist.study.known import Known
from querist.study.model import Model, calibrated, digest, train
from querist.study.past import past
from querist.study.prequential import so_far
from querist.study.price import price_of
from querist.study.representation import moved
from querist.study.round import Question, Seeing, choose, predict, question, queue, reserve_depth, told
from querist.study.search import Choice, found_of
from querist.study.settings import Settings
from querist.study.stretches import keep
from querist.study.twins import ASK, at_the_end, offered, once
from querist.tasks import Label
from querist.view import Draw, Need, Selection

QUICK = 0.25
"""Seconds that a model may take to train for each step to compare it with random labels, which trains 20 more."""


@dataclass(frozen=True, eq=False)
class Basis:
    """What a step stands on: the settings, the rule and the learner, what is known, the items as the learner eats them.

    ``digest`` names all that decides the round but the leases: the same name, the same step.
    """

    settings: Settings
    strategy: Strategy
    learner: Learner
    known: Known
    encoded: Encoded
    digest: str
    twins: Rows | None = None
    """The first item whose text each repeats; None where copies are asked like any other."""
    warm: Model | None = None
    """The model that the learner goes on from, where it does."""

    @property
    def reserve(self) -> Reserve:
        """Say which items are the audit's."""
        return self.settings.held


class Scored(NamedTuple):
    """The model that the audit scores, and the same with tempered probabilities, where these cost little."""

    model: Model
    tempered: Tempered | None


def digest_of(settings: Settings, position: int, items: int, encoder: tuple[str, ...] = ()) -> str:
    """Name all that decides a round but the leases."""
    s = settings
    parts = [s.learner_text, s.strategy_text, s.batch, s.seed, position, items, querist.__version__]
    parts += [s.audit] if s.audit else []
    parts += [s.duplicates] if s.duplicates != ASK else []
    parts += [s.audit_mode] if s.audit_mode != "apart" else []
    parts += [s.cost] if s.cost != "task" else []
    return json.dumps([*parts, *encoder])


def take(basis: Basis, store: Store) -> tuple[Step, Model]:
    """Take the step and publish its queue; raises LearnerFailed, and then nothing is published."""
    current, out = store.published(), store.leases()
    started = time.perf_counter()
    model = train(basis.learner, basis.settings, basis.known, basis.encoded, basis.warm)
    fitted = time.perf_counter()
    before = {} if current is None else current.info
    rule = _rule(basis, model, before)
    turn = Turn.of(basis.known, basis.reserve, {claim.item for claim in out}, basis.settings.batch)
    own = basis.settings.batch - turn.in_batch
    asked, later = _question(basis, model, rule, store, out), dict[str, str]()
    if basis.twins is not None:
        asked, later = once(asked, basis.twins, basis.known)
    ids, chosen = _choose(basis, asked, rule.strategy, own)
    done = time.perf_counter()
    number = 1 if current is None else current.round + 1
    known = basis.known
    step = Step(number, known.position, len(known.answered), rule.name, fitted - started, done - fitted)
    ranked = turn.mixed(queue(ids, chosen, batch=own, strategy=rule.name, known=known, out=out) + at_the_end(later))
    facts = told(chosen, own) | {"chosen": turn.in_batch + min(own, len(ids)), "out": sorted({c.item for c in out})}
    facts["cold"] = rule.cold
    scored = Scored(model, _tempered(basis, model, asked.predictor, quick=fitted - started <= QUICK))
    facts |= _audited(basis, scored, store, current, step) | moved(known, model, store, round=number)
    facts |= {} if asked.price is None else {"price": asked.price.facts()}
    if basis.settings.goal is not None:
        choice = Choice(ids[:own] if isinstance(rule.strategy, Find) else [], offered(later, known))
        facts |= found_of(known, model, basis.settings, choice, before)
    if basis.settings.suggestions:
        store.put(
            f"suggestions/{number}", json.dumps(suggestions(known, model, ranked) | offered(later, known)).encode()
        )
    keep(store, number, ids, chosen.asks)
    store.rank(Ranking(step.position, ranked, facts | _made_by(basis, model, step)))
    return step, model


def _rule(basis: Basis, model: Model, before: Mapping[str, Any]) -> Rule:
    taught = Taught(basis.learner, basis.known, model, basis.settings.seed)
    return rule_of(Rule(basis.strategy, basis.settings.strategy_text), taught, before)


def _question(basis: Basis, model: Model, chosen: Rule, store: Store, out: list[Claim]) -> Question:
    """Put the question of the round: the pool as the model sees it, with the context that the rule looks at."""
    known, predictor, rule = basis.known, model.predictor, chosen.strategy
    needs = evidence_for(rule, chosen.name, basis.settings.gives(predictor.provides))
    if rule.calibrated:
        predictor = calibrated(basis.learner, model, known, seed=basis.settings.seed)
    asked = question(known, out, Seeing(predictor, model.encoded.features, needs, rule.relabels))
    if rule.relabels and isinstance(predictor, Tempered) and predictor.apart is not None:
        asked = replace(asked, unseen=_unseen(asked, known, predictor, predictor.apart))
    if "cost" in needs and basis.settings.cost == "seconds":
        asked = replace(asked, price=price_of(known, asked.sizes))
    if "past" in rule.context:
        asked = replace(asked, past=past(store, known, basis.reserve))
    if "votes" in rule.context:
        asked = replace(asked, votes=known.votes(asked.asked))
    return asked


def _unseen(asked: Question, known: Known, model: Predictor, apart: Floats) -> Floats:
    """Give the probabilities of the asked rows: of the labelled ones by models without them, of the others by this."""
    probs = np.full((len(known.pool), known.task.classes), 1 / known.task.classes)
    waiting = np.setdiff1d(asked.asked, known.labelled)
    if len(waiting):
        probs[waiting] = to_numpy(predict(model, asked.features, frozenset({"probs"}), waiting)["probs"])
    probs[known.labelled] = apart
    return np.asarray(probs[asked.asked])


def _choose(basis: Basis, asked: Question, rule: Strategy, batch: int) -> tuple[list[str], Selection]:
    settings = basis.settings
    depth = reserve_depth(settings.batch) if settings.reserve is None else settings.reserve
    return choose(asked, rule, batch=batch, reserve=depth, draw=Draw(settings.seed, basis.known.position))


def _tempered(basis: Basis, model: Model, asked: Predictor, *, quick: bool) -> Tempered | None:
    """Give the tempered model of the round; where its strategy did not ask for one, if five more fits cost little."""
    if isinstance(asked, Tempered):
        return asked
    reserve, gives = basis.reserve, model.predictor.provides
    wanted = quick and reserve.share and reserve.mode == "apart" and {"probs", "decision"} & gives
    if not wanted or len(basis.known.labelled) < 2:
        return None
    return calibrated(basis.learner, model, basis.known, seed=basis.settings.seed)


def _audited(basis: Basis, scored: Scored, store: Store, current: Published | None, step: Step) -> dict[str, Any]:
    """Score the model on the audit, keep what the stopping rules need of it, and ask the default one."""
    known, reserve, model = basis.known, basis.reserve, scored.model
    if not reserve.share:
        return {}
    before = {} if current is None else current.info
    if reserve.mode == "final":  # nothing is left to score this model: the figures of the last one stand
        return {name: before[name] for name in ("looks", "estimates", "advice", "forecast", "saved") if name in before}
    looks = before.get("looks", 0) + bool(len(answers(known, reserve)[1]))
    if reserve.mode == "prequential":
        found, saving = [_so_far(basis, store, step.round - 1, looks)], None
    else:
        found, saving = findings(known, reserve, model, look=looks), _saved(basis, model, step)
    store.put(f"audit/{step.round}", json.dumps(version(known, reserve, *scored)).encode())
    rule = stopping_rule() if reserve.mode == "apart" else StabilisingPredictions()
    models = history(store, known, reserve, rounds=step.round)
    facts = {"looks": looks, "estimates": [estimate.facts() for estimate in found], "advice": asdict(rule(models))}
    ahead = forecasts(models, Draw(basis.settings.seed, known.position))
    return facts | {"forecast": ahead, "saved": None if saving is None else saving.facts()}


def _so_far(basis: Basis, store: Store, rounds: int, look: int) -> Estimate:
    """Score the answers by the models that were there before them: those of the rounds before this one."""
    versions = history(store, basis.known, basis.reserve, rounds=rounds).versions
    return so_far(versions, answers(basis.known, basis.reserve)[1], look=look)


def _saved(basis: Basis, model: Model, step: Step) -> Estimate | None:
    """Compare with random labels, where the 20 models for it take no more than some seconds."""
    slow = step.fit_seconds > QUICK
    return None if slow else saved(basis.known, basis.reserve, basis.learner, model)


def suggestions(known: Known, model: Model, ranked: Sequence[Ranked]) -> dict[str, tuple[Label, float | None]]:
    """Say what the model would answer on the items of a queue; not on the audit's, whose answers it would sway."""
    needs: frozenset[Need] = model.predictor.provides & {"probs", "decision", "elements", "places", "paths"}
    rows = known.pool.rows([place.item for place in ranked])
    rows = rows[~known.reserved[rows]]
    taught = len(known.labelled) or getattr(model.predictor, "needs_no_labels", False)
    if not needs or not len(rows) or not taught:
        return {}
    evidence = model.predictor.predict(model.encoded.features[rows], needs)
    said = ((known.pool.ids[row], known.task.decode(evidence, at)) for at, row in enumerate(rows.tolist()))
    return {item: (s.label, s.confidence) for item, s in said if s is not None}


def _made_by(basis: Basis, model: Model, step: Step) -> dict[str, Any]:
    """Tell how a queue was made, for the log."""
    settings = basis.settings
    return {
        "digest": basis.digest,
        "step": step.facts(),
        "strategy": step.strategy,
        "learner": settings.learner_text,
        "model": digest(settings, model.line),
        "line": model.line,
        "read": getattr(basis.learner, "version", None),
        "items": model.items,
        "seed": settings.seed,
        "batch": settings.batch,
        "version": querist.__version__,
        "parent": step.round - 1 or None,
    }
