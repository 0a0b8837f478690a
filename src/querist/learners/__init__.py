"""Learners: what turns items and labels into the evidence that strategies see."""

from __future__ import annotations

from typing import Any

from querist import _load
from querist.errors import BadInput
from querist.learners.protocol import Items, Learner, Predictor

__all__ = ["Items", "Learner", "Predictor", "resolve"]


def resolve(learner: str | Learner | Any, *, dotted: bool = True) -> tuple[Learner, str | None]:
    """Give the learner that is meant, and the specification that builds it again (None for an object without one).

    A string is a specification: ``linear(C=0.1)``, ``sklearn:SVC(C=1.0)``. A scikit-learn estimator is wrapped.
    Anything with ``fit`` and ``provides`` is a learner already. A specification is given back in its shortest form, and
    never with a dotted class name, so it is safe to store. ``dotted=False`` refuses one, before anything is imported:
    that is for specifications that were stored, or came over the web. Raises UnknownName, BadInput.

    >>> resolve("linear(C=1.0, draws=50)")
    (Linear(C=1.0, standardise=True, draws=50, max_iter=100, covariance=False), 'linear(C=1.0)')
    """
    if isinstance(learner, str):
        if not dotted and _is_dotted(learner):
            raise BadInput(
                f"the learner {learner!r} names a class by its module, and importing a module runs its code: "
                "give it on the command line or in a program, not in a study or over the web"
            )
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
    spec = _load.spec_of(made, "learners")
    return made, None if spec is None or _is_dotted(spec) else spec


def _is_dotted(text: str) -> bool:
    spec = _load.parse(text)
    # a committee's base is a specification within a specification
    inner = [value for value in spec.options.values() if isinstance(value, str) and ":" in value]
    return "." in (spec.argument or "") or any(_is_dotted(value) for value in inner)
