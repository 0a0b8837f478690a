"""A study with an audit, from the command line."""

from __future__ import annotations

from pathlib import Path

import pytest
from command_line import Cli, answers


def test_status_tells_the_accuracy_once_the_audit_can_carry_it(cli: Cli, flowers: Path) -> None:
    made = cli("new", "a.querist", flowers, "--labels", "a,b,c", "--id", "name", "--audit", 0.3, "--json")
    assert [one["value"] for one in made.facts["estimates"]] == [None] * 4
    assert "accuracy: not enough yet: no audit label yet" in cli("status", "a.querist").out
    asked = cli("ask", "a.querist", "-n", 10).lines
    audits = [query for query in asked if query["reason"] == "audit: drawn at random from the whole pool"]
    assert len(audits) == 3
    cli("tell", "a.querist", stdin=answers(asked))
    cli("step", "a.querist")
    found = {one["metric"]: one for one in cli("status", "a.querist", "--json").facts["estimates"]}
    assert found["accuracy"]["n"] == 3
    assert found["accuracy"]["low"] <= found["accuracy"]["value"] <= found["accuracy"]["high"]
    told = cli("status", "a.querist").out
    assert found["accuracy"]["sentence"] in told
    advice = cli("status", "a.querist", "--json").facts["advice"]
    assert advice["stop"] is False
    assert advice["sentence"] in told


@pytest.mark.parametrize("share", ["-0.1", "1", "most"])
def test_a_share_that_cannot_be_is_a_usage_error(cli: Cli, flowers: Path, share: str) -> None:
    refused = cli("new", "b.querist", flowers, "--labels", "a,b", "--audit", share)
    assert refused.code == 2
    assert "--audit" in refused.err


def test_without_an_audit_status_claims_no_accuracy(cli: Cli, flowers: Path) -> None:
    made = cli("new", "c.querist", flowers, "--labels", "a,b", "--id", "name", "--json")
    assert made.facts["estimates"] == []
    assert made.facts["advice"] is None
    assert "accuracy" not in cli("status", "c.querist").out
