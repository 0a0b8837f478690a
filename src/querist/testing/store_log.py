"""What holds for the log and the counts of every store: a part of ``querist.testing.stores.StoreSuite``."""

from __future__ import annotations

from typing import Any

import pytest

from querist.errors import BadInput, BadLabel, UnknownItem
from querist.store.protocol import Counts, Event, Store
from querist.tasks.protocol import Answer
from querist.testing.store_claims import StoreFixtures, names, said
from querist.testing.store_model import HandClock


class LogSuite(StoreFixtures):
    """Answers, and the state that follows from them."""

    def test_answers_read_back_as_they_were_told(self, store: Store, clock: HandClock) -> None:
        """All fields, in order, with their positions and times; labels as JSON gives them back."""
        full = Answer("a", {"x": [1, 2.5, None, "ä\0"]}, "label", "ann", 1.5, 2.0, "token", "uid")
        bare = Answer("b", kind="skip")
        assert store.record([full, bare]) == [1, 2]
        clock.pass_by(1)
        assert store.record([Answer("a", ("t", True), who="bob")]) == [3]
        told = [Event(1, full, clock.now - 1000), Event(2, bare, clock.now - 1000)]
        last = Event(3, Answer("a", ["t", True], who="bob"), clock.now)
        assert store.events() == [*told, last]
        assert store.events(2) == [last]
        assert store.events(3) == []
        assert store.record([]) == []

    def test_the_log_shares_nothing_with_the_caller(self, store: Store) -> None:
        """A label that changes later changes nothing that was told."""
        label = {"x": 1}
        store.record([Answer("a", label)])
        label["x"] = 2
        assert store.events()[0].answer.label == {"x": 1}

    def test_a_uid_counts_once(self, asking: Store) -> None:
        """Sent again, alone or in the same call, it gets its position and changes nothing."""
        assert asking.record([said("a", uid="u"), said("b", uid="v"), said("a", uid="u")]) == [1, 2, 1]
        asking.record([said("a", kind="retract")])
        claims = asking.claim("ann", 1)
        assert asking.record([said("a", uid="u"), said("c", uid="w")]) == [1, 4]
        assert len(asking.events()) == 4
        assert names(asking.leases()) == names(claims) == "a"
        assert asking.counts() == Counts(3, 2, 0, 1)

    def test_a_uid_of_another_answer_is_refused(self, asking: Store) -> None:
        """Taking it for a repetition would lose an answer that was acknowledged; an empty one is nobody's."""
        asking.record([said("a", uid="u")])
        for other in (said("b", uid="u"), said("a", "bob", uid="u"), said("a", kind="skip", uid="u")):
            with pytest.raises(BadInput, match=r"uid 'u' belongs to another answer, label on item 'a' by 'ann': got"):
                asking.record([said("c"), other])
        with pytest.raises(BadInput, match=r"uid must not be empty: the answer on item 'b' has ''"):
            asking.record([said("b", uid="")])
        assert len(asking.events()) == 1

    def test_a_lease_on_what_others_have_answered_ends_at_the_next_claim(self, asking: Store) -> None:
        """Nobody is asked for an answer that is not wanted any more."""
        asking.claim("ann", 2)
        asking.record([said("a", "bob"), said("b", "bob")])
        assert names(asking.claim("ann", 2)) == "cd"

    def test_an_answer_ends_its_authors_lease_and_no_other(self, asking: Store) -> None:
        """Whatever its kind."""
        asking.claim("ann", 2, overlap=2)
        asking.claim("bob", 2, overlap=2)
        asking.record([said("a", "ann"), said("b", "bob", "skip")])
        assert sorted((claim.item, claim.who) for claim in asking.leases()) == [("a", "bob"), ("b", "ann")]
        assert asking.counts() == Counts(3, 1, 1, 1)

    def test_a_late_answer_is_kept(self, asking: Store, clock: HandClock) -> None:
        """The lease ran out and somebody else got the item: both answers are in the log."""
        (late,) = asking.claim("ann", 1, seconds=1)
        clock.pass_by(2)
        assert names(asking.claim("bob", 1)) == "a"
        assert asking.record([said("a", "ann", lease=late.token)]) == [1]
        assert names(asking.leases()) == "a"
        assert asking.record([said("a", "bob"), said("e", "nobody")]) == [2, 3]
        assert asking.counts() == Counts(3, 2, 0, 0)

    def test_an_unknown_item_appends_nothing(self, asking: Store) -> None:
        """Neither itself nor the answers beside it."""
        with pytest.raises(UnknownItem, match=r"no item has the id 'zz' \(and 1 more\): known: a, b, c, d, e"):
            asking.record([said("a"), said("zz"), said("yy")])
        assert asking.events() == []
        assert asking.counts() == Counts(5, 0, 0, 0)

    def test_refuses_an_answer_that_cannot_be_kept(self, store: Store) -> None:
        """The messages say what and of which item; nothing is appended."""
        with pytest.raises(BadLabel, match=r"item 'a' cannot be kept as JSON: .*set.*; give plain strings"):
            store.record([said("b"), Answer("a", {1})])
        with pytest.raises(BadLabel, match="the label of item 'a' cannot be kept as JSON"):
            store.record([Answer("a", float("nan"))])
        with pytest.raises(BadInput, match=r"no answer is of the kind 'labl': did you mean 'label'\?"):
            store.record([said("a", kind="labl")])
        with pytest.raises(BadInput, match="cost of an answer must be a finite number: item 'a' has nan"):
            store.record([said("a", cost=float("nan"))])
        with pytest.raises(BadInput, match="uid must not hold the character NUL"):
            store.record([said("a", uid="\0")])
        assert store.events() == []

    def test_retract_reopens_an_item(self, asking: Store) -> None:
        """It is handed out again at its rank, to its author too; the log keeps both."""
        asking.claim("ann", 3)
        asking.record([said("a"), said("b"), said("b", kind="retract")])
        assert asking.counts() == Counts(4, 1, 0, 1)
        assert names(asking.claim("ann", 2)) == "cb"
        assert [event.answer.kind for event in asking.events()] == ["label", "label", "retract"]

    @pytest.mark.parametrize(
        ("answers", "state"),
        [
            ([("ann", "label"), ("bob", "label"), ("ann", "retract")], "answered"),
            ([("ann", "label"), ("bob", "skip"), ("ann", "retract")], "aside"),
            ([("ann", "skip"), ("ann", "label"), ("ann", "retract")], "open"),
            ([("ann", "label"), ("ann", "unsure")], "aside"),
            ([("ann", "skip"), ("bob", "label")], "answered"),
            ([("ann", "unsure"), ("bob", "skip"), ("bob", "retract")], "aside"),
            ([("ann", "retract")], "open"),
            ([("ann", "label"), ("bob", "retract")], "answered"),
            ([("ann", "label"), ("ann", "label"), ("ann", "retract")], "open"),
        ],
    )
    @pytest.mark.parametrize("together", [False, True])
    def test_the_state_follows_from_what_stands(
        self, asking: Store, answers: list[tuple[str, Any]], state: str, together: bool
    ) -> None:
        """Of each person the last answer stands; one label makes an item answered, whether told at once or in turn."""
        told = [said("a", who, kind) for who, kind in answers]
        for part in [told] if together else [[answer] for answer in told]:
            asking.record(part)
        counts = asking.counts()
        assert counts._asdict() == {**Counts(4, 0, 0, 0)._asdict(), state: 1 + (4 if state == "open" else 0)}
        assert ("a" in names(asking.claim("eve", 9))) == (state != "answered")

    def test_counts_add_up(self, asking: Store, clock: HandClock) -> None:
        """Open, answered and aside are the items; the leased are of those not answered."""
        asking.claim("ann", 3, seconds=10)
        asking.claim("bob", 1, seconds=99)
        asking.record([said("a", "ann"), said("b", "ann", "skip"), said("c", "zoe")])
        assert asking.counts() == Counts(2, 2, 1, 1)
        asking.add_items([("f", 1), ("g", 1)])
        clock.pass_by(100)
        assert asking.counts() == Counts(4, 2, 1, 0)
