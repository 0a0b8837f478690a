"""Write the reference pages from the code: ``python docs/generate.py``; ``--check`` only says which are out of date."""

from __future__ import annotations

import inspect
import re
import sys
from collections.abc import Callable, Iterable, Sequence
from functools import cached_property
from importlib import import_module
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent / "reference"
MADE = "<!-- Made by docs/generate.py from the code: change the code, then run it. -->"


def main() -> int:
    """Write the pages that differ; with ``--check`` name them, and fail."""
    stale = {name: text for name, text in pages().items() if _read(FOLDER / name) != text}
    for name, text in stale.items():
        if "--check" not in sys.argv:
            (FOLDER / name).write_text(text, encoding="utf-8")
        print(f"docs/reference/{name}")
    return 1 if stale and "--check" in sys.argv else 0


def _read(path: Path) -> str:
    return path.read_text(encoding="utf-8") if path.exists() else ""


def pages() -> dict[str, str]:
    """Make every page: its name and its text."""
    makers = {"strategies": strategies, "learners": learners, "formats": formats, "cli": cli, "errors": errors}
    made: dict[str, Callable[[], list[str]]] = {**makers, "python": python}
    return {f"{name}.md": "\n\n".join([MADE, *make()]) + "\n" for name, make in made.items()}


# The pages.


def strategies() -> list[str]:
    """List the strategies by family, then each with what its docstring says."""
    from querist._load import find
    from querist.cli.strategies import facts

    rows = [row for row in facts() if _ours(find("strategies", row["name"]))]
    parts = [
        "# Strategies",
        "`querist strategies` prints this table. A parameter is set in brackets: `power-bald(beta=4)`.",
        "Letters: N items in the pool, C classes, K draws or members, D features, L labelled, T targets, n chosen.",
        table(["name", "needs", "formula", "cost", "source"], [_strategy_row(row) for row in rows]),
    ]
    for family in dict.fromkeys(row["family"] for row in rows):
        parts.append(f"## {family.capitalize()}")
        for row in rows:
            if row["family"] == family:
                parts += _section(row["name"], find("strategies", row["name"]))
    return parts


def _strategy_row(row: dict[str, Any]) -> list[str]:
    needs = [*(code(n) for n in row["needs"]), *([" or ".join(map(code, row["either"]))] if row["either"] else [])]
    needs += [f"{word} rows" if word == "labelled" else word for word in row["context"]]
    return [f"[{row['name']}](#{row['name']})", ", ".join(needs) or "–", row["formula"], row["cost"], row["source"]]


def learners() -> list[str]:
    """List the learners, which strategies each can serve, then each with what its docstring says."""
    from querist._load import find
    from querist.cli.learners import facts

    rows = [row for row in facts() if _ours(find("learners", row["name"]))]
    words = [[f"[{r['name']}](#{r['name']})", r["what"], ", ".join(r["gives"]), _options(r["options"])] for r in rows]
    parts = [
        "# Learners",
        "`querist learners` prints the first table. Options are set in brackets: `linear(C=0.1)`, `sklearn:SVC(C=2)`.",
        table(["name", "what", "gives", "options"], words),
        "## Which strategies a learner can serve",
        table(["learner", "gives", "strategies"], [_serves(spec) for spec in _EXAMPLES]),
    ]
    parts.append("## Each in detail")
    for row in rows:
        parts += _section(row["name"], find("learners", row["name"]))
    return parts


_EXAMPLES = ("linear", "committee", "sklearn:RandomForestClassifier", "sklearn:SVC")


def _serves(spec: str) -> list[str]:
    from querist._load import find, names
    from querist.learners import resolve

    gives = resolve(spec)[0].provides
    rules = {n: find("strategies", n) for n in names("strategies")}
    able = [n for n, rule in rules.items() if _ours(rule) and _fits(rule(), gives)]
    return [code(spec), ", ".join(map(code, sorted(gives))), ", ".join(able)]


def _fits(rule: Any, gives: frozenset[str]) -> bool:
    return bool(rule.needs <= gives) and (not rule.either or any(n in gives for n in rule.either))


def formats() -> list[str]:
    """List the file formats, then each with what its docstring says."""
    from querist._load import find
    from querist.formats import listing

    found = [about for about in listing() if _ours(find("formats", about.name))]
    rows = [[f"[{a.name}](#{a.name})", " ".join(map(code, a.suffixes)), yes(a.reads), yes(a.writes)] for a in found]
    carries = [yes(hasattr(find("formats", a.name), "read_labels")) for a in found]
    parts = [
        "# File formats",
        "`querist formats` prints them. Every file may be packed with gzip: add `.gz` to the ending. *Labels* says "
        "whether `querist export` and `querist import` use the format.",
        table(
            ["name", "endings", "reads", "writes", "labels", "what"],
            [[*row, label, about.line] for row, label, about in zip(rows, carries, found, strict=True)],
        ),
    ]
    for about in found:
        parts += [f"## {about.name}", *docstring(find("formats", about.name))]
    return parts


