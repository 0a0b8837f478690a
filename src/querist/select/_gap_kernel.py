"""Squared distances and inner products in compiled loops, many numbers at a time.

A plain loop adds up one number at a time, since another order would round differently. Here the order is written out:
partial sums side by side, then in pairs, the same on every processor and for every number of threads.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from llvmlite import ir  # type: ignore[import-untyped]
from numba import njit, types
from numba.core import cgutils
from numba.extending import intrinsic, register_jitable

from querist._arrays import Array

LANES = (32, 8, 1)
LANE_COUNTS = (16, 8, 4, 2, 1)
PLACE = ir.IntType(64)


@intrinsic  # type: ignore[untyped-decorator]
def squared_gap(typing: Any, rows: Any, first: Any, points: Any, second: Any, count: Any) -> Any:
    """Compute Σ (rows[first + i] − points[second + i])² over i < count in float64; both arrays flat.

    The caller sees to it that both have so many numbers.
    """

    def build(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        sides = _sides(context, builder, signature, arguments)
        return _sum(builder, sides, arguments[4], (_square, ir.DoubleType()))

    return types.float64(rows, first, points, second, types.int64), build


@intrinsic  # type: ignore[untyped-decorator]
def rough_gap(typing: Any, rows: Any, first: Any, points: Any, second: Any, count: Any) -> Any:
    """Compute the same in the precision of the rows, which the points must have too; twice as fast for float32.

    Relative error: at most ``roughness(count, rows.dtype)``, unless it overflows to inf.
    """

    def build(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        sides = _sides(context, builder, signature, arguments)
        return _sum(builder, sides, arguments[4], (_square, sides[0][2]))

    return rows.dtype(rows, first, points, second, types.int64), build


@intrinsic  # type: ignore[untyped-decorator]
def inner(typing: Any, rows: Any, first: Any, points: Any, second: Any, count: Any) -> Any:
    """Compute Σ rows[first + i]·points[second + i] over i < count in float64; both arrays flat."""

    def build(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        sides = _sides(context, builder, signature, arguments)
        return _sum(builder, sides, arguments[4], (_product, ir.DoubleType()))

    return types.float64(rows, first, points, second, types.int64), build


@intrinsic  # type: ignore[untyped-decorator]
def rough_inner(typing: Any, rows: Any, first: Any, points: Any, second: Any, count: Any) -> Any:
    """Compute the same in the precision of the rows, which the points must have too; twice as fast for float32.

    Error: at most ``roughness(count, rows.dtype)`` of ‖row‖·‖point‖, unless it overflows.
    """

    def build(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        sides = _sides(context, builder, signature, arguments)
        return _sum(builder, sides, arguments[4], (_product, sides[0][2]))

    return rows.dtype(rows, first, points, second, types.int64), build


@register_jitable  # type: ignore[untyped-decorator]
def roughness(count: int, dtype: np.dtype[Any]) -> float:
    """Bound the relative error of ``rough_gap``, twice: three roundings per term, and those of the sum of a lane.

    >>> roughness(512, np.dtype(np.float32)) < 1e-5
    True
    """
    return float(np.finfo(dtype).eps) * (count / 32 + 32)


def _sides(context: Any, builder: Any, signature: Any, arguments: Any) -> list[tuple[Any, Any, Any]]:
    """Give the data, the first place and the kind of number of both arrays."""
    sides = []
    for at in (0, 2):
        kind = signature.args[at]
        data = context.make_array(kind)(context, builder, arguments[at]).data
        sides.append((data, arguments[at + 1], context.get_value_type(kind.dtype)))
    return sides


def _square(builder: Any, a: Any, b: Any) -> Any:
    gap = builder.fsub(a, b)
    return builder.fmul(gap, gap)


def _product(builder: Any, a: Any, b: Any) -> Any:
    return builder.fmul(a, b)


def _sum(builder: Any, sides: list[tuple[Any, Any, Any]], count: Any, how: tuple[Any, Any]) -> Any:
    """Sum the terms in 32 lanes, what is left of them in 8, and the last few one by one; ``how``: term and kind."""
    term, number = how
    total = ir.Constant(ir.VectorType(number, LANES[0]), [0.0] * LANES[0])
    start = PLACE(0)
    for lanes in LANES:
        stop = builder.and_(count, PLACE(-lanes))
        total = _add_terms(builder, _in_pairs(builder, total, lanes), sides, (term, start, stop))
        start = stop
    return builder.extract_element(total, ir.IntType(32)(0))


def _in_pairs(builder: Any, total: Any, lanes: int) -> Any:
    """Add the upper half of the lanes to the lower one until so many are left."""
    for count in LANE_COUNTS:
        if lanes <= count < total.type.count:
            halves = ([ir.IntType(32)(at + lane) for lane in range(count)] for at in (0, count))
            masks = [ir.Constant(ir.VectorType(ir.IntType(32), count), half) for half in halves]
            total = builder.fadd(*(builder.shuffle_vector(total, total, mask) for mask in masks))
    return total


def _add_terms(builder: Any, start: Any, sides: list[tuple[Any, Any, Any]], run: tuple[Any, Any, Any]) -> Any:
    term, first, stop = run
    total = cgutils.alloca_once(builder, start.type)
    builder.store(start, total)
    with cgutils.for_range_slice(builder, first, stop, PLACE(start.type.count), intp=PLACE) as (place, _):
        a, b = (_load(builder, side, place, start.type) for side in sides)
        builder.store(builder.fadd(builder.load(total), term(builder, a, b)), total)
    return builder.load(total)


def _load(builder: Any, side: tuple[Any, Any, Any], place: Any, vector: Any) -> Any:
    data, start, stored = side
    packed = ir.VectorType(stored, vector.count)
    at = builder.bitcast(builder.gep(data, [builder.add(start, place)]), packed.as_pointer())
    found = builder.load(at, align=4 if stored == ir.FloatType() else 8)
    return found if stored == vector.element else builder.fpext(found, vector)


@njit(nogil=True, cache=True)  # type: ignore[untyped-decorator]
def gaps_to(start: int, stop: int, rows: Array, point: Array, out: Array) -> None:
    """Compute ‖x − c‖² of some rows [N, D] to a point [D] into out [N]."""
    flat, width = rows.reshape(-1), rows.shape[1]
    for i in range(start, stop):
        out[i] = squared_gap(flat, i * width, point, 0, width)


@njit(nogil=True, cache=True)  # type: ignore[untyped-decorator]
def sum_blocks(start: int, stop: int, rows: Array, size: int, sums: Array) -> None:
    """Sum each block of ``size`` rows [N, D] in float64 into sums [N / size, D]."""
    for block in range(start, stop):
        total = sums[block]
        total[:] = 0.0
        for i in range(block * size, min(len(rows), (block + 1) * size)):
            for j in range(rows.shape[1]):
                total[j] += rows[i, j]
