"""What holds for the items, rankings and leases of every store: a part of ``querist.testing.stores.StoreSuite``."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from querist.errors import BadInput, UnknownItem
from querist.store.protocol import Claim, Counts, Published, Ranked, Ranking, Store
from querist.tasks.protocol import Answer
from querist.testing.store_model import HandClock, MakeStore

IDS = ("a", "b", "c", "d", "e")


def ranked(items: Sequence[str] = IDS, *, position: int = 0, **info: Any) -> Ranking:
    """Rank some items in the order given."""
    return Ranking(position, tuple(Ranked(item, float(-place)) for place, item in enumerate(items)), info)


def said(item: str, who: str = "ann", kind: Any = "label", **more: Any) -> Answer:
    """Make an answer; a label is "yes"."""
    return Answer(item, "yes" if kind == "label" else None, kind, who, **more)


def names(claims: Sequence[Claim]) -> str:
    """Join the ids that were handed out."""
    return "".join(claim.item for claim in claims)


class StoreFixtures:
    """Stores to test; ``make`` is for the subclass to override."""

    @pytest.fixture
    def make(self) -> MakeStore:
        """Give a function that makes a new, empty store."""
        pytest.fail("override the fixture `make`: see the head of querist.testing.stores")

    @pytest.fixture
    def clock(self) -> HandClock:
        """Give a clock that the test moves."""
        return HandClock()

    @pytest.fixture
    def store(self, make: MakeStore, clock: HandClock) -> Iterator[Store]:
        """Give a store with the items a … e and nothing else."""
        store = make(clock)
        store.add_items([(id, i) for i, id in enumerate(IDS)])
        yield store
        store.close()

    @pytest.fixture
    def asking(self, store: Store) -> Store:
        """Give the store with a … e ranked in this order."""
        store.rank(ranked())
        return store


class ClaimSuite(StoreFixtures):
    """Items, rankings, leases."""

    # Items.

    def test_items_keep_their_order_and_are_added_once(self, store: Store) -> None:
        """Ids that are there already are left alone, also inside one call."""
        assert store.add_items([("f", 2**64 - 1), ("a", 0), ("f", 5), ("9", 3)]) == 2
        assert store.items() == [*IDS, "f", "9"]
        assert store.add_items([]) == 0
        assert store.counts().open == 7

    def test_refuses_an_id_or_key_that_cannot_be_kept(self, store: Store) -> None:
        """The messages name the item."""
        with pytest.raises(BadInput, match=r"an item's id must not hold the character NUL: got 'x\\x00'"):
            store.add_items([("x\0", 1)])
        with pytest.raises(BadInput, match=r"an item's id must be valid Unicode: got '\\ud800'"):
            store.add_items([("\ud800", 1)])
        with pytest.raises(BadInput, match=r"the key of item 'x' must be a 64-bit digest.* got -1"):
            store.add_items([("y", 1), ("x", -1)])
        assert store.items() == list(IDS)

    # Rankings.

    def test_a_ranking_reads_back_as_it_was_published(self, store: Store, clock: HandClock) -> None:
        """Places, values, propensities, reasons and info, to the last digit; and when."""
        assert store.ranking() is None
        assert store.published() is None
        places = (Ranked("c", 0.1, 1 / 3, "near the boundary"), Ranked("a", -1e300), Ranked("e", float("-inf")))
        ranking = Ranking(7, places, {"seed": 1, "memo": [None, {"x": 0.1}]})
        assert store.rank(ranking) == 1
        assert store.ranking() == store.ranking(1) == ranking
        found = store.ranking()
        assert found is not None
        assert found.at == clock.now
        assert store.published() == store.published(1) == Published(1, 7, ranking.info, clock.now)
        assert store.ranking(2) is None
        assert [store.published(round) for round in (0, 2)] == [None, None]

    def test_the_same_position_and_info_are_the_same_ranking(self, store: Store) -> None:
        """Publishing again changes nothing; another position or info is another round."""
        assert store.rank(ranked("ab", seed=1, batch=2)) == 1
        assert store.rank(ranked("ba", batch=2, seed=1)) == 1
        assert names(store.claim("ann", 1)) == "a"
        assert store.rank(ranked("ba", seed=2)) == 2
        assert store.rank(ranked("ba", position=1, seed=2)) == 3
        assert store.rank(ranked("ab", seed=1, batch=2)) == 4

    def test_a_replaced_ranking_keeps_its_batch_and_what_was_handed_out(self, store: Store) -> None:
        """The rest of the reserve is dropped; an empty ranking is one too."""
        store.rank(ranked(batch=2))
        store.rank(ranked("abcde", position=1, batch=2))
        store.claim("ann", 3)
        store.rank(ranked("ab", position=2))
        store.rank(ranked("", position=3))
        lengths = [len(found.queue) for round in (1, 2, 3, 4) if (found := store.ranking(round))]
        assert lengths == [2, 3, 0, 0]
        found = store.ranking(2)
        assert found is not None
        assert (found.position, found.info, found.queue[2].item) == (1, {"batch": 2}, "c")
        assert store.published(2) == Published(2, 1, {"batch": 2}, found.at)

    def test_refuses_a_ranking_that_makes_no_sense(self, asking: Store) -> None:
        """And the one before stays as it was."""
        with pytest.raises(UnknownItem, match=r"no item has the id 'aa': did you mean 'a'\?"):
            asking.rank(ranked(["b", "aa"], position=1))
        with pytest.raises(BadInput, match="a ranking must list an item once: 'a' occurs twice"):
            asking.rank(ranked("aba", position=1))
        with pytest.raises(BadInput, match="a value in a ranking must be a number: item 'a' has nan"):
            asking.rank(Ranking(1, [Ranked("a", float("nan"))]))
        with pytest.raises(BadInput, match="the info of a ranking must be JSON: Object of type set"):
            asking.rank(ranked(position=1, x={1}))
        assert asking.ranking() == ranked()
        assert names(asking.claim("ann", 9)) == "abcde"

    def test_a_ranking_knows_what_was_answered_before_it(self, store: Store) -> None:
        """Answered items are not handed out, and those set aside come last."""
        store.record([said("a"), said("b", kind="skip")])
        store.rank(ranked())
        assert names(store.claim("bob", 9)) == "cdeb"

    def test_readers_see_the_old_ranking_whole_or_the_new_one(self, store: Store) -> None:
        """While one thread publishes, the others never see a mixture."""
        done = threading.Event()

        def read() -> list[set[float]]:
            seen = []
            while not done.is_set():
                found = store.ranking()
                seen.append(set() if found is None else {place.value for place in found.queue})
            return seen

        with ThreadPoolExecutor(2) as pool:
            reads = [pool.submit(read) for _ in range(2)]
            for number in range(8):
                store.rank(Ranking(number, [Ranked(item, float(number)) for item in IDS]))
            done.set()
        assert all(len(values) <= 1 for future in reads for values in future.result())

    # Claims.

    def test_hands_out_in_rank_order_with_what_is_known_of_the_place(self, store: Store, clock: HandClock) -> None:
        """Round, rank, value, propensity, reason, a token of its own and when it ends."""
        store.rank(Ranking(0, [Ranked("d", 0.5, 0.25, "sure"), Ranked("b", 0.4)]))
        first, second = store.claim("ann", 5, seconds=90)
        assert first == Claim("d", "ann", first.token, clock.now + 90_000, 1, 0, 0.5, 0.25, "sure")
        assert second == Claim("b", "ann", second.token, clock.now + 90_000, 1, 1, 0.4, None, "")
        assert first.token
        assert first.token != second.token

    def test_nothing_is_handed_out_before_the_first_ranking(self, store: Store) -> None:
        """None is free now, which is not the same as done."""
        assert store.claim("ann", 3) == []
        assert store.counts() == Counts(5, 0, 0, 0)

    def test_no_two_people_get_the_same_item(self, asking: Store) -> None:
        """And one who comes too late gets none, though nothing is answered."""
        got = [names(asking.claim(who, 2)) for who in ("ann", "bob", "cleo", "dan")]
        assert got == ["ab", "cd", "e", ""]
        assert asking.counts() == Counts(5, 0, 0, 5)

    def test_own_leases_come_first_and_are_extended(self, asking: Store, clock: HandClock) -> None:
        """In the order they were handed out, then new items up to n in all."""
        before = asking.claim("ann", 2, seconds=60)
        clock.pass_by(50)
        after = asking.claim("ann", 3, seconds=60)
        assert names(after) == "abc"
        assert {claim.expires for claim in after} == {clock.now + 60_000}
        assert [claim.token for claim in after[:2]] == [claim.token for claim in before]
        clock.pass_by(30)
        assert asking.claim("ann", 0, seconds=60) == []
        clock.pass_by(50)
        assert names(asking.claim("bob", 9)) == "de"
        assert names(asking.claim("ann", 1)) == "a"

    def test_a_lease_runs_out(self, asking: Store, clock: HandClock) -> None:
        """At the moment it ends, the item is free for others, and for the same person again."""
        old = asking.claim("ann", 2, seconds=1)
        clock.pass_by(0.999)
        assert names(asking.claim("bob", 1, seconds=1)) == "c"
        assert asking.counts().leased == 3
        clock.pass_by(0.001)
        assert asking.counts().leased == 1
        assert names(asking.leases()) == "c"
        new = asking.claim("ann", 1)
        assert names(new) == "a"
        assert new[0].token != old[0].token
        assert names(asking.claim("bob", 2)) == "cb"

    def test_leases_outlive_a_new_ranking(self, asking: Store) -> None:
        """What is on somebody's screen stays; what it was is told as it was."""
        before = asking.claim("ann", 1)
        asking.rank(ranked("edcba", position=1))
        assert names(asking.claim("bob", 9)) == "edcb"
        assert asking.claim("ann", 9) == [before[0]._replace(expires=asking.leases()[0].expires)]
        assert before[0].round == 1

    def test_overlap_hands_an_item_to_k_people(self, asking: Store) -> None:
        """Answered or leased by fewer than k, and by none of them twice."""
        assert [names(asking.claim(who, 2, overlap=2)) for who in ("ann", "bob", "cleo")] == ["ab", "ab", "cd"]
        asking.record([said("a", "ann"), said("b", "ann"), said("a", "bob")])
        assert names(asking.claim("dan", 9, overlap=2)) == "cde"
        asking.release("bob")
        asking.release("dan")
        assert names(asking.claim("ann", 9, overlap=2)) == "cde"
        assert names(asking.claim("dan", 1, overlap=2)) == "b"
        assert names(asking.claim("eve", 1, overlap=3)) == "a"
        assert asking.counts().answered == 2

    def test_items_set_aside_come_last(self, asking: Store) -> None:
        """First untouched ones, then those others set aside, at the very end one's own; never as if answered."""
        asking.record([said("a", "ann", "skip"), said("b", "bob", "unsure"), said("c", "ann", "unsure")])
        assert asking.counts() == Counts(2, 0, 3, 0)
        assert names(asking.claim("ann", 9)) == "debac"
        asking.release("ann")
        assert names(asking.claim("bob", 9)) == "deacb"

    def test_leases_are_released(self, asking: Store) -> None:
        """All of a person's or those on some items, nobody else's; ids without a lease are nothing to release."""
        asking.claim("ann", 3)
        asking.claim("bob", 1)
        asking.release("ann", ["b", "d", "nothing"])
        assert sorted(names(asking.leases())) == ["a", "c", "d"]
        assert names(asking.claim("cleo", 9)) == "be"
        asking.release("ann")
        assert names(asking.claim("cleo", 9)) == "beac"

    def test_refuses_a_claim_that_makes_no_sense(self, asking: Store) -> None:
        """The messages say what was given."""
        with pytest.raises(BadInput, match="n must be 0 or more: got -1"):
            asking.claim("ann", -1)
        with pytest.raises(BadInput, match="seconds must be positive and finite: got 0"):
            asking.claim("ann", 1, seconds=0)
        with pytest.raises(BadInput, match="overlap must be 1 or more: got 0"):
            asking.claim("ann", 1, overlap=0)
        with pytest.raises(BadInput, match=r"who must not hold the character NUL: got 'a\\x00'"):
            asking.claim("a\0", 1)
