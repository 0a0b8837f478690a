"""What the commands print, and the small readers of their options."""

from __future__ import annotations

import json

import click
import numpy as np
import pytest

from querist.cli._group import COMMANDS, root
from querist.cli._output import aligned, as_json, complain
from querist.cli._progress import Tally, time_left
from querist.cli.ask import why_empty
from querist.cli.new import check_place, classes_of
from querist.cli.simulate import numbers, specifications
from querist.cli.step import sentence
from querist.errors import BadInput
from querist.simulate import Progress
from querist.study import Status, Step


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (np.float64(0.5), 0.5),
        (np.array([1, 2]), [1, 2]),
        (float("inf"), None),
        ({"a": (1, None)}, {"a": [1, None]}),
        ("ü", "ü"),
        (True, True),
        (frozenset({"x"}), ["x"]),
    ],
)
def test_json_takes_what_a_study_holds(value: object, expected: object) -> None:
    assert json.loads(as_json(value)) == expected


def test_aligned_pads_and_turns_numbers_right() -> None:
    assert aligned(["a", "n"], [["long name", "1"], ["b", "20"]], right=[1]) == (
        "a           n\nlong name   1\nb          20"
    )


def test_an_error_is_one_line(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    complain("a\nb   c")
    assert capsys.readouterr().err == "Error: a b c\n"


@pytest.mark.parametrize(("text", "seeds"), [("0-2", (0, 1, 2)), ("7", (7,)), ("0,2,5-6", (0, 2, 5, 6))])
def test_seeds(text: str, seeds: tuple[int, ...]) -> None:
    assert numbers(text) == seeds


@pytest.mark.parametrize("text", ["", "a", "3-1", "1,,2", "-1"])
def test_seeds_that_are_none(text: str) -> None:
    with pytest.raises(BadInput, match=r"--seeds must be numbers or a range from low to high: got .*; write 0-9"):
        numbers(text)


def test_strategies_split_outside_brackets() -> None:
    assert specifications("random,power-bald(beta=4, n=1) , margin") == ("random", "power-bald(beta=4, n=1)", "margin")
    with pytest.raises(BadInput, match="--strategy has an empty name: got 'a,,b'"):
        specifications("a,,b")


def test_classes_are_whole_numbers_only_where_all_are() -> None:
    assert classes_of("0,1,-2") == [0, 1, -2]
    assert classes_of("0,b") == ["0", "b"]
    with pytest.raises(BadInput, match="--labels has an empty name: got 'a,'; write --labels a,b,c"):
        classes_of("a,")


def test_a_study_file_ends_in_querist() -> None:
    check_place("a.querist")
    check_place("postgresql://host/name")
    with pytest.raises(BadInput, match=r"ends in \.querist, or a database URL: got 'cells\.db'; write cells\.db\.quer"):
        check_place("cells.db")


def _status(**changed: int) -> Status:
    facts = {"items": 10, "labelled": 4, "aside": 0, "leased": 0, "remaining": 6, "round": 2, "position": 4, "seen": 4}
    return Status(**{**facts, **changed}, classes={}, learner="linear", strategy="margin", batch=2, version="0")


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"remaining": 0, "labelled": 10}, "done: 10 of 10 items labelled"),
        ({"leased": 6}, "none free now: all 6 items left are out with others"),
        ({"position": 9}, "the queue is used up, 6 items are left: run `querist step s.querist`"),
        ({"leased": 3}, "the whole queue is out with others (3 items)"),
    ],
)
def test_why_there_is_nothing_to_ask(changed: dict[str, int], words: str) -> None:
    assert words in why_empty(_status(**changed), "s.querist")


def test_a_step_in_words() -> None:
    step = Step(3, 12, 10, "margin", 0.5, 0.25)
    assert sentence(step) == "round 3: learned from 10 labels in 0.50 s, ranked by margin in 0.25 s"
    assert "nothing new: round 3" in sentence(Step(3, 12, 10, "margin", 0.5, 0.25, fresh=False))


def test_the_tally_counts_seeds_rounds_and_what_was_kept() -> None:
    tally = Tally(runs=2, batch=10, initial=10)
    tally.hear(Progress("d", "margin", 0, 30, 50, finished=False, kept=False))
    assert (tally.done, tally.rounds, len(tally.finished), tally.kept) == (30, 3, 0, 0)
    tally.hear(Progress("d", "margin", 0, 45, 50, finished=True, kept=False))
    tally.hear(Progress("d", "margin", 1, 50, 50, finished=True, kept=True))
    assert (tally.done, tally.rounds, len(tally.finished), tally.kept) == (100, 10, 2, 50)


def test_time_left_is_silent_without_anything_to_go_by() -> None:
    assert (time_left(5.0, 0, 10), time_left(5.0, 10, 10), time_left(65.0, 5, 10)) == ("", "", "1:05 left")


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_and_option_has_help_and_an_example(name: str) -> None:
    command = root.get_command(None, name)  # type: ignore[arg-type]
    assert command is not None
    assert command.help
    assert f"querist {name}" in (command.epilog or "") or f"| querist {name}" in (command.epilog or "")
    assert not command.get_short_help_str(66).endswith("...")
    for parameter in command.params:
        assert parameter.param_type_name == "argument" or getattr(parameter, "help", None), parameter.name
    assert "RANGE" not in command.get_help(click.Context(command)), "an option without a metavar"
