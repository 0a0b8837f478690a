"""Pictures, tables and the report: what they say, and that they hold nothing foreign."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from querist.simulate import Curve, Plan, Point
from querist.simulate.palette import DARK, LIGHT, inks
from querist.simulate.plots import mean_line, picture_of, spread, svg
from querist.simulate.report import ranges, report
from querist.simulate.summary import summarise
from querist.simulate.tables import areas_table, labels_needed, metrics_table, needed_table, seconds_table, sentence

EVIL = '<script src="x">&"heart"'


def curve(dataset: str, strategy: str | None, seed: int, speed: float, *, top: float = 0.9) -> Curve:
    labels = np.arange(10, 110, 10)
    values = top - 0.5 * np.exp(-labels * speed) + 0.001 * seed
    points = [Point(int(n), float(n), {"accuracy": float(v), "log_loss": 1 - float(v)}, 0.01, 0.02)
              for n, v in zip(labels, values, strict=True)]  # fmt: skip
    return Curve(dataset, strategy, seed, tuple(points), {"test_items": 50})


def made(datasets: Any = ("heart",), speeds: Any = None, seeds: int = 4) -> tuple[dict[str, Any], list[Curve]]:
    speeds = speeds or {"random": 0.03, "uherding": 0.08, "margin": 0.05}
    curves = [curve(d, s, seed, speed) for d in datasets for s, speed in speeds.items() for seed in range(seeds)]
    full = [curve(d, None, seed, 9.0) for d in datasets for seed in range(seeds)]
    plan = Plan(tuple(speeds), initial=10, budget=100, seeds=range(seeds))
    return {**summarise(plan, curves, full), "notes": ["a note with <b>"]}, curves


def page(*args: Any, **options: Any) -> str:
    summary, curves = made(*args, **options)
    return report(summary, picture_of(summary, curves))


class Tags(HTMLParser):
    """Collect tags and references; the text of style and script too."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.references: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.references += [v or "" for k, v in attrs if k in ("src", "href", "xlink:href", "action", "data", "srcset")]


def test_the_report_is_one_file_without_references_outward() -> None:
    text = page(("heart", "sonar"))
    links = re.sub(r'xmlns(:\w+)?="[^"]*"', "", text)
    assert "http" not in links
    assert "//" not in links
    assert "@import" not in text
    assert "url(" not in text.replace("url(#", "")
    tags = Tags()
    tags.feed(text)
    assert not {"script", "link", "iframe", "img", "object", "embed"} & set(tags.tags)
    assert all(r.startswith("#") for r in tags.references)
    assert tags.tags.count("svg") == 2


def test_names_are_escaped_everywhere() -> None:
    speeds = {"random": 0.03, "power<i>(x='&')": 0.05}
    text = page((EVIL, "sonar"), speeds)
    assert "<script" not in text
    assert "<i>" not in text
    assert "a note with &lt;b&gt;" in text
    tags = Tags()
    tags.feed(text)
    assert not {"script", "i", "b"} & set(tags.tags)


def test_the_report_says_what_was_found_and_how_it_was_run() -> None:
    text = page()
    for words in ("Labels saved on heart", "Labels needed", "factor saved", "Learning curves", "Cost in seconds",
                  "How it was run", "0–3", "numpy", "command", "10 labels each, up to 100"):  # fmt: skip
        assert words in text
    for theme in (LIGHT, DARK):
        assert f"--text: {theme['text']};" in text
    assert "prefers-color-scheme: dark" in text
    assert "@media print" in text


def test_svg_inks_are_variables_and_names_are_not_shared() -> None:
    summary, curves = made()
    text = svg(picture_of(summary, curves))
    assert text.startswith("<svg")
    assert not [ink for ink in LIGHT.values() if ink in text]
    assert "var(--accent)" in text
    assert "<g id=" not in text
    assert ">uherding</text>" in text
    assert set(re.findall(r"font-family: ([^;]*)", text)) == {"var(--type)"}
    assert text == svg(picture_of(summary, curves))


