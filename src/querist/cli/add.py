"""querist add: new rows for a running study."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from querist.cli._options import as_json, columns, reading, study_command, study_name
from querist.cli._output import emit, say

if TYPE_CHECKING:
    from querist.study import Study


@study_command("querist add cells.querist more.csv --id name")
@click.argument("data", metavar="DATA")
@reading
@as_json
def command(study: Study, data: str, as_json: bool, **options: Any) -> None:
    """Add the rows of DATA to a running study.

    Ids that are in the study already are left alone; labels found are kept as answers. The next step ranks the new rows
    with the rest.
    """
    fresh = study.add(data, **columns(options))
    status = study.status()
    if as_json:
        emit({"added": fresh, "items": status.items, "labelled": status.labelled})
        return
    say(f"{fresh} new items, {status.items} in all; `querist step {study_name()}` ranks them with the rest")
