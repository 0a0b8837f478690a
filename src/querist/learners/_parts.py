"""Cross-fitting: models of a part of the labels that are trained the way the model of all is."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from querist.learners import resolve
from querist.learners.protocol import Learner


def for_parts_of(learner: Learner, codes: NDArray[np.int64]) -> Learner:
    """Give the learner that trains a part of the labels ``codes`` [L] as ``learner`` trains all of them.

    A network holds labels out to say when to stop, once there are enough; four fifths of them may be too few for that,
    and a network that is never stopped is far surer of itself. A learner that has such a threshold says so by a method
    ``for_parts_of``; dropout, ensembles and whatever else has a ``base`` ask theirs. Any other is given back.

    >>> from querist.learners.torch import Torch
    >>> for_parts_of(Torch(), np.arange(100) % 10).fewest_held, for_parts_of(Torch(), np.arange(60) % 10).fewest_held
    (1, 20)
    """
    own: Any = learner
    found = learner
    if hasattr(own, "for_parts_of"):
        found = own.for_parts_of(codes)
    elif hasattr(own, "base"):
        base = resolve(own.base)[0]
        changed = for_parts_of(base, codes)
        found = learner if changed is base else replace(own, base=changed)
    return found
