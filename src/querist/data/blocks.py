"""Pools as bytes: Arrow IPC streams packed with zstd. No pickle; what is read back is what was written."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from querist.data.grow import is_text, joined
from querist.data.images import Images
from querist.data.pool import Pool
from querist.data.records import Records
from querist.errors import BadData, NewerStudy
from querist.formats.protocol import Table

VERSION = 2
"""2 since pools of images; a pool of another kind is still written as version 1, which older versions read."""
_RECORD = "record:"


def dump(pool: Pool) -> bytes:
    """Write a pool as bytes; raises BadData when items or ``about`` cannot be kept. Cost O(size of the pool).

    >>> pool = Pool(("a", "b"), np.array([[1.5], [2.5]]))
    >>> parse([dump(pool)]).items.tolist()
    [[1.5], [2.5]]
    """
    columns: dict[str, Any] = {"id": pa.array(pool.ids, pa.large_string())}
    version = VERSION if pool.kind == "image" else 1
    facts: dict[str, Any] = {"version": version, "kind": pool.kind, "about": pool.about}
    for part in (_items, _records):
        more, said = part(pool)
        columns |= more
        facts |= said
    if pool.group is not None:
        columns["group"] = pa.array(pool.group, pa.int64())
    if pool.time is not None:
        columns["time"] = pa.array(pool.time, pa.float64())
    try:
        meta = json.dumps(facts, allow_nan=False)
    except (TypeError, ValueError) as error:
        raise BadData(f"what a pool says about itself must be JSON: {error}; keep numbers and texts in it") from None
    table = pa.table(columns).replace_schema_metadata({"querist": meta})
    sink = pa.BufferOutputStream()
    options = pa.ipc.IpcWriteOptions(compression="zstd")
    with pa.ipc.new_stream(sink, table.schema, options=options) as writer:
        writer.write_table(table)
    packed: bytes = sink.getvalue().to_pybytes()
    return packed


def parse(blocks: Sequence[bytes]) -> Pool:
    """Read a pool from the blocks it was written in, in order; ids that occurred before are left alone.

    Kind and ``about`` are the first block's. Raises BadData (damaged, or of different forms) and NewerStudy.
    """
    if not blocks:
        raise BadData("there are no blocks to read items from: the study holds no pool")
    pools = [_parse(block) for block in blocks]
    if len({_form(pool) for pool in pools}) > 1:
        raise BadData(f"the blocks hold items of different forms: {', '.join(map(str, map(_form, pools)))}")
    whole = joined(pools)
    first = {id: row for row, id in reversed(list(enumerate(whole.ids)))}
    return whole if len(first) == len(whole) else whole.take(np.sort(np.array(list(first.values()), np.intp)))


def _form(pool: Pool) -> tuple[Any, ...]:
    items = pool.items
    if isinstance(items, Images):
        return ("images", pool.records is None, pool.group is None)
    if is_text(items):
        return ("text", pool.records is None, pool.group is None)
    return (type(items).__name__, items.dtype.str, items.shape[1], pool.records is None, pool.group is None)


def _items(pool: Pool) -> tuple[dict[str, Any], dict[str, Any]]:
    items = pool.items
    if is_text(items):
        return {"text": pa.array(items.tolist(), pa.large_string())}, {"form": "text"}
    if isinstance(items, Images):
        return _image_columns(items), {"form": "images"}
    facts = {"dtype": items.dtype.str, "width": items.shape[1]}
    if isinstance(items, np.ndarray):
        flat = np.ascontiguousarray(items)
        kind = pa.binary(items.shape[1] * items.dtype.itemsize)
        rows = pa.FixedSizeBinaryArray.from_buffers(kind, len(items), [None, pa.py_buffer(flat)])
        return {"features": rows}, {"form": "dense", **facts}
    facts["index"] = items.indices.dtype.str
    starts = pa.array(items.indptr, pa.int64())
    columns = {name: pa.LargeListArray.from_arrays(starts, pa.array(part)) for name, part in _parts(items)}
    return columns, {"form": "csr", **facts}


def _image_columns(items: Images) -> dict[str, Any]:
    """Keep where images lie, not what is in them."""
    return {
        "root": pa.array(items.roots.tolist(), pa.large_string()).dictionary_encode(),
        "name": pa.array(items.names.tolist(), pa.large_string()),
        "digest": pa.array([row.tobytes() for row in items.digests], pa.binary(16)),
        "width": pa.array(items.sizes[:, 0], pa.int32()),
        "height": pa.array(items.sizes[:, 1], pa.int32()),
    }


def _parts(items: Any) -> tuple[tuple[str, Any], tuple[str, Any]]:
    if items.format != "csr":
        raise BadData(f"sparse items must be CSR: got {items.format}; convert them with .tocsr()")
    end = items.indptr[-1]
    return ("indices", items.indices[:end]), ("values", items.data[:end])


def _records(pool: Pool) -> tuple[dict[str, Any], dict[str, Any]]:
    if pool.records is None:
        return {}, {"records": None}
    if isinstance(pool.records, Records):
        table = pool.records.table
        return {_RECORD + n: table.column(n) for n in table.column_names}, {"records": "table"}
    try:
        lines = [json.dumps(dict(record), ensure_ascii=False, allow_nan=False) for record in pool.records]
    except (TypeError, ValueError) as error:
        raise BadData(f"records must be JSON: {error}; keep numbers and texts in them") from None
    return {_RECORD: pa.array(lines, pa.large_string())}, {"records": "json"}


def _parse(block: bytes) -> Pool:
    try:
        with pa.ipc.open_stream(pa.BufferReader(block)) as reader:
            table = reader.read_all()
        facts = json.loads(table.schema.metadata[b"querist"])
    except (pa.ArrowInvalid, OSError, KeyError, TypeError, ValueError) as error:
        raise BadData(f"the stored items are damaged ({error}): restore the study from a backup") from None
    if facts["version"] > VERSION:
        raise NewerStudy(
            f"the items were stored in version {facts['version']}, this querist reads {VERSION}: upgrade it"
        )
    group = table.column("group").to_numpy() if "group" in table.column_names else None
    time = table.column("time").to_numpy() if "time" in table.column_names else None
    ids = tuple(table.column("id").to_pylist())
    items, records = _read_items(table, facts), _read_records(table, facts)
    return Pool(ids, items, records, group, facts["kind"], facts["about"], time)


def _read_items(table: Table, facts: Mapping[str, Any]) -> Any:
    size = table.num_rows
    if facts["form"] == "text":
        items = np.empty(size, object)
        items[:] = table.column("text").to_pylist()
        return items
    if facts["form"] == "images":
        return _read_images(table)
    if facts["form"] == "dense":
        return _dense(table.column("features"), np.dtype(facts["dtype"]), (size, facts["width"]))
    from scipy.sparse import csr_array

    indices, values = table.column("indices").combine_chunks(), table.column("values").combine_chunks()
    starts = indices.offsets.to_numpy()
    index = np.dtype(facts["index"])
    columns = indices.flatten().to_numpy().astype(index)
    data = values.flatten().to_numpy().astype(facts["dtype"])
    return csr_array((data, columns, (starts - starts[0]).astype(index)), shape=(size, facts["width"]))


def _read_images(table: Table) -> Images:
    roots, names = np.empty(table.num_rows, object), np.empty(table.num_rows, object)
    roots[:], names[:] = table.column("root").to_pylist(), table.column("name").to_pylist()
    digests = np.frombuffer(b"".join(table.column("digest").to_pylist()), np.uint8).reshape(-1, 16)
    sizes = np.column_stack([table.column(side).to_numpy() for side in ("width", "height")])
    return Images(roots, names, digests, sizes)


def _dense(column: Table, kind: np.dtype[Any], shape: tuple[int, int]) -> NDArray[Any]:
    items = np.empty(shape, kind)
    row = 0
    for chunk in column.chunks:
        bytes_ = chunk.buffers()[1]
        part = np.frombuffer(bytes_, kind, len(chunk) * shape[1], chunk.offset * shape[1] * kind.itemsize)
        items[row : row + len(chunk)] = part.reshape(len(chunk), shape[1])
        row += len(chunk)
    return items


def _read_records(table: Table, facts: Mapping[str, Any]) -> Sequence[Mapping[str, Any]] | None:
    if facts["records"] is None:
        return None
    if facts["records"] == "json":
        return [json.loads(line) for line in table.column(_RECORD).to_pylist()]
    names = [name for name in table.column_names if name.startswith(_RECORD)]
    shown = table.select(names).rename_columns([name.removeprefix(_RECORD) for name in names])
    return Records(shown.replace_schema_metadata(None))
