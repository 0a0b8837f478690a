"""Compare strategies over data sets, paired by seed, from the folders that simulations wrote."""

from __future__ import annotations

import csv
import io
import json
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations
from os import PathLike
from pathlib import Path
from statistics import fmean
from typing import Any, NamedTuple

import numpy as np

from querist._arrays import Floats
from querist.errors import BadInput, near
from querist.simulate.curve import LOWER_IS_BETTER, aubc
from querist.simulate.ranks import RankTest, rank_test, regrets
from querist.simulate.run import write_atomically
from querist.simulate.savings import mean_se
from querist.simulate.tables import Table, number

_MUST_AGREE = (
    "learner",
    "encoder",
    "task",
    "initial",
    "initial_by",
    "batch",
    "budget",
    "cost",
    "spend",
    "test_size",
    "stratify",
    "noise",
    "missing",
)

FEWEST = 3
UNRESOLVED = "unresolved: too few seeds"

Areas = Mapping[tuple[str, str], Mapping[int, float]]
"""The area under the budget curve by (data set, strategy), then by seed; more is better."""


class Duel(NamedTuple):
    """Two strategies on one data set: the mean difference a − b over the seeds that both have."""

    dataset: str
    a: str
    b: str
    seeds: int
    mean: float
    se: float | None
    verdict: str
    """"win", "loss" (beyond 2 standard errors) or "tie"; below three seeds "unresolved: too few seeds"."""


class Pair(NamedTuple):
    """Two strategies over all data sets that both have."""

    a: str
    b: str
    datasets: int
    mean: float
    win: int
    tie: int
    loss: int
    unresolved: int
    """The data sets with fewer than three seeds, on which nothing is said."""
    p: float | None
    """Wilcoxon's signed-rank test on the differences of the data sets, two-sided; None below two different sets."""
    p_holm: float | None
    """The same, corrected for the number of pairs (Holm 1979)."""


class Standing(NamedTuple):
    """One strategy over the data sets that all strategies have."""

    strategy: str
    datasets: int
    mean: float
    rank: float
    """The mean rank, 1 is best; ties share their rank."""
    seconds_per_query: float | None
    """What choosing one item cost, averaged over the data sets."""


@dataclass(frozen=True)
class Comparison:
    """What a comparison found: per data set, per pair, per strategy (best rank first)."""

    metric: str
    duels: tuple[Duel, ...]
    pairs: tuple[Pair, ...]
    standings: tuple[Standing, ...]
    rank_test: RankTest | None = None
    regrets: Mapping[str, Floats] = field(default_factory=dict)

    def facts(self) -> dict[str, Any]:
        """Write the comparison as JSON."""
        return {
            "metric": self.metric,
            "datasets": [row._asdict() for row in self.duels],
            "pairs": [row._asdict() for row in self.pairs],
            "strategies": [row._asdict() for row in self.standings],
            "rank_test": None if self.rank_test is None else self.rank_test._asdict(),
        }

    def table(self) -> Table:
        """Tell the pairs in words."""
        header = ("a", "b", "data sets", "mean difference of area", "win / tie / loss", "p (Wilcoxon)", "p (Holm)")
        return Table(header, tuple(self._words(p) for p in self.pairs))

    def few(self) -> tuple[str, ...]:
        """Name the data sets with too few seeds for a verdict."""
        return tuple(dict.fromkeys(duel.dataset for duel in self.duels if duel.verdict == UNRESOLVED))

    def _words(self, pair: Pair) -> tuple[str, ...]:
        percent = number(self.metric).percent
        gap = f"{100 * pair.mean:+.2f} points" if percent else f"{pair.mean:+.4f}"
        chances = ("–" if p is None else f"{p:.3g}" for p in (pair.p, pair.p_holm))
        tally = f"{pair.win} / {pair.tie} / {pair.loss}" if pair.unresolved < pair.datasets else UNRESOLVED
        return pair.a, pair.b, str(pair.datasets), gap, tally, *chances

    def write(self, out: str | PathLike[str]) -> dict[str, Path]:
        """Write compare.csv (one line per data set and pair), compare.json and the pictures into a folder.

        ranks.png needs three strategies on two data sets, profiles.png two strategies.
        """
        folder = Path(out)
        folder.mkdir(parents=True, exist_ok=True)
        lines = io.StringIO()
        writer = csv.writer(lines, lineterminator="\n")
        writer.writerows([Duel._fields, *self.duels])
        write_atomically(folder / "compare.csv", lines.getvalue())
        write_atomically(folder / "compare.json", json.dumps(self.facts(), indent=1, ensure_ascii=False))
        self._draw(folder)
        return {name: folder / name for name in self.files}

    @property
    def files(self) -> tuple[str, ...]:
        """Name what ``write`` writes."""
        ranked, runs = self.rank_test is not None, [len(values) for values in self.regrets.values()]
        pictures = {"ranks.png": ranked, "profiles.png": len(runs) > 1 and min(runs) > 0}
        return ("compare.csv", "compare.json", *(name for name, there in pictures.items() if there))

    def _draw(self, folder: Path) -> None:
        from querist.simulate import rank_plots

        if self.rank_test is not None:
            names, ranks = [s.strategy for s in self.standings], [s.rank for s in self.standings]
            rank_plots.png(rank_plots.draw_ranks(names, ranks, self.rank_test), folder / "ranks.png")
        if "profiles.png" in self.files:
            rank_plots.png(rank_plots.draw_profiles(self.regrets), folder / "profiles.png")


