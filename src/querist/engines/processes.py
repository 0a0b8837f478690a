"""Several items at once, each in a process of its own."""

from __future__ import annotations

import signal
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing import active_children, get_context
from multiprocessing.process import BaseProcess
from typing import TypeVar

from querist.engines.serial import about
from querist.errors import BadInput

Item = TypeVar("Item")
Result = TypeVar("Result")


@dataclass(frozen=True)
class Processes:
    """An engine of ``jobs`` processes.

    They are spawned, not forked: a fork of a process with threads may hang, and Windows has none. So the function must
    be importable, its items and results picklable, and a script must guard its start with ``if __name__ ==
    "__main__":``. Raises BadInput unless jobs ≥ 1.
    """

    jobs: int

    def __post_init__(self) -> None:
        if self.jobs < 1:
            raise BadInput(f"jobs must be 1 or more: got {self.jobs}")

    def map(self, function: Callable[[Item], Result], items: Iterable[Item]) -> Iterator[Result]:
        """Apply a function to each item; results come in the order of the items, each as soon as it is there.

        At most 2 × jobs items are read ahead. An exception carries a note that names the item, and ends the rest.
        Ctrl-C ends the processes at once.
        """
        waiting: deque[tuple[Item, Future[Result]]] = deque()
        workers: set[BaseProcess] = set()
        with ProcessPoolExecutor(self.jobs, mp_context=get_context("spawn")) as pool:
            try:
                for item in items:
                    with _starting(workers):
                        waiting.append((item, pool.submit(function, item)))
                    if len(waiting) >= 2 * self.jobs:
                        yield _result(*waiting.popleft())
                while waiting:
                    yield _result(*waiting.popleft())
            except KeyboardInterrupt:
                for worker in workers:
                    worker.terminate()
                raise
            finally:
                pool.shutdown(wait=False, cancel_futures=True)


@contextmanager
def _starting(workers: set[BaseProcess]) -> Iterator[None]:
    """Collect the processes that start meanwhile, and let them inherit that Ctrl-C is ignored.

    A terminal sends Ctrl-C to every process; the parent alone answers it, or each worker would print a traceback.
    """
    mine = threading.current_thread() is threading.main_thread()
    before, others = signal.getsignal(signal.SIGINT), set(active_children())
    if mine and before is not None:
        signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        workers |= set(active_children()) - others
        if mine and before is not None:
            signal.signal(signal.SIGINT, before)


def _result(item: Item, future: Future[Result]) -> Result:
    try:
        return future.result()
    except Exception as error:
        error.add_note(about(item))
        raise
