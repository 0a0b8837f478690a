"""Simulations whose test part holds one class in some seeds: some metrics are not there then."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from querist.data import Dataset, Pool
from querist.errors import BadInput
from querist.simulate import simulate

SMALL: dict[str, Any] = {"strategies": ["random", "margin"], "initial": 6, "batch": 6, "budget": 12}


def rare() -> Dataset:
    """A class that two of ten groups hold, so that some test parts have none of it."""
    rng = np.random.default_rng(0)
    items, labels = rng.normal(size=(60, 2)), np.array(["no"] * 60)
    at = [18, 20, 22, 37, 39]
    items[at], labels[at] = items[at] + 4, "yes"
    return Dataset(Pool(tuple(f"i{i}" for i in range(60)), items, group=np.arange(60) // 6), labels.tolist(), "rare")


def test_what_not_every_seed_could_measure_is_left_out_and_said(tmp_path: Any) -> None:
    found = simulate(rare(), **SMALL, seeds=range(6), out=tmp_path)
    has = {c.seed: "auroc" in c.points[-1].metrics for c in found.curves}
    assert set(has.values()) == {True, False}
    assert not any("auroc" in row["final"] for row in found.summary["rows"])
    assert found.summary["metric"] == "accuracy"
    assert "auroc, sensitivity_at_95 of 'rare' are not in the tables: not every run could measure them" in found.notes
    alone = simulate(rare(), **SMALL, seeds=[next(seed for seed, there in has.items() if there)], out=tmp_path)
    assert 0 <= alone.summary["rows"][0]["final"]["auroc"]["mean"] <= 1
    assert not alone.notes


def test_a_metric_of_two_classes_names_the_seed_whose_test_part_holds_one() -> None:
    with pytest.raises(BadInput) as error:
        simulate(rare(), **SMALL, seeds=range(6), metric="auroc")
    said = str(error.value)
    assert said.startswith("'auroc' needs two classes: the test part of 'rare', seed ")
    assert said.endswith(", holds one; leave that seed out, or name another metric")
