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
    help="The folder for compare.csv and compare.json.",
)
@as_json
def command(runs: tuple[str, ...], out: Path, as_json: bool) -> None:
    """Compare strategies over the data sets of several simulations.

    Differences are paired by seed; a data set is won or lost beyond two standard errors, from three seeds on; over the
    data sets, Wilcoxon's signed-rank test, corrected for the number of pairs.
    """
    from querist.simulate import compare

    found = compare(list(runs), out)
    if as_json:
        emit(found.facts())
        return
    table = found.table()
    show(table.header, table.rows, right=range(2, len(table.header)))
    ranks = [[s.strategy, str(s.datasets), f"{s.mean:.4f}", f"{s.rank:.2f}"] for s in found.standings]
    show(["strategy", "data sets", "mean area", "mean rank"], ranks, right=[1, 2, 3])
    for dataset in found.few():
        say(f"{dataset}: fewer than 3 seeds say neither won nor lost; run more with --seeds")
    say(f"wrote {out / 'compare.csv'}, {out / 'compare.json'}")
