"""Learners: what turns items and labels into the evidence that strategies see."""

from __future__ import annotations

from contextlib import nullcontext
from typing import Any

from querist import _load
from querist.errors import BadInput
from querist.learners._estimator import bare_names_only
from querist.learners.protocol import Items, Learner, Predictor

__all__ = ["Items", "Learner", "Predictor", "resolve"]


def resolve(learner: str | Learner | Any, *, dotted: bool = True) -> tuple[Learner, str | None]:
    """Give the learner that is meant, and the specification that builds it again (None for an object without one).

    A string is a specification: ``linear(C=0.1)``, ``sklearn:SVC(C=1.0)``. A scikit-learn estimator is wrapped.
    Anything with ``fit`` and ``provides`` is a learner already. A specification is given back in its shortest form, and
    never with a dotted class name, so it is safe to store. ``dotted=False`` refuses one, at any depth and before it is
    imported: that is for specifications that were stored, or came over the web. Raises UnknownName, BadInput.

    >>> resolve("linear(C=1.0, draws=50)")
    (Linear(C=1.0, standardise=True, draws=50, max_iter=100, covariance=False), 'linear(C=1.0)')
    """
    if isinstance(learner, str):
        with nullcontext() if dotted else bare_names_only():
            made: Any = _load.make("learners", learner)
    elif hasattr(learner, "get_params") and hasattr(learner, "predict"):
        from querist.learners.sklearn import Sklearn

        made = Sklearn(learner)
    else:
        made = learner
    missing = [name for name in ("fit", "provides", "eats") if not hasattr(made, name)]
    if missing:
        raise BadInput(
            f"{made!r} is not a learner: it lacks {', '.join(missing)}; give a name such as 'linear', a scikit-learn "
            "estimator, or an object with the methods of querist.learners.Learner"
        )
    return made, _load.spec_of(made, "learners")