def cli() -> list[str]:
    """Describe every command as its help does."""
    import click

    from querist.cli._group import SECTIONS, root

    parts = ["# Commands", paragraphs(inspect.cleandoc(root.help or ""))]
    parts.append(
        "`querist COMMAND --help` prints what stands here. Exit codes: 0, 1 when something failed, 2 for wrong input, "
        "130 when interrupted."
    )
    for section, names in SECTIONS.items():
        parts.append(f"## {section}")
        for name in names:
            command = root.get_command(click.Context(root), name)
            assert command is not None
            parts += _command(name, command)
    return parts


def _command(name: str, command: Any) -> list[str]:
    import click

    context = click.Context(command, info_name=f"querist {name}", terminal_width=10_000)
    usage = " ".join([context.command_path, *command.collect_usage_pieces(context)])
    records = [r for p in command.params if isinstance(p, click.Option) and (r := p.get_help_record(context))]
    shown = [[code(options), text] for options, text in records]
    lines = inspect.cleandoc((command.epilog or "").replace("\b", "")).splitlines()
    example = [block("sh", "\n".join(line.strip() for line in lines[1:]))] if len(lines) > 1 else []
    words = paragraphs(inspect.cleandoc(command.help or "").replace("\b\n", ""))
    return [
        f"### querist {name}",
        block("text", usage),
        words,
        *([table(["option", "meaning"], shown)] if shown else []),
        *example,
    ]


def errors() -> list[str]:
    """Draw the tree of exceptions, and list what each means."""
    from querist.errors import BadInput, QueristError

    found = list(_below(QueristError, 0))
    return [
        "# Errors",
        "Everything that querist raises on purpose is a `QueristError`. A message says what is wrong, where, what was "
        "got and what to do.",
        block("text", "\n".join("    " * depth + kind.__name__ for kind, depth in found)),
        table(
            ["exception", "also a", "means", "exit code"],
            [
                [code(k.__name__), _also(k), inspect.getdoc(k) or "", "2" if issubclass(k, BadInput) else "1"]
                for k, _ in found
            ],
        ),
        "The classes are in `querist.errors`. On the command line an error is one line on standard error; "
        "`QUERIST_DEBUG=1` shows the traceback instead.",
    ]


def _below(kind: type, depth: int) -> Iterable[tuple[type, int]]:
    if kind.__module__ == "querist.errors":
        yield kind, depth
        for each in kind.__subclasses__():
            yield from _below(each, depth + 1)


def _also(kind: type) -> str:
    return ", ".join(
        code(base.__name__) for base in kind.__mro__[1:] if base.__module__ == "builtins" and base not in _ROOTS
    )


_ROOTS = (Exception, BaseException, object)

_PYTHON = {
    "Arrays without a study": ("querist", ("query", "choose", "Selection", "View", "Ragged", "Head")),
    "Studies": ("querist", ("Study", "Answer")),
    "What a study tells": ("querist.study", ("Query", "Step", "Status")),
    "Data": ("querist", ("load", "Dataset", "Pool")),
    "Simulations": ("querist.simulate", ("simulate", "Plan", "compare", "Perfect", "Noisy", "Missing")),
    "Strategies": ("querist.strategies.protocol", ("Strategy", "About", "host", "top")),
    "Chance": ("querist.view", ("Draw",)),
    "Learners": ("querist.learners.protocol", ("Learner", "Predictor")),
    "Stores": ("querist.store", ("open_store", "backup")),
}


def python() -> list[str]:
    """Describe the public names from their signatures and docstrings."""
    parts = ["# Python", "Letters in shapes: N items, C classes, K draws or members, D features, L labelled, n chosen."]
    for title, (home, names) in _PYTHON.items():
        parts.append(f"## {title}")
        for name in names:
            parts += _section(name, getattr(import_module(home), name), home=home)
    parts += ["## Suites", "Conformance suites for parts of your own. They need pytest.", _suites()]
    return parts


def _suites() -> str:
    found = {"strategies": "StrategySuite", "learners": "LearnerSuite", "tasks": "TaskSuite", "stores": "StoreSuite"}
    rows = []
    for module, name in found.items():
        kind = getattr(import_module(f"querist.testing.{module}"), name)
        rows.append([code(f"querist.testing.{module}.{name}"), first_line(kind)])
    return table(["suite", "what"], rows)


# The parts of a page.


