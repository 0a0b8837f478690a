"""querist label: the labelling app."""

from __future__ import annotations

import webbrowser
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from querist.cli._options import example, who
from querist.cli._output import say
from querist.errors import BadInput

if TYPE_CHECKING:
    from querist.study import Study
    from querist.web.run import Options, Running

METHODS = ("pca", "umap")
_FILE = click.Path(dir_okay=False, path_type=Path)


@click.command(epilog=example("querist label cells.querist"))
@click.argument("study", metavar="[STUDY]", required=False)
@click.option("--port", type=click.IntRange(0, 65535), metavar="P", help="The port.  [default: 8765, or the next free]")
@click.option("--no-browser", is_flag=True, help="Print the link instead of opening the browser.")
@who
@click.option(
    "--root",
    type=click.Path(file_okay=False, path_type=Path),
    metavar="DIR",
    help="A folder that the browser may read data from, and make a new study in.",
)
@click.option("--url", "only_url", is_flag=True, help="Print a fresh link to the server that runs already.")
@click.option("--host", default="127.0.0.1", show_default=True, metavar="ADDRESS", help="Where to listen.")
@click.option(
    "--behind-proxy", "public", metavar="ORIGIN", help="The https address that browsers see: a proxy speaks TLS for us."
)
@click.option("--certfile", type=_FILE, metavar="FILE", help="The certificate, for TLS.")
@click.option("--keyfile", type=_FILE, metavar="FILE", help="Its private key.")
@click.option("--view", type=_FILE, metavar="FILE", help="A view of your own: one ES module.")
@click.option(
    "--hide-suggestions",
    is_flag=True,
    help="Show nobody what the model would answer, but where a review asks about it.",
)
@click.option("--map", type=click.Choice(METHODS), default="pca", show_default=True, help="How to draw the map.")
def command(study: str | None, only_url: bool, no_browser: bool, **options: Any) -> None:
    """Open the labelling app in the browser.

    It listens on this machine alone, unless you say otherwise. Without STUDY, --root DIR opens the page that makes a
    new one. Stop it with Ctrl-C: nothing is lost, and browsers go on when it is started again.
    """
    if only_url:
        _print_link(study, str(options["who"]))
        return
    if study is None and options["root"] is None:
        raise BadInput("name a study, or give --root DIR to make one in the browser")
    chosen = _options(**options)
    if study is None:
        _serve(None, "", chosen, no_browser)
        return
    from querist.study import Study

    with Study.open(study) as found:
        _serve(found, study, chosen, no_browser)


def _options(*, view: Path | None, hide_suggestions: bool, map: str, **options: Any) -> Options:
    from querist.web.desk import Wish
    from querist.web.run import Options

    return Options(wish=Wish(view, hide_suggestions, map), **options)


def _print_link(study: str | None, who: str) -> None:
    from querist.store import open_store
    from querist.web.run import fresh_link

    if study is None:
        raise BadInput("--url needs the study: querist label STUDY --url")
    store = open_store(study)
    try:
        click.echo(fresh_link(store, who))
    finally:
        store.close()


def _serve(study: Study | None, path: str, options: Options, no_browser: bool) -> None:
    from querist.web.run import serve, study_name

    running = serve(study, study_name(path), options)
    running.when_started(lambda: _announce(running, path, no_browser))
    try:
        running.run()
    finally:
        made = running.server.desk
        if study is None and made is not None:
            made.study.close()


def _announce(running: Running, path: str, no_browser: bool) -> None:
    if no_browser:
        click.echo(running.url)
    else:
        webbrowser.open(running.url)
    say(f"labelling at {running.origin}; stop with Ctrl-C")
    if path:
        say(f"a link for another person or browser: querist label {path} --url")