def compare(
    runs: Sequence[str | PathLike[str]], out: str | PathLike[str] | None = None, *, against: str | None = None
) -> Comparison:
    """Compare every pair of strategies in the folders of several simulations.

    With ``against`` only the pairs of one strategy with each other one: an ablation, where the others are that one with
    a part switched off; Holm's correction then counts these pairs only.

    Differences are taken seed by seed where both strategies ran on a data set, so folders that share a data set must
    share its protocol too. A data set counts as won or lost when the mean difference is beyond 2 standard errors, which
    takes three seeds at least. From three strategies on, Friedman's test and Nemenyi's critical difference of ranks.
    Source: Wilcoxon 1945; Demšar 2006. Raises BadInput.
    """
    folders = [_read(Path(run)) for run in runs]
    if not folders:
        raise BadInput("compare needs the folder of one simulation or more: got none")
    metrics = sorted({summary["metric"] for summary, _ in folders})
    if len(metrics) > 1:
        raise BadInput(f"the runs measure {' and '.join(metrics)}: compare runs of one metric")
    areas = _areas(folders, metrics[0])
    strategies = list(dict.fromkeys(s for _, s in areas))
    if against is not None and against not in strategies:
        raise BadInput(f"no run has a strategy {against!r} to compare against: {near(against, strategies)}")
    found = _verdicts(metrics[0], areas, _seconds(folders), against)
    if out is not None:
        found.write(out)
    return found


def _read(folder: Path) -> tuple[dict[str, Any], list[dict[str, str]]]:
    try:
        summary = json.loads((folder / "summary.json").read_text(encoding="utf-8"))
        with (folder / "curves.csv").open(encoding="utf-8", newline="") as lines:
            return summary, list(csv.DictReader(lines))
    except FileNotFoundError as error:
        raise BadInput(
            f"{folder} is not the folder of a simulation: it has no {Path(error.filename).name}; "
            "give what `querist simulate --out` wrote"
        ) from None


def _areas(folders: Sequence[tuple[dict[str, Any], list[dict[str, str]]]], metric: str) -> Areas:
    areas: dict[tuple[str, str], dict[int, float]] = defaultdict(dict)
    plans: dict[str, Mapping[str, Any]] = {}
    sign = -1.0 if metric in LOWER_IS_BETTER else 1.0
    for summary, lines in folders:
        for (dataset, strategy, seed), points in _curves(lines, metric).items():
            _same_protocol(dataset, plans.setdefault(dataset, summary["plan"]), summary["plan"])
            area = sign * aubc(*zip(*points, strict=True))
            if abs(areas[dataset, strategy].setdefault(seed, area) - area) > 1e-9:
                raise BadInput(f"two runs disagree on {strategy} with seed {seed} on {dataset}: leave one out")
    return areas


def _curves(lines: Sequence[Mapping[str, str]], metric: str) -> dict[tuple[str, str, int], list[tuple[float, float]]]:
    curves = defaultdict(list)
    for line in lines:
        if line["metric"] == metric:
            point = float(line["labels"]), float(line["value"])
            curves[line["dataset"], line["strategy"], int(line["seed"])].append(point)
    return curves


def _same_protocol(dataset: str, first: Mapping[str, Any], other: Mapping[str, Any]) -> None:
    wrong = next((k for k in _MUST_AGREE if first.get(k) != other.get(k)), None)
    if wrong is not None:
        raise BadInput(
            f"the runs on {dataset} differ in {wrong}: {first.get(wrong)!r} and {other.get(wrong)!r}; "
            "compare runs of one protocol"
        )


