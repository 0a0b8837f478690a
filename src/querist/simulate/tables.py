"""What a summary says in words and tables: the same for the terminal and for the report."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import exp, log
from typing import Any, NamedTuple

_SHARES = {"accuracy", "balanced_accuracy", "macro_f1", "micro_f1", "f1", "ece", "ap", "map", "recall", "precision"}
_SHARES |= {"sensitivity_at_95"}
_NAMES = {
    "macro_f1": "macro F1",
    "micro_f1": "micro F1",
    "f1": "F1",
    "log_loss": "log loss",
    "ece": "calibration error",
    "auroc": "AUROC",
    "sensitivity_at_95": "sensitivity at 95 % specificity",
}
_NAMES |= {"ap": "average precision", "map": "mean average precision", "rmse": "RMSE", "mae": "MAE"}


class Table(NamedTuple):
    """A table of words."""

    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


class Number(NamedTuple):
    """How a metric is written: shares in per cent, the rest with three digits."""

    percent: bool

    def __call__(self, value: float, digits: int = 1) -> str:
        """Write a value."""
        return f"{100 * value:.{digits}f} %" if self.percent else f"{value:.3f}"

    def axis(self, value: float) -> str:
        """Write a tick."""
        return f"{100 * value:.4g} %" if self.percent else f"{value:.3g}"

    def mean(self, entry: Mapping[str, Any]) -> str:
        """Write a mean with its standard error.

        >>> Number(True).mean({"mean": 0.912, "se": 0.004})
        '91.2 % ± 0.4'
        """
        if entry["se"] is None:
            return self(entry["mean"])
        return f"{self(entry['mean'])} ± {100 * entry['se']:.1f}" if self.percent else (
            f"{entry['mean']:.3f} ± {entry['se']:.3f}"
        )  # fmt: skip


def number(metric: str) -> Number:
    """Say how a metric is written."""
    return Number(metric in _SHARES)


def metric_name(metric: str) -> str:
    """Name a metric for people.

    >>> metric_name("balanced_accuracy")
    'balanced accuracy'
    """
    return _NAMES.get(metric, metric.replace("_", " "))


def number_list(value: float) -> str:
    """Write a count of labels, whole where it is whole.

    >>> number_list(1250.0), number_list(42.5)
    ('1,250', '42.5')
    """
    return f"{value:,.0f}" if value == int(value) else f"{value:,.1f}"


def unit_of(summary: Mapping[str, Any]) -> str:
    """Name what budgets and curves are counted in.

    >>> unit_of({"plan": {"cost": "items"}}), unit_of({"plan": {"cost": "tokens"}})
    ('labels', 'tokens')
    """
    cost = str(summary["plan"].get("cost", "items"))
    return "labels" if cost == "items" else cost


def _to_full(summary: Mapping[str, Any], row: Mapping[str, Any]) -> Mapping[str, Any]:
    """Give what a strategy needs to reach shares of the value with all labels, in the unit of the curves."""
    found: Mapping[str, Any] = row["labels_to_full" if unit_of(summary) == "labels" else "cost_to_full"]
    return found


def labels_needed(entry: Mapping[str, Any], budget: float) -> str:
    """Write a median number of labels, or of what else is paid, with its interval, or that the target was not reached.

    >>> labels_needed({"median": 40.0, "interval": [35.0, None]}, 300)
    '40 (35 to > 300)'
    >>> labels_needed({"median": None, "interval": None}, 300)
    'not reached within 300'
    """
    if entry["median"] is None:
        return f"not reached within {number_list(budget)}"
    return number_list(entry["median"]) + _between(entry["interval"], f"> {number_list(budget)}", number_list)


def factor(entry: Mapping[str, Any] | None) -> str:
    """Write a factor saved with its interval; a dash where there is nothing to say.

    >>> factor({"factor": 2.31, "interval": [1.6, 3.1], "at_least": None})
    '2.3 × (1.6 to 3.1)'
    """
    if entry is None or (entry["factor"] is None and entry["at_least"] is None):
        return "–"
    if entry["factor"] is None:
        return f"more than {entry['at_least']:.1f} ×"
    return f"{entry['factor']:.1f} ×" + _between(entry["interval"], "open", lambda v: f"{v:.1f}")


def _between(interval: Any, beyond: str, write: Any) -> str:
    if interval is None:
        return ""
    low, high = (beyond if end is None else write(end) for end in interval)
    return f" ({low} to {high})"


def needed_table(summary: Mapping[str, Any], dataset: str, shares: tuple[str, ...] = ("0.9", "0.95")) -> Table:
    """Tell what is needed to reach shares of the value with all labels, in the unit paid: one row per strategy."""
    rows = [row for row in summary["rows"] if row["dataset"] == dataset]
    known, unit = [s for s in shares if s in rows[0]["labels_to_full"]], unit_of(summary)
    header = ["strategy"]
    for share in known:
        goal = number(summary["metric"])(rows[0]["labels_to_full"][share]["target"])
        header += [f"{unit} to {100 * float(share):g} % of full ({goal})", "factor saved"]
    body = []
    for row in rows:
        entries = [_to_full(summary, row)[share] for share in known]
        cells = [(labels_needed(e, _budget(summary, row)), factor(e["saved"])) for e in entries]
        body.append((row["strategy"], *(text for pair in cells for text in pair)))
    return Table(tuple(header), tuple(body))


def _budget(summary: Mapping[str, Any], row: Mapping[str, Any]) -> float:
    """Give the labels that a run may ask, or what it spent in another unit."""
    if unit_of(summary) != "labels":
        return float(round(row["cost"]["mean"]))
    full, planned = summary["full"][row["dataset"]]["labels"], summary["plan"]["budget"]
    return float(full if planned is None else min(full, planned))


def areas_table(summary: Mapping[str, Any], dataset: str) -> Table:
    """Tell the area under the budget curve and the paired difference to random."""
    write = number(summary["metric"])
    rows = [row for row in summary["rows"] if row["dataset"] == dataset]
    header = (
        "strategy",
        "area under the curve, by labels" if unit_of(summary) != "labels" else "area under the curve",
        "same, log labels",
        "difference to random",
        "seeds better than random",
    )
    body = ((r["strategy"], write.mean(r["aubc"]), write.mean(r["aubc_log"]), *_against(r, write)) for r in rows)
    return Table(header, tuple(body))


def _against(row: Mapping[str, Any], write: Number) -> tuple[str, str]:
    entry = row["vs_random"]
    return ("–", "–") if entry is None else (_difference(entry, write), f"{entry['win']} of {row['seeds']}")


def metrics_table(summary: Mapping[str, Any], dataset: str) -> Table:
    """Tell every metric at the end of the budget, and with all labels."""
    rows = [row for row in summary["rows"] if row["dataset"] == dataset]
    names, full = list(rows[0]["final"]), summary["full"][dataset]["metrics"]
    entries = [(r["strategy"], r["final"]) for r in rows] + [("all labels", full)]
    body = ((name, *(number(m).mean(values[m]) for m in names)) for name, values in entries)
    return Table(("strategy", *map(metric_name, names)), tuple(body))


def _difference(entry: Mapping[str, Any], write: Number) -> str:
    scale, unit, digits = (100, " points", 2) if write.percent else (1, "", 4)
    spread = "" if entry["se"] is None else f" ± {scale * entry['se']:.{digits}f}"
    return f"{scale * entry['mean']:+.{digits}f}{spread}{unit}"


def seconds_table(summary: Mapping[str, Any], dataset: str) -> Table:
    """Tell what a run cost the computer."""
    rows = [row for row in summary["rows"] if row["dataset"] == dataset]
    body = tuple(
        (
            r["strategy"],
            "–" if r["seconds_per_query"] is None else f"{1000 * r['seconds_per_query']:.3g} ms",
            f"{r['seconds']['query']:.3g} s",
            f"{r['seconds']['fit']:.3g} s",
        )
        for r in rows
    )
    return Table(("strategy", "choosing, per label", "choosing, per run", "training, per run"), body)


def sentence(summary: Mapping[str, Any]) -> str:
    """Say in one sentence what the strategy saved that was named first, random apart; not the best in hindsight."""
    rows = summary["rows"]
    lead = next((r["strategy"] for r in rows if r["strategy"] != "random"), None)
    if lead is None:
        return "Only random was run: name another strategy to compare it with."
    shares = list(rows[0]["labels_to_full"])
    share = "0.95" if "0.95" in shares else shares[0]
    own = [r for r in rows if r["strategy"] == lead]
    return _on_one(summary, own[0], share) if len(own) == 1 else _on_many(summary, own, share)


def _goal(summary: Mapping[str, Any], share: str) -> str:
    return f"{100 * float(share):g} % of the full-data {metric_name(summary['metric'])}"


def _on_many(summary: Mapping[str, Any], rows: Sequence[Mapping[str, Any]], share: str) -> str:
    start = f"Over {len(rows)} data sets, {rows[0]['strategy']}"
    versus = [r["vs_random"] for r in rows if r["vs_random"] is not None]
    if not versus:
        return f"{start} was run without random: there is nothing to compare it with."
    better = sum(v["mean"] > 0 for v in versus)
    saved = [_to_full(summary, r)[share]["saved"] for r in rows]
    factors = [s["factor"] for s in saved if s is not None and s["factor"] is not None]
    words = f"{start} was above random on {better}"
    if not factors:
        return f"{words}; both reached {_goal(summary, share)} on none."
    said = _times(exp(sum(log(f) for f in factors) / len(factors)))
    said = "about as many" if said.endswith("same") else said
    said = f"{said} {unit_of(summary)}"
    return f"{words}; on the {len(factors)} where both reached {_goal(summary, share)} it needed {said}."


def _on_one(summary: Mapping[str, Any], row: Mapping[str, Any], share: str) -> str:
    entry, dataset = _to_full(summary, row)[share], row["dataset"]
    unit = unit_of(summary)
    if not summary["full"][dataset]["labels"]:
        return f"On {dataset}, no item got a label: there is nothing to compare."
    goal = f"{_goal(summary, share)} ({number(summary['metric'])(entry['target'])})"
    if entry["median"] is None:
        return (
            f"On {dataset}, {row['strategy']} did not reach {goal} within {number_list(_budget(summary, row))} {unit}."
        )
    start = f"On {dataset}, {row['strategy']} reached {goal} with {number_list(entry['median'])} {unit}"
    base = next((r for r in summary["rows"] if r["dataset"] == dataset and r["strategy"] == "random"), None)
    if base is None:
        return f"{start}; random was not run."
    other, budget = _to_full(summary, base)[share]["median"], number_list(_budget(summary, base))
    return f"{start}{_beside(entry['saved'], other, budget, seeds=row['seeds'])}."


def _beside(saved: Mapping[str, Any], other: float | None, budget: str, *, seeds: int) -> str:
    """Say what random needed, and the factor where there is one: none beside a strategy that needed no label."""
    if other is None:
        more = "" if saved["at_least"] is None else f": more than {saved['at_least']:.1f} × fewer"
        return f"; random did not within {budget}{more}"
    start = f", random with {number_list(other)}"
    return start if saved["factor"] is None else f"{start}: {_times(saved['factor'])}{_ends(saved, seeds)}"


def _times(value: float) -> str:
    """Write a factor as more or fewer.

    >>> _times(2.31), _times(0.5), _times(1.0), _times(0.98)
    ('2.3 × fewer', '2.0 × more', 'the same', 'about the same')
    """
    if f"{max(value, 1 / value):.1f}" == "1.0":
        return "the same" if value == 1 else "about the same"
    return f"{value:.1f} × fewer" if value >= 1 else f"{1 / value:.1f} × more"


def _ends(saved: Mapping[str, Any], seeds: int) -> str:
    """Write the interval of a factor, turned where the sentence says "more"; an open end is said to be open."""
    if saved["interval"] is None:
        return f" ({seeds} {'seed' if seeds == 1 else 'seeds'}: no interval)"
    low, high = saved["interval"]
    if _times(saved["factor"]).endswith("more"):
        low, high = (1 / end if end else None for end in (high, low))
    low, high = ("open" if end is None else f"{end:.1f}" for end in (low, high))
    return f" (95 % interval {low} to {high})"
