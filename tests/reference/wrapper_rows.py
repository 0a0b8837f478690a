"""Rows, orders and choices that the tests of wrappers share."""

from __future__ import annotations

from typing import Any

import numpy as np

from querist._query import choose_from
from querist.strategies.protocol import Strategy
from querist.view import Draw, Selection, View


def rows_of(n: int, seed: int, **more: Any) -> View:
    rng = np.random.default_rng(seed)
    evidence = {"probs": rng.dirichlet(np.ones(3), n), "embed": rng.normal(size=(n, 2)), **more}
    view = View.of(evidence, ids=[f"item_{i}" for i in range(n)])
    return view.take(np.argsort(view.keys))


def pick(rule: Strategy, view: View, n: int, draw: Draw) -> Selection:
    return choose_from(rule, view, n=n, draw=draw)


def by_score(scores: Any, ties: Any) -> list[int]:
    return sorted(range(len(scores)), key=lambda i: (-scores[i], -ties[i]))


def margins(view: View) -> list[float]:
    return [float(np.sort(p)[-2] - np.sort(p)[-1]) for p in view.probs]
