"""Simulations through the public Study: pairing, budgets, oracles, resuming, what is written."""

from __future__ import annotations

import csv
import json
import re
import shutil
from collections import defaultdict
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pytest

from querist.data import Dataset, Pool, load
from querist.errors import BadData, BadInput, MissingEvidence
from querist.simulate import Cell, Perfect, Plan, Progress, Simulation, run_cell, simulate, source_of, split
from querist.strategies.protocol import About, Strategy
from querist.study import Study
from querist.view import Draw, Need, View

SMALL: dict[str, Any] = {"strategies": ["random", "margin"], "initial": 6, "batch": 6, "budget": 33, "seeds": [0, 1]}


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> tuple[Simulation, Path]:
    out = tmp_path_factory.mktemp("run")
    return simulate("iris", out=out, **SMALL), out


def toy(n: int = 60, group: Any = None) -> Dataset:
    """Three classes on a line."""
    codes = np.arange(n) % 3
    items = codes[:, None] + np.linspace(0, 0.4, n)[:, None]
    ids = tuple(f"item{i}" for i in range(n))
    return Dataset(Pool(ids, items, group=group), [("a", "b", "c")[c] for c in codes], "toy")


def cell(strategy: str | None = "random", seed: int = 0, data: Dataset | None = None, **options: Any) -> Cell:
    plan = Plan(("random",), **{"initial": 6, "batch": 5, "seeds": (seed,), **options})
    return Cell(split(source_of(data or toy()), plan, seed), strategy, seed, plan)


def read_curves(out: Path) -> list[dict[str, str]]:
    with (out / "curves.csv").open(newline="") as lines:
        return list(csv.DictReader(lines))


# -- what is written ----------------------------------------------------------------------------------------------


def test_writes_every_file(written: tuple[Simulation, Path]) -> None:
    _, out = written
    assert {p.name for p in out.iterdir()} == {"cells", "curves.csv", "summary.json", "curves.png", "report.html"}
    assert (out / "curves.png").read_bytes().startswith(b"\x89PNG")


def test_curves_csv_has_a_line_for_each_round_and_metric(written: tuple[Simulation, Path]) -> None:
    _, out = written
    lines = read_curves(out)
    assert list(lines[0]) == ["dataset", "strategy", "seed", "labels", "cost", "metric", "value"]
    labels = defaultdict(list)
    for line in lines:
        if line["metric"] == "accuracy":
            labels[line["strategy"], line["seed"]].append(int(line["labels"]))
    assert labels == {(s, seed): [6, 12, 18, 24, 30, 33] for s in ("random", "margin") for seed in ("0", "1")}
    metrics = {line["metric"] for line in lines}
    assert {"accuracy", "macro_f1", "log_loss", "ece", "fit_seconds", "query_seconds"} <= metrics


def test_summary_has_the_agreed_schema(written: tuple[Simulation, Path]) -> None:
    _, out = written
    summary = json.loads((out / "summary.json").read_text())
    for row in summary["rows"]:
        assert {"dataset", "strategy", "seeds", "seconds_per_query"} <= set(row)
        assert row["seeds"] == 2
        assert set(row["aubc"]) == set(row["aubc_log"]) == {"mean", "se"}
        assert 0 < row["aubc"]["mean"] <= 1
        assert "median" in row["labels_to"]["0.9"]
        assert "interval" in row["labels_to_full"]["0.95"]
    by_name = {row["strategy"]: row for row in summary["rows"]}
    assert by_name["random"]["vs_random"] is None
    versus = by_name["margin"]["vs_random"]
    assert set(versus) == {"mean", "se", "win", "tie", "loss"}
    assert versus["win"] + versus["tie"] + versus["loss"] == 2
    assert versus["mean"] == pytest.approx(by_name["margin"]["aubc"]["mean"] - by_name["random"]["aubc"]["mean"])
    assert {"plan", "versions", "command", "full", "metric", "notes"} <= set(summary)
    assert summary["full"]["iris"]["labels"] == 90
    assert summary["plan"]["strategies"] == ["random", "margin"]


def test_a_target_that_is_not_reached_is_null(written: tuple[Simulation, Path]) -> None:
    found = simulate("iris", **{**SMALL, "budget": 6}, targets=[0.999], shares=[0.999])
    for row in found.summary["rows"]:
        assert row["labels_to"]["0.999"]["median"] is None
        assert row["labels_to_full"]["0.999"]["median"] is None
    assert json.loads(json.dumps(found.summary, allow_nan=False))


