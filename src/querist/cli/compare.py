"""querist compare: statistics over data sets."""

from __future__ import annotations

from pathlib import Path

import click

from querist.cli._options import as_json, example
from querist.cli._output import emit, say, show


@click.command(epilog=example("querist compare run-heart run-sonar run-wdbc --out compared"))
@click.argument("runs", metavar="RUN_DIR...", nargs=-1, required=True)
@click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    required=True,
    metavar="DIR",
    help="The folder for compare.csv, compare.json, ranks.png and profiles.png.",
)
@click.option(
    "--against",
    metavar="STRATEGY",
    help="Compare this one with each other one only: an ablation, if the others are it without a part.",
)
@as_json
def command(runs: tuple[str, ...], out: Path, against: str | None, as_json: bool) -> None:
    """Compare strategies over the data sets of several simulations.

    Differences are paired by seed; a data set is won or lost beyond two standard errors, from three seeds on; over the
    data sets, Wilcoxon's signed-rank test, corrected for the number of pairs, and Friedman's test of the ranks with
    Nemenyi's critical difference. ranks.png shows them, profiles.png how often each strategy is how close to the best.
    """
    from querist.simulate import compare

    found = compare(list(runs), out, against=against)
    if as_json:
        emit(found.facts())
        return
    table = found.table()
    show(table.header, table.rows, right=range(2, len(table.header)))
    ranks = [
        [s.strategy, str(s.datasets), f"{s.mean:.4f}", f"{s.rank:.2f}", _milliseconds(s.seconds_per_query)]
        for s in found.standings
    ]
    show(["strategy", "data sets", "mean area", "mean rank", "ms per query"], ranks, right=[1, 2, 3, 4])
    if found.rank_test is not None:
        test = found.rank_test
        say(
            f"all strategies alike: p = {test.p:.2g} (Friedman); "
            f"mean ranks differ from {test.critical_difference:.2f} on (Nemenyi, 5 %)"
        )
    for dataset in found.few():
        say(f"{dataset}: fewer than 3 seeds say neither won nor lost; run more with --seeds")
    say("wrote " + ", ".join(str(out / name) for name in found.files))


def _milliseconds(seconds: float | None) -> str:
    return "–" if seconds is None else f"{1000 * seconds:.3g}"
