"""Spans and sets of classes from raw files to exports, by the command line alone."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from command_line import Cli

pytest.importorskip("pycrfsuite")

NAMES = [(person, firm) for person in ("Ann", "Bob", "Eve", "Dan") for firm in ("Acme", "Hooli", "Initech")]


def spans_of(text: str) -> list[dict[str, Any]]:
    words = text.split()
    start = text.index(words[3])
    return [
        {"start": 0, "end": len(words[0]), "label": "PER"},
        {"start": start, "end": start + len(words[3]), "label": "ORG"},
    ]


def told(cli: Cli, study: str, queries: list[dict[str, Any]]) -> Any:
    lines = [json.dumps({"id": q["id"], "label": spans_of(q["data"]["text"])}) for q in queries]
    Path("told.jsonl").write_text("\n".join(lines) + "\n")
    return cli("tell", study, "told.jsonl")


def test_spans_from_texts_to_exports(cli: Cli) -> None:
    texts = [json.dumps({"text": f"{person} works for {firm} 😀"}) for person, firm in NAMES]
    Path("texts.jsonl").write_text("\n".join(texts) + "\n")
    assert cli("new", "s.querist", "texts.jsonl", "--task", "spans", "--labels", "PER,ORG", "--batch", 6).code == 0
    assert told(cli, "s.querist", cli("ask", "s.querist").lines).facts["labels"] == 6
    assert cli("step", "s.querist").code == 0
    queries = cli("ask", "s.querist", "-n", 3).lines
    assert [q["suggestion"] for q in queries] == [spans_of(q["data"]["text"]) for q in queries]
    assert all(0 < q["confidence"] <= 1 for q in queries)
    assert "PER" in cli("status", "s.querist").out
    for form, ending in [("jsonl", "jsonl"), ("csv", "csv"), ("conll", "conll"), ("doccano", "doccano.jsonl"),
                         ("label-studio", "label-studio.json")]:  # fmt: skip
        file = f"labels.{ending}"
        assert cli("export", "s.querist", "--format", form, "--out", file).code == 0
        other = f"{form}.querist"
        assert cli("new", other, "texts.jsonl", "--task", "spans", "--labels", "PER,ORG").code == 0
        assert cli("import", other, file, "--json").facts["labelled"] == 6


def test_a_wrong_span_is_refused_with_its_line(cli: Cli) -> None:
    Path("texts.jsonl").write_text('{"id": "a", "text": "Ann left"}\n{"id": "b", "text": "it"}\n')
    cli("new", "s.querist", "texts.jsonl", "--task", "spans", "--labels", "PER")
    Path("told.jsonl").write_text('{"id": "a", "label": []}\n{"id": "b", "label": [[0, 9, "PER"]]}\n')
    refused = cli("tell", "s.querist", "told.jsonl")
    assert refused.code == 2
    assert "told.jsonl, line 2: span 0–9 (PER) lies outside the text, which has 2 characters" in refused.err
    assert cli("status", "s.querist", "--json").facts["labelled"] == 0


def conll() -> str:
    return "\n\n".join(f"{a} NNP B-PER\nworks VBZ O\nfor IN O\n{b} NNP B-ORG" for a, b in NAMES) + "\n"


def test_a_conll_file_starts_a_study_and_a_simulation(cli: Cli) -> None:
    Path("some.conll").write_text(conll())
    refused = cli("new", "s.querist", "some.conll", "--task", "spans")
    assert "all 12 items have a label already" in refused.err
    made = cli("new", "s.querist", "some.conll", "--task", "spans", "--ignore-labels", "--json")
    assert (made.facts["learner"], made.facts["strategy"], list(made.facts["classes"])) == (
        "crf",
        "mnlp",
        ["ORG", "PER"],
    )
    assert cli("ask", "s.querist", "-n", 1).lines[0]["data"]["tokens"][1:3] == ["works", "for"]
    options = ("--task", "spans", "--initial", 2, "--batch", 2, "--budget", 6, "--seeds", "0", "--cost", "tokens")
    found = cli("simulate", "some.conll", *options, "--out", "run", "--json")
    assert [row["strategy"] for row in found.facts["rows"]] == ["random", "mnlp", "token-entropy"]
    header, first = Path("run/curves.csv").read_text().splitlines()[:2]
    assert header == "dataset,strategy,seed,labels,cost,metric,value"
    assert first.split(",")[3:6] == ["2", "8", "f1"]


def test_a_broken_conll_file_says_its_line(cli: Cli) -> None:
    Path("some.conll").write_text("Ann B-PER\nleft\n")
    refused = cli("new", "s.querist", "some.conll", "--task", "spans")
    assert refused.code == 2
    assert "some.conll, line 2 has 1 columns, and the lines before have 2" in refused.err


def test_sets_of_classes_from_a_table(cli: Cli) -> None:
    rows = [{"id": f"r{k}", "text": f"{a} {b}", "label": [w for w in ("art", "war") if w in (a, b)] or None}
            for k, (a, b) in enumerate([("art", "war"), ("war", "now"), ("a", "b"), ("art", "now")] * 3)]  # fmt: skip
    Path("rows.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    made = cli("new", "m.querist", "rows.jsonl", "--task", "multilabel", "--json")
    assert (made.facts["labelled"], made.facts["classes"]) == (9, {"art": 6, "war": 6})
    cli("step", "m.querist")
    query = cli("ask", "m.querist", "-n", 1).lines[0]
    assert set(query["suggestion"]) <= {"art", "war"}
    Path("told.jsonl").write_text(json.dumps({"id": query["id"], "label": ["war"]}) + "\n")
    assert cli("tell", "m.querist", "told.jsonl").facts["labels"] == 1
