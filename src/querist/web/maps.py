"""The map of the pool between the training process, which draws it, and the server, which sends it.

Once somebody has opened the map, each step draws it anew; before that, nobody pays for it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from io import BytesIO
from typing import Any

import numpy as np

from querist.embed.plane import METHODS, Method
from querist.errors import QueristError
from querist.store import Store
from querist.study import Study
from querist.study.landscape import Landscape, landscape

WANTED, DRAWN, DATA = "web/map/wanted", "web/map", "web/map/data"


def want(store: Store, method: str) -> None:
    """Ask for a map with each step from now on."""
    store.put(WANTED, method.encode())


def wanted(store: Store) -> Method | None:
    """Say by which method a map is wanted; None while nobody has asked for one."""
    said = (store.get(WANTED) or b"").decode()
    return next((method for method in METHODS if method == said), None)


def write(study: Study) -> None:
    """Draw the map that is wanted with the current model, and keep it; what stands against it is kept instead."""
    method = wanted(study.store)
    if method is None:
        return
    try:
        found = landscape(study, method=method, before=read(study.store, method))
    except QueristError as error:
        study.store.put(DRAWN, json.dumps({"error": str(error), "method": method}).encode())
        return
    arrays = {"places": found.places, "predicted": found.predicted, "uncertainty": found.uncertainty}
    facts = {"round": found.round, "method": method, "version": found.version, "items": len(found.places)}
    file = BytesIO()
    np.savez(file, facts=np.frombuffer(json.dumps(facts).encode(), np.uint8), **arrays)  # type: ignore[arg-type]
    study.store.put(DATA, file.getvalue())
    study.store.put(DRAWN, json.dumps(facts).encode())


def drawn(store: Store) -> Mapping[str, Any]:
    """Say which map is there: its round, method, version and number of items, or the ``error``; empty without one."""
    found: dict[str, Any] = json.loads(store.get(DRAWN) or b"{}")
    return found


def read(store: Store, method: str | None = None) -> Landscape | None:
    """Read the map; None without one, or where it was drawn by another method."""
    raw = store.get(DATA)
    if raw is None:
        return None
    with np.load(BytesIO(raw), allow_pickle=False) as file:
        facts = json.loads(file["facts"].tobytes())
        if method not in (None, facts["method"]):
            return None
        arrays = {name: file[name] for name in ("places", "predicted", "uncertainty")}
    return Landscape(facts["round"], facts["method"], facts["version"], **arrays)
