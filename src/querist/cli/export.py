"""querist export: labels out."""

from __future__ import annotations

import io
from pathlib import Path
from typing import TYPE_CHECKING

import click

from querist.cli._options import study_command
from querist.cli._output import say
from querist.errors import BadInput

if TYPE_CHECKING:
    from querist.study import Study


@study_command("querist export cells.querist --out labels.csv")
@click.option(
    "--format",
    "form",
    metavar="FORMAT",
    help="jsonl (loses nothing), csv, or another one that `querist formats` lists.  [default: by the ending of --out]",
)
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="The file, or the folder of a format that needs one (hugging-face, voc, yolo, kitti).  "
    "[default: standard output]",
)
@click.option("--all", "everything", is_flag=True, help="Items without an answer too.")
def command(study: Study, form: str, out: Path | None, everything: bool) -> None:
    """Write the answers, the items, and how each was chosen.

    Each person's latest answer on an item is written; answers taken back are not. `querist import` reads the file.
    """
    from querist.formats import folder_format, label_format, write_bytes

    name = form or _by_ending(out)
    rows = list(study.rows(everything=everything))
    if (folder := folder_format(name)) is not None:
        if out is None or out.is_file():
            raise BadInput(f"{name} writes a folder: say which with --out FOLDER")
        folder.write_folder(rows, out)
        say(f"wrote {len(rows)} items into {out}")
        return
    writer = label_format(name)
    text = io.StringIO(newline="")
    writer.write_labels(rows, text)
    if out is not None and out.is_dir():
        raise BadInput(f"{name} writes a file, and {str(out)!r} is a folder: name a file in it")
    if out is None:
        click.echo(text.getvalue(), nl=False)
    else:
        write_bytes(out, text.getvalue().encode())
        say(f"wrote {len(rows)} items to {out}")


def _by_ending(out: Path | None) -> str:
    from querist.formats import by_path

    if out is None:
        raise BadInput("say which format: --format csv, or --out FILE with an ending that tells it")
    return by_path(out).about.name
