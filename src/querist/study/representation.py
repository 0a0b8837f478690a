"""How far a network's representation moved in a round: what looked informative before may not now."""

from __future__ import annotations

from io import BytesIO
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from querist._arrays import to_numpy
from querist.estimate.drift import cka
from querist.store import Store
from querist.study.known import Known
from querist.study.model import Model

SAMPLE = 1_000
"""Items that two representations are compared on; the first of the pool by key."""


class Sample(NamedTuple):
    """Keys of items, uint64 [S], and what a model made of them, float32 [S, D]."""

    keys: NDArray[np.uint64]
    embed: NDArray[np.float32]

    def dump(self) -> bytes:
        """Write it as bytes."""
        file = BytesIO()
        np.savez(file, keys=self.keys, embed=self.embed)
        return file.getvalue()

    @classmethod
    def parse(cls, raw: bytes) -> Sample:
        """Read it back."""
        with np.load(BytesIO(raw), allow_pickle=False) as file:
            return cls(file["keys"], file["embed"])


def moved(known: Known, model: Model, store: Store, *, round: int) -> dict[str, Any]:
    """Compare a model's representation with that of the round before, and keep it for the next one.

    Empty for a model whose representation never moves, and where there is no earlier one. Items that joined the pool in
    between are left out. Cost: one prediction of 1,000 items, and their linear CKA.
    """
    if not getattr(model.predictor, "moves", False) or "embed" not in model.predictor.provides:
        return {}
    rows = known.pool.key_order[:SAMPLE]
    embed = to_numpy(model.predictor.predict(model.encoded.features[rows], frozenset({"embed"}))["embed"])
    sample = Sample(known.pool.keys[rows], np.asarray(embed, np.float32))
    before = store.get(_slot(round - 1))
    # two slots: a step that is cut short and taken again still finds what the round before it kept
    store.put(_slot(round), sample.dump())
    return {} if before is None else _facts(Sample.parse(before), sample)


def _slot(round: int) -> str:
    return f"representation/{round % 2}"


def _facts(before: Sample, now: Sample) -> dict[str, Any]:
    _, first, second = np.intersect1d(before.keys, now.keys, return_indices=True)
    if len(first) < 2:
        return {}
    value = cka(before.embed[first], now.embed[second])
    return {"representation": {"cka": value, "items": len(first), "sentence": sentence(value)}}


def sentence(value: float) -> str:
    """Say it in one sentence.

    >>> sentence(0.934)
    'representation changed: CKA 0.93 against the model before (1: the same, 0: unrelated)'
    """
    return f"representation changed: CKA {value:.2f} against the model before (1: the same, 0: unrelated)"
