"""Stop when all rules say so."""

from __future__ import annotations

from dataclasses import dataclass

from querist.estimate.protocol import History, Stop, Verdict


@dataclass(frozen=True)
class AllOf:
    """Stop when each of some rules says so; no rule never stops.

    >>> AllOf()(History())
    Verdict(stop=False, sentence='no rule is set')
    """

    rules: tuple[Stop, ...] = ()

    def __call__(self, history: History) -> Verdict:
        """Ask each rule; the sentence tells what still speaks against it, or all that speaks for it."""
        said = [rule(history) for rule in self.rules]
        against = [verdict.sentence for verdict in said if not verdict.stop]
        if not said:
            return Verdict(False, "no rule is set")
        return Verdict(not against, "; ".join(against or [verdict.sentence for verdict in said]))
