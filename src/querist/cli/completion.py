"""querist completion: the script that completes commands in a shell."""

from __future__ import annotations

import click

from querist.cli._options import example


@click.command(epilog=example("echo 'eval \"$(querist completion bash)\"' >> ~/.bashrc"))
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def command(shell: str) -> None:
    """Print the script that completes commands in your shell.

    \b
    bash:  eval "$(querist completion bash)"   in ~/.bashrc
    zsh:   eval "$(querist completion zsh)"    in ~/.zshrc
    fish:  querist completion fish > ~/.config/fish/completions/querist.fish
    """
    from click.shell_completion import get_completion_class

    from querist.cli._group import root

    kind = get_completion_class(shell)
    assert kind is not None
    click.echo(kind(root, {}, "querist", "_QUERIST_COMPLETE").source())
