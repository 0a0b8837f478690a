"""The report: one self-contained page, printable, dark and light, with no reference outward."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from html import escape
from typing import Any

from querist.simulate.palette import DARK, LIGHT
from querist.simulate.plots import Picture, caption, svg
from querist.simulate.tables import (
    Table,
    areas_table,
    metrics_table,
    needed_table,
    number_list,
    seconds_table,
    sentence,
    unit_of,
)

_STYLE = """
* { box-sizing: border-box; }
body { margin: 0; background: var(--page); color: var(--text); font: 15px/22px var(--type);
  font-variant-numeric: tabular-nums; }
main { max-width: 1080px; margin: 0 auto; padding: 40px 24px 64px; }
h1 { font-size: 20px; line-height: 28px; margin: 0 0 4px; }
h2 { font-size: 16px; line-height: 24px; margin: 32px 0 8px; }
h3 { font-size: 15px; line-height: 22px; margin: 20px 0 4px; font-weight: 600; }
.answer { font-size: 20px; line-height: 30px; margin: 4px 0 24px; max-width: 46em; }
.quiet, figcaption, caption { color: var(--quiet); font-size: 13px; line-height: 20px; }
.panel, figure { background: var(--panel); border: 1px solid var(--line); border-radius: 8px; padding: 8px 16px;
  margin: 8px 0; overflow-x: auto; }
figure { padding: 16px; }
figure svg { display: block; width: 100%; height: auto; }
.grid { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 490px), 1fr)); gap: 8px 16px; }
table { border-collapse: collapse; width: 100%; }
th, td { text-align: right; padding: 8px 0 8px 24px; border-top: 1px solid var(--line); white-space: nowrap; }
thead th { border-top: 0; color: var(--quiet); font-size: 13px; line-height: 18px; font-weight: 400;
  vertical-align: bottom; white-space: normal; }
