"""Every verb on a real small study."""

from __future__ import annotations

import csv
import json
import sys
from pathlib import Path

import pytest
from command_line import Cli, answers, right


def test_new_says_what_it_made_and_what_comes_next(cli: Cli, flowers: Path) -> None:
    made = cli("new", "f.querist", flowers, "--labels", "a,b,c", "--id", "name")
    assert (made.code, made.out) == (0, "")
    assert made.err.splitlines() == [
        "f.querist: 60 items, 0 labelled, 3 classes (a, b, c)",
        "linear + auto, batch 10; the first queue is ready",
        "next: querist ask f.querist",
    ]


def test_new_as_json(cli: Cli, flowers: Path) -> None:
    made = cli("new", "f.querist", flowers, "--labels", "a,b", "--strategy", "margin", "--seed", 3, "--json")
    assert {k: made.facts[k] for k in ("items", "strategy", "batch", "round")} == {
        "items": 60, "strategy": "margin", "batch": 10, "round": 1,
    }  # fmt: skip


def test_labels_in_the_data_are_answers(cli: Cli, tmp_path: Path) -> None:
    rows = [f"{n},{n % 2},{'yes' if n % 2 else 'no'}" for n in range(10)]
    Path("half.csv").write_text("\n".join(["id,x,y", *rows, "10,0.5,", "11,0.2,"]) + "\n")
    made = cli("new", "h.querist", "half.csv", "--label", "y", "--id", "id", "--json")
    assert (made.facts["labelled"], made.facts["classes"]) == (10, {"no": 5, "yes": 5})


def test_a_data_set_with_every_label_needs_ignore_labels(cli: Cli) -> None:
    refused = cli("new", "i.querist", "iris")
    assert refused.code == 2
    assert "all 150 items have a label already: there is nothing to ask" in refused.err
    made = cli("new", "i.querist", "iris", "--ignore-labels", "--json")
    assert (made.facts["labelled"], list(made.facts["classes"])) == (0, ["setosa", "versicolor", "virginica"])


def test_overlap_asks_two_people_and_suggestions_can_stay_hidden(cli: Cli, flowers: Path) -> None:
    options = ("--labels", "a,b,c", "--id", "name", "--overlap", 2, "--no-suggestions")
    assert cli("new", "o.querist", flowers, *options).code == 0
    first = cli("ask", "o.querist", "-n", 5).lines
    assert [q["id"] for q in cli("ask", "o.querist", "-n", 5, "--who", "bob").lines] == [q["id"] for q in first]
    cli("tell", "o.querist", stdin=answers(first))
    cli("step", "o.querist")
    assert {q["suggestion"] for q in cli("ask", "o.querist", "-n", 3, "--who", "cleo").lines} == {None}


def test_ask_gives_the_seven_words(cli: Cli, study: str) -> None:
    asked = cli("ask", study, "-n", 4)
    assert asked.code == 0
    assert len(asked.lines) == 4
    assert list(asked.lines[0]) == ["id", "data", "suggestion", "confidence", "acquisition", "reason", "lease"]
    assert asked.lines[0]["data"]["width"] == pytest.approx(int(asked.lines[0]["id"][1:]) % 3, abs=0.6)


def test_ask_again_gives_the_open_ones_first_and_another_person_others(cli: Cli, study: str) -> None:
    ids = [q["id"] for q in cli("ask", study, "-n", 4).lines]
    assert [q["id"] for q in cli("ask", study, "-n", 4).lines] == ids
    assert not set(ids) & {q["id"] for q in cli("ask", study, "-n", 4, "--who", "bob").lines}


def test_n_larger_than_the_pool_and_then_done(cli: Cli, study: str) -> None:
    asked = cli("ask", study, "-n", 1000)
    assert len(asked.lines) == 60
    told = cli("tell", study, stdin=answers(asked.lines))
    assert told.facts == {
        "told": 60, "labels": 60, "skips": 0, "unsure": 0, "labelled": 60, "items": 60, "position": 60,
    }  # fmt: skip
    empty = cli("ask", study)
    assert (empty.code, empty.out) == (0, "")
    assert "done: 60 of 60 items labelled" in empty.err


def test_an_empty_queue_says_that_others_have_it(cli: Cli, study: str) -> None:
    cli("ask", study, "-n", 60, "--who", "bob")
    empty = cli("ask", study)
    assert (empty.code, empty.out) == (0, "")
    assert "none free now: all 60 items left are out with others" in empty.err


