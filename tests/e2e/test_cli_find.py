"""A search for one class by the command line: simulated, and as a study."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
from command_line import Cli


def mails(labels: bool = True) -> dict[str, str]:
    rng = np.random.default_rng(1)
    truth = {}
    lines = []
    for number in range(240):
        spam = rng.random() < 0.2
        words = rng.choice(["prize", "cash", "win", "call"] if spam else ["lunch", "home", "train", "call"], 4)
        truth[f"m{number}"] = "spam" if spam else "ham"
        row = {"id": f"m{number}", "text": " ".join([*words.tolist(), f"w{rng.integers(40)}"])}
        lines.append(json.dumps(row | ({"label": truth[f"m{number}"]} if labels else {})))
    Path("mails.jsonl").write_text("\n".join(lines) + "\n")
    return truth


def test_a_simulated_search_says_what_it_took(cli: Cli) -> None:
    truth = mails()
    done = cli("simulate", "mails.jsonl", "--goal", "find", "--target", "spam", "--seeds", "0-1", "--out", "run")
    assert done.code == 0, done.err
    found = list(truth.values()).count("spam")
    assert f"{found} of 240 items are 'spam'; 95 % of them found by" in " ".join(done.out.split())
    row = json.loads(Path("run/find.json").read_text())["rows"][0]
    assert row["seeds"] == [0, 1]
    assert 0.95 * found / 240 <= row["depth"]["low"] <= row["depth"]["high"] <= 1


def test_a_search_study_asks_and_advises(cli: Cli) -> None:
    truth = mails(labels=False)
    made = cli("new", "s.querist", "mails.jsonl", "--labels", "ham,spam", "--goal", "find", "--target", "spam")
    assert made.code == 0, made.err
    for _ in range(4):
        told = [json.dumps({"id": query["id"], "label": truth[query["id"]]}) for query in cli("ask", "s.querist").lines]
        Path("told.jsonl").write_text("\n".join(told) + "\n")
        cli("tell", "s.querist", "told.jsonl")
        cli("step", "s.querist")
    status = cli("status", "s.querist").out
    assert "linear + find" in status
    assert "members left unread" in " ".join(status.split())


def test_a_goal_without_a_target_is_refused(cli: Cli) -> None:
    mails()
    refused = cli("new", "s.querist", "mails.jsonl", "--goal", "find")
    assert refused.code == 2
    assert "--goal find and --target CLASS belong together: give both, or none" in " ".join(refused.err.split())


def test_a_simulated_search_refuses_what_it_would_not_use(cli: Cli) -> None:
    mails()
    refused = cli("simulate", "mails.jsonl", "--goal", "find", "--target", "spam", "--strategy", "margin", "--out", "r")
    assert refused.code == 2
    assert "--goal find reads the whole pool in its own order: leave --strategy away" in " ".join(refused.err.split())