def test_the_end_of_a_whole_pool_is_the_value_with_all_labels() -> None:
    found = simulate(toy(), strategies=["margin"], initial=6, batch=10, seeds=[3])
    assert found.curves[0].points[-1].metrics == found.full[0].points[-1].metrics
    assert found.curves[0].points[-1].labels == 36


# -- pairing ------------------------------------------------------------------------------------------------------


def test_strategies_of_a_seed_share_split_and_initial_set(written: tuple[Simulation, Path]) -> None:
    found, _ = written
    first = {(c.seed, c.strategy): c.points[0].metrics for c in found.curves}
    for seed in (0, 1):
        assert first[seed, "random"] == first[seed, "margin"]
    splits = {(c.seed, c.info["split"]) for c in (*found.curves, *found.full)}
    assert len(splits) == 2


def test_an_initial_set_chosen_by_a_strategy_is_shared_too() -> None:
    found = simulate(toy(), strategies=["random", "margin"], initial=5, initial_by="maxherding", budget=10, seeds=[0])
    one, other = (c.points[0] for c in found.curves)
    assert one.labels == other.labels == 5
    assert one.metrics == other.metrics


def test_splits_do_not_depend_on_the_order_of_the_data() -> None:
    plan = Plan(("random",), initial=6)
    data = toy()
    back = Dataset(data.pool.take(np.arange(60)[::-1]), list(reversed(data.labels or [])), "toy")
    one, other = (split(source_of(d), plan, 4) for d in (data, back))
    assert set(one.pool.ids) == set(other.pool.ids)
    assert one.initial is not None
    assert other.initial is not None
    assert set(one.initial) == set(other.initial)


def test_seeds_differ_in_split_and_initial_set() -> None:
    plan = Plan(("random",), initial=6)
    one, other = (split(source_of(toy()), plan, seed) for seed in (0, 1))
    assert set(one.pool.ids) != set(other.pool.ids)


def test_test_items_are_a_stratified_share_and_never_in_training() -> None:
    cut = split(source_of(toy()), Plan(("random",), test_size=0.4), 0)
    assert len(cut.train) == 36
    assert not set(cut.train.tolist()) & set(cut.test.tolist())
    assert sorted(cut.truth) == ["a"] * 8 + ["b"] * 8 + ["c"] * 8


def test_groups_stay_on_one_side() -> None:
    group = np.arange(60) // 6
    cut = split(source_of(toy(group=group)), Plan(("random",), initial=2), 1)
    assert not set(group[cut.train]) & set(group[cut.test])
    assert len(cut.test) == 24


def test_a_stratified_initial_set_holds_every_class_first() -> None:
    data = toy(90)
    labels = ["rare" if i in (7, 31, 55, 80) else "common" for i in range(90)]
    source = source_of(Dataset(data.pool, labels, "toy"))
    for seed in range(5):
        cut = split(source, Plan(("random",), initial=2, initial_by="stratified"), seed)
        assert sorted(cut.labels[i] for i in cut.initial or ()) == ["common", "rare"]
        more = split(source, Plan(("random",), initial=27, initial_by="stratified"), seed)
        assert [more.labels[i] for i in more.initial or ()].count("rare") in (1, 2)


def test_a_test_set_of_its_own_is_used_whole() -> None:
    data, held = toy(), toy(9)
    found = simulate(data, test=held, strategies=["random"], initial=6, budget=12, seeds=[0])
    assert found.summary["full"]["toy"]["test_items"] == 9
    assert found.summary["full"]["toy"]["labels"] == 60


def test_rows_without_a_label_are_left_out() -> None:
    data = toy()
    labels = [None if i % 2 else label for i, label in enumerate(data.labels or [])]
    assert len(source_of(replace(data, labels=labels)).pool) == 30
    with pytest.raises(BadData, match="a simulation needs known labels to answer with: 'toy' has none"):
        source_of(replace(data, labels=None))


# -- budgets and oracles ------------------------------------------------------------------------------------------


def test_a_budget_that_is_no_multiple_of_the_batch() -> None:
    assert [p.labels for p in run_cell(cell(budget=19)).points] == [6, 11, 16, 19]
    assert [p.labels for p in run_cell(cell(budget=6)).points] == [6]
    assert [p.labels for p in run_cell(cell(budget=10_000)).points][-1] == 36


def test_a_start_without_labels() -> None:
    assert [p.labels for p in run_cell(cell(initial=0, budget=10)).points] == [0, 5, 10]


def test_an_initial_set_of_the_whole_pool() -> None:
    assert [p.labels for p in run_cell(cell("margin", initial=36)).points] == [36]


def test_missing_answers_cost_but_are_no_labels() -> None:
    points = run_cell(cell(missing=0.4, budget=15, seed=2)).points
    assert points[-1].labels == 15
    assert points[-1].cost > 15
    assert all(a.labels < b.labels for a, b in pairwise(points))


