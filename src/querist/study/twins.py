"""Texts that repeat others are asked once: the rest waits at the end of the queue, the answer its suggestion."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from querist._arrays import Rows
from querist.data import Pool
from querist.data.duplicates import KINDS, twins
from querist.errors import BadInput, near
from querist.store.protocol import Ranked
from querist.study.known import Known
from querist.study.round import Question
from querist.tasks import Label

ASK = "ask"
"""The setting under which copies are asked like any other item."""


def check_duplicates(kind: str, pool: Pool) -> None:
    """Refuse a setting that is none, or copies of what is no text; raises BadInput."""
    if kind not in (ASK, *KINDS):
        raise BadInput(f"duplicates must be ask, exact or near: {near(kind, (ASK, *KINDS))}")
    if kind != ASK and pool.kind != "text":
        raise BadInput(f"duplicates are found among texts: the pool holds {pool.kind}s; leave duplicates at ask")


def twins_of(pool: Pool, kind: str) -> Rows | None:
    """Give for each item the first one whose text it repeats; None where copies are asked."""
    return None if kind == ASK else twins([pool.raw(id) for id in pool.ids], kind=kind)


def once(asked: Question, first: Rows, known: Known) -> tuple[Question, dict[str, str]]:
    """Take away the candidates whose text was asked or is asked with them: id → id of the one asked.

    The first candidate of a text in ingest order stands for the others. Items of the audit stay as they are: it is a
    random sample of the pool, copies and all. Cost: O(N).
    """
    ids = asked.pool.ids
    stands = {int(first[row]): ids[row] for row in asked.asked.tolist()}
    open_rows = np.sort(asked.candidates[known.codes[asked.candidates] < 0])
    later = {}
    for row in open_rows.tolist():
        there = stands.setdefault(int(first[row]), ids[row])
        if there != ids[row]:
            later[ids[row]] = there
    kept = [row for row in asked.candidates.tolist() if ids[row] not in later]
    return replace(asked, candidates=np.array(kept, np.intp)), later


def at_the_end(later: dict[str, str]) -> list[Ranked]:
    """Write the places of copies, each with the item whose answer it is offered."""
    return [Ranked(item, 0.0, None, f"same text as {there}") for item, there in later.items()]


def offered(later: dict[str, str], known: Known) -> dict[str, tuple[Label, float | None]]:
    """Give copies the answer on the item that was asked, as a suggestion: nothing is recorded for them."""
    return {item: (known.labels[there], None) for item, there in later.items() if there in known.labels}