def test_the_sentence_names_the_first_strategy_that_is_not_random() -> None:
    summary, _ = made()
    assert sentence(summary) == (
        "On heart, uherding reached 95 % of the full-data accuracy (85.6 %) with 40 labels, random with 90: "
        "2.2 × fewer (95 % interval 2.2 to 2.2)."
    )


def test_the_sentence_says_when_more_labels_were_needed() -> None:
    summary, _ = made(speeds={"random": 0.08, "entropy": 0.04}, seeds=1)
    assert sentence(summary).endswith("with 70 labels, random with 40: 1.8 × more (1 seed: no interval).")


def test_few_seeds_are_said_to_give_no_interval() -> None:
    summary, _ = made(speeds={"random": 0.05, "entropy": 0.05}, seeds=2)
    assert sentence(summary).endswith("random with 50: the same (2 seeds: no interval).")
    assert "(" not in "".join(needed_table(summary, "heart").rows[0])


def test_a_target_met_without_any_label_has_no_factor() -> None:
    summary, _ = made()
    rows = {row["strategy"]: row["labels_to_full"]["0.95"] for row in summary["rows"]}
    rows["uherding"] |= {"median": 0.0, "saved": {"factor": None, "interval": None, "at_least": None}}
    assert sentence(summary).endswith("with 0 labels, random with 90.")
    rows["random"]["median"] = None
    assert sentence(summary).endswith("with 0 labels; random did not within 100.")
    summary["full"]["heart"]["labels"] = 0.0
    assert sentence(summary) == "On heart, no item got a label: there is nothing to compare."


def test_unreached_targets_are_said_never_made_up() -> None:
    summary, _ = made(speeds={"random": 0.001, "margin": 0.05, "slow": 0.002})
    assert "random did not within 100: more than 2.0 × fewer." in sentence(summary)
    rows = {row[0]: row[1:] for row in needed_table(summary, "heart").rows}
    assert rows["random"][2:] == ("not reached within 100", "–")
    assert rows["slow"][2:] == ("not reached within 100", "–")
    assert rows["margin"][3] == "more than 2.0 ×"
    slow, _ = made(speeds={"slow": 0.002, "random": 0.001})
    assert sentence(slow) == ("On heart, slow did not reach 95 % of the full-data accuracy (85.6 %) within 100 labels.")


def test_an_open_interval_is_said_to_be_open() -> None:
    summary, _ = made()
    entry = summary["rows"][1]["labels_to_full"]["0.95"]
    entry["saved"] = {"factor": 1.5, "interval": [1.25, None], "at_least": None}
    assert sentence(summary).endswith("1.5 × fewer (95 % interval 1.2 to open).")
    entry["saved"] = {"factor": 0.5, "interval": [0.25, None], "at_least": None}
    assert sentence(summary).endswith("2.0 × more (95 % interval open to 4.0).")


def test_without_random_there_is_no_factor() -> None:
    summary, _ = made(speeds={"margin": 0.05})
    assert summary["rows"][0]["vs_random"] is None
    assert summary["rows"][0]["labels_to_full"]["0.95"]["saved"] is None
    assert sentence(summary).endswith("; random was not run.")
    assert needed_table(summary, "heart").rows[0][2] == "–"
    alone, _ = made(speeds={"random": 0.05})
    assert sentence(alone) == "Only random was run: name another strategy to compare it with."


def test_several_data_sets_are_one_sentence() -> None:
    summary, _ = made(("heart", "sonar"))
    assert sentence(summary) == (
        "Over 2 data sets, uherding was above random on 2; on the 2 where both reached 95 % of the full-data accuracy "
        "it needed 2.2 × fewer labels."
    )


