"""What a study was created with: kept in the store as JSON, never as code."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from typing import Any, Literal

import querist
from querist import _load
from querist._query import resolve as resolve_strategy
from querist.errors import BadInput, NewerStudy, StoreFailed
from querist.estimate.recall import members_needed
from querist.learners import resolve as resolve_learner
from querist.learners.protocol import Learner
from querist.store import Store
from querist.strategies.protocol import Strategy
from querist.study.audit import Mode, Reserve
from querist.study.lock import holding
from querist.view import Need


@dataclass(frozen=True)
class Settings:
    """The settings of a study.

    ``learner`` and ``strategy`` are specifications of registered names, or None for objects and dotted names: those
    are never stored and must be given again. The texts are for people and for the digest of a round. A setting added
    later has a default, so that older studies open.
    """

    task: Mapping[str, Any]
    learner: str | None
    learner_text: str
    strategy: str | None
    strategy_text: str
    batch: int
    seed: int
    overlap: int
    suggestions: bool
    version: str
    blocks: int = 1
    reserve: int | None = None
    encoder: str | None = None
    """What describes images, as ``querist.embed.image_encoder`` reads it; a file by its absolute path."""
    audit: float = 0.0
    """The share of what is asked that is drawn at random and trains nothing; see ``querist.study.audit``."""
    audit_mode: Mode = "apart"
    """What becomes of the audit's answers."""
    duplicates: str = "ask"
    """Whether texts that repeat others are asked: "ask", or once for all that are "exact" or "near" copies."""
    goal: Mapping[str, Any] | None = None
    """What is sought, where a study is a search: see ``querist.study.search.Goal``."""
    cost: Literal["task", "seconds"] = "task"
    """What a strategy may divide by: what the learner counts of an item, or the seconds that an answer will take."""
    whole: bool = True
    """False until the study has its items, its first labels and its first queue."""

    def __post_init__(self) -> None:
        for name in ("batch", "overlap"):
            if getattr(self, name) < 1:
                raise BadInput(f"{name} must be 1 or more: got {getattr(self, name)}")
        if self.cost not in ("task", "seconds"):
            raise BadInput(f"cost is task or seconds: got {self.cost!r}")

    def gives(self, provides: frozenset[Need]) -> frozenset[Need]:
        """Name the evidence that strategies get: the learner's, and a cost where it is learned from seconds."""
        return provides | {"cost"} if self.cost == "seconds" else provides

    @property
    def held(self) -> Reserve:
        """Say which items are the audit's."""
        return Reserve(self.seed, self.audit, self.audit_mode, self._members())

    def _members(self) -> tuple[int, int]:
        if self.audit_mode != "sample" or self.goal is None:
            return 0, 0
        needed = members_needed(self.goal["recall"], confidence=self.goal["confidence"])
        return list(self.task["labels"]).index(self.goal["target"]), needed

    def dump(self) -> bytes:
        """Write the settings as JSON."""
        return json.dumps(asdict(self)).encode()

    @staticmethod
    def parse(raw: bytes) -> Settings:
        """Read the settings; raises NewerStudy for one that this version does not know."""
        found = json.loads(raw)
        unknown = sorted(set(found) - {f.name for f in fields(Settings)})
        if unknown:
            raise NewerStudy(
                f"this study was written by querist {found.get('version')} and has a setting {unknown[0]!r} that this "
                f"querist, {querist.__version__}, does not know: upgrade querist"
            )
        return Settings(**found)

    def with_blocks(self, blocks: int) -> Settings:
        """Count another block of items."""
        return replace(self, blocks=blocks)

    def models(
        self, strategy: Strategy | str | None, learner: Learner | str | None
    ) -> tuple[Strategy, Learner | None, Settings]:
        """Build the strategy, and the learner if one is given: the stored one is built when it is needed."""
        if strategy is None and self.strategy is None:
            raise BadInput(f"the strategy {self.strategy_text} is not registered: give it again with strategy=…")
        rule = resolve_strategy(strategy if strategy is not None else self.strategy or "")[0]
        known = replace(self, strategy_text=strategy_text(rule))
        if learner is None:
            return rule, None, known
        model, spec = resolve_learner(learner)
        return rule, model, replace(known, learner_text=spec or repr(model))


def stored(store: Store, path: object) -> Settings:
    """Read the settings of a study; raises StoreFailed for one that was not finished, NewerStudy."""
    raw = store.get("settings")
    found = None if raw is None else Settings.parse(raw)
    if found is None or not found.whole:
        raise StoreFailed(f"{path} is not whole: its creation was cut short; delete it and create it again")
    return found


def strategy_text(rule: Strategy) -> str:
    """Write a strategy for people and digests."""
    return _load.spec_of(rule, "strategies") or repr(rule)


def ended(store: Store, settings: Settings) -> Settings:
    """Mark a study as ended: from now on the audit's labels train too. Raises StoreFailed while a step is under way."""
    refusal = "another process is training this study: finish it when that is done"
    with holding(store, "step", refusal):
        store.put("settings", replace(stored(store, "the study"), audit_mode="final").dump())
    return replace(settings, audit_mode="final")
