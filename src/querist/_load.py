"""A name becomes an object: the built-in module of that name, else an entry point of an installed package.

A specification is ``name``, ``name(key=value, …)`` or ``name:argument(key=value, …)``; values are Python literals.
"""

from __future__ import annotations

import ast
import pkgutil
from dataclasses import fields, is_dataclass
from functools import cache
from importlib import import_module
from importlib.metadata import entry_points
from typing import Any, NamedTuple

from querist.errors import BadInput, UnknownName, near

_NOT_A_NAME = {"protocol", "info", "calibration"}


class Spec(NamedTuple):
    """A parsed specification."""

    name: str
    argument: str | None
    options: dict[str, Any]


def parse(text: str) -> Spec:
    """Parse a specification.

    >>> parse("power-bald(beta=4)")
    Spec(name='power-bald', argument=None, options={'beta': 4})
    >>> parse("sklearn:sklearn.svm.SVC(C=1.0, gamma='auto')").argument
    'sklearn.svm.SVC'
    """
    head, bracket, rest = text.strip().partition("(")
    name, colon, argument = head.strip().partition(":")
    options = _options(text, rest) if bracket else {}
    return Spec(name, argument if colon else None, options)


def _options(text: str, rest: str) -> dict[str, Any]:
    try:
        call = ast.parse(f"f({rest}", mode="eval").body
        if not isinstance(call, ast.Call) or not isinstance(call.func, ast.Name):
            raise ValueError("more than one bracket")
        if call.args or any(k.arg is None for k in call.keywords):
            raise ValueError("a value without a name")
        return {str(k.arg): _value(k.value) for k in call.keywords}
    except (SyntaxError, ValueError) as error:
        raise BadInput(
            f"cannot read the options of {text!r}: {error}; write name(key=value, …) with plain values"
        ) from None


_WORDS = {"true": True, "false": False, "null": None}


def _value(node: ast.expr) -> Any:
    """Read a plain value, in Python's words or in JSON's."""
    if isinstance(node, ast.Name):
        if node.id not in _WORDS:
            raise ValueError(f"{node.id} is no value (a text needs quotes)")
        return _WORDS[node.id]
    return ast.literal_eval(node)


def class_name(name: str) -> str:
    """Say which class a file holds: the file's name in CamelCase.

    >>> class_name("least-confidence")
    'LeastConfidence'
    """
    return "".join(part.capitalize() for part in name.replace("-", "_").split("_"))


@cache
def builtin(kind: str) -> tuple[str, ...]:
    """List the names built into a folder of the package.

    >>> "margin" in builtin("strategies")
    True
    """
    package = import_module(f"querist.{kind}")
    found = (m.name for m in pkgutil.iter_modules(package.__path__))
    return tuple(sorted(n.replace("_", "-") for n in found if not n.startswith("_") and n not in _NOT_A_NAME))


@cache
def _plugins(kind: str) -> dict[str, Any]:
    return {e.name: e for e in entry_points(group=f"querist.{kind}")}


def names(kind: str) -> list[str]:
    """List every name of a kind: built in, and given by installed packages through an entry point."""
    return sorted({*builtin(kind), *_plugins(kind)})


def find(kind: str, name: str) -> Any:
    """Find the class or object registered under a name.

    Raises UnknownName with the near names.
    """
    if name in builtin(kind):
        module = import_module(f"querist.{kind}.{name.replace('-', '_')}")
        return getattr(module, class_name(name))
    plugins = _plugins(kind)
    if name in plugins:
        return _loaded(kind, plugins[name])
    raise UnknownName(f"no {_singular(kind)} is called {name!r}: {near(name, names(kind))}")


def _loaded(kind: str, entry: Any) -> Any:
    try:
        return entry.load()
    except Exception as error:  # the code of somebody else may raise anything
        what = f"{type(error).__name__}: {error}"
        raise UnknownName(
            f"the {_singular(kind)} {entry.name!r} of an installed package cannot be loaded ({what}): "
            "mend or remove that package"
        ) from error


def _is_of(entry: Any, kind: type) -> bool:
    """Say whether a package's entry is a class; one that cannot be loaded is not."""
    try:
        return bool(entry.load() is kind)
    except Exception:  # the code of somebody else may raise anything, and it is not what was asked for
        return False


def _singular(kind: str) -> str:
    return {"strategies": "strategy"}.get(kind, kind.removesuffix("s"))


def make(kind: str, text: str) -> Any:
    """Build the object that a specification names.

    >>> make("strategies", "power-bald(beta=4)")
    PowerBald(beta=4)
    """
    spec = parse(text)
    found = find(kind, spec.name)
    if not isinstance(found, type):
        return found
    try:
        if spec.argument is not None:
            return found(spec.argument, **spec.options)
        return found(**spec.options)
    except TypeError as error:
        known = [f.name for f in fields(found)] if is_dataclass(found) else []
        raise BadInput(f"cannot build {text!r}: {error}; its options are {known}") from None


def spec_of(thing: object, kind: str) -> str | None:
    """Write the specification that builds a registered object again; None for a stranger or a value that is no literal.

    An object that has a ``spec`` of its own (a string or None) is taken at its word.

    >>> spec_of(make("strategies", "power-bald(beta=4)"), "strategies")
    'power-bald(beta=4)'
    """
    name = type(thing).__module__.rpartition(".")[2].replace("_", "-")
    registered = name in builtin(kind) and find(kind, name) is type(thing)
    if not registered:
        name = next((n for n, e in _plugins(kind).items() if _is_of(e, type(thing))), "")
    if hasattr(thing, "spec"):
        return str(thing.spec) if name and thing.spec else None
    if not name or not is_dataclass(thing):
        return None
    options = [(f, getattr(thing, f.name)) for f in fields(thing) if f.init]
    given = {f.name: value for f, value in options if value != f.default}
    if not all(is_literal(value) for value in given.values()):
        return None
    return f"{name}({', '.join(f'{k}={v!r}' for k, v in given.items())})" if given else name


def is_literal(value: object) -> bool:
    """Tell whether a value can stand in a specification.

    >>> is_literal((1, "a")), is_literal(float('nan'))
    (True, False)
    """
    try:
        return bool(ast.literal_eval(repr(value)) == value)
    except (SyntaxError, ValueError):
        return False
