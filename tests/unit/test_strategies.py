"""The conformance suite over every built-in strategy, some with other options, and over a stranger's."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

from querist._load import builtin, class_name, make, spec_of
from querist.errors import BadInput
from querist.testing.strategies import StrategySuite

NAMES = builtin("strategies")
SPECS = [*NAMES, "egl(bias=False)", "power-bald(beta=0)", "power-bald(beta=8)"]

for spec in SPECS:
    name = "Test" + class_name("".join(c if c.isalnum() else "_" for c in spec))
    globals()[name] = type(name, (StrategySuite,), {"strategy": spec, "__module__": __name__})

PICKS = """
import json
from querist._load import builtin, make
from querist._query import query
from querist.testing.views import arguments, make_view

rules = {name: make("strategies", name) for name in builtin("strategies")}
views = {name: make_view(rule, 20) for name, rule in rules.items()}
print(json.dumps({name: query(rule, 6, seed=3, **arguments(views[name])).tolist() for name, rule in rules.items()}))
"""


def _picks_in_a_process(hash_seed: int) -> dict[str, list[int]]:
    environment = {**os.environ, "PYTHONHASHSEED": str(hash_seed)}
    done = subprocess.run([sys.executable, "-c", PICKS], env=environment, capture_output=True, text=True, check=True)
    return json.loads(done.stdout)


def test_picks_are_the_same_in_every_process():
    first, second = _picks_in_a_process(1), _picks_in_a_process(2)
    assert set(first) == set(NAMES)
    assert first == second


@pytest.mark.parametrize("spec", SPECS)
def test_a_specification_builds_the_same_object_again(spec):
    rule = make("strategies", spec)
    assert spec_of(rule, "strategies") == spec
    assert make("strategies", spec_of(rule, "strategies")) == rule


def test_random_needs_no_stand_in_at_the_start():
    assert make("strategies", "random").cold is None


@pytest.mark.parametrize("option", ["most=0", "most='x'", "most=2.5", "smallest=0", "neighbours=0"])
def test_typiclust_refuses_bad_options(option):
    with pytest.raises(BadInput, match=r"(most|smallest|neighbours) must be a whole number, 1 or more: got "):
        make("strategies", f"typiclust({option})")
