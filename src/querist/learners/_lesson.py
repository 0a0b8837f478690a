"""What a network is to learn: labelled items, read, in an order of their content."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from numpy.typing import NDArray

from querist._arrays import Array, Rows
from querist.errors import BadInput
from querist.learners._checks import count_codes
from querist.learners._constant import Constant
from querist.learners._head import HeadPosterior
from querist.learners._order import content_order
from querist.learners.protocol import Items, Predictor
from querist.view import Need

if TYPE_CHECKING:
    from querist.learners._network import Network


class Reader(Protocol):
    """How items become what a module takes."""

    def read(self, items: Items) -> Any:
        """Check items, and give them as numbers of which rows can be taken; raises BadEvidence, BadData."""
        ...

    def embed(self, matrix: Any) -> Array:
        """Represent what was read for as long as no network is trained, [N, D]."""
        ...

    def inputs(self, matrix: Any, rows: Any) -> Any:
        """Give some rows of what was read as inputs of the module, on the CPU."""
        ...

    def blocks(self, matrix: Any, size: int) -> Iterator[tuple[Rows, Any]]:
        """Cut what was read into blocks: the rows, and their inputs, filled up to ``size`` items.

        There is one block at least, of padding where there is no item, so that the widths of the outputs are known.
        """
        ...

    def alone(self) -> Reader:
        """Leave the pool away, to be sent to another process."""
        ...


@dataclass(frozen=True, eq=False)
class Lesson:
    """Labelled items as read [L, …], their class codes [L], and the labels of every class [C]."""

    reader: Reader
    known: Any
    codes: NDArray[np.int64]
    counts: NDArray[np.int64]

    @staticmethod
    def of(reader: Reader, items: Items, targets: NDArray[np.int64], *, classes: int) -> Lesson:
        """Read labelled items, in an order of their content: what is drawn by position then has no use of theirs."""
        counts = count_codes(targets, classes=classes, rows=items.shape[0])
        known = reader.read(items)
        order = content_order(known, targets)
        return Lesson(reader, known[order], targets[order], counts)

    @property
    def hopeless(self) -> bool:
        """Say whether fewer than two classes have a label, so that there is nothing to tell apart."""
        return bool(np.count_nonzero(self.counts) < 2)

    def batch(self, rows: Rows) -> tuple[Any, Any]:
        """Give the inputs and class codes of some rows."""
        import torch

        return self.reader.inputs(self.known, rows), torch.from_numpy(self.codes[rows])

    def alone(self) -> Lesson:
        """Leave the pool away, to be sent to another process."""
        return replace(self, reader=self.reader.alone())

    def constant(self, provides: frozenset[Need], draws: int, entropy: tuple[int, ...]) -> Predictor:
        """Give the predictor of smoothed shares."""
        return Constant(self.counts, self.reader, provides & {"probs", "draws", "embed", "head"}, draws, entropy)

    def posterior(
        self, network: Network, count: int, entropy: tuple[int, ...], *, prior: float | None = None
    ) -> HeadPosterior:
        """Give the Laplace posterior of a network's head; raises BadInput where it has none."""
        if not network.sound:
            raise BadInput(
                f"the module {type(network.module).__name__} has no torch.nn.Linear that makes its logits: end it with "
                "one, or choose dropout or ensemble"
            )
        embed = network.apply(self.known, network.forward)[1]
        return HeadPosterior(embed.astype(np.float64), self.codes, network.head, count, entropy, prior)
