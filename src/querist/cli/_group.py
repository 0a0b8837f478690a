"""The group of commands; a command's file is imported when the command is called."""

from __future__ import annotations

from importlib import import_module

import click

import querist
from querist.errors import near

SECTIONS = {
    "See what labels you would save": ("demo", "simulate", "compare"),
    "Label a study": ("new", "label", "add", "ask", "tell", "skip", "retract", "step", "status", "review", "predict"),
    "Labels in and out": ("export", "import", "backup"),
    "What there is": ("strategies", "learners", "formats", "doctor", "completion"),
}
COMMANDS = tuple(name for names in SECTIONS.values() for name in names)


class Commands(click.Group):
    """A group that finds a command in the file of its name."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """List the commands in the order of the help."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import a command; None when there is none of that name."""
        if cmd_name not in COMMANDS:
            return None
        module = import_module(f"querist.cli.{cmd_name}_" if cmd_name == "import" else f"querist.cli.{cmd_name}")
        command: click.Command = module.command
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command that the arguments name; a misspelt one lists the near names."""
        command = self.get_command(ctx, args[0])
        if command is None and not ctx.resilient_parsing:
            ctx.fail(f"no command is called {args[0]!r}: {near(args[0], COMMANDS)}")
        return args[0], command, args[1:]

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the commands by section."""
        width = max(map(len, COMMANDS))
        for title, names in SECTIONS.items():
            found = ((name, self.get_command(ctx, name)) for name in names)
            rows = [(name.ljust(width), command.get_short_help_str(72)) for name, command in found if command]
            with formatter.section(title):
                formatter.write_dl(rows)


@click.group(
    cls=Commands,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="Start with: querist demo",
)
@click.version_option(querist.__version__, prog_name="querist", message="%(prog)s %(version)s")
def root() -> None:
    """Train good models with few labels: ask for the labels that teach the most, and for no others.

    A STUDY is one file (name.querist) or a database URL. DATA is a table (.csv .tsv .parquet .jsonl .libsvm .npz) or
    a data set of scikit-learn by name (digits). Facts go to standard output, messages to standard error.
    """
