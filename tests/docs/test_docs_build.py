"""The documentation builds without a warning, and fetches nothing from anywhere."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
from page_blocks import ROOT

LINK = re.compile(r"\]\((?!https?:|#|mailto:)([^)#\s]+)")
FETCHED = re.compile(
    r"""(?:<script[^>]*\bsrc|<link[^>]*\bhref|<img[^>]*\bsrc)=["'](?:https?:)?//|@import|url\(["']?https?:"""
)
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]


@pytest.mark.slow
def test_documentation_builds(tmp_path: Path) -> None:
    pytest.importorskip("sphinx")
    pytest.importorskip("myst_parser")
    pytest.importorskip("furo")
    call = [sys.executable, "-m", "sphinx", "-W", "--keep-going", "-q", "-b", "html", "-d", tmp_path / "trees"]
    built = subprocess.run([*call, ROOT / "docs", tmp_path / "html"], capture_output=True, text=True, check=False)
    assert built.returncode == 0, built.stderr
    assert (tmp_path / "html" / "index.html").exists()
    files = [p for p in (tmp_path / "html").rglob("*") if p.suffix in (".html", ".css")]
    assert [p.name for p in files if FETCHED.search(p.read_text(encoding="utf-8"))] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path) -> None:
    if "_build" in page.parts:
        pytest.skip("built pages are no sources")
    words = re.sub(r"```.*?```", "", page.read_text(encoding="utf-8"), flags=re.DOTALL)
    targets = LINK.findall(words)
    assert [target for target in targets if not (page.parent / target).exists()] == []


def test_first_page_says_what_is_out_of_scope() -> None:
    for page in ("README.md", "docs/index.md"):
        text = (ROOT / page).read_text(encoding="utf-8")
        assert "out of scope" in text.lower()
        assert all(word in text for word in ("asks and polygons", "audio", "3-D boxes", "survey forms"))


def test_first_page_states_what_the_demo_prints() -> None:
    """The tutorial shows the demo's output, which a slow test compares; the first page repeats three figures of it."""
    shown = " ".join((ROOT / "docs/tutorial/first-study.md").read_text(encoding="utf-8").split())
    stated = " ".join((ROOT / "docs/index.md").read_text(encoding="utf-8").split())
    assert "with 70 labels, random with 230: 3.3 × fewer (95 % interval 2.3 to 3.8)" in shown
    assert "with 70 labels. Choosing at random takes 230. " in stated
    assert "(5 seeds, 95 % interval of the factor 2.3 to 3.8)" in stated
