"""Simulations with several people who err, with second opinions, and with an audit."""

from __future__ import annotations

import numpy as np
import pytest

from querist._draw import Draw
from querist.data import Dataset, Pool
from querist.errors import BadInput
from querist.simulate import Plan, simulate
from querist.simulate.oracle import People, Perfect, people_names, spread


def points(n: int = 120) -> Dataset:
    X = np.random.default_rng(3).normal(size=(n, 2))
    return Dataset(Pool(tuple(f"p{i:03}" for i in range(n)), X), ["ab"[int(x[0] > 0)] for x in X], "points", ())


def run(strategy: str, **options: object):
    settings = {"initial": 10, "batch": 10, "seeds": [0], "learner": "linear", **options}
    return simulate(points(), strategies=[strategy], **settings)  # type: ignore[arg-type]


def test_everybody_has_one_turn_in_each_pass_and_in_a_new_order() -> None:
    people = People(tuple(Perfect({}, who=name) for name in people_names(5)), people_names(5))
    passes = [[people.order(turn, Draw(0)) for turn in range(5 * at, 5 * at + 5)] for at in range(4)]
    assert all(sorted(one) == list(range(5)) for one in passes)
    assert len({tuple(one) for one in passes}) > 1


def test_error_rates_are_spread_evenly_around_the_noise() -> None:
    rates = spread(0.3, 30)
    assert np.mean(rates) == pytest.approx(0.3)
    assert (min(rates), max(rates)) == (pytest.approx(0.01), pytest.approx(0.59))
    assert max(spread(0.9, 4)) == 1.0


def test_second_opinions_count_as_labels_and_go_beyond_the_pool() -> None:
    curve = run("active-lab", annotators=5, overlap=3, noise=0.3, budget=150).curves[0]
    assert len(points().pool) * 0.6 < 150
    assert curve.labels[-1] == 150
    assert np.diff(curve.labels).tolist() == [10] * (len(curve.labels) - 1)


def test_without_several_people_nothing_changes() -> None:
    plain, explicit = run("margin"), run("margin", annotators=1, overlap=1, audit=0.0)
    assert plain.curves[0].values("accuracy").tolist() == explicit.curves[0].values("accuracy").tolist()
    assert "annotators" not in Plan(strategies=("margin",)).protocol()
    assert Plan(strategies=("margin",), audit=0.1).protocol()["audit"] == 0.1


def test_good_people_reach_what_noise_keeps_from_one() -> None:
    alone = run("random", noise=0.4).curves[0].values("accuracy")[-1]
    several = run("random", noise=0.4, annotators=5, overlap=5, budget=360).curves[0].values("accuracy")[-1]
    assert several > alone


def test_an_audit_takes_its_share_of_the_labels() -> None:
    with_it, without = run("random", audit=0.3).curves[0], run("random").curves[0]
    assert with_it.labels[:-1] == pytest.approx(without.labels[: len(with_it.labels) - 1])
    assert with_it.values("accuracy").tolist() != without.values("accuracy").tolist()


@pytest.mark.parametrize(("annotators", "overlap"), [(1, 2), (3, 0), (3, 4)])
def test_an_overlap_that_cannot_be(annotators: int, overlap: int) -> None:
    said = rf"overlap must lie between 1 and the number of annotators: got {overlap} and {annotators}"
    with pytest.raises(BadInput, match=said):
        Plan(strategies=("margin",), annotators=annotators, overlap=overlap)


def test_curves_of_several_people_are_kept_apart_from_those_of_one(tmp_path) -> None:
    first = run("random", noise=0.3, out=tmp_path)
    second = run("random", noise=0.3, annotators=3, overlap=2, out=tmp_path)
    again = run("random", noise=0.3, annotators=3, overlap=2, out=tmp_path)
    assert second.curves[0].points == again.curves[0].points
    assert first.curves[0].values("accuracy").tolist() != second.curves[0].values("accuracy").tolist()