def test_a_queue_that_is_used_up_asks_for_a_step(cli: Cli) -> None:
    Path("many.csv").write_text("id,x\n" + "".join(f"{n},{n % 7}\n" for n in range(1_200)))
    cli("new", "m.querist", "many.csv", "--labels", "a,b", "--id", "id", "--strategy", "random")
    asked = cli("ask", "m.querist", "-n", 1_200).lines
    assert len(asked) < 1_200
    others = cli("ask", "m.querist", "--who", "bob")
    assert f"none free now: the whole queue is out with others ({len(asked)} items)" in others.err
    cli("tell", "m.querist", stdin="\n".join(json.dumps({"id": q["id"], "label": "a"}) for q in asked))
    empty = cli("ask", "m.querist")
    assert (empty.code, empty.out) == (0, "")
    left = 1_200 - len(asked)
    assert empty.err == f"the queue is used up, {left} items are left: run `querist step m.querist`\n"
    cli("step", "m.querist")
    assert len(cli("ask", "m.querist", "-n", 1_200).lines) == left


def test_tell_takes_labels_skips_and_unsure_from_a_file(cli: Cli, study: str) -> None:
    lines = [
        '{"id": "f00", "label": "a", "seconds": 2.5, "lease": null}',
        "",
        '{"id": "f01", "skip": true}',
        '{"id": "f02", "unsure": true, "uid": "u1"}',
        '{"id": "f02", "unsure": true, "uid": "u1"}',
    ]
    Path("answers.jsonl").write_text("\n".join(lines))
    told = cli("tell", study, "answers.jsonl")
    assert told.facts == {"told": 4, "labels": 1, "skips": 1, "unsure": 2, "labelled": 1, "items": 60, "position": 3}


def test_step_learns_and_then_has_nothing_new(cli: Cli, study: str) -> None:
    cli("tell", study, stdin=answers(cli("ask", study).lines))
    assert cli("step", study, "--json").facts["labels"] == 6
    again = cli("step", study)
    assert (again.code, again.out) == (0, "nothing new: round 2 has seen all 6 labels\n")


def test_suggestions_come_after_a_step(cli: Cli, study: str) -> None:
    cli("tell", study, stdin=answers(cli("ask", study, "-n", 12).lines))
    cli("step", study)
    for query in cli("ask", study, "-n", 5).lines:
        assert query["suggestion"] in {"a", "b", "c"}
        assert 0 < query["confidence"] <= 1


def test_status_says_the_sentence_first_then_the_classes(cli: Cli, study: str) -> None:
    cli("tell", study, stdin='{"id": "f00", "label": "a"}')
    status = cli("status", study)
    lines = status.out.splitlines()
    assert lines[0] == "1 of 60 items labelled, 0 out, round 1; 1 answer since the last step"
    assert lines[1] == "linear + auto, batch 6"
    assert [line.split() for line in lines[2:]] == [
        ["class", "labels", "share"],
        ["a", "1", "100", "%"],
        ["b", "0", "0", "%"],
        ["c", "0", "0", "%"],
    ]
    assert cli("status", study, "--json").facts["classes"] == {"a": 1, "b": 0, "c": 0}


def test_skip_and_retract(cli: Cli, study: str) -> None:
    assert cli("skip", study, "f05").code == 0
    assert cli("skip", study, "f06", "--unsure").code == 0
    cli("tell", study, stdin='{"id": "f07", "label": "b"}')
    assert {k: cli("status", study, "--json").facts[k] for k in ("aside", "labelled")} == {"aside": 2, "labelled": 1}
    assert cli("retract", study, "f07").code == 0
    assert cli("status", study, "--json").facts["labelled"] == 0


def test_add_brings_new_rows_only(cli: Cli, study: str, flowers: Path) -> None:
    more = [*flowers.read_text().splitlines()[:3], "g60,1.5,2.5", "g61,0.5,0.1"]
    Path("more.csv").write_text("\n".join(more) + "\n")
    assert cli("add", study, "more.csv", "--id", "name", "--json").facts == {"added": 2, "items": 62, "labelled": 0}
    assert "g60" in {q["id"] for q in (cli("step", study), cli("ask", study, "-n", 62))[1].lines}


@pytest.mark.parametrize("form", ["jsonl", "csv"])
def test_export_and_import_round_trip(cli: Cli, study: str, flowers: Path, form: str) -> None:
    cli("tell", study, stdin=answers(cli("ask", study, "-n", 9).lines))
    cli("skip", study, "f00", "--who", "bob")
    cli("tell", study, stdin='{"id": "f01", "label": "c", "seconds": 1.5}')
    written = cli("export", study, "--format", form, "--out", f"labels.{form}")
    assert (written.code, written.out) == (0, "")
    assert cli("new", "copy.querist", flowers, "--labels", "a,b,c", "--id", "name").code == 0
    brought = cli("import", "copy.querist", f"labels.{form}", "--json")
    assert brought.code == 0, brought.err
    first, second = (cli("export", name, "--format", "csv").out for name in (study, "copy.querist"))
    assert first == second
    counts = [cli("status", name, "--json").facts for name in (study, "copy.querist")]
    assert [(c["labelled"], c["aside"], c["classes"]) for c in counts[:1]] == [
        (c["labelled"], c["aside"], c["classes"]) for c in counts[1:]
    ]


