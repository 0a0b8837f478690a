"""The rows of the table: which job, on what, beside whom, and what is asked for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from speed.data import Data
from speed.setup import PACKAGES

UNCERTAINTY = ("skactiveml", "modal", "pyrelational", "baal", "alipy", "smalltext")


@dataclass(frozen=True)
class Peer:
    """A package and its job; ``module`` is its file in ``peers``; no package, no environment of its own."""

    name: str
    module: str
    task: str
    package: bool = True
    rival: bool = True
    """Whether it counts when the fastest peer is looked for."""


OURS = Peer("querist", "querist", "query", package=False)
PAPERS = {
    "badge-code": Peer("BADGE code's formula", "papers", "badge", package=False),
    "badge-formula": Peer("our plain NumPy", "papers", "badge-formula", package=False, rival=False),
    "bait": Peer("BAIT formula in PyTorch", "papers", "bait", package=False),
    "probcover": Peer("ProbCover formula in PyTorch", "papers", "probcover", package=False),
    "typiclust": Peer("TypiClust formula on scikit-learn", "papers", "typiclust", package=False),
}
"""Methods whose published code is no package: the formula, written for this benchmark."""


@dataclass(frozen=True)
class Case:
    """One row.

    ``quick`` names the peers of every run, ``more`` those that ``--full`` adds. ``published``: the fastest peer and its
    seconds, measured on another day. ``ask``: the ratio asked for and the one to reach for; ``within``: the seconds and
    bytes of memory allowed where a limit is asked for, None for either. ``flops`` counts the operations of a product
    that no method avoids: the floor is the larger of that and one read of the rows. ``chance``: the picks are drawn.
    """

    name: str
    row: str
    strategy: str
    data: Data
    n: int
    evidence: tuple[str, ...]
    labelled: bool = False
    quick: tuple[str, ...] = ()
    more: tuple[str, ...] = ()
    published: tuple[str, float] | None = None
    ask: tuple[float, float] | None = None
    within: tuple[float | None, float | None] | None = None
    options: Mapping[str, Any] = field(default_factory=dict)
    task: str | None = None
    flops: float = 0.0
    chance: bool = False
    note: str = ""

    def settings(self) -> dict[str, Any]:
        """Give what the workers are told."""
        asked = list(self.evidence) if self.labelled else []
        return {"strategy": self.strategy, "evidence": list(self.evidence), "labelled": asked, **self.options}

    def peers(self, *, full: bool) -> list[Peer]:
        """Give the peers to measure, the fastest known first."""
        names = dict.fromkeys([*self.quick, *(self.more if full else ())])
        return [PAPERS.get(name) or Peer(PACKAGES[name].install[0], name, self.task or self.row) for name in names]

    def tiny(self) -> Case:
        """Give the same row at a size for trying the machinery; nothing is asked of it."""
        data = replace(self.data, N=min(self.data.N, 2000), D=min(self.data.D, 16), C=min(self.data.C, 20))
        name = f"{self.name} (tiny)"
        return replace(self, name=name, data=data, n=min(self.n, 10), ask=None, within=None, published=None, flops=0.0)


def _probs(row: str, N: int, C: int, **more: Any) -> Case:
    return Case(f"{row} {_round(N)} × {C}", row, row, Data("probs", N, C=C), 100, ("probs",), more=UNCERTAINTY, **more)


def _draws(row: str, N: int, C: int, n: int, **more: Any) -> Case:
    name = f"{row} {_round(N)} × K 20 × C {C}, n {n}"
    return Case(name, row, row, Data("draws", N, C=C, K=20), n, ("draws",), **more)


def _embed(row: str, N: int, D: int, n: int, strategy: str = "", **more: Any) -> Case:
    name = f"{row} {_round(N)} × {D}, n {n}"
    labelled = more.pop("labelled", True)
    return Case(name, row, strategy or row, Data("embed", N, D=D), n, ("embed",), labelled=labelled, **more)


def _both(row: str, N: int, D: int, C: int, n: int, **more: Any) -> Case:
    name = f"{row} {_round(N)} × {D}, C {C}, n {n}"
    strategy = more.pop("strategy", row)
    labelled = more.pop("labelled", True)
    return Case(name, row, strategy, Data("both", N, C=C, D=D), n, ("probs", "embed"), labelled=labelled, **more)


def _round(N: int) -> str:
    digits = f"{N:.0e}".split("e")
    return f"{digits[0]}e{int(digits[1])}"


GB, MB = 1e9, 1e6
POOL = {"targets": "pool"}
"""Every row is a target, as for the peers; the default is a sample of 10,000."""
COVER = {**POOL, "delta": 10.0}
KERNEL = {**POOL, "sigma": 11.0}
CENTRES = ("bmdal", "skactiveml", "alipy", "smalltext")
BADGE = ("badge-code", "badge-formula", "bmdal")
BALD = ("smalltext", "pyrelational", "skactiveml", "baal", "batchbald_redux")
EVEN = "badge with even probabilities, which is k-means++ on the rows"

CASES: tuple[Case, ...] = (
    _probs("entropy", 10**6, 10, quick=("skactiveml",), published=("scikit-activeml", 0.0574), ask=(5, 10)),
    _probs("margin", 10**6, 10, quick=("modal",), published=("modAL", 0.0451), ask=(5, 10)),
    _probs("least-confidence", 10**6, 10, quick=("modal",), published=("modAL", 0.0518), ask=(5, 10)),
    _probs("entropy", 10**5, 1000, quick=("skactiveml",), published=("scikit-activeml", 0.2444), ask=(8, 18)),
    _draws("bald", 10**5, 10, 100, quick=BALD[:1], more=BALD, published=("small-text", 0.0917), ask=(4, 10)),
    _draws("bald", 10**5, 100, 100, quick=BALD[:1], more=BALD, published=("small-text", 0.4229), ask=(6, 12)),
    _draws("batchbald", 10**4, 10, 5, quick=("batchbald_redux",), more=("skactiveml", "baal"),
           published=("batchbald_redux", 12.3), ask=(20, 50)),
    _draws("batchbald", 10**4, 10, 10, within=(60, 300 * MB)),
    _draws("batchbald", 10**4, 10, 20, within=(60, 300 * MB)),
    _embed("k-center", 10**5, 512, 100, quick=CENTRES[:1], more=CENTRES, published=("bmdal", 1.57), ask=(5, 10)),
    _embed("k-center", 10**5, 512, 1000, quick=CENTRES[:1], published=("bmdal", 15.0), ask=(18, 40)),
    _embed("k-center", 10**6, 64, 1000, quick=CENTRES[:1], published=("bmdal", 14.4), ask=(10, 25),
           within=(None, 1.5 * GB)),
    _both("badge", 10**5, 512, 10, 100, chance=True, quick=BADGE, labelled=False, published=("BADGE code", 2.5),
          ask=(30, 60)),
    _both("badge", 10**5, 512, 10, 1000, chance=True, quick=BADGE[:2], labelled=False, published=("BADGE code", 24.1),
          ask=(120, 250)),
    _both("badge", 10**5, 512, 1000, 1000, labelled=False, within=(None, 3 * GB)),
    _both("bait", 10**4, 32, 5, 20, quick=("bait",), published=("BADGE repository's BAIT", 4.1), ask=(10, 15),
          options=POOL, flops=1e4 * (4 * 32) ** 2),
    _both("bait", 10**5, 256, 10, 100, options=POOL, within=(600, None), flops=1e5 * (9 * 256) ** 2,
          note="asked to be feasible"),
    Case("eer-log 1,000 × 16, C 2", "eer-log", "eer-log", Data("logistic", 1000, C=2, D=16), 50, ("embed",), True,
         quick=("modal",), more=("alipy", "skactiveml"), published=("modAL", 3.7), ask=(12, 20), flops=2e6 * 16),
    _embed("maxherding", 10**4, 64, 100, "maxherding(sigma=11.0)", quick=("skactiveml",), options=KERNEL,
           published=("scikit-activeml", 33.3), ask=(12, 15), flops=1e8 * 64),
    _embed("facility-location", 2 * 10**4, 64, 100, labelled=False, quick=("apricot",), options=POOL,
           published=("apricot", 17.6), ask=(12, 12), flops=4e8 * 64),
    _embed("probcover", 3 * 10**4, 64, 100, "probcover(delta=10.0)", quick=("probcover",), more=("skactiveml",),
           options=COVER, published=("TypiClust code", 5.3), ask=(3, 8), flops=9e8 * 64),
    _embed("probcover", 10**5, 64, 100, "probcover(delta=10.0)", options=COVER, within=(15, None), flops=1e10 * 64),
    _embed("max-det", 10**5, 256, 100, "max-det(kernel='linear', noise=1.0)", labelled=False, quick=("bmdal",),
           published=("bmdal", 5.2), ask=(10, 10), options={"bmdal": {"noise_sigma": 1.0}}),
    _embed("lcmd", 10**5, 256, 100, quick=("bmdal",), published=("bmdal", 1.1), ask=(4, 4)),
    replace(_embed("kmeanspp", 10**5, 256, 100, "badge", quick=("bmdal",), published=("bmdal", 1.2), ask=(6, 6)),
            evidence=("probs", "embed"), labelled=False, options={"even": True}, chance=True, note=EVEN),
    _embed("typiclust", 10**5, 64, 100, quick=("typiclust", "skactiveml"), chance=True,
           published=("TypiClust code", 0.92), ask=(1.5, 3), flops=2e4 * 110 * 64, note="10,000 keyed targets"),
    _embed("typiclust", 10**5, 64, 100, quick=("typiclust",), options=POOL, chance=True,
           published=("TypiClust code", 0.92), ask=(1.5, 3), flops=2e5 * 110 * 64, note="every row a target"),
    _both("uherding", 10**5, 384, 10, 50, within=(5, None),
          flops=1e8 * 384, note="10,000 keyed targets, 10,000 candidates"),
)  # fmt: skip
