"""When to stop: one rule a file, each a pure function from a History to a Verdict with one plain sentence."""

from __future__ import annotations

import re

from querist import _load
from querist.errors import BadInput
from querist.estimate.protocol import Stop

KIND = "estimate.stopping"
DEFAULT = "stabilising-predictions and expected-gain"


def rule(text: str = DEFAULT) -> Stop:
    """Build a stopping rule from names with options, joined by ``and`` and ``or``; ``and`` binds first.

    Raises UnknownName with the near names, BadInput for a wrong option.

    >>> rule("budget(labels=500)")
    Budget(labels=500, cost=None)
    >>> rule("stabilising-predictions and expected-gain or budget(labels=500)").rules[1]
    Budget(labels=500, cost=None)
    """
    from querist.estimate.stopping.all_of import AllOf
    from querist.estimate.stopping.any_of import AnyOf

    ways = [_words(way, "and") for way in _words(text, "or")]
    made = [tuple(_one(name, text) for name in way) for way in ways]
    each: list[Stop] = [rules[0] if len(rules) == 1 else AllOf(rules) for rules in made]
    return each[0] if len(each) == 1 else AnyOf(tuple(each))


def _words(text: str, word: str) -> list[str]:
    return re.split(rf"\s+{word}\s+", text.strip())


def _one(name: str, text: str) -> Stop:
    if not name:
        raise BadInput(f"cannot read the stopping rule {text!r}: write names joined by 'and' and 'or'")
    found: Stop = _load.make(KIND, name)
    return found
