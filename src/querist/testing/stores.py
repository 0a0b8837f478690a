"""The conformance suite of stores, for the built-in ones and for yours.

In a test file of your own, with pytest and hypothesis installed::

    from querist.testing.stores import StoreSuite

    class TestMine(StoreSuite):
        @pytest.fixture
        def make(self, tmp_path):
            return lambda clock: MyStore(tmp_path / uuid4().hex, clock=clock)

``make`` gives a function that makes a new, empty store telling the time by ``clock``. Every sentence of
``querist.store.protocol.Store`` has its test here.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, ClassVar

import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test

from querist.errors import BadInput, StoreFailed
from querist.store.protocol import Counts, Store
from querist.testing.store_claims import ClaimSuite, ranked, said
from querist.testing.store_log import LogSuite
from querist.testing.store_model import HandClock, MakeStore, machine


class StoreSuite(ClaimSuite, LogSuite):
    """What holds for every store; override the fixture ``make``."""

    examples: ClassVar[int] = 40
    """How many random histories are compared with the model."""

    def test_bytes_are_kept_by_name(self, store: Store) -> None:
        """The last ones put."""
        assert store.get("model") is None
        store.put("model", b"old and long")
        store.put("model", bytes(range(256)))
        store.put("none", b"")
        assert store.get("model") == bytes(range(256))
        assert store.get("none") == b""
        with pytest.raises(BadInput, match="a name must not hold the character NUL"):
            store.put("\0", b"")

    def test_one_holds_a_lock(self, store: Store, clock: HandClock) -> None:
        """Until it is freed or its time is over; its holder may extend it."""
        assert store.hold("step", "one", 10)
        assert not store.hold("step", "two", 10)
        assert not store.hold("step", "two", 0)
        assert store.hold("other", "two", 10)
        clock.pass_by(9)
        assert store.hold("step", "one", 10)
        clock.pass_by(9)
        assert not store.hold("step", "two", 10)
        assert store.hold("step", "one", 0)
        assert store.hold("step", "two", 1)
        clock.pass_by(1)
        assert store.hold("step", "one", 10)
        with pytest.raises(BadInput, match="seconds must be finite, 0 to free the lock: got -1"):
            store.hold("step", "one", -1)

    def test_one_of_many_gets_a_lock(self, store: Store) -> None:
        """However many threads ask at once."""
        with ThreadPoolExecutor(8) as pool:
            got = list(pool.map(lambda who: store.hold("step", str(who), 60), range(8)))
        assert sum(got) == 1

    def test_wait_wakes_when_the_log_grows(self, store: Store) -> None:
        """At once when it is longer already, by an answer when it comes, else when the time is over."""
        assert store.wait(0, 0.01) == 0
        teller = threading.Timer(0.05, lambda: store.record([said("a")]))
        teller.start()
        assert store.wait(0, 60) == 1
        teller.join()
        assert store.wait(0, 60) == 1
        assert store.wait(1, 0.01) == 1

    def test_a_closed_store_says_so(self, make: MakeStore, clock: HandClock) -> None:
        """Every call of it."""
        store = make(clock)
        store.close()
        calls: list[Callable[[], Any]] = [
            store.items, store.counts, store.leases, store.events, store.ranking, store.published,
            lambda: store.claim("ann", 1), lambda: store.record([said("a")]), lambda: store.rank(ranked()),
            lambda: store.add_items([("a", 1)]), lambda: store.release("ann"), lambda: store.wait(0, 60),
            lambda: store.put("x", b""), lambda: store.get("x"), lambda: store.hold("x", "y", 1),
        ]  # fmt: skip
        for call in calls:
            with pytest.raises(StoreFailed, match="this store is closed: open it again"):
                call()

    def test_threads_share_the_work(self, make: MakeStore, clock: HandClock) -> None:
        """Each item is handed out once and answered once, whoever asks when."""
        store, ids = make(clock), [f"item {i}" for i in range(60)]
        store.add_items([(id, i) for i, id in enumerate(ids)])
        store.rank(ranked(ids))

        def work(who: str) -> list[str]:
            done = []
            while claims := store.claim(who, 3):
                done += [claim.item for claim in claims]
                store.record([said(claim.item, who) for claim in claims])
            return done

        with ThreadPoolExecutor(4) as pool:
            handed = [item for done in pool.map(work, ["ann", "bob", "cleo", "dan"]) for item in done]
        assert sorted(handed) == sorted(ids)
        assert sorted(event.answer.item for event in store.events()) == sorted(ids)
        assert [event.position for event in store.events()] == list(range(1, 61))
        assert store.counts() == Counts(0, 60, 0, 0)
        store.close()

    def test_agrees_with_the_model_on_any_history(self, make: MakeStore) -> None:
        """Random calls, compared with the plain model after each."""
        run_state_machine_as_test(
            machine(make),
            settings=settings(
                max_examples=self.examples,
                stateful_step_count=25,
                deadline=None,
                database=None,
                derandomize=True,
                suppress_health_check=list(HealthCheck),
            ),
        )
