"""What people said of their own accord: the labels that they gave without sight of the others' or the model's.

A label given in a review is none: a note with ``informed`` behind it says so, and what the person said before stands.
"""

from __future__ import annotations

from collections.abc import Iterable

from querist.tasks.protocol import Answer, Label


class Opinions:
    """The log folded into one opinion of each person on each item; O(1) an answer.

    ``changes`` counts how often an opinion came, changed or went; ``shared`` are the items with those of two or more.

    >>> opinions = Opinions()
    >>> for who in ("ann", "bob"):
    ...     opinions.take(Answer("a", "good", who=who))
    >>> opinions.take(Answer("a", "bad", who="bob"))
    >>> opinions.take(Answer("a", {"reviewed": True, "informed": True}, "note", "bob"))
    >>> opinions.of("a")
    {'ann': 'good', 'bob': 'good'}
    """

    def __init__(self) -> None:
        self._said: dict[str, dict[str, Label]] = {}
        self._before: dict[tuple[str, str], Label] = {}
        self.shared: set[str] = set()
        self.changes = 0

    def take(self, answer: Answer) -> None:
        """Fold in the next answer of the log."""
        key = answer.item, answer.who
        if answer.kind != "note":
            before = self._replace(answer, answer.label if answer.kind == "label" else None)
            if before is not None:
                self._before[key] = before
            else:
                self._before.pop(key, None)
        elif answer.label.get("informed"):
            self._replace(answer, self._before.pop(key, None))

    def _replace(self, answer: Answer, label: Label | None) -> Label | None:
        """Put a label in the place of a person's opinion, None takes it away; gives what stood there."""
        people = self._said.setdefault(answer.item, {})
        before = people.pop(answer.who, None)
        if label is not None:
            people[answer.who] = label
        self.changes += before is not None or label is not None
        (self.shared.add if len(people) > 1 else self.shared.discard)(answer.item)
        return before

    def of(self, item: str) -> dict[str, Label]:
        """Give who said what of an item."""
        return self._said.get(item, {})

    def all(self) -> Iterable[dict[str, Label]]:
        """Give who said what of each item of which somebody said something."""
        return (people for people in self._said.values() if people)
