"""What deserves a second look: labels that the model contradicts, people who disagree, unsure and flagged items.

A decision in a review is an event in the log like any other. Who has read the label and the model's word before is no
independent second opinion, and must not look like one in the figures on people. So to keep a label is a note that says
``reviewed``, and no answer; to change it is an answer of the reviewer's own, and a note behind it that says
``informed`` too (``querist.study.opinions``). What was reviewed stays away until somebody answers the item anew, or
flags it.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal, cast, get_args

from querist.errors import BadInput, near
from querist.store import Store
from querist.store.protocol import Event
from querist.study.known import IMPORT, Known
from querist.study.opinions import Opinions
from querist.study.suspects import PLACE, Suspect, Suspects, judged, stored
from querist.tasks import Answer, Classification, Label
from querist.tasks.crowd import Crowd
from querist.tasks.protocol import Task

Kind = Literal["label-errors", "disagreements", "unsure", "flagged"]
KINDS: tuple[Kind, ...] = get_args(Kind)


@dataclass(frozen=True)
class Doubt:
    """One item to look at again. ``score`` in [0, 1] orders a queue, higher first; ``reason`` says why in a sentence.

    ``label`` stands now, None without one. ``other`` contradicts it with probability ``chance``, against ``own`` of the
    label; None where nothing does, or no model was asked.
    """

    item: str
    kind: Kind
    score: float
    reason: str
    label: Label | None
    said: tuple[Answer, ...]
    other: Label | None = None
    chance: float | None = None
    own: float | None = None

    def facts(self) -> dict[str, Any]:
        """Give it as JSON; of the answers who said what."""
        said = [{"who": each.who, "kind": each.kind, "label": each.label} for each in self.said]
        return {**asdict(self), "said": said}


@dataclass(frozen=True)
class Queue:
    """The doubts of one kind, the most suspicious first; ``sentence`` says where they come from and how old they are.

    ``behind`` counts the answers that came since the labels were judged; 0 for the other kinds, which read the log.
    """

    kind: Kind
    doubts: tuple[Doubt, ...]
    sentence: str
    behind: int = 0

    def facts(self) -> dict[str, Any]:
        """Give the queue as JSON."""
        head = {"kind": self.kind, "count": len(self.doubts), "sentence": self.sentence, "behind": self.behind}
        return {**head, "items": [doubt.facts() for doubt in self.doubts]}


class Looks:
    """The log folded into what a review needs: standing answers, flags, and what was reviewed. O(1) an event."""

    def __init__(self) -> None:
        self.position = 0
        self._said: dict[str, dict[str, Answer]] = {}
        self._flags: dict[str, dict[str, str]] = {}
        self._comments: dict[tuple[str, str], str] = {}
        self._touched: dict[str, int] = {}
        self._reviewed: dict[str, int] = {}
        self._told: list[int] = []
        self._unsure: set[str] = set()
        self._shared: set[str] = set()
        self._opinions = Opinions()
        self.shared = 0
        """How many answers there were on items that several people answered."""

    def read(self, events: Iterable[Event]) -> None:
        """Fold in the events after the position."""
        for event in events:
            self._note(event) if event.answer.kind == "note" else self._answer(event)
            if event.answer.who != IMPORT:
                self._opinions.take(event.answer)
            self.position = event.position

    def _answer(self, event: Event) -> None:
        answer = event.answer
        people = self._said.setdefault(answer.item, {})
        people.pop(answer.who, None)
        if answer.kind != "retract":
            people[answer.who] = answer
        self._touched[answer.item] = event.position
        self._told.append(event.position)
        kinds = [each.kind for each in people.values()]
        (self._unsure.add if "unsure" in kinds else self._unsure.discard)(answer.item)
        if len(people) > 1 or answer.item in self._shared:
            self.shared += 1
        (self._shared.add if len(people) > 1 else self._shared.discard)(answer.item)

    def _note(self, event: Event) -> None:
        answer = event.answer
        item, who, said = answer.item, answer.who, answer.label
        if "comment" in said:
            self._comments[item, who] = said["comment"]
        if "flag" in said:
            flags = self._flags.setdefault(item, {})
            if said["flag"] and who not in flags:
                self._touched[item] = event.position
            flags.pop(who, None)
            if said["flag"]:
                flags[who] = ""
        if "reviewed" in said:
            self._reviewed[item] = event.position if said["reviewed"] else 0

    def answers(self, item: str) -> tuple[Answer, ...]:
        """Give the standing answers on an item, one per person, in the order they came."""
        return tuple(self._said.get(item, {}).values())

    def reviewed(self, item: str) -> bool:
        """Say whether somebody reviewed an item, and nobody has answered or flagged it since."""
        return self._reviewed.get(item, 0) > self._touched.get(item, 0)

    def since(self, position: int) -> int:
        """Count the answers after a position, notes left aside."""
        return len(self._told) - bisect_right(self._told, position)

    def flags(self) -> dict[str, dict[str, str]]:
        """Give the comment, or "", of each person who flags an item, by item."""
        found = {
            item: {who: self._comments.get((item, who), "") for who in people} for item, people in self._flags.items()
        }
        return {item: people for item, people in found.items() if people}

    def several(self) -> dict[str, dict[str, Label]]:
        """Give the labels of the items that several people labelled; labels that came with the data are nobody's."""
        found = ((item, _labels_of_people(self._said[item])) for item in self._shared)
        return {item: labels for item, labels in found if len(labels) > 1}

    def crowd(self, task: Task) -> Crowd | None:
        """Judge the people by the items that several answered; None before there is one, or without classes."""
        if not isinstance(task, Classification) or not self._opinions.shared:
            return None
        code = {label: at for at, label in enumerate(task.labels)}
        shared = (self._opinions.of(item) for item in sorted(self._opinions.shared))
        said = [{who: code[label] for who, label in given.items()} for given in shared]
        return Crowd.of(said, classes=task.classes)

    def unsure(self) -> Iterable[str]:
        """List the items of which somebody could not tell."""
        return self._unsure