th:first-child, td:first-child { text-align: left; padding-left: 0; font-weight: 600; }
thead th:first-child { font-weight: 400; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: 4px 24px; margin: 0; padding: 8px 0; }
dt { color: var(--quiet); }
dd { margin: 0; overflow-wrap: anywhere; }
code { font: 13px/20px ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; }
@media print { body { background: #fff; } main { max-width: none; padding: 0; }
  .panel, figure, table { break-inside: avoid; overflow: visible; } h2, h3 { break-after: avoid; } }
"""
_TYPE = 'system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif'


def report(summary: Mapping[str, Any], picture: Picture) -> str:
    """Write the report as HTML."""
    title = f"Labels saved on {', '.join(summary['full'])}"
    body = [
        f"<h1>{escape(title)}</h1>",
        f'<p class="answer">{escape(sentence(summary))}</p>',
        *_section(f"{unit_of(summary).capitalize()} needed", summary, needed_table, note=_NEEDED),
        "<h2>Learning curves</h2>",
        _figure(picture),
        *_section("Over the whole budget", summary, areas_table, note=_AREAS),
        *_section("At the end of the budget", summary, metrics_table, note="Mean over seeds ± standard error."),
        *_section("Cost in seconds", summary, seconds_table),
        "<h2>How it was run</h2>",
        _facts(summary),
        *(f'<p class="quiet">{escape(note)}.</p>' for note in summary.get("notes", ())),
    ]
    return page(title, body)


_NEEDED = (
    "Median over seeds of the first number of {unit} at which the curve, smoothed over {window} rounds, reaches the "
    "target; in brackets the 95 % bootstrap interval, from four seeds on. Factor saved: {unit} of random divided by "
    "{unit} of the strategy, resampled over the same seeds."
)
_AREAS = (
    "Mean over seeds ± standard error. Area under the curve: mean value over the budget, from the initial set on. "
    "Differences are taken seed by seed, on the same split and the same initial set."
)


def page(title: str, body: Iterable[str]) -> str:
    """Wrap a body into a page of its own, light or dark as the reader's system is."""
    style = f":root {{ color-scheme: light dark; --type: {_TYPE}; {_tokens(LIGHT)} }}\n"
    style += f"@media screen and (prefers-color-scheme: dark) {{ :root {{ {_tokens(DARK)} }} }}{_STYLE}"
    head = '<meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">'
    inner = "\n".join(body)
    return (
        f'<!DOCTYPE html>\n<html lang="en"><head>{head}<title>{escape(title)} · querist</title>'
        f"<style>{style}</style></head>\n<body><main>\n{inner}\n</main></body></html>\n"
    )


def _tokens(values: Mapping[str, str]) -> str:
    return " ".join(f"--{name}: {value};" for name, value in values.items())


def _section(title: str, summary: Mapping[str, Any], make: Any, note: str = "") -> list[str]:
    """Write one table per data set, under one heading."""
    datasets = list(summary["full"])
    parts = [f"<h2>{escape(title)}</h2>"]
    for dataset in datasets:
        parts += [f"<h3>{escape(dataset)}</h3>"] * (len(datasets) > 1)
        parts.append(f'<div class="panel">{html_table(make(summary, dataset))}</div>')
    words = note.format(window=summary["plan"]["window"], unit=unit_of(summary))
    return [*parts, *([f'<p class="quiet">{escape(words)}</p>'] if words else [])]


def html_table(table: Table) -> str:
    """Write a table; every cell is escaped."""
    head = "".join(f'<th scope="col">{escape(h)}</th>' for h in table.header)
    rows = "".join(f'<tr><th scope="row">{escape(r[0])}</th>{_cells(r[1:])}</tr>' for r in table.rows)
    return f"<table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>"


def _cells(row: Sequence[str]) -> str:
    return "".join(f"<td>{escape(cell)}</td>" for cell in row)


def _figure(picture: Picture) -> str:
    """Draw one SVG per data set, beside each other where the page is wide enough."""
    drawings = [svg(one).replace("<svg ", f"<svg {_said(one)} ", 1) for one in picture.split()]
    return f'<figure><div class="grid">{"".join(drawings)}</div><figcaption>{caption(picture)}</figcaption></figure>'


def _said(picture: Picture) -> str:
    return f'role="img" aria-label="{escape(f"Learning curves on {picture.panels[0].title}")}"'


def _facts(summary: Mapping[str, Any]) -> str:
    plan = summary["plan"]
    facts = {
        "command": summary["command"],
        "strategies": ", ".join(plan["strategies"]),
        "learner": plan["learner"],
        "initial set": f"{plan['initial']} labels, {plan['initial_by']}",
        "rounds": f"{plan['batch']} labels each, up to {_end(plan)}",
        "test items": ", ".join(f"{d} {full['test_items']:,}" for d, full in summary["full"].items()),
        "oracle": _oracle(plan),
        "seeds": ranges(plan["seeds"]),
        "versions": ", ".join(f"{name} {number}" for name, number in summary["versions"].items()),
    }
    items = "".join(f"<dt>{escape(k)}</dt><dd>{_value(k, str(v))}</dd>" for k, v in facts.items())
    return f'<div class="panel"><dl>{items}</dl></div>'


def ranges(numbers: Sequence[int]) -> str:
    """Write numbers with runs joined.

    >>> ranges([0, 1, 2, 3, 7])
    '0–3, 7'
    """
    runs: list[list[int]] = []
    for value in numbers:
        if runs and value == runs[-1][-1] + 1:
            runs[-1][1:] = [value]
        else:
            runs.append([value])
    return ", ".join("–".join(str(end) for end in run) for run in runs)


def _value(name: str, value: str) -> str:
    return f"<code>{escape(value)}</code>" if name == "command" else escape(value)


def _end(plan: Mapping[str, Any]) -> str:
    end = str(plan["budget"] or "the whole training part")
    return end if plan.get("spend") is None else f"{end}, or {number_list(plan['spend'])} {plan['cost']}"


def _oracle(plan: Mapping[str, Any]) -> str:
    flaws = [f"{100 * plan[name]:g} % {name}" for name in ("noise", "missing") if plan[name]]
    return ", ".join(flaws) or "always right"