def test_export_says_how_each_item_was_chosen(cli: Cli, study: str) -> None:
    asked = cli("ask", study, "-n", 3).lines
    cli("tell", study, stdin=answers(asked))
    cli("tell", study, stdin='{"id": "f59", "label": "c"}')
    rows = {row["id"]: row for row in cli("export", study, "--format", "jsonl").lines}
    chosen = [rows[query["id"]]["selection"] for query in asked]
    assert [(place["round"], place["rank"], place["strategy"]) for place in chosen] == [
        (1, 1, "maxherding"), (1, 2, "maxherding"), (1, 3, "maxherding"),
    ]  # fmt: skip
    assert all(label["value"] == right(id) for id, row in rows.items() for label in row["labels"])


def test_export_gives_the_round_that_asked_not_a_later_one(cli: Cli, study: str) -> None:
    cli("tell", study, stdin=answers(cli("ask", study, "-n", 6).lines))
    held = cli("ask", study, "-n", 1).lines[0]
    cli("step", study)
    cli("tell", study, stdin=answers([held]))
    rows = {row["id"]: row for row in cli("export", study, "--format", "jsonl").lines}
    assert rows[held["id"]]["selection"]["round"] == 1


def test_export_csv_goes_to_standard_output_and_all_adds_the_rest(cli: Cli, study: str) -> None:
    cli("tell", study, stdin='{"id": "f00", "label": "a"}')
    one = list(csv.DictReader(cli("export", study, "--format", "csv").out.splitlines()))
    assert [(row["id"], row["label"], row["who"]) for row in one] == [("f00", "a", "ann")]
    assert len(cli("export", study, "--format", "csv", "--all").out.splitlines()) == 61


def test_backup_is_a_study(cli: Cli, study: str) -> None:
    cli("tell", study, stdin='{"id": "f00", "label": "a"}')
    assert cli("backup", study, "copy.querist").code == 0
    assert cli("status", "copy.querist", "--json").facts == cli("status", study, "--json").facts


def test_a_study_of_one_row(cli: Cli) -> None:
    Path("one.csv").write_text("id,x\na,1.5\n")
    assert cli("new", "one.querist", "one.csv", "--labels", "yes,no", "--id", "id").code == 0
    asked = cli("ask", "one.querist", "-n", 8).lines
    assert [query["id"] for query in asked] == ["a"]
    assert cli("tell", "one.querist", stdin='{"id": "a", "label": "yes"}').facts["labelled"] == 1
    assert cli("step", "one.querist").code == 0
    assert "done: 1 of 1" in cli("ask", "one.querist").err


def test_text_is_learned_from(cli: Cli) -> None:
    words = ["good fine great", "bad awful poor"]
    lines = [json.dumps({"id": f"t{n}", "text": f"{words[n % 2]} number {n}"}) for n in range(20)]
    Path("texts.jsonl").write_text("\n".join(lines))
    made = cli("new", "t.querist", "texts.jsonl", "--text", "text", "--id", "id", "--labels", "pos,neg", "--batch", 4)
    assert made.code == 0, made.err
    asked = cli("ask", "t.querist").lines
    told = [{"id": q["id"], "label": "neg" if "bad" in q["data"]["text"] else "pos"} for q in asked]
    cli("tell", "t.querist", stdin="\n".join(map(json.dumps, told)))
    assert cli("step", "t.querist").code == 0


def test_a_learner_by_dotted_name_is_asked_for_again(cli: Cli, flowers: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "path", [*sys.path])
    Path("own_model.py").write_text("from sklearn.naive_bayes import GaussianNB\nclass Own(GaussianNB): pass\n")
    own = ("--learner", "sklearn:own_model.Own(var_smoothing=1e-8)")
    options = ("--labels", "a,b,c", "--id", "name", "--strategy", "margin", "--batch", 6)
    made = cli("new", "g.querist", flowers, *options, *own)
    assert made.code == 0, made.err
    assert cli("tell", "g.querist", stdin=answers(cli("ask", "g.querist").lines)).code == 0
    refused = cli("step", "g.querist")
    assert refused.code == 2
    assert "is not registered, and a study stores registered names only" in refused.err
    assert "(command line: --learner …)" in refused.err
    assert cli("status", "g.querist", "--json").facts["labelled"] == 6
    assert cli("step", "g.querist", *own, "--json").facts["labels"] == 6


def test_a_learner_of_scikit_learn_is_stored(cli: Cli, flowers: Path) -> None:
    options = ("--labels", "a,b,c", "--id", "name", "--strategy", "margin", "--learner", "sklearn:SVC(C=2.0)")
    assert cli("new", "s.querist", flowers, *options).code == 0
    cli("tell", "s.querist", stdin=answers(cli("ask", "s.querist").lines))
    assert cli("step", "s.querist", "--json").facts["labels"] == 10
    assert cli("status", "s.querist", "--json").facts["learner"] == "sklearn:SVC(C=2.0)"