def _labels_of_people(people: Mapping[str, Answer]) -> dict[str, Label]:
    return {who: answer.label for who, answer in people.items() if answer.kind == "label" and who != IMPORT}


@dataclass(frozen=True)
class Standing:
    """What stands now: the task, the agreed label of an item, the people as judged by each other, None before two."""

    task: Task
    label: Callable[[str], Label | None]
    crowd: Callable[[], Crowd | None]


def queue(kind: str, looks: Looks, standing: Standing, found: Suspects | None = None) -> Queue:
    """Put the queue of a kind together from the log; ``found`` are the contradicted labels. Raises BadInput.

    Cost: O(doubts), for disagreements also that of judging the people.
    """
    if kind not in KINDS:
        raise BadInput(f"no review queue is called {kind!r}: {near(kind, KINDS)}")
    if kind == "label-errors":
        return _label_errors(looks, standing, found)
    make, sentence = _FROM_THE_LOG[kind]
    doubts = sorted((one for one in make(looks, standing) if not looks.reviewed(one.item)), key=_order)
    return Queue(cast(Kind, kind), tuple(doubts), sentence)


def review(store: Store, known: Known, kind: str, find: Callable[[], Suspects] | None) -> Queue:
    """Put the queue of a kind together for ``Study.review``; ``find`` judges the labels where that is out of date."""
    looks = Looks()
    looks.read(store.events())
    found = stored(store) if kind == "label-errors" else None
    if kind == "label-errors" and find is not None and _out_of_date(found, looks, known):
        found = find()
        store.put(PLACE, found.dump())
    return queue(kind, looks, Standing(known.task, known.labels.get, lambda: looks.crowd(known.task)), found)


def _out_of_date(found: Suspects | None, looks: Looks, known: Known) -> bool:
    """Say whether answers have come since, or others may be judged: those of the audit, once a study has ended."""
    return found is None or looks.since(found.position) > 0 or found.labels != len(judged(known))


def _order(doubt: Doubt) -> tuple[float, str]:
    return -doubt.score, doubt.item


def _label_errors(looks: Looks, standing: Standing, found: Suspects | None) -> Queue:
    if found is None:
        return Queue("label-errors", (), "not judged yet: the labels are judged when the model is trained")
    if found.cause:
        return Queue("label-errors", (), found.cause)
    open_ones = (one for one in found.items if standing.label(one.item) == one.label and not looks.reviewed(one.item))
    doubts = tuple(_contradicted(one, looks) for one in open_ones)
    behind = looks.since(found.position)
    share = _share(found)
    age = f"; {behind} {'answer has' if behind == 1 else 'answers have'} come since" if behind else ""
    return Queue(
        "label-errors", doubts, f"{found.labels:,} labels judged, each by a model without it{share}{age}", behind
    )


