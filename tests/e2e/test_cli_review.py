"""querist review: the queues on the command line, as a table and as JSON; what is kept stays away."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from command_line import Cli

from querist import Study


@pytest.fixture
def rooms(cli: Cli, tmp_path: Path) -> str:
    """Forty texts with a label, one of them a wrong one, and ten without."""
    words = {"good": "lovely", "bad": "rude"}
    texts, labels = ["id,text"], ["id,label,who"]
    for at in range(50):
        mood = ("good", "bad")[at % 2]
        texts.append(f"r{at:02},a {words[mood]} room")
        if at < 40:
            labels.append(f"r{at:02},{'bad' if at == 4 else mood},bob")
    (tmp_path / "rooms.csv").write_text("\n".join(texts) + "\n")
    (tmp_path / "labels.csv").write_text("\n".join(labels) + "\n")
    assert cli("new", "rooms.querist", "rooms.csv", "--labels", "good,bad", "--audit", "0").code == 0
    assert cli("import", "rooms.querist", "labels.csv").code == 0
    return "rooms.querist"


def test_lists_label_errors_as_a_table_and_as_json(cli: Cli, rooms: str) -> None:
    shown = cli("review", rooms).out.splitlines()
    assert shown[0].startswith("label-errors: 1 to review; 40 labels judged")
    assert shown[1].split() == ["item", "score", "why"]
    assert "labelled bad; a model trained without this label gives bad 0." in shown[2]
    facts = json.loads(cli("review", rooms, "--json").out)
    (one,) = facts["items"]
    assert (one["item"], one["label"], one["other"]) == ("r04", "bad", "good")
    assert one["said"] == [{"who": "bob", "kind": "label", "label": "bad"}]


def test_what_is_kept_stays_away(cli: Cli, rooms: str) -> None:
    assert cli("review", rooms, "--keep", "r04").err == "kept r04: reviewed by ann\n"
    assert json.loads(cli("review", rooms, "--json").out)["count"] == 0


def test_what_is_changed_counts_but_as_no_opinion_of_its_own(cli: Cli, rooms: str) -> None:
    assert cli("review", rooms, "--keep", "r05", "--change", "r04", "good").err == (
        "kept r05: reviewed by ann\nchanged r04: reviewed by ann\n"
    )
    assert json.loads(cli("review", rooms, "--json").out)["count"] == 0
    with Study.open(rooms) as study:
        assert study.labels()["r04"] == "good"
        assert study.dashboard().agreement is None, "bob alone has opinions"


def test_a_change_to_no_class_records_nothing(cli: Cli, rooms: str) -> None:
    refused = cli("review", rooms, "--keep", "r05", "--change", "r04", "god")
    assert refused.code == 2
    assert "no class is called 'god': did you mean 'good'?" in refused.err
    with Study.open(rooms) as study:
        assert study.store.events()[-1].answer.who == "bob"


def test_a_label_of_several_classes_is_changed_as_json(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "texts.csv").write_text("id,text\nt0,one\nt1,two\n")
    assert (
        cli("new", "t.querist", "texts.csv", "--task", "multilabel", "--labels", "good,bad", "--audit", "0").code == 0
    )
    assert cli("review", "t.querist", "--change", "t0", '["bad"]').code == 0
    with Study.open("t.querist") as study:
        assert study.labels() == {"t0": ["bad"]}


def test_the_other_queues_and_how_many(cli: Cli, rooms: str) -> None:
    for item in ("r41", "r42", "r43"):
        assert cli("skip", rooms, item, "--unsure").code == 0
    facts = json.loads(cli("review", rooms, "--kind", "unsure", "-n", "2", "--json").out)
    assert (facts["count"], len(facts["items"])) == (3, 2)
    assert cli("review", rooms, "--kind", "flagged").out == "flagged: 0 to review; items that somebody flagged\n"


def test_unknown_kinds_and_items_are_refused(cli: Cli, rooms: str) -> None:
    assert cli("review", rooms, "--kind", "odd").code == 2
    refused = cli("review", rooms, "--keep", "r99")
    assert refused.code == 2
    assert "r99" in refused.err
