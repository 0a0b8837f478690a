"""Run cells here or in processes, and keep each finished one, so that an interrupted simulation resumes."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import NamedTuple, TypeAlias

from querist.engines.processes import Processes
from querist.engines.serial import Serial
from querist.simulate.cell import Cell, run_cell
from querist.simulate.curve import Curve


class Progress(NamedTuple):
    """How far one run is; ``strategy`` is None for the fit on all labels."""

    dataset: str
    strategy: str | None
    seed: int
    labels: int
    budget: int
    finished: bool
    kept: bool
    """Read back from an earlier run instead of computed."""


OnProgress: TypeAlias = Callable[[Progress], None]


def run(
    cells: Sequence[Cell], *, jobs: int = 1, folder: Path | None = None, on_progress: OnProgress | None = None
) -> list[Curve]:
    """Run cells and give their curves in the same order.

    With a ``folder``, each finished cell is kept there as ``<digest>.json``, and cells found there are not run again.
    ``on_progress`` hears of every round with one job, of every finished cell with more.
    """
    done = dict(run_each(cells, jobs=jobs, folder=folder, on_progress=on_progress))
    return [done[i] for i in range(len(cells))]


def run_each(
    cells: Sequence[Cell], *, jobs: int = 1, folder: Path | None = None, on_progress: OnProgress | None = None
) -> Iterator[tuple[int, Curve]]:
    """Run cells and give (position, curve) of each as soon as it is there, those that were kept first."""
    tell = on_progress or _nobody
    left = []
    for i, cell in enumerate(cells):
        curve = read_cell(cell, folder)
        if curve is None:
            left.append(i)
            continue
        tell(_progress(cell, curve.points[-1].labels, finished=True, kept=True))
        yield i, curve
    for i, curve in zip(left, _compute([cells[i] for i in left], jobs, folder, tell), strict=True):
        tell(_progress(cells[i], curve.points[-1].labels, finished=True))
        yield i, curve


def _compute(cells: Sequence[Cell], jobs: int, folder: Path | None, tell: OnProgress) -> Iterable[Curve]:
    if jobs > 1 and len(cells) > 1:
        threads = max(1, (os.cpu_count() or 1) // jobs)
        for cell in cells:
            _ = cell.split.digest  # kept with the split: else every process would read all the data for it
        return Processes(jobs).map(partial(_with_threads, threads=threads, folder=folder), cells)
    return Serial().map(partial(_heard, tell=tell, folder=folder), cells)


def _heard(cell: Cell, tell: OnProgress, folder: Path | None) -> Curve:
    return run_and_keep(cell, folder, lambda labels: tell(_progress(cell, labels)))


def _with_threads(cell: Cell, threads: int, folder: Path | None) -> Curve:
    """Share the cores among the processes: BLAS would else start as many threads in each as there are cores."""
    from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

    with threadpool_limits(threads):
        return run_and_keep(cell, folder)


def run_and_keep(cell: Cell, folder: Path | None = None, on_round: Callable[[int], None] | None = None) -> Curve:
    """Run one cell and keep it, if it can be named."""
    curve = run_cell(cell, on_round)
    if folder is not None and cell.digest is not None:
        folder.mkdir(parents=True, exist_ok=True)
        write_atomically(folder / f"{cell.digest}.json", json.dumps(curve.to_json()))
    return curve


def read_cell(cell: Cell, folder: Path | None) -> Curve | None:
    """Read a cell that was kept; None when there is none, or when it was damaged."""
    if folder is None or cell.digest is None:
        return None
    try:
        return Curve.from_json(json.loads((folder / f"{cell.digest}.json").read_text(encoding="utf-8")))
    except FileNotFoundError:
        return None
    except (ValueError, KeyError, TypeError):
        return None


def write_atomically(path: Path, text: str) -> None:
    """Write a file whole or not at all."""
    part = path.with_name(f"{path.name}.{os.getpid()}.part")
    part.write_text(text, encoding="utf-8", newline="\n")
    os.replace(part, path)


def _progress(cell: Cell, labels: int, *, finished: bool = False, kept: bool = False) -> Progress:
    return Progress(cell.split.source.name, cell.name, cell.seed, labels, cell.budget, finished, kept)


def _nobody(progress: Progress) -> None:
    """Hear nothing."""