def _share(found: Suspects) -> str:
    """Say how many of the labels may be wrong, where the model agrees with enough of them to tell."""
    if found.share is None:
        return "; the model agrees with too few of them to tell how many are wrong"
    wrong = 100 * found.share
    return f"; about {wrong:.1f} % of them may be wrong" if round(wrong, 1) else ""


def _contradicted(one: Suspect, looks: Looks) -> Doubt:
    reason = (
        f"labelled {one.label}; a model trained without this label gives {one.label} {one.own:.2f} and {one.other} "
        f"{one.chance:.2f}"
    )
    said = looks.answers(one.item)
    return Doubt(one.item, "label-errors", one.score, reason, one.label, said, one.other, one.chance, one.own)


def _disagreements(looks: Looks, standing: Standing) -> Iterable[Doubt]:
    crowd = standing.crowd() if isinstance(standing.task, Classification) else None
    for item, labels in looks.several().items():
        stands = standing.label(item)
        if all(label == stands for label in labels.values()):
            continue
        right = _chance(standing.task, crowd, labels, stands)
        others = [label for label in labels.values() if label != stands]
        other = max(others, key=others.count)
        word = "nothing" if stands is None else _short(stands)
        reason = f"{_who_says_what(labels)}; {word} stands, with probability {right:.2f}"
        yield Doubt(item, "disagreements", round(1 - right, 6), reason, stands, looks.answers(item), other)


def _chance(task: Task, crowd: Crowd | None, labels: dict[str, Label], stands: Label | None) -> float:
    """Give the probability of the standing label: by who the people are, or the share of them that gave it."""
    if crowd is None or not isinstance(task, Classification) or stands is None:
        return sum(bool(label == stands) for label in labels.values()) / len(labels)
    codes = {who: int(task.encode([label])[0]) for who, label in labels.items()}
    chances = crowd.posterior(codes).tolist()
    return float(chances[int(task.encode([stands])[0])])


def _who_says_what(labels: dict[str, Label]) -> str:
    """Say who gave which label.

    >>> _who_says_what({"ann": "good", "bob": "bad", "eve": "bad"})
    'ann says good, bob and eve say bad'
    """
    groups: list[tuple[Label, list[str]]] = []
    for who, label in labels.items():
        same = next((people for known, people in groups if known == label), None)
        (groups.append((label, [who])) if same is None else same.append(who))
    return ", ".join(
        f"{_people(people)} {'says' if len(people) == 1 else 'say'} {_short(label)}" for label, people in groups
    )


def _people(names: Sequence[str]) -> str:
    known = [name or "somebody" for name in names]
    return known[0] if len(known) == 1 else f"{', '.join(known[:-1])} and {known[-1]}"


def _short(label: Label) -> str:
    """Say a label in a few words: a class by its name, more than one class by their number."""
    if isinstance(label, str | int):
        return str(label)
    if isinstance(label, list) and all(isinstance(one, str | int) for one in label):
        return ", ".join(map(str, label)) or "none of the classes"
    listed: Any = label.get("points", label.get("spans", ())) if isinstance(label, dict) else label
    size = len(listed)
    return f"{size} {'mark' if size == 1 else 'marks'}"


def _unsure(looks: Looks, standing: Standing) -> Iterable[Doubt]:
    for item in looks.unsure():
        said, label = looks.answers(item), standing.label(item)
        people = [answer.who for answer in said if answer.kind == "unsure"]
        rest = "nobody has labelled it" if label is None else f"it is labelled {_short(label)}"
        yield Doubt(item, "unsure", len(people) / len(said), f"{_people(people)} could not tell; {rest}", label, said)


def _flagged(looks: Looks, standing: Standing) -> Iterable[Doubt]:
    for item, people in looks.flags().items():
        words = [
            f"{who or 'somebody'}: “{comment}”" if comment else who or "somebody" for who, comment in people.items()
        ]
        score = len(people) / (1 + len(people))
        yield Doubt(item, "flagged", score, f"flagged by {', '.join(words)}", standing.label(item), looks.answers(item))


_FROM_THE_LOG: dict[str, tuple[Callable[[Looks, Standing], Iterable[Doubt]], str]] = {
    "disagreements": (_disagreements, "items on which people disagree, the least certain first"),
    "unsure": (_unsure, "items on which somebody could not tell"),
    "flagged": (_flagged, "items that somebody flagged"),
}