def test_the_run_ends_when_only_refused_items_are_left() -> None:
    points = run_cell(cell(missing=0.5)).points
    assert points[-1].labels < 36
    assert points[-1].labels == run_cell(cell(None, missing=0.5)).points[-1].labels


def test_an_oracle_that_never_answers_ends_the_run() -> None:
    assert [p.labels for p in run_cell(cell(missing=1.0)).points] == [0]


def test_noise_reaches_the_model() -> None:
    clean, wrong = (run_cell(cell(None, noise=noise)).points[-1].metrics["accuracy"] for noise in (0.0, 1.0))
    assert clean == 1.0
    assert wrong < 0.5


def test_seconds_are_read_from_the_data() -> None:
    data = toy()
    records = [{"seconds": 2.5} for _ in range(60)]
    timed = replace(data, pool=replace(data.pool, records=records))
    assert run_cell(cell(data=timed, cost="seconds", budget=11)).points[-1].cost == 27.5
    with pytest.raises(BadData, match="cost 'seconds' needs a column 'seconds' in the data"):
        run_cell(cell(cost="seconds"))
    for wrong in (None, "long", float("nan"), -1.0):
        odd = replace(data, pool=replace(data.pool, records=[*records[:-1], {"seconds": wrong}]))
        at = cell(data=odd, cost="seconds", test_size=0.01, stratify=False)
        with pytest.raises(BadData, match=r"a number, 0 or more, in every row: item 'item59' has .* in \{'seconds': "):
            run_cell(at)


# -- resuming -----------------------------------------------------------------------------------------------------


def test_an_interrupted_simulation_resumes(written: tuple[Simulation, Path], tmp_path: Path) -> None:
    found, out = written
    (tmp_path / "cells").mkdir()
    kept = sorted((out / "cells").iterdir())
    assert len(kept) == 6
    for path in kept[::2]:
        (tmp_path / "cells" / path.name).write_bytes(path.read_bytes())
    (tmp_path / "cells" / kept[0].name).write_text("{")  # damaged: run again
    heard: list[Progress] = []
    again = simulate("iris", out=tmp_path, on_progress=heard.append, **SMALL)
    assert sum(p.kept for p in heard) == 2
    assert sum(p.finished for p in heard) == 6
    assert [[p._replace(fit_seconds=0, query_seconds=0) for p in c.points] for c in again.curves] == [
        [p._replace(fit_seconds=0, query_seconds=0) for p in c.points] for c in found.curves
    ]
    assert sorted(p.name for p in (tmp_path / "cells").iterdir()) == [p.name for p in kept]


def test_a_kept_run_that_is_older_than_the_metric_asked_for_says_so(
    written: tuple[Simulation, Path], tmp_path: Path
) -> None:
    _, out = written
    (tmp_path / "cells").mkdir()
    for path in (out / "cells").iterdir():
        old = json.loads(path.read_text())
        for point in old["points"]:
            del point["metrics"]["balanced_accuracy"]
        (tmp_path / "cells" / path.name).write_text(json.dumps(old))
    with pytest.raises(BadInput) as error:
        simulate("iris", out=tmp_path, metric="balanced_accuracy", **SMALL)
    has = "accuracy, macro_f1, log_loss, ece"
    assert str(error.value).startswith(
        f"all labels on 'iris', seed 0, was run without the metric 'balanced_accuracy': it has {has}"
    )
    said = re.search(r"; the run is older than the metric: delete '(.*)' to run it anew$", str(error.value))
    assert said is not None
    (found,) = [each for each in (tmp_path / "cells").iterdir() if str(each) == said[1]]
    assert json.loads(found.read_text())["strategy"] is None
    assert json.loads(found.read_text())["seed"] == 0
    curve = simulate("iris", out=tmp_path, **SMALL).curves[0]
    with pytest.raises(BadInput, match="random on 'iris', seed 0, was run without the metric 'balanced_accuracy': it"):
        curve.values("balanced_accuracy")
    shutil.rmtree(tmp_path / "cells")
    assert simulate("iris", out=tmp_path, metric="balanced_accuracy", **SMALL).summary["metric"] == "balanced_accuracy"


def test_a_mistyped_metric_is_one_where_runs_were_kept_too(written: tuple[Simulation, Path], tmp_path: Path) -> None:
    _, out = written
    said = []
    for folder in (out, tmp_path / "new"):
        with pytest.raises(BadInput) as error:
            simulate("iris", out=folder, metric="acuracy", **SMALL)
        said.append(str(error.value))
    assert said == ["no metric is called 'acuracy': did you mean 'accuracy' or 'auroc'?"] * 2


