"""querist step: train, score, rank the next queue."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from querist.cli._options import as_json, study_command
from querist.cli._output import emit

if TYPE_CHECKING:
    from querist.study import Step, Study


@study_command("querist step cells.querist")
@click.option("--final", is_flag=True, help="End the study: train on the audit's labels too. There is no way back.")
@as_json
def command(study: Study, as_json: bool, final: bool) -> None:
    """Train on the labels so far, and rank the next queue.

    Without a new answer since the last step there is nothing to do, and nothing is done. With --final the model learns
    the labels of the audit too; `querist status` then keeps the figures of the model before it.
    """
    step = study.finish() if final else study.step()
    if as_json:
        emit(step.facts())
    else:
        click.echo(sentence(step))


def sentence(step: Step) -> str:
    """Say what a step did, in one line."""
    if not step.fresh:
        return f"nothing new: round {step.round} has seen all {step.labels} labels"
    return (
        f"round {step.round}: learned from {step.labels} labels in {step.fit_seconds:.2f} s, "
        f"ranked by {step.strategy} in {step.query_seconds:.2f} s"
    )