def test_tables_hold_every_strategy_and_metric() -> None:
    summary, _ = made()
    final, areas = metrics_table(summary, "heart"), areas_table(summary, "heart")
    assert [row[0] for row in final.rows] == ["random", "uherding", "margin", "all labels"]
    assert final.header == ("strategy", "accuracy", "log loss")
    assert final.rows[-1] == ("all labels", "90.2 % ± 0.1", "0.098 ± 0.001")
    assert areas.rows[0][-2:] == ("–", "–")
    assert areas.rows[1][-2:] == ("+9.61 ± 0.00 points", "4 of 4")
    for table in (final, areas):
        assert all(len(row) == len(table.header) for row in table.rows)
    assert seconds_table(summary, "heart").rows[0] == ("random", "2 ms", "0.2 s", "0.1 s")


@pytest.mark.parametrize(
    ("entry", "words"),
    [
        ({"median": 1250.0, "interval": [1200.0, 1300.5]}, "1,250 (1,200 to 1,300.5)"),
        ({"median": 40.0, "interval": None}, "40"),
        ({"median": 40.0, "interval": [None, None]}, "40 (> 300 to > 300)"),
    ],
)
def test_labels_needed_in_words(entry: dict[str, Any], words: str) -> None:
    assert labels_needed(entry, 300) == words


def test_ranges_of_seeds() -> None:
    assert ranges([0, 1, 2, 5, 7, 8]) == "0–2, 5, 7–8"


# -- pictures -----------------------------------------------------------------------------------------------------


@given(st.lists(st.floats(0, 1), min_size=1, max_size=12), st.floats(0.01, 0.3))
def test_labels_at_line_ends_never_overlap(places: list[float], gap: float) -> None:
    found = spread(places, gap, 0.0, 1.0)
    ordered = np.sort(found)
    assert (np.diff(ordered) >= gap - 1e-9).all()
    assert ordered[0] >= -1e-9
    assert ordered[-1] <= max(1.0, gap * (len(places) - 1)) + 1e-9
    order = np.argsort(places, kind="stable")
    assert (np.diff(found[order]) > 0).all()


def test_labels_with_room_stay_where_they_are() -> None:
    assert spread([0.9, 0.1, 0.5], 0.1, 0.0, 1.0).tolist() == pytest.approx([0.9, 0.1, 0.5])


def test_every_strategy_has_a_look_of_its_own() -> None:
    names = ["random", "auto", "margin", "badge", "entropy", "a", "b", "c", "d", "e", "f", "g", "h"]
    looks = [(ink.colour, ink.dash) for ink in inks(names).values()]
    assert len(set(looks)) == len(names)
    assert inks(names)["random"].colour == "#7f7f7f"
    assert inks(names)["auto"].lead


def test_the_band_is_students_interval_of_the_mean() -> None:
    from scipy.stats import t

    curves = [curve("heart", "margin", seed, 0.05) for seed in range(5)]
    line = mean_line("margin", curves, "accuracy")
    values = np.array([c.values("accuracy") for c in curves])
    half = t.ppf(0.975, 4) * values.std(axis=0, ddof=1) / np.sqrt(5)
    assert line.mean == pytest.approx(values.mean(axis=0))
    assert line.high - line.low == pytest.approx(2 * half)
    alone = mean_line("margin", curves[:1], "accuracy")
    assert (alone.low == alone.mean).all()


def test_long_curves_are_thinned_but_keep_their_ends() -> None:
    points = tuple(Point(n, float(n), {"accuracy": n / 5_000}, 0.0, 0.0) for n in range(20, 4_000))
    line = mean_line("margin", [Curve("heart", "margin", 0, points, {})], "accuracy")
    assert len(line.spent) == 400
    assert (line.spent[0], line.spent[-1]) == (20, 3_999)


def test_a_cut_axis_is_said() -> None:
    summary, curves = made()
    assert "accuracy on test items, axis starts at 50 %" in svg(picture_of(summary, curves))
    whole = [curve("heart", s, 0, 0.03, top=0.45) for s in ("random", None)]
    plan = Plan(("random",), initial=10, seeds=(0,))
    flat = summarise(plan, whole[:1], whole[1:])
    assert "axis starts" not in svg(picture_of(flat, whole[:1]))
