"""A pool that grows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from querist.data.pool import Pool
from querist.errors import BadData


def extend(pool: Pool, more: Pool) -> Pool:
    """Append the rows of another pool whose ids are new; known ids are left alone, ``about`` stays the pool's.

    Raises BadData when the rows are of another kind, width or encoding (load them with ``like=pool``), or when only one
    of the two has groups. Cost O(N·D).

    >>> from querist.data import load
    >>> pool = load(["one", "two"]).pool
    >>> extend(pool, load(["two", "three"], like=pool).pool).items.tolist()
    ['one', 'two', 'three']
    """
    _check(pool, more)
    new = [row for row, id in enumerate(more.ids) if id not in pool]
    if not new:
        return pool
    return joined([pool, more.take(np.array(new, np.intp))])


def _check(pool: Pool, more: Pool) -> None:
    if is_text(pool.items) != is_text(more.items) or pool.kind != more.kind:
        raise BadData(f"the pool holds items of the kind {pool.kind!r}: got {more.kind!r}; give the same kind")
    if pool.kind == "record" and pool.items.shape[1] != more.items.shape[1]:
        raise BadData(
            f"the pool has {pool.items.shape[1]} features: got {more.items.shape[1]}; load the new rows with like=pool"
        )
    if pool.kind == "record" and pool.about.get("columns") != more.about.get("columns"):
        raise BadData("the new rows are encoded in another way than the pool: load them with like=pool")
    if (pool.group is None) != (more.group is None):
        which = "the pool" if more.group is None else "the new rows"
        raise BadData(f"groups are known for {which} only: say group=… for both or for neither")
    if pool.records is not None and more.records is None:
        raise BadData("the pool has records to show and the new rows have none: load both from tables of one kind")


def joined(pools: Sequence[Pool]) -> Pool:
    """Join the rows of pools of one form; kind and ``about`` are the first one's, and what it lacks is dropped."""
    first = pools[0]
    records = [pool.records for pool in pools if pool.records is not None]
    groups = [pool.group for pool in pools if pool.group is not None]
    times = [np.full(len(pool), np.nan) if pool.time is None else pool.time for pool in pools]
    return replace(
        first,
        ids=tuple(id for pool in pools for id in pool.ids),
        items=stack([pool.items for pool in pools]),
        records=_join(records) if first.records is not None else None,
        group=np.concatenate(groups) if first.group is not None else None,
        time=np.concatenate(times) if first.time is not None else None,
    )


def _join(records: list[Sequence[Mapping[str, Any]]]) -> Sequence[Mapping[str, Any]]:
    from querist.data.records import join

    return join(records)


def is_text(items: Any) -> bool:
    """Say whether items are texts."""
    return isinstance(items, np.ndarray) and items.dtype == object


def stack(parts: Sequence[Any]) -> Any:
    """Join items row-wise, in the form and precision of the first part."""
    first = parts[0]
    if len(parts) == 1:
        return first
    if hasattr(first, "digests"):
        from querist.data.images import concatenate

        return concatenate(parts)
    if isinstance(first, np.ndarray):
        dense = [part if isinstance(part, np.ndarray) else part.toarray() for part in parts]
        whole: NDArray[Any] = np.concatenate(dense)
        return whole.astype(first.dtype, copy=False)
    from scipy.sparse import csr_array, vstack

    return csr_array(vstack([csr_array(part) for part in parts], format="csr", dtype=first.dtype))