def test_a_run_of_another_version_is_not_read_back(monkeypatch: pytest.MonkeyPatch) -> None:
    before = cell().digest
    monkeypatch.setattr("querist.__version__", "99.0")
    assert cell().digest != before


@pytest.mark.parametrize(
    "change",
    [
        {"batch": 4}, {"budget": 12}, {"initial": 7}, {"initial_by": "stratified"}, {"learner": "linear(c=2.0)"},
        {"noise": 0.1}, {"missing": 0.1}, {"cost": "seconds"}, {"test_size": 0.3}, {"stratify": False},
    ],
)  # fmt: skip
def test_a_changed_option_changes_the_digest(change: dict[str, Any]) -> None:
    assert cell().digest != cell(**change).digest


def test_what_decides_a_curve_is_in_its_digest() -> None:
    other = toy()
    other.pool.items[0, 0] += 1e-9
    labels = ["b", *(toy().labels or [])[1:]]
    cells = [
        cell(),
        cell("margin"),
        cell(None),
        cell(seed=1),
        cell(data=other),
        cell(data=replace(toy(), labels=labels)),
    ]
    assert len({c.digest for c in cells}) == len(cells)
    assert cell().digest == cell(targets=(0.5,)).digest


@dataclass(frozen=True)
class Stranger(Strategy):
    """A strategy that is registered nowhere."""

    about: ClassVar[About] = About("test", "0", "O(N)", "nobody")

    def score(self, view: View, draw: Draw) -> Any:
        return np.zeros(len(view))


@dataclass(frozen=True)
class Demanding(Stranger):
    """A strategy whose evidence no classifier gives."""

    needs: ClassVar[frozenset[Need]] = frozenset({"paths"})


def test_an_object_without_a_specification_runs_but_is_not_kept(tmp_path: Path) -> None:
    found = simulate(toy(), strategies=["random", Stranger()], initial=6, budget=12, seeds=[0], out=tmp_path)
    assert [row["strategy"] for row in found.summary["rows"]] == ["random", "Stranger()"]
    assert len(list((tmp_path / "cells").iterdir())) == 2
    assert found.summary["notes"] == [
        "Stranger() is an object without a name of its own: its runs were not kept for resuming"
    ]


def test_processes_give_the_same_curves(written: tuple[Simulation, Path]) -> None:
    found, _ = written
    again = simulate("iris", jobs=2, **SMALL)
    assert [[p.metrics for p in c.points] for c in again.curves] == [
        [p.metrics for p in c.points] for c in found.curves
    ]


# -- bad input ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({}, "simulate needs strategies=…: one name or several, see `querist strategies`"),
        ({"strategies": "random", "bugdet": 3}, "simulate has no option 'bugdet': did you mean 'budget'?"),
        ({"strategies": []}, "strategies must name one strategy or more: got none, see `querist strategies`"),
        ({"strategies": ["random", "random"]}, "every strategy may be there once: 'random' is there twice"),
        ({"strategies": "random", "seeds": [1, 1]}, "every seed may be there once: 1 is there twice"),
        ({"strategies": "random", "seeds": []}, "seeds must hold one seed or more: got none"),
        ({"strategies": "random", "seeds": 5}, "seeds must be several values, such as a list: got 5"),
        ({"strategies": "random", "cost": "euro"}, "classification has no cost in 'euro': known: items, seconds"),
        ({"strategies": "random", "cost": "boxes"}, "classification has no cost in 'boxes': known: items, seconds"),
        ({"strategies": "random", "seeds": [0.5]}, "each of seeds must be a whole number: got 0.5"),
        ({"strategies": "random", "batch": "3"}, "batch must be a whole number: got '3'"),
        ({"strategies": "random", "batch": 0}, "initial must be 0 or more and batch 1 or more: got 20 and 0"),
        ({"strategies": "random", "budget": 3}, "budget counts the initial set too: got 3 with 20 initial labels"),
        ({"strategies": "random", "test_size": 1.0}, "test_size must be a share between 0 and 1: got 1.0"),
        ({"strategies": "random", "noise": 2}, "noise must be a share between 0 and 1: got 2"),
        ({"strategies": "random", "initial": 40}, "initial asks for 40 items: 'toy' has 36 for training"),
        ({"strategies": "random", "metric": "macro_f2"}, "no metric is called 'macro_f2': did you mean 'macro_f1'?"),
        ({"strategies": "random", "metric": "acuracy"},
         "no metric is called 'acuracy': did you mean 'accuracy' or 'auroc'?"),
    ],
)  # fmt: skip
def test_messages(options: dict[str, Any], message: str) -> None:
    with pytest.raises(BadInput) as error:
        simulate(toy(), **options)
    assert str(error.value) == message


