"""The conformance suite over wrappers with other strategies inside: joint ones, drawing ones, and other wrappers."""

from __future__ import annotations

import pytest

from querist._load import class_name, make, spec_of
from querist.testing.strategies import StrategySuite

SPECS = [
    "subsample(of='k-center', m=9)",
    "prefilter(of='entropy', by='least-confidence', factor=2)",
    "prefilter(of='random', by='power')",
    "epsilon-random(of='k-center', share=0.5)",
    "epsilon-random(of='power-bald', share=0.3)",
    "power(of='bald', beta=4)",
    "softmax(of='epsilon-random', beta=2)",
    "class-quota(of='uherding')",
    "group-cap(of=\"power(of='entropy')\", k=2)",
    "group-cap(of='k-center', k=2)",
    "time-gap(of='k-center', gap=3)",
    "per-cost(of='egl')",
    "seals(of='badge', k=2)",
]

for spec in SPECS:
    name = "Test" + class_name("".join(c if c.isalnum() else "_" for c in spec))
    globals()[name] = type(name, (StrategySuite,), {"strategy": spec, "__module__": __name__})


@pytest.mark.parametrize("spec", SPECS)
def test_a_specification_builds_the_same_object_again(spec):
    rule = make("strategies", spec)
    assert spec_of(rule, "strategies") == spec
    assert make("strategies", spec_of(rule, "strategies")) == rule
