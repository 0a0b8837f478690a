"""One round: the evidence on the pool becomes a ranked queue."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from querist._arrays import Floats, Rows, topk
from querist._check import check_view
from querist._query import TARGETS, default_targets
from querist.data import Pool
from querist.engines import merge
from querist.learners.protocol import Items, Predictor
from querist.store.protocol import Claim, Ranked
from querist.strategies.protocol import Strategy
from querist.study.known import Known
from querist.study.price import Price, sizes_of
from querist.study.stretches import in_places
from querist.view import Draw, Evidence, Need, Ragged, Round, Selection, View

BLOCK = 8_192
"""Rows per prediction, whatever the engine, so that the last digits never depend on it."""
SHARD = 262_144
"""Rows scored at once; a pool up to this size is one shard and keeps its exact joint choice."""


@dataclass(frozen=True, eq=False)
class Question:
    """What a round must know: the model, the rows that may be asked, and the rows that were, both in key order."""

    pool: Pool
    features: Items
    predictor: Predictor
    needs: frozenset[Need]
    candidates: Rows
    asked: Rows
    codes: NDArray[np.int64]
    past: tuple[Round, ...] = ()
    votes: Ragged | None = None
    unseen: Floats | None = None
    """Probabilities of the asked rows by models that were not trained on them, [L, C]."""
    price: Price | None = None
    """What an answer will take in seconds, where this is the cost that a strategy asks for."""

    def view(self, rows: Rows) -> View:
        """Look at some rows, without context."""
        return replace(self.bare(rows), **dict(self._evidence(rows)))

    def bare(self, rows: Rows) -> View:
        """Say which some rows are, without evidence."""
        ids = [self.pool.ids[row] for row in rows.tolist()]
        group = None if self.pool.group is None else self.pool.group[rows]
        time = None if self.pool.time is None else self.pool.time[rows]
        return View.of({}, ids=ids, keys=self.pool.keys[rows], group=group, time=time)

    def _evidence(self, rows: Rows) -> Evidence:
        if self.price is None:
            return predict(self.predictor, self.features, self.needs, rows)
        evidence = predict(self.predictor, self.features, self.needs & self.predictor.provides, rows)
        return {**evidence, "cost": self.price.of(sizes_of(self.pool, rows, evidence.get("cost")))}

    def sizes(self, rows: Rows) -> Floats:
        """Say how large some items are; float64 [n]."""
        counts = "cost" in self.predictor.provides
        counted = predict(self.predictor, self.features, frozenset({"cost"}), rows)["cost"] if counts else None
        return sizes_of(self.pool, rows, counted)

    def labelled(self) -> View:
        """Look at the rows that were asked."""
        view = self.view(self.asked)
        return view if self.unseen is None else replace(view, probs=self.unseen)


@dataclass(frozen=True, eq=False)
class Seeing:
    """How a round looks at items: the model, what it eats, the evidence wanted; whether labelled rows may be asked."""

    predictor: Predictor
    features: Items
    needs: frozenset[Need]
    again: bool = False


def question(known: Known, out: Iterable[Claim], seeing: Seeing) -> Question:
    """Say which rows may be asked: neither labelled, nor handed out, nor set aside, nor the audit's.

    With ``again``, also those labelled rows that may get another person's opinion.
    """
    pool = known.pool
    labelled = known.codes >= 0
    held = _mask(pool, (claim.item for claim in out))
    leased = held & ~labelled
    aside = _mask(pool, known.aside)
    closed = labelled & ~(known.open_again() & ~held) if seeing.again else labelled
    return Question(
        pool,
        seeing.features,
        seeing.predictor,
        seeing.needs,
        candidates=_in_key_order(pool, ~(closed | leased | aside | known.reserved)),
        asked=_in_key_order(pool, (labelled | leased) & known.trains),
        codes=known.codes,
    )


def _mask(pool: Pool, ids: Iterable[str]) -> NDArray[np.bool_]:
    mask = np.zeros(len(pool), bool)
    mask[pool.rows([id for id in ids if id in pool])] = True
    return mask


def _in_key_order(pool: Pool, mask: NDArray[np.bool_]) -> Rows:
    return pool.key_order[mask[pool.key_order]]


def predict(predictor: Predictor, features: Items, needs: frozenset[Need], rows: Rows) -> Evidence:
    """Predict rows in fixed blocks and join them; cost of the model on len(rows) items, none for no needs."""
    if not needs:
        return {}  # a random choice need not wait for a detector
    starts = range(0, max(len(rows), 1), BLOCK)
    parts = [predictor.predict(features[rows[start : start + BLOCK]], needs) for start in starts]
    if len(parts) == 1:
        return parts[0]
    sizes = [len(rows[start : start + BLOCK]) for start in starts]
    views = [View.of(p, ids=[""] * n, keys=np.zeros(n, np.uint64)) for p, n in zip(parts, sizes, strict=True)]
    return View.concat(views).evidence()


def choose(asked: Question, strategy: Strategy, *, batch: int, reserve: int, draw: Draw) -> tuple[list[str], Selection]:
    """Choose a batch and a reserve: the ids in order, and a Selection with as many values.

    The first ``batch`` are the strategy's own choice; the reserve follows by score. What is asked of an item is told in
    its places, not by its elements. Cost: one prediction of the pool,
    and the strategy's own.
    """
    if not len(asked.candidates):
        return [], Selection(np.empty(0, np.intp), np.empty(0))
    n = batch if strategy.joint else batch + reserve
    survivors, scores, chosen = merge.run(strategy, _shards(asked, strategy), n=n, draw=draw, reserve=reserve)
    if strategy.joint:
        chosen = _with_reserve(chosen, scores, survivors, reserve, draw)
    return [survivors.ids[row] for row in chosen.rows.tolist()], in_places(survivors, chosen)


def _with_reserve(chosen: Selection, scores: Floats, view: View, reserve: int, draw: Draw) -> Selection:
    left = scores.copy()
    left[chosen.rows] = -np.inf
    more = topk(left, min(reserve, len(left) - len(chosen)), draw.uniform(view.keys, "reserve"))
    chance = chosen.propensity
    if chance is not None:
        chance = np.concatenate([chance, np.full(len(more), np.nan)])
    value = np.concatenate([chosen.value, scores[more]])
    said = {name: [*entries, *[None] * len(more)] for name, entries in (chosen.said or {}).items()} or None
    return replace(chosen, rows=np.concatenate([chosen.rows, more]), value=value, propensity=chance, said=said)


def told(chosen: Selection, batch: int) -> dict[str, Any]:
    """Give what a strategy left for the log: its memo, and what it says of each item of its batch."""
    said = None if chosen.said is None else {name: list(entries[:batch]) for name, entries in chosen.said.items()}
    return {"memo": chosen.memo, "said": said}


def _shards(asked: Question, strategy: Strategy) -> Iterator[View]:
    context: dict[str, Any] = {"past": asked.past}
    if strategy.context & {"labelled", "targets", "asked"}:
        known = asked.labelled() if strategy.context & {"labelled", "targets"} else asked.bare(asked.asked)
        context |= {"labelled": known, "labels": asked.codes[asked.asked], "votes": asked.votes}
    one_shard = len(asked.candidates) <= SHARD
    if "targets" in strategy.context and not one_shard:
        context["targets"] = asked.view(_target_rows(asked))
    for start in range(0, len(asked.candidates), SHARD):
        view = replace(asked.view(asked.candidates[start : start + SHARD]), **context)
        check_view(view)
        if "targets" in strategy.context and one_shard:
            view = replace(view, targets=default_targets(view))
        yield view


def _target_rows(asked: Question) -> Rows:
    rows = np.concatenate([asked.candidates, asked.asked])
    rank = Draw(0).uniform(asked.pool.keys[rows], "targets")
    return rows[np.sort(np.argpartition(rank, TARGETS)[:TARGETS])]


def queue(
    ids: list[str], chosen: Selection, *, batch: int, strategy: str, known: Known, out: Iterable[Claim] = ()
) -> list[Ranked]:
    """Write the queue: the batch with its reason, what waits for others, the reserve by score, what was set aside.

    What is out on a lease stands in the queue too, so that it is offered again once the lease has run out.
    """
    chance: list[float | None] = [None] * len(ids)
    if chosen.propensity is not None:
        chance = [None if np.isnan(p) else float(p) for p in chosen.propensity]
    own = chosen.reason or strategy
    values = chosen.value.tolist()
    places = [
        Ranked(id, values[place], chance[place], own if place < batch else "next by score")
        for place, id in enumerate(ids)
    ]
    there = set(ids)
    unfinished = [Ranked(id, 0.0, None, "waits for another opinion") for id in known.unfinished() if id not in there]
    leased = {claim.item: Ranked(claim.item, claim.value, claim.propensity, claim.reason) for claim in out}
    waiting = [place for item, place in leased.items() if item not in known.labels and item not in known.aside]
    aside = [Ranked(id, 0.0, None, "set aside before") for id in known.set_aside()]
    return [*places[:batch], *unfinished, *waiting, *places[batch:], *aside]


def reserve_depth(batch: int, people: int = 1) -> int:
    """Say how deep the reserve is: max(2 × batch, 50 × people, 1,000).

    >>> reserve_depth(10)
    1000
    """
    return max(2 * batch, 50 * people, 1_000)
