"""Deep ensembles: several networks from different initial weights."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

import numpy as np
from numpy.typing import NDArray

from querist._parallel import cores
from querist.learners._drawn import GIVES, Deep, DrawnLearner, DrawnPredictor, check_count, deep, written
from querist.learners.info import About
from querist.learners.protocol import Items, Learner, Predictor

if TYPE_CHECKING:
    from querist.learners._lesson import Lesson
    from querist.learners._network import Network


@dataclass(frozen=True)
class Ensemble(DrawnLearner):
    """Train K networks on all labels, each from initial weights of its own; their probabilities are the draws.

    ``base`` is a learner of a network, ``torch`` or ``transformers``. Members differ by their initial weights, the
    order of the batches and dropout, not by samples of the labels: those are ``committee``, which cost networks more
    than they bring (Lakshminarayanan et al. 2017). A module given as an object has the weights of its layers drawn
    anew for each member; where they were trained before, give a function that loads it. ``processes`` > 0 trains as
    many members at once, each in a process of its own: the module must then be importable, and a script guards its
    start with ``if __name__ == "__main__":``. Each member has a generator of its own, so that the number of processes
    changes nothing but the threads of each, and so at most the last digits.

    Evidence: draws [N, K, C], probs, their mean; embed and head of the first member. Cost: K fits, K predictions.
    Source: Lakshminarayanan, Pritzel & Blundell 2017.

    >>> Ensemble(members=3).provides >= {"draws", "embed"}
    True
    """

    base: str | Learner | Deep = "torch"
    members: int = 5
    processes: int = 0

    name: ClassVar[str] = "ensemble"
    about: ClassVar[About] = About(
        "K networks from different initial weights (querist[torch])", tuple(sorted(GIVES)), "features", "K fits"
    )

    def __post_init__(self) -> None:
        check_count("members", self.members, least=2)
        check_count("processes", self.processes, least=0)
        object.__setattr__(self, "base", written(deep(self.base, by=self.name)))

    @property
    def warm_start(self) -> bool:
        """Say that members begin anew: those that go on from one network would be of one mind."""
        return False

    @property
    def count(self) -> int:
        """How many networks."""
        return self.members

    def opinions(self, lesson: Lesson, rng: np.random.Generator, warm: Predictor | None) -> DrawnPredictor:
        """Train every member; ``warm`` is not used."""
        team = self._team(lesson, rng.spawn(self.members))
        notes = dict.fromkeys(note for member in team for note in member.notes)
        return DrawnPredictor(team[0], _Team(tuple(team)), tuple(notes))

    def _team(self, lesson: Lesson, rngs: Sequence[np.random.Generator]) -> list[Network]:
        if self.processes == 0:
            return [self.learner.network(lesson, rng, anew=True) for rng in rngs]
        from querist.engines.processes import Processes

        threads = max(1, cores() // self.processes)
        jobs = [_Job(self.learner, lesson.alone(), rng, threads) for rng in rngs]
        states = Processes(self.processes).map(_member, jobs)
        return [self.learner.restored(lesson, state) for state in states]


@dataclass(frozen=True, eq=False)
class _Team:
    """The networks of all members."""

    networks: tuple[Network, ...]

    def logits(self, _: Network, items: Items) -> NDArray[np.float32]:
        """Compute what each member makes of the items, [N, K, C]."""
        return np.stack([network.logits(items) for network in self.networks], axis=1)


class _Job(NamedTuple):
    learner: Deep
    lesson: Lesson
    rng: np.random.Generator
    threads: int


def _member(job: _Job) -> dict[str, Any]:
    """Train one member in a process of its own; gives its weights."""
    import torch

    from querist.learners._build import state_of

    torch.set_num_threads(job.threads)
    return state_of(job.learner.network(job.lesson, job.rng, anew=True).module)
