"""The built front end as it is committed: small, complete, and nothing in it reaches outside."""

from __future__ import annotations

import gzip
import json
import re
from pathlib import Path

import querist

STATIC = Path(querist.__file__).parent / "web" / "static"
UI = Path(__file__).parents[2] / "ui"
MOST = 150_000
"""Bytes of JavaScript, compressed, all screens and views together."""


def scripts() -> list[Path]:
    return sorted(STATIC.rglob("*.js"))


def test_the_scripts_are_small() -> None:
    size = sum(len(gzip.compress(path.read_bytes(), mtime=0)) for path in scripts())
    assert 10_000 < size <= MOST


def test_the_page_has_no_inline_script_or_style() -> None:
    page = (STATIC / "index.html").read_text(encoding="utf-8")
    assert not re.search(r"<script(?![^>]*\bsrc=)", page)
    assert not re.search(r"<style|\sstyle=|\son\w+=", page)
    sources = re.findall(r'(?:src|href)="([^"]+)"', page)
    assert sources
    assert all(source.startswith("/static/") for source in sources)
    assert all((STATIC / source.removeprefix("/static/")).is_file() for source in sources)


def test_nothing_names_another_host() -> None:
    names = {f"http://www.w3.org/{name}" for name in ("2000/svg", "1998/Math/MathML", "1999/xlink", "1999/xhtml")}
    files = [path for path in STATIC.rglob("*") if path.is_file()]
    found = {url for path in files for url in re.findall(r"(?:https?|wss?)://[^\s\"'`)]+", path.read_text("utf-8"))}
    assert found <= names


def test_no_script_builds_code_from_text() -> None:
    for path in scripts():
        assert not re.search(r"\beval\(|\bnew Function\(|document\.write\(", path.read_text("utf-8")), path


def test_every_chunk_is_used() -> None:
    text = "".join(path.read_text("utf-8") for path in scripts())
    chunks = {path.name for path in (STATIC / "chunks").glob("*.js")}
    assert {name for name in chunks if name not in text} == set()


def test_the_lock_file_names_no_host() -> None:
    lock = json.loads((UI / "package-lock.json").read_text(encoding="utf-8"))
    assert lock["packages"]
    assert not any("resolved" in package for package in lock["packages"].values())
