"""What an import loads, which names are public, and what every strategy file holds."""

from __future__ import annotations

import doctest
import inspect
import json
import subprocess
import sys
from pathlib import Path

import pytest

import querist
from querist._load import builtin, class_name, find
from querist.strategies.protocol import About, Strategy

LOADED = """
import json, sys
{code}
tops = {{name.partition(".")[0] for name in sys.modules}} - set(sys.stdlib_module_names)
print(json.dumps(sorted(tops)))
"""
# what an environment puts there before any program starts
STARTED = {"__main__", "__mp_main__", "_distutils_hack", "distutils-precedence"}
QUERY = "import numpy as np, querist; querist.query({0!r}, 1, ids=['a', 'b'], seed=0, {1})"


def loaded(code: str) -> set[str]:
    """Name the third-party modules that a fresh interpreter holds after running some code."""
    program = LOADED.format(code=code)
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    fresh = subprocess.run([sys.executable, "-c", LOADED.format(code="")], capture_output=True, text=True, check=True)
    found = set(json.loads(done.stdout)) - set(json.loads(fresh.stdout)) - STARTED
    return {name for name in found if "cython" not in name}  # names that compiled modules invent for themselves


def test_importing_querist_loads_nothing_else():
    assert loaded("import querist") == {"querist"}


def test_a_query_loads_numpy_only():
    probs = "probs=np.eye(2)"
    assert loaded(QUERY.format("margin", probs)) == {"numpy", "querist"}
    assert loaded(QUERY.format("bald", "draws=np.ones((2, 3, 1))")) == {"numpy", "querist"}
    assert loaded(QUERY.format("random", "")) == {"numpy", "querist"}


def test_foreign_arrays_load_array_api_compat_beside_their_own_library():
    code = "import array_api_strict as xp, querist; querist.query('margin', 1, probs=xp.eye(2))"
    assert loaded(code) == {"array_api_compat", "array_api_strict", "numpy", "querist"}


@pytest.mark.parametrize("name", querist.__all__)
def test_public_names_can_be_imported(name):
    assert getattr(querist, name).__doc__


def test_public_names_are_sorted_and_listed():
    assert querist.__all__ == sorted(querist.__all__)
    assert dir(querist) == querist.__all__
    assert set(querist._HOME) == set(querist.__all__)


def test_no_public_name_is_that_of_a_module():
    """A submodule takes the place of an attribute of its name as soon as somebody imports it."""
    modules = {path.stem for path in Path(querist.__file__).parent.iterdir()}
    assert not modules & set(querist.__all__)


@pytest.mark.parametrize("name", builtin("strategies"))
class TestStrategyFiles:
    def test_one_class_with_all_that_a_reader_asks_for(self, name):
        rule = find("strategies", name)
        module = sys.modules[rule.__module__]
        here = [c for _, c in inspect.getmembers(module, inspect.isclass) if c.__module__ == module.__name__]
        assert [c.__name__ for c in here if Strategy in c.__mro__] == [class_name(name)]
        assert isinstance(rule.about, About)
        assert all(isinstance(fact, str) and fact for fact in rule.about)
        assert module.__doc__

    def test_the_docstring_says_formula_range_cost_and_source(self, name):
        text = inspect.getdoc(find("strategies", name))
        assert text.splitlines()[0].endswith(".")
        assert all(word in text for word in ("Formula:", "Range", "Cost:", "Source:"))

    def test_the_docstring_has_an_example_that_runs(self, name):
        rule = find("strategies", name)
        examples = [e for t in doctest.DocTestFinder(recurse=False).find(rule, name) for e in t.examples]
        assert any("querist." in example.source and example.want for example in examples)
