"""A named lock on a study: kept alive while its owner lives, freed soon after its owner was killed."""

from __future__ import annotations

import json
import os
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from querist.errors import StoreFailed
from querist.store import MemoryStore, Store

LEASE = 15.0
"""Seconds that a lock outlives an owner of whom nothing is heard."""
BEAT = 5.0


@contextmanager
def holding(store: Store, name: str, refusal: str) -> Iterator[None]:
    """Hold a lock during a block; wait for a dead owner's to run out, and raise StoreFailed for a living one's."""
    if isinstance(store, MemoryStore):
        yield  # nobody else can reach a store in memory, and simulations step a thousand times a second
        return
    who = json.dumps({"host": socket.gethostname(), "pid": os.getpid(), "token": os.urandom(8).hex()})
    _take(store, name, who, refusal)
    done = threading.Event()
    beat = threading.Thread(target=_beat, args=(store, name, who, done), daemon=True)
    beat.start()
    try:
        yield
    finally:
        done.set()
        beat.join()
        store.hold(name, who, 0)


def _take(store: Store, name: str, who: str, refusal: str) -> None:
    end = time.monotonic() + LEASE + 1.0
    while not store.hold(name, who, LEASE):
        owner = (store.get(f"lock/{name}") or b"").decode()
        if owner and _is_dead(owner):
            store.hold(name, owner, 0)
        elif time.monotonic() > end:
            raise StoreFailed(refusal)
        else:
            time.sleep(0.1)
    store.put(f"lock/{name}", who.encode())


def _is_dead(owner: str) -> bool:
    """Say whether the owner was a process of this machine that is gone; when in doubt, it lives."""
    facts = json.loads(owner)
    if facts["host"] != socket.gethostname() or os.name != "posix":
        return False
    try:
        os.kill(facts["pid"], 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        return False
    return False


def _beat(store: Store, name: str, who: str, done: threading.Event) -> None:
    while not done.wait(BEAT):
        store.hold(name, who, LEASE)
