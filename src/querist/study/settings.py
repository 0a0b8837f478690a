"""What a study was created with: kept in the store as JSON, never as code."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

from querist import _load
from querist._query import resolve as resolve_strategy
from querist.errors import BadInput
from querist.learners import resolve as resolve_learner
from querist.learners.protocol import Learner
from querist.strategies.protocol import Strategy


@dataclass(frozen=True)
class Settings:
    """The settings of a study.

    ``learner`` and ``strategy`` are specifications of registered names, or None for objects and dotted names: those
    are never stored and must be given again. The texts are for people and for the digest of a round.
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
    reserve: int | None
    version: str
    blocks: int = 1

    def __post_init__(self) -> None:
        for name in ("batch", "overlap"):
            if getattr(self, name) < 1:
                raise BadInput(f"{name} must be 1 or more: got {getattr(self, name)}")

    def dump(self) -> bytes:
        """Write the settings as JSON."""
        return json.dumps(asdict(self)).encode()

    @staticmethod
    def parse(raw: bytes) -> Settings:
        """Read the settings."""
        return Settings(**json.loads(raw))

    def with_blocks(self, blocks: int) -> Settings:
        """Count another block of items."""
        return replace(self, blocks=blocks)

    def models(
        self, learner: Learner | str | None, strategy: Strategy | str | None
    ) -> tuple[Learner | None, Strategy, Settings]:
        """Build learner and strategy: those given, else those stored; a learner nobody named is None."""
        if strategy is None and self.strategy is None:
            raise BadInput(f"the strategy {self.strategy_text} is not registered: give it again with strategy=…")
        rule = resolve_strategy(strategy if strategy is not None else self.strategy or "")[0]
        chosen = learner if learner is not None else self.learner
        trusted = learner is not None  # a dotted name in a study file would import whatever somebody wrote there
        model, spec = resolve_learner(chosen, dotted=trusted) if chosen is not None else (None, None)
        text = self.learner_text if model is None else spec or repr(model)
        return model, rule, replace(self, learner_text=text, strategy_text=strategy_text(rule))


def strategy_text(rule: Strategy) -> str:
    """Write a strategy for people and digests."""
    return _load.spec_of(rule, "strategies") or repr(rule)
