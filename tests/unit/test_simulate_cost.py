"""Budgets and curves in what people pay: tokens, seconds, boxes beside labels."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from querist.data import Dataset, Pool
from querist.errors import BadInput
from querist.simulate import Cell, Curve, Plan, Point, run_cell, simulate, source_of, split
from querist.simulate.plots import mean_line, picture_of, svg
from querist.simulate.report import report
from querist.simulate.summary import summarise
from querist.simulate.tables import areas_table, needed_table, sentence

SECONDS: dict[str, Any] = {"initial": 10, "budget": 100, "seeds": range(4), "cost": "seconds"}


def curve(strategy: str | None, seed: int, price: float, *, speed: float = 0.05) -> Curve:
    """A curve whose labels cost ``price`` each."""
    labels = np.arange(10, 110, 10)
    values = 0.9 - 0.5 * np.exp(-labels * speed)
    points = [Point(int(n), price * n, {"accuracy": float(v)}, 0.0, 0.0) for n, v in zip(labels, values, strict=True)]
    return Curve("heart", strategy, seed, tuple(points), {"test_items": 50})


def made(price: float = 2.0, **options: Any) -> tuple[dict[str, Any], list[Curve]]:
    """Margin needs half the labels of random, and each of its labels costs ``price`` seconds instead of one."""
    curves = [curve("random", seed, 1.0, speed=0.03) for seed in range(4)]
    curves += [curve("margin", seed, price, speed=0.06) for seed in range(4)]
    full = [curve(None, seed, 1.0, speed=9.0) for seed in range(4)]
    return summarise(Plan(("random", "margin"), **{**SECONDS, **options}), curves, full), curves


def test_what_is_saved_is_counted_in_the_unit_beside_labels() -> None:
    row = made(4.0)[0]["rows"][1]
    labels, cost = row["labels_to_full"]["0.95"], row["cost_to_full"]["0.95"]
    assert cost["median"] == 4 * labels["median"]
    assert labels["saved"]["factor"] > 1, "fewer labels"
    assert cost["saved"]["factor"] == pytest.approx(labels["saved"]["factor"] / 4), "but more seconds"
    assert row["cost_to"]["0.85"]["median"] == 4 * row["labels_to"]["0.85"]["median"]


def test_in_items_there_is_no_second_count() -> None:
    summary = made(cost="items")[0]
    assert [row["cost_to_full"] for row in summary["rows"]] == [None, None]
    assert needed_table(summary, "heart").header[1].startswith("labels to 90 % of full")
    assert areas_table(summary, "heart").header[1] == "area under the curve"


def test_tables_and_the_sentence_are_in_the_unit() -> None:
    summary = made(4.0)[0]
    table = needed_table(summary, "heart")
    assert table.header[1].startswith("seconds to 90 % of full")
    assert areas_table(summary, "heart").header[1] == "area under the curve, by labels"
    assert "seconds, random with" in sentence(summary)
    assert "× more" in sentence(summary)
    never = made(4.0, shares=(2.0,))[0]
    assert sentence(never).endswith("within 400 seconds.")
    assert needed_table(never, "heart", ("2",)).rows[0][1] == "not reached within 100"


def test_the_picture_and_the_report_are_in_the_unit() -> None:
    summary, curves = made(4.0, spend=150.0)
    text = report({**summary, "notes": []}, picture_of(summary, curves))
    for words in ("Seconds needed", "seconds of random divided by", "100, or 150 seconds", ">seconds<"):
        assert words in text, words
    assert ">labels<" not in svg(picture_of(summary, curves))


def test_a_line_is_averaged_where_every_seed_has_spent_so_much() -> None:
    line = mean_line("margin", [curve("margin", 0, 1.0), curve("margin", 1, 3.0)], "accuracy", unit="seconds")
    assert (line.spent[0], line.spent[-1]) == (30.0, 100.0)
    apart = mean_line("margin", [curve("margin", 0, 1.0), curve("margin", 1, 30.0)], "accuracy", unit="seconds")
    assert apart.spent.tolist() == [300.0], "seeds that never spent the same have no common line"


def cell(strategy: str | None = "random", **options: Any) -> Cell:
    codes = np.arange(80) % 2
    items = codes[:, None] + np.linspace(0, 0.4, 80)[:, None]
    pool = Pool(tuple(f"i{n}" for n in range(80)), items, records=[{"seconds": 2.5}] * 80)
    data = Dataset(pool, [("a", "b")[c] for c in codes], "toy")
    plan = Plan(("random",), **{"initial": 6, "batch": 5, "seeds": (0,), "cost": "seconds", **options})
    return Cell(split(source_of(data), plan, 0), strategy, 0, plan)


def test_a_run_ends_with_the_batch_that_spends_the_budget() -> None:
    assert [p.cost for p in run_cell(cell(spend=30.0)).points] == [15.0, 27.5, 40.0]
    assert [p.cost for p in run_cell(cell(spend=27.5)).points] == [15.0, 27.5]
    assert [p.cost for p in run_cell(cell(spend=1.0)).points] == [15.0], "the initial set is paid first"
    assert run_cell(cell(spend=30.0, budget=8)).points[-1].labels == 8, "whichever comes first"
    assert run_cell(cell(None, spend=1.0)).points[-1].labels == 48, "the fit on all labels has no budget"


def test_the_budget_is_in_the_digest_of_a_run_but_not_of_the_full_fit() -> None:
    assert cell().digest != cell(spend=30.0).digest
    assert cell(None).digest == cell(None, spend=30.0).digest


def test_a_simulation_by_cost_from_end_to_end(tmp_path) -> None:
    at = cell()
    data = replace(Dataset(at.split.source.pool, list(at.split.source.labels), "toy"))
    found = simulate(data, strategies=["random", "margin"], initial=6, batch=5, cost="seconds", spend=40.0,
                     seeds=[0, 1], out=tmp_path)  # fmt: skip
    assert {c.points[-1].cost for c in found.curves} == {40.0}
    assert "seconds" in (tmp_path / "report.html").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            {"cost": "items", "spend": 5.0},
            r"spend \(--spend\) is a budget of cost, and the cost here is counted in items: give budget \(--budget\)",
        ),
        ({"spend": 0.0}, r"spend \(--spend\) must be a number above 0, in seconds: got 0.0"),
        ({"spend": float("inf")}, r"spend \(--spend\) must be a number above 0, in seconds: got inf"),
    ],
)
def test_a_budget_that_is_none_is_refused(options: dict[str, Any], message: str) -> None:
    with pytest.raises(BadInput, match=message):
        Plan(("random",), **{**SECONDS, **options})
