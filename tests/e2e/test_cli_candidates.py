"""From yes and no to a picker, on the command line: the answers of one study are the picks of another."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from app_candidates import IS_DISC, make_candidates, write_micrograph
from command_line import Cli

from querist import Study

pytest.importorskip("mrcfile", reason="needs the extra cryoem")


def test_answers_about_candidates_are_imported_as_picks(cli: Cli) -> None:
    Path("ice").mkdir()
    write_micrograph(Path("ice") / "a.mrc")
    known = make_candidates(Path(), "asked.querist")
    with Study.open("asked.querist") as study:
        for id, is_disc in known.items():
            study.tell(id, "particle" if is_disc else "no", who="ann")
    assert cli("export", "asked.querist", "--out", "said.jsonl").code == 0
    assert cli("new", "cells.querist", "ice", "--task", "particles(diameter=24)").code == 0
    said = cli("import", "cells.querist", "said.jsonl", "--json")
    assert said.facts["imported"] == 1
    with Study.open("cells.querist") as study:
        label = study.answers("a.mrc")[0].label
    assert len(label["points"]) == int(np.sum(IS_DISC))
    assert len(label["searched"]) == len(IS_DISC)


def test_picks_made_by_hand_outlive_an_import(cli: Cli) -> None:
    Path("ice").mkdir()
    write_micrograph(Path("ice") / "a.mrc")
    asked = list(make_candidates(Path(), "asked.querist"))[:3]
    with Study.open("asked.querist") as study:
        for id in asked:
            study.tell(id, "no", who="ann")
    assert cli("export", "asked.querist", "--out", "said.jsonl").code == 0
    assert cli("new", "cells.querist", "ice", "--task", "particles(diameter=24)").code == 0
    with Study.open("cells.querist") as study:
        study.tell("a.mrc", {"points": [[300.0, 300.0]], "searched": None}, who="ann")
    said = cli("import", "cells.querist", "said.jsonl")
    assert "micrographs with picks: 1; their picks stay, but for those at a candidate that was answered" in said.err
    with Study.open("cells.querist") as study:
        assert study.labels()["a.mrc"] == {"points": [[300.0, 300.0]], "diameter": 24.0, "searched": None}