def _seconds(folders: Sequence[tuple[dict[str, Any], list[dict[str, str]]]]) -> dict[str, list[float]]:
    found = defaultdict(list)
    for summary, _ in folders:
        for row in summary["rows"]:
            if row.get("seconds_per_query") is not None:
                found[row["strategy"]].append(row["seconds_per_query"])
    return found


def _verdicts(metric: str, areas: Areas, seconds: Mapping[str, list[float]], against: str | None) -> Comparison:
    datasets = list(dict.fromkeys(d for d, _ in areas))
    strategies = list(dict.fromkeys(s for _, s in areas))
    sides = [(a, b) for a, b in combinations(strategies, 2) if against is None]
    sides += [(against, b) for b in strategies if against not in (None, b)]
    duels = [duel for a, b in sides for duel in _duels(areas, datasets, a, b)]
    pairs = [pair for a, b in sides if (pair := _pair(a, b, duels)) is not None]
    shared = [d for d in datasets if all((d, s) in areas for s in strategies)]
    table = np.array([[np.mean(list(areas[d, s].values())) for s in strategies] for d in shared])
    standings = _standings(table, strategies, seconds) if shared else []
    test = rank_test(table) if shared else None
    return Comparison(
        metric, tuple(duels), tuple(_holm(pairs)), tuple(standings), test, regrets(areas, strategies)
    )  # fmt: skip


def _duels(areas: Areas, datasets: Sequence[str], a: str, b: str) -> Iterator[Duel]:
    for dataset in datasets:
        own, other = areas.get((dataset, a), {}), areas.get((dataset, b), {})
        seeds = sorted(own.keys() & other.keys())
        if seeds:
            gap = mean_se([own[s] - other[s] for s in seeds])
            yield Duel(dataset, a, b, len(seeds), gap["mean"], gap["se"], _verdict(gap["mean"], gap["se"], len(seeds)))


def _verdict(mean: float, se: float | None, seeds: int) -> str:
    """Judge a mean difference at 2 standard errors; the error of one or two differences is no measure of anything.

    >>> _verdict(0.03, 0.01, 10), _verdict(-0.01, 0.01, 10), _verdict(0.5, 0.001, 2)
    ('win', 'tie', 'unresolved: too few seeds')
    """
    if seeds < FEWEST or se is None:
        return UNRESOLVED
    if abs(mean) <= 2 * se:
        return "tie"
    return "win" if mean > 0 else "loss"


def _pair(a: str, b: str, duels: Sequence[Duel]) -> Pair | None:
    own = [d for d in duels if (d.a, d.b) == (a, b)]
    if not own:
        return None
    win, tie, loss, few = (sum(d.verdict == v for d in own) for v in ("win", "tie", "loss", UNRESOLVED))
    gaps = [d.mean for d in own]
    return Pair(a, b, len(own), float(np.mean(gaps)), win, tie, loss, few, _wilcoxon(gaps), None)


def _wilcoxon(gaps: Sequence[float]) -> float | None:
    """Test whether differences are symmetric about zero; exact for small samples without ties."""
    if np.count_nonzero(gaps) < 2:
        return None
    from scipy.stats import wilcoxon

    return float(wilcoxon(gaps).pvalue)


def _holm(pairs: Sequence[Pair]) -> list[Pair]:
    """Correct the p-values for their number: the k-th smallest times the number not yet done, never falling."""
    order = sorted((p.p, i) for i, p in enumerate(pairs) if p.p is not None)
    corrected: dict[int, float] = {}
    highest = 0.0
    for done, (p, i) in enumerate(order):
        highest = max(highest, min(1.0, p * (len(order) - done)))
        corrected[i] = highest
    return [pair._replace(p_holm=corrected.get(i)) for i, pair in enumerate(pairs)]


def _standings(table: Floats, strategies: Sequence[str], seconds: Mapping[str, list[float]]) -> list[Standing]:
    from scipy.stats import rankdata

    ranks = rankdata(-table, axis=1).mean(axis=0)
    costs = [fmean(seconds[s]) if seconds.get(s) else None for s in strategies]
    rows = zip(strategies, table.mean(axis=0).tolist(), ranks.tolist(), costs, strict=True)
    return sorted((Standing(s, len(table), *rest) for s, *rest in rows), key=lambda row: row.rank)
