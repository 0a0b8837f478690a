"""What people said of their own accord: the labels that they gave without sight of the others' or the model's.

A label given in a review is none: a note with ``informed`` behind it says so, and what the person said before stands.
The first note that tells of a review is about the label before it; what later notes say of it changes nothing, until
the person answers anew.
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
        self._reviewed: dict[tuple[str, str], bool] = {}
        self.shared: set[str] = set()
        self.changes = 0

    def take(self, answer: Answer) -> None:
        """Fold in the next answer of the log."""
        if answer.kind == "note":
            self._review(answer)
            return
        key = answer.item, answer.who
        before = self._replace(answer, answer.label if answer.kind == "label" else None)
        self._reviewed.pop(key, None)
        if before is not None and answer.kind == "label":
            self._before[key] = before
        else:
            self._before.pop(key, None)

    def _review(self, note: Answer) -> None:
        """Let a note tell whether the label before it was given in a review, once."""
        key, told = (note.item, note.who), note.label.keys() & {"reviewed", "informed"}
        if not told or key in self._reviewed or note.who not in self.of(note.item):
            return
        before = self._before.pop(key, None)
        self._reviewed[key] = bool(note.label.get("informed"))
        if self._reviewed[key]:
            self._replace(note, before)

    def _replace(self, answer: Answer, label: Label | None) -> Label | None:
        """Put a label in the place of a person's opinion, None takes it away; gives what stood there."""
        people = self._said.setdefault(answer.item, {})
        before = people.pop(answer.who, None)
        if label is not None:
            people[answer.who] = label
        self.changes += before is not None or label is not None
        (self.shared.add if len(people) > 1 else self.shared.discard)(answer.item)
        return before

    def informed(self, item: str, who: str) -> bool:
        """Say whether the person's standing label was given in a review."""
        return self._reviewed.get((item, who), False)

    def of(self, item: str) -> dict[str, Label]:
        """Give who said what of an item."""
        return self._said.get(item, {})

    def all(self) -> Iterable[dict[str, Label]]:
        """Give who said what of each item of which somebody said something."""
        return (people for people in self._said.values() if people)
