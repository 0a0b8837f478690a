"""querist demo: a real simulation on data that ships with scikit-learn."""

from __future__ import annotations

from pathlib import Path

import click

from querist.cli._options import example
from querist.cli._output import say
from querist.cli._results import counted, say_written, show_results
from querist.cli.doctor import cores
from querist.cli.simulate import numbers, read_data, run

STRATEGIES = ("random", "auto", "badge", "margin", "entropy")
BUDGET = 300
NEXT = """
Next:
  querist strategies                                    what each of them does
  querist simulate YOUR.csv --label COLUMN --out run    what you would have saved
  querist new yours.querist YOUR.csv --labels a,b,c     start labelling"""


@click.command(epilog=example("querist demo --seeds 0-9"))
@click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("demo"),
    show_default=True,
    metavar="DIR",
    help="The folder for the report, the plot and the numbers; finished runs resume from it.",
)
@click.option("--seeds", default="0-4", show_default=True, metavar="0-4", help="One split and start per seed.")
def command(out: Path, seeds: str) -> None:
    """Simulate active learning on handwritten digits: labels saved.

    Each strategy starts from the same ten random labels and asks for ten more a round, up to 300. After every round the
    model is trained and measured on digits that it never saw.
    """
    from querist.simulate import Plan

    plan = Plan(STRATEGIES, initial=10, batch=10, budget=BUDGET, seeds=numbers(seeds))
    say(f"digits: {len(STRATEGIES)} strategies, {counted(len(plan.seeds), 'seed')}, {BUDGET} labels each")
    found = run(plan, read_data(["digits"], None, {}), out=out, jobs=cores())
    show_results(found.summary, areas=False)
    say_written(out)
    say(NEXT)
