"""Comparisons over data sets: against SciPy and hand computation."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.stats import friedmanchisquare, rankdata, wilcoxon

from querist.errors import BadInput
from querist.simulate import Curve, Plan, Point, Simulation, compare
from querist.simulate.rank_plots import draw_ranks
from querist.simulate.ranks import RankTest, alike, rank_test
from querist.simulate.summary import curves_csv

SETS = ("ant", "bee", "cow", "dog", "eel", "fox", "gnu")
GAPS = {"margin": (0.05, 0.03, -0.04, 0.02, 0.06, 0.01, 0.035), "badge": (0.01, -0.02, 0.0, 0.03, -0.03, 0.005, 0.02)}


def areas(dataset: str, strategy: str, seeds: int = 5) -> np.ndarray:
    i = SETS.index(dataset)
    shared = np.random.default_rng(i).normal(0.7, 0.05, seeds)
    noise = np.random.default_rng([i, len(strategy)]).normal(0, 0.01, seeds)
    return shared + (0 if strategy == "random" else GAPS[strategy][i] + noise)


def curve(dataset: str, strategy: str | None, seed: int, area: float) -> Curve:
    """A curve from 10 to 30 labels with the given mean, going up by 0.2."""
    points = [Point(n, float(n), {"accuracy": area + up}, 0.1, 0.1) for n, up in ((10, -0.1), (20, 0.0), (30, 0.1))]
    return Curve(dataset, strategy, seed, tuple(points), {"test_items": 9})


def write(out: Path, datasets: Any = SETS, strategies: Any = ("random", "margin", "badge"), **options: Any) -> Path:
    plan = Plan(strategies, **{"initial": 10, "batch": 10, "budget": 30, "seeds": range(5), **options})
    made = [
        curve(d, s, seed, float(areas(d, s)[seed])) for d in datasets for s in strategies for seed in plan.seeds
    ]  # fmt: skip
    full = [curve(d, None, seed, 0.9) for d in datasets for seed in plan.seeds]
    return keep(Simulation(plan, tuple(made), tuple(full)), out)


def keep(found: Simulation, out: Path) -> Path:
    """Write what a comparison reads."""
    out.mkdir(exist_ok=True)
    (out / "curves.csv").write_text(curves_csv(found.curves))
    (out / "summary.json").write_text(json.dumps(found.summary))
    return out


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write(tmp_path_factory.mktemp("all"))


def test_differences_are_paired_by_seed(run: Path) -> None:
    duels = {(d.dataset, d.a, d.b): d for d in compare([run]).duels}
    for name in SETS:
        gap = areas(name, "margin") - areas(name, "badge")
        found = duels[name, "margin", "badge"]
        assert found.seeds == 5
        assert found.mean == pytest.approx(gap.mean(), abs=1e-9)
        assert found.se == pytest.approx(gap.std(ddof=1) / np.sqrt(5), abs=1e-9)
        beyond = abs(gap.mean()) > 2 * gap.std(ddof=1) / np.sqrt(5)
        assert found.verdict == (("win" if gap.mean() > 0 else "loss") if beyond else "tie")


def test_pairs_count_verdicts_and_test_over_data_sets(run: Path) -> None:
    found = compare([run])
    gaps = [float((areas(n, "random") - areas(n, "margin")).mean()) for n in SETS]
    pair = next(p for p in found.pairs if (p.a, p.b) == ("random", "margin"))
    assert pair.datasets == len(SETS)
    assert pair.mean == pytest.approx(np.mean(gaps), abs=1e-9)
    assert pair.p == pytest.approx(float(wilcoxon(gaps).pvalue))
    assert pair.p < 0.2
    verdicts = [d.verdict for d in found.duels if (d.a, d.b) == ("random", "margin")]
    assert (pair.win, pair.tie, pair.loss) == tuple(verdicts.count(v) for v in ("win", "tie", "loss"))
    assert pair.win > 0
    assert pair.loss > 0


def test_p_values_are_corrected_for_their_number(run: Path) -> None:
    pairs = compare([run]).pairs
    small, middle, large = sorted(pairs, key=lambda p: p.p or 0)
    assert small.p_holm == pytest.approx(3 * (small.p or 0))
    assert middle.p_holm == pytest.approx(max(3 * (small.p or 0), min(1.0, 2 * (middle.p or 0))))
    assert large.p_holm == pytest.approx(max(middle.p_holm or 0, large.p or 0))


def test_standings_are_mean_ranks(run: Path) -> None:
    names = ("random", "margin", "badge")
    table = np.array([[areas(d, s).mean() for s in names] for d in SETS])
    ranks = dict(zip(names, rankdata(-table, axis=1).mean(axis=0), strict=True))
    found = compare([run]).standings
    assert [s.rank for s in found] == sorted(s.rank for s in found)
    assert {s.strategy: s.rank for s in found} == pytest.approx(ranks)


def test_folders_are_joined(run: Path, tmp_path: Path) -> None:
    first = write(tmp_path / "a", SETS[:3], ("random", "margin"))
    second = write(tmp_path / "b", SETS[3:], ("random", "margin"))
    third = write(tmp_path / "c", SETS, ("badge", "random"))
    joined, whole = compare([first, second, third]), compare([run])
    assert sorted(joined.standings) == sorted(whole.standings)
    key = {(d.dataset, *sorted([d.a, d.b])): abs(d.mean) for d in whole.duels}
    assert {(d.dataset, *sorted([d.a, d.b])): abs(d.mean) for d in joined.duels} == pytest.approx(key)


def test_a_data_set_that_one_strategy_lacks_is_left_out_of_its_pairs(tmp_path: Path) -> None:
    first = write(tmp_path / "a", SETS[:3], ("random", "margin"))
    second = write(tmp_path / "b", SETS[:2], ("random", "badge"))
    found = compare([first, second])
    assert {(p.a, p.b): p.datasets for p in found.pairs} == {
        ("random", "margin"): 3, ("random", "badge"): 2, ("margin", "badge"): 2,
    }  # fmt: skip
    assert {s.datasets for s in found.standings} == {2}


def test_a_metric_where_less_is_better_is_turned(tmp_path: Path) -> None:
    plan = Plan(("random", "margin"), initial=10, seeds=(0,), metric="log_loss")
    made = [
        Curve("ant", s, 0, tuple(Point(n, n, {"log_loss": v}, 0, 0) for n in (10, 20)), {"test_items": 9})
        for s, v in (("random", 0.8), ("margin", 0.3), (None, 0.2))
    ]
    found = compare([keep(Simulation(plan, tuple(made[:2]), tuple(made[2:])), tmp_path)])
    assert found.duels[0].mean == pytest.approx(-0.5)
    assert found.standings[0].strategy == "margin"


def test_writes_a_table_and_its_facts(run: Path, tmp_path: Path) -> None:
    found = compare([run], tmp_path)
    with (tmp_path / "compare.csv").open(newline="") as lines:
        rows = list(csv.DictReader(lines))
    assert list(rows[0]) == ["dataset", "a", "b", "seeds", "mean", "se", "verdict"]
    assert len(rows) == 3 * len(SETS)
    facts = json.loads((tmp_path / "compare.json").read_text())
    assert facts == json.loads(json.dumps(found.facts()))
    assert {"metric", "datasets", "pairs", "strategies", "rank_test"} == set(facts)
    assert [row[:3] for row in found.table().rows] == [
        ("random", "margin", "7"), ("random", "badge", "7"), ("margin", "badge", "7"),
    ]  # fmt: skip


def test_one_data_set_has_no_test_over_data_sets(tmp_path: Path) -> None:
    pair = compare([write(tmp_path, SETS[:1], ("random", "margin"))]).pairs[0]
    assert pair.p is None
    assert pair.p_holm is None


def test_messages(run: Path, tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="compare needs the folder of one simulation or more: got none"):
        compare([])
    with pytest.raises(
        BadInput, match=r"nowhere is not the folder of a simulation: it has no summary\.json; give what"
    ):
        compare([tmp_path / "nowhere"])
    other = write(tmp_path / "other", SETS[:1], ("random",), learner="linear(c=2.0)")
    with pytest.raises(BadInput, match=r"the runs on ant differ in learner: 'linear' and 'linear\(c=2\.0\)'; compare"):
        compare([run, other])
    summary = json.loads((other / "summary.json").read_text())
    summary["metric"] = "macro_f1"
    (other / "summary.json").write_text(json.dumps(summary))
    with pytest.raises(BadInput, match="the runs measure accuracy and macro_f1: compare runs of one metric"):
        compare([run, other])


def test_runs_that_disagree_are_refused(run: Path, tmp_path: Path) -> None:
    other = write(tmp_path, SETS[:1], ("random",))
    lines = (other / "curves.csv").read_text().splitlines()
    changed = [line.rsplit(",", 1)[0] + ",0.123" if ",accuracy," in line else line for line in lines]
    (other / "curves.csv").write_text("\n".join(changed) + "\n")
    with pytest.raises(BadInput, match="two runs disagree on random with seed 0 on ant: leave one out"):
        compare([run, other])


# ranks, profiles and pictures


def test_the_rank_test_is_scipy_s_and_demsar_s_example_has_his_critical_difference() -> None:
    table = np.random.default_rng(0).normal(size=(14, 4))
    found = rank_test(table)
    assert found is not None
    expected = friedmanchisquare(*table.T)
    assert (found.statistic, found.p) == pytest.approx((expected.statistic, expected.pvalue))
    assert found.critical_difference == pytest.approx(1.25, abs=0.01)  # Demšar 2006, section 3.2.3: 4 on 14 sets
    assert rank_test(table[:, :2]) is None
    assert rank_test(table[:1]) is None
    flat = rank_test(np.ones((5, 3)))
    assert flat is not None
    assert flat.p == 1.0


def test_runs_of_ranks_that_are_alike() -> None:
    assert alike([1.0, 2.0, 3.0], 0.5) == []
    assert alike([1.0, 2.0, 3.0], 2.0) == [(0, 2)]
    assert alike([1.0, 1.2, 2.9, 3.0, 3.1], 1.8) == [(0, 1), (1, 3), (2, 4)]


def test_regrets_are_taken_run_by_run_where_all_strategies_ran(run: Path) -> None:
    found = compare([run]).regrets
    for name in ("random", "margin", "badge"):
        own = np.concatenate([areas(d, name) for d in SETS])
        best = np.max([np.concatenate([areas(d, s) for d in SETS]) for s in ("random", "margin", "badge")], axis=0)
        assert found[name] == pytest.approx(np.sort(best - own), abs=1e-9)


def test_an_ablation_compares_with_one_strategy_and_corrects_for_these_pairs_only(run: Path, tmp_path: Path) -> None:
    found = compare([run], tmp_path, against="margin")
    assert [(p.a, p.b) for p in found.pairs] == [("margin", "random"), ("margin", "badge")]
    whole = {frozenset((p.a, p.b)): p for p in compare([run]).pairs}
    for pair in found.pairs:
        assert abs(pair.mean) == pytest.approx(abs(whole[frozenset((pair.a, pair.b))].mean))
        assert pair.p_holm is not None
        assert pair.p_holm <= 2 * (pair.p or 0) + 1e-12
    with pytest.raises(BadInput, match="no run has a strategy 'bade' to compare against: did you mean 'badge'"):
        compare([run], against="bade")


def test_pictures_are_written_where_there_is_something_to_draw(run: Path, tmp_path: Path) -> None:
    found = compare([run], tmp_path / "all")
    assert found.files == ("compare.csv", "compare.json", "ranks.png", "profiles.png")
    for name in found.files:
        assert (tmp_path / "all" / name).stat().st_size > 100
    one = compare([write(tmp_path / "one", SETS[:1], ("random",))], tmp_path / "alone")
    assert one.files == ("compare.csv", "compare.json")
    assert sorted(p.name for p in (tmp_path / "alone").iterdir()) == sorted(one.files)


def test_the_diagram_names_every_strategy_with_its_rank() -> None:
    test = RankTest(9, 12.0, 0.002, 0.8)
    figure = draw_ranks(["auto", "margin", "random"], [1.2, 1.9, 2.9], test)
    words = [text.get_text().strip() for text in figure.axes[0].texts]
    assert {"auto  1.20", "margin  1.90", "2.90  random"} <= set(words)
    assert any("p = 0.002 (Friedman)" in text.get_text() for text in figure.texts)


def test_the_cost_of_a_query_is_told(run: Path) -> None:
    assert all(s.seconds_per_query == pytest.approx(0.01) for s in compare([run]).standings)
