"""The reference pages say what the code says."""

from __future__ import annotations

import importlib.util
from types import ModuleType

import pytest
from page_blocks import ROOT

from querist import __all__ as public
from querist._load import names
from querist.cli._group import COMMANDS

REFERENCE = ROOT / "docs" / "reference"


@pytest.fixture(scope="module")
def generate() -> ModuleType:
    """Import docs/generate.py, which is no part of a package."""
    spec = importlib.util.spec_from_file_location("docs_generate", ROOT / "docs" / "generate.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_pages_are_up_to_date(generate: ModuleType) -> None:
    made = generate.pages()
    assert sorted(made) == sorted(path.name for path in REFERENCE.glob("*.md"))
    stale = [name for name, text in made.items() if (REFERENCE / name).read_text(encoding="utf-8") != text]
    assert stale == [], "run: python docs/generate.py"


def test_pages_name_all_there_is(generate: ModuleType) -> None:
    pages = generate.pages()
    for kind in ("strategies", "learners", "formats"):
        assert [name for name in names(kind) if f"[{name}](#{name})" not in pages[f"{kind}.md"]] == []
    assert [name for name in COMMANDS if f"### querist {name}\n" not in pages["cli.md"]] == []
    told = pages["python.md"] + pages["errors.md"]
    assert [name for name in public if f"### {name}\n" not in told and f"`{name}`" not in told] == []


def test_a_long_signature_has_a_line_for_each_parameter(generate: ModuleType) -> None:
    def call(first: int, *rest: str, word: str = "a", make: object = print, **more: int) -> str:
        return ""

    assert generate._signature("call", call) == (
        "call(first: int, *rest: str, word: str = 'a', make: object = ..., **more: int) -> str"
    )
    assert generate._signature("a" * 60, call).splitlines()[1:3] == ["    first: int,", "    *rest: str,"]


def test_text_is_no_markup(generate: ModuleType) -> None:
    assert generate.paragraphs("``a*b`` is a * b < c") == r"`a*b` is a \* b \< c"
    assert generate.table(["a"], [["x | y"]]) == "| a |\n| --- |\n| x \\| y |"
