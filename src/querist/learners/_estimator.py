"""From a name to a scikit-learn class, and from that to a fresh estimator, cheaply."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from importlib import import_module
from inspect import signature
from typing import Any

import numpy as np

from querist.errors import BadInput, UnknownName, near

HOMES = (
    "sklearn.linear_model",
    "sklearn.svm",
    "sklearn.ensemble",
    "sklearn.naive_bayes",
    "sklearn.neighbors",
    "sklearn.tree",
    "sklearn.discriminant_analysis",
    "sklearn.gaussian_process",
    "sklearn.neural_network",
    "sklearn.calibration",
    "sklearn.multiclass",
    "sklearn.semi_supervised",
    "sklearn.dummy",
)
"""The modules in which a name without dots is looked up."""

_DOTTED: ContextVar[bool] = ContextVar("dotted class names may be imported", default=True)


@contextmanager
def bare_names_only() -> Iterator[None]:
    """Refuse dotted class names in the block, however deep in a specification they stand."""
    before = _DOTTED.set(False)
    try:
        yield
    finally:
        _DOTTED.reset(before)


def find_class(name: str) -> type:
    """Find an estimator class by its dotted name, or by its bare name in scikit-learn.

    Importing a module runs its code: a dotted name must come from the person at the keyboard, and is refused within
    ``bare_names_only``. Raises UnknownName, and BadInput for that and for a class that is no classifier to
    scikit-learn's conventions.

    >>> find_class("SVC").__module__.startswith("sklearn.svm")
    True
    """
    found = _dotted(name) if "." in name else _bare(name)
    missing = [m for m in ("fit", "predict", "get_params", "set_params") if not hasattr(found, m)]
    if not isinstance(found, type) or missing:
        raise BadInput(
            f"{name} is not a scikit-learn estimator: it lacks {', '.join(missing) or 'a class'}; "
            "name a class such as sklearn.svm.SVC"
        )
    return found


def _dotted(name: str) -> Any:
    if not _DOTTED.get():
        raise BadInput(
            f"{name!r} names a class by its module, and importing a module runs its code: "
            "give the learner on the command line or in a program, not in a study or over the web"
        )
    path, _, last = name.rpartition(".")
    try:
        module = import_module(path)
    except ModuleNotFoundError as error:
        raise UnknownName(
            f"no estimator is called {name!r}: there is no module {error.name!r} (is its package installed?); "
            f"{near(path, HOMES)}"
        ) from None
    if not hasattr(module, last):
        raise UnknownName(f"{path} has no {last!r}: {near(last, _classes(module))}")
    return getattr(module, last)


def _bare(name: str) -> Any:
    for home in HOMES:
        module = import_module(home)
        if name in _classes(module):
            return getattr(module, name)
    known = sorted({found for home in HOMES for found in _classes(import_module(home))})
    raise UnknownName(f"scikit-learn has no classifier called {name!r}: {near(name, known)}")


def _classes(module: Any) -> list[str]:
    return [n for n, thing in vars(module).items() if isinstance(thing, type) and _classifies(thing)]


def _classifies(kind: type) -> bool:
    return hasattr(kind, "fit") and (hasattr(kind, "predict_proba") or hasattr(kind, "decision_function"))


_PLAIN = (int, float, str, bool, type(None))


def configured(estimator: Any, options: Mapping[str, Any]) -> Any:
    """Copy an estimator, or make one of a class, and set options; raises UnknownName for one it does not have."""
    from sklearn.base import clone

    copy = estimator() if isinstance(estimator, type) else clone(estimator)
    known = copy.get_params(deep=True)
    wrong = next((o for o in options if o not in known), None)
    if wrong is not None:
        raise UnknownName(f"{type(copy).__name__} has no option {wrong!r}: {near(wrong, known)}")
    return copy.set_params(**options)


@dataclass(frozen=True, eq=False)
class Recipe:
    """How to make a fresh, unfitted estimator: a pattern, its parameters, and those that wait for a random state."""

    pattern: Any
    params: Mapping[str, Any]
    waiting: tuple[str, ...]

    @staticmethod
    def of(estimator: Any) -> Recipe:
        """Read the parameters once; one score per class is asked for where there is a choice."""
        params = estimator.get_params(deep=False)
        if "decision_function_shape" in params:
            params["decision_function_shape"] = "ovr"
        found = estimator.get_params(deep=True)
        waiting = [p for p, v in found.items() if v is None and p.rpartition("__")[2] == "random_state"]
        return Recipe(estimator, params, tuple(sorted(waiting)))

    def fresh(self, rng: np.random.Generator) -> Any:
        """Make an unfitted copy, its random states drawn.

        One with plain parameters only is built from them at once: scikit-learn's clone takes several times as long,
        and matters where a fit takes a millisecond.
        """
        from sklearn.base import clone

        seeds = {p: int(rng.integers(2**32)) for p in self.waiting}
        if all(isinstance(value, _PLAIN) for value in self.params.values()):
            return type(self.pattern)(**{**self.params, **seeds})
        return clone(self.pattern).set_params(**seeds)

    @property
    def name(self) -> str:
        """The bare class name where that finds this very class, else the dotted one."""
        kind = type(self.pattern)
        public = any(vars(import_module(home)).get(kind.__name__) is kind for home in HOMES)
        return kind.__name__ if public else f"{kind.__module__}.{kind.__qualname__}"

    @property
    def options(self) -> dict[str, Any]:
        """The parameters that differ from the class's defaults."""
        defaults = {p.name: p.default for p in signature(type(self.pattern)).parameters.values()}
        params = self.pattern.get_params(deep=False)
        return {k: v for k, v in params.items() if repr(v) != repr(defaults.get(k))}

    @property
    def takes_sparse(self) -> bool:
        """Say whether the estimator takes sparse rows, as far as it tells."""
        from sklearn.utils import get_tags

        try:
            return bool(get_tags(self.pattern).input_tags.sparse)
        except AttributeError:  # an estimator without tags: it will say itself what it cannot take
            return True