def _ours(thing: Any) -> bool:
    """Tell what ships with querist from what an installed package adds."""
    return str(thing.__module__).startswith("querist.")


def _section(name: str, thing: Any, *, home: str = "") -> list[str]:
    """Describe a class or function: signature, docstring, and the public methods of a class that has a home."""
    head = f"from {home} import {name}\n\n" if home else ""
    call = "" if getattr(thing, "_is_protocol", False) else _signature(thing.__name__, thing)
    parts = [f"### {name}", block("python", (head + call).strip()), *docstring(thing)]
    return parts + (_methods(thing) if home and inspect.isclass(thing) else [])


def _methods(kind: type) -> list[str]:
    """Describe the public methods and properties that a class defines itself; a signature, then what it does."""
    parts = []
    for name, member in vars(kind).items():
        if not name.startswith("_") and (shown := _member(f"{kind.__name__}.{name}", member)):
            words = (inspect.getdoc(member) or "").partition("\n>>>")[0]
            parts += [block("python", shown), paragraphs(words.strip())]
    return parts


def _member(name: str, member: Any) -> str:
    if isinstance(member, property | cached_property):
        return name
    function = getattr(member, "__func__", member)  # of a class method or a static one
    return _signature(name, function, bound=True) if inspect.isfunction(function) else ""


def _signature(name: str, thing: Any, *, bound: bool = False) -> str:
    """Write a call with annotations and defaults, one parameter a line when it is long."""
    found = inspect.signature(thing)
    parameters = [p for p in found.parameters.values() if not (bound and p.name in ("self", "cls"))]
    words = list(_parameters(parameters))
    back = "" if inspect.isclass(thing) or found.return_annotation is found.empty else found.return_annotation
    tail = f" -> {_type(back)}" if back else ""
    line = f"{name}({', '.join(words)}){tail}"
    return line if len(line) < 88 else f"{name}(\n    " + ",\n    ".join(words) + f",\n){tail}"


def _parameters(parameters: Iterable[inspect.Parameter]) -> Iterable[str]:
    starred = False
    for p in parameters:
        if p.kind is p.KEYWORD_ONLY and not starred:
            yield "*"
        starred = starred or p.kind in (p.KEYWORD_ONLY, p.VAR_POSITIONAL)
        star = {p.VAR_POSITIONAL: "*", p.VAR_KEYWORD: "**"}.get(p.kind, "")
        kind = "" if p.annotation is p.empty else f": {_type(p.annotation)}"
        default = "" if p.default is p.empty else f" = {_default(p.default)}"
        yield f"{star}{p.name}{kind}{default}"


def _type(annotation: Any) -> str:
    """Write an annotation as it stands in the code."""
    text = annotation if isinstance(annotation, str) else getattr(annotation, "__forward_arg__", None)
    return text or getattr(annotation, "__name__", str(annotation))


def _default(value: Any) -> str:
    """Write a default; one that is made anew each time has no text."""
    text = repr(value)
    return "..." if text.startswith("<") else text


def docstring(thing: Any) -> list[str]:
    """Turn a docstring into paragraphs and example blocks."""
    parts: list[str] = []
    for part in re.split(r"\n\s*\n", inspect.getdoc(thing) or ""):
        is_example = part.lstrip().startswith(">>>")
        parts.append(block("pycon", part) if is_example else paragraphs(part))
    return parts


def paragraphs(text: str) -> str:
    """Write text as Markdown: literals in single backticks, and nothing else that Markdown would take as markup."""
    pieces = re.split(r"(``[^`]+``|`[^`]+`)", text)
    return "".join(f"`{p.strip('`')}`" if p.startswith("`") else re.sub(r"([*<])", r"\\\1", p) for p in pieces)


def first_line(thing: Any) -> str:
    """Give the first sentence of a docstring."""
    return paragraphs(" ".join((inspect.getdoc(thing) or "").partition("\n\n")[0].split()))


def table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Write a Markdown table."""
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join("| " + " | ".join(_cell(cell) for cell in line) + " |" for line in lines)


def _cell(text: str) -> str:
    return re.sub(r"(?<!\\)\|", r"\\|", " ".join(text.replace("``", "`").split()))


def block(language: str, text: str) -> str:
    """Write a code block."""
    return f"```{language}\n{text.rstrip()}\n```"


def code(text: str) -> str:
    """Write text as code."""
    return f"`{text}`"


def yes(able: bool) -> str:
    """Say yes, or a dash."""
    return "yes" if able else "–"


def _options(options: dict[str, Any]) -> str:
    return ", ".join(code(f"{name}={value!r}") for name, value in options.items()) or "–"


if __name__ == "__main__":
    sys.exit(main())
