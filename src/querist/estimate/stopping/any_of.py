"""Stop when one rule says so."""

from __future__ import annotations

from dataclasses import dataclass

from querist.estimate.protocol import History, Stop, Verdict


@dataclass(frozen=True)
class AnyOf:
    """Stop when one of some rules says so; no rule never stops.

    >>> AnyOf()(History())
    Verdict(stop=False, sentence='no rule is set')
    """

    rules: tuple[Stop, ...] = ()

    def __call__(self, history: History) -> Verdict:
        """Ask each rule; the sentence tells what speaks for it, or all that speaks against it."""
        said = [rule(history) for rule in self.rules]
        reasons = [verdict.sentence for verdict in said if verdict.stop]
        if not said:
            return Verdict(False, "no rule is set")
        return Verdict(bool(reasons), "; ".join(reasons or [verdict.sentence for verdict in said]))
