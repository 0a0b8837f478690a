"""What the measured times say: the ratio to the fastest peer, its interval, and whether it is what was asked for."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from speed.cases import Case
from speed.contest import Times
from speed.limits import Machine

UNRESOLVED = 0.065
"""Chance that the interval of the ratio misses the median: what the ends of five calls give (1/16)."""


def record(case: Case, ours: Times, peers: Sequence[Times], machine: Machine, size: int) -> dict[str, Any]:
    """Gather a row of the table as JSON; size: the bytes of the rows to choose from."""
    best = min(
        (peer for peer in peers if peer.calls and peer.rival), key=lambda peer: peer.median or math.inf, default=None
    )
    ratio = ratio_of(best) if best else None
    return {
        "name": case.name, "row": case.row, "strategy": case.strategy, "n": case.n, "data": asdict(case.data),
        "note": case.note, "ask": case.ask, "within": case.within, "published": case.published, "bytes": size,
        "ours": {**_numbers(ours), "bare": median(ours.bare)},
        "peers": [_beside(case, ours, peer) for peer in peers],
        "ratio": ratio, "floor": machine.least(size, case.flops), "verdict": verdict(case, ours, ratio),
    }  # fmt: skip


def _numbers(times: Times) -> dict[str, Any]:
    kept = {"name": times.name, "median": times.median, "calls": times.calls, "first": times.first}
    return {**kept, "compiled": times.compiled, "peak": times.peak, "failed": times.failed, "cold": times.cold}


def _beside(case: Case, ours: Times, peer: Times) -> dict[str, Any]:
    common = None if case.chance else same(ours.rows, peer.rows)
    return {**_numbers(peer), "same": common, "ratio": ratio_of(peer)["median"] if peer.calls else None}


def same(ours: Sequence[int], theirs: Sequence[int]) -> int | None:
    """Count the rows that both chose."""
    return len(set(ours) & set(theirs)) if theirs else None


def ratio_of(peer: Times) -> dict[str, Any]:
    """Divide the peer's seconds by ours, pair by pair: the median, and an interval for it."""
    ratios = sorted(theirs / own for theirs, own in zip(peer.calls, peer.ours, strict=True))
    cut = _outside(len(ratios))
    return {
        "peer": peer.name, "median": median(ratios), "low": ratios[cut], "high": ratios[-1 - cut],
        "pairs": len(ratios), "ours": median(peer.ours),
    }  # fmt: skip


def _outside(count: int) -> int:
    """Say how many ordered values to leave out at either end, so that the rest hold the median all but surely.

    >>> _outside(5), _outside(25)
    (0, 7)
    """
    chance, cut = 0.5**count, 0
    while 2 * (chance + math.comb(count, cut + 1) * 0.5**count) <= UNRESOLVED:
        cut += 1
        chance += math.comb(count, cut) * 0.5**count
    return cut


def median(values: Sequence[float]) -> float | None:
    """Give the median, or None of nothing."""
    ordered = sorted(values)
    middle = len(ordered) // 2
    return None if not ordered else (ordered[middle] + ordered[~middle]) / 2


def verdict(case: Case, ours: Times, ratio: Mapping[str, Any] | None) -> str:
    """Say whether a row is what was asked for: holds, below, unresolved; nothing was asked: empty."""
    if not ours.calls:
        return ""
    words = [*_limits(case, ours), *_ratio(case, ours, ratio)]
    return next((word for word in ("below", "unresolved", "holds") if word in words), words[0] if words else "")


def _limits(case: Case, ours: Times) -> list[str]:
    seconds, memory = case.within or (None, None)
    kept = [] if seconds is None else [(ours.median or 0) <= seconds]
    if memory is not None and ours.peak is not None:
        kept.append(ours.peak <= memory)
    return ["holds" if ok else "below" for ok in kept]


def _ratio(case: Case, ours: Times, ratio: Mapping[str, Any] | None) -> list[str]:
    if case.ask is None:
        return []
    need = case.ask[0]
    if ratio is None:
        return ["no peer measured"]
    if ratio["pairs"] < 5:
        return [
            "holds"
            if min(ratio["low"], ratio["median"]) >= need
            else "unresolved"
            if ratio["high"] >= need
            else "below"
        ]
    return ["holds" if ratio["low"] >= need else "below" if ratio["high"] < need else "unresolved"]