def test_missing_evidence_is_found_before_the_first_run(tmp_path: Path) -> None:
    with pytest.raises(MissingEvidence, match="needs paths"):
        simulate(toy(), strategies=["random", Demanding()], out=tmp_path)
    assert not list(tmp_path.iterdir())


def test_two_data_sets_need_two_names() -> None:
    with pytest.raises(BadInput, match="data sets must have names of their own: 'toy' is there twice"):
        simulate([toy(), toy()], strategies="random")


def test_several_data_sets(tmp_path: Path) -> None:
    other = replace(load("iris"), name="iris <again>")
    found = simulate([toy(), other], strategies=["random", "margin"], initial=6, budget=12, seeds=[0], out=tmp_path)
    assert [(r["dataset"], r["strategy"]) for r in found.summary["rows"]] == [
        ("toy", "random"), ("toy", "margin"), ("iris <again>", "random"), ("iris <again>", "margin"),
    ]  # fmt: skip


# -- the edges of a budget ----------------------------------------------------------------------------------------


def rare(n: int = 400) -> Dataset:
    """One class in twenty-five: whoever says the other one is right on 96 %."""
    items = np.random.default_rng(0).normal(size=(n, 3))
    return Dataset(Pool(tuple(f"i{i}" for i in range(n)), items), ["no" if i % 25 else "yes" for i in range(n)], "rare")


def test_a_target_met_without_labels_is_reported(tmp_path: Path) -> None:
    options: dict[str, Any] = {"strategies": ["random", "margin"], "initial": 0, "budget": 30, "seeds": [0, 1]}
    found = simulate(rare(), out=tmp_path, **options)
    assert found.summary["rows"][1]["labels_to_full"]["0.9"]["median"] == 0
    assert (tmp_path / "report.html").exists()


def test_answers_that_are_all_missing_are_reported(tmp_path: Path) -> None:
    simulate(toy(), out=tmp_path, **{**SMALL, "missing": 1.0})
    assert "no item got a label" in (tmp_path / "report.html").read_text(encoding="utf-8")


def test_random_is_random_from_the_first_label_on() -> None:
    data = load("digits")
    picks = []
    for seed in (0, 1):
        study = Study.create(None, data, strategy="random", keep_labels=False, seed=seed, audit=0)
        assert study.step().strategy == "random"
        picks.append([q.id for q in study.ask(10)])
        best = np.argsort(-Draw(seed).uniform(data.pool.keys, "random"))[:10]
        assert picks[-1] == [data.pool.ids[i] for i in best]
    assert not set(picks[0]) & set(picks[1])


def test_a_simulation_without_an_initial_set_asks_at_random_first(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    answer = Perfect.__call__
    monkeypatch.setattr(Perfect, "__call__", lambda self, ids: (asked.extend(ids), answer(self, ids))[1])
    one = cell(initial=0, budget=10, data=load("digits"), batch=10)
    run_cell(one)
    best = np.argsort(-Draw(0).uniform(one.split.pool.keys, "random"))[:10]
    assert asked == [one.split.pool.ids[i] for i in best]


def test_numbers_of_numpy_and_names_with_dollars_are_written(tmp_path: Path) -> None:
    data = replace(toy(), name=r"a$\frac$")
    simulate(data, strategies=["random"], initial=np.int64(6), batch=6, budget=np.int64(12), seeds=np.arange(2),
             out=tmp_path)  # fmt: skip
    assert json.loads((tmp_path / "summary.json").read_text(encoding="utf-8"))["plan"]["seeds"] == [0, 1]
    assert r"a$\frac$" in (tmp_path / "report.html").read_text(encoding="utf-8")


def test_test_rows_decide_neither_fills_nor_categories() -> None:
    rng = np.random.default_rng(0)
    rows: list[dict[str, Any]] = [
        {"size": None if i % 7 == 0 else float(v), "colour": f"c{i % 20}", "id": i, "label": "ab"[i % 2]}
        for i, v in enumerate(rng.normal(size=60))
    ]
    one = cell(data=load(rows)).split
    alone = load([rows[i] for i in one.train])
    np.testing.assert_array_equal(one.pool.items, alone.pool.items)
    tested = load([rows[i] for i in one.test], like=alone.pool)
    np.testing.assert_array_equal(one.test_items, tested.pool.items)
    assert one.pool.items.shape[1] < load(rows).pool.items.shape[1]  # some categories stand in test rows alone
