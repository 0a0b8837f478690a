"""A process of its own that labels with a store, for the tests of races and kills.

share PATH WHO   claims and records until nothing is open, then prints every item it was handed
drip PATH WHO    claims and records one item after another, and prints each position once ``record`` has returned
"""

from __future__ import annotations

import json
import sys
import time

from querist.store.sql import SqlStore
from querist.tasks.protocol import Answer


def share(store: SqlStore, who: str) -> None:
    handed: list[str] = []
    while True:
        claims = store.claim(who, 3)
        handed += [claim.item for claim in claims]
        for claim in claims:
            store.record([Answer(claim.item, "yes", who=who, lease=claim.token)])
        if not claims:
            if store.counts().open == 0:
                break
            time.sleep(0.01)
    print(json.dumps(handed))


def drip(store: SqlStore, who: str) -> None:
    while claims := store.claim(who, 1):
        (position,) = store.record([Answer(claims[0].item, who, who=who)])
        print(position, claims[0].item, flush=True)


if __name__ == "__main__":
    work, where, person = sys.argv[1:]
    {"share": share, "drip": drip}[work](SqlStore(where), person)
