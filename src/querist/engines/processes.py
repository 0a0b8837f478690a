"""Several items at once, each in a process of its own."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
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
        """
        waiting: deque[tuple[Item, Future[Result]]] = deque()
        with ProcessPoolExecutor(self.jobs, mp_context=get_context("spawn")) as pool:
            try:
                for item in items:
                    waiting.append((item, pool.submit(function, item)))
                    if len(waiting) >= 2 * self.jobs:
                        yield _result(*waiting.popleft())
                while waiting:
                    yield _result(*waiting.popleft())
            finally:
                pool.shutdown(wait=False, cancel_futures=True)


def _result(item: Item, future: Future[Result]) -> Result:
    try:
        return future.result()
    except Exception as error:
        error.add_note(about(item))
        raise
