"""Every block of the README and of the pages is run as a reader would run it, and prints what the page shows."""

from __future__ import annotations

import csv
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from page_blocks import ROOT, Reader, agrees, blocks_of, environment
from sklearn.datasets import load_breast_cancer, load_digits
from warm import warm

from querist import _load
from tiny_bert import tiny_bert

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="pages are run by bash in a terminal")

PAGES = sorted(p for folder in ("tutorial", "howto") for p in (ROOT / "docs" / folder).glob("*.md"))
INSTALL = f"{sys.executable} {Path(__file__).with_name('install_offline.py')} ./querist-tsallis site"
SHORTER = {
    "querist demo": "querist demo --help",
    "--budget 200": "--budget 30",
    "--seeds 0-9": "--seeds 0",
    "--budget 600": "--budget 60",
}
"""What takes long as the reader runs it; a slow test runs it so, and compares what it prints."""

Make = Callable[..., Reader]


@pytest.fixture(scope="module")
def commands(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path | None]:
    """A `querist` that starts at once, where processes can be forked safely."""
    if sys.platform != "linux":
        yield None
        return
    with warm(tmp_path_factory.mktemp("w")) as found:
        yield found


@pytest.fixture
def reader(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, commands: Path | None) -> Iterator[Make]:
    """Give somebody who reads a page in an empty folder; what is installed there goes to ``site``."""
    site = tmp_path / "site"
    site.mkdir()
    monkeypatch.chdir(tmp_path)
    for place in (tmp_path, site):
        monkeypatch.syspath_prepend(str(place))
    before = set(sys.modules)
    _load._plugins.cache_clear()  # a reader starts Python anew after an installation
    yield lambda swap=None: Reader(tmp_path, environment(site), swap=swap or {}, commands=commands)
    _load._plugins.cache_clear()
    for name in set(sys.modules) - before:
        if str(getattr(sys.modules[name], "__file__", "")).startswith(str(tmp_path)):
            del sys.modules[name]


REVIEWS = (
    "a", "and", "the", "is", "moving", "funny", "clever", "warm", "dull", "clumsy", "noisy", "flat", "film", ",",
)  # fmt: skip


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_page(reader: Make, page: Path, tmp_path: Path) -> None:
    if page.stem == "label-sentiment":  # the reader fetched a sentence model; this one is small, and knows nothing
        tiny_bert(tmp_path / "all-MiniLM-L6-v2", REVIEWS)
    assert reader({**SHORTER, "pip install ./querist-tsallis": INSTALL}).follow(page) == []


@pytest.mark.slow
@pytest.mark.parametrize("page", ["tutorial/first-study.md", "howto/simulate.md"])
def test_page_at_full_length(reader: Make, page: str) -> None:
    assert reader().follow(ROOT / "docs" / page) == []


ANSWER = """
import csv, json, sys
known = {row["id"]: row["diagnosis"] for row in csv.DictReader(open("labelled.csv"))}
for line in sys.stdin:
    id = json.loads(line)["id"]
    print(json.dumps({"id": id, "label": known[id]}))
"""


def _cells(folder: Path) -> None:
    """Write the tables that the README speaks of, with labels and without."""
    data = load_breast_cancer()
    for name, labels in (("cells.csv", 0), ("labelled.csv", 1)):
        rows = [["id", *data.feature_names, *["diagnosis"] * labels]]
        for number in range(0, 569, 3):
            rows.append([f"c{number:03}", *data.data[number], *[data.target_names[data.target[number]]] * labels])
        with (folder / name).open("w", newline="") as file:
            csv.writer(file).writerows(rows)


def _digit_of() -> Callable[[dict[str, Any]], int]:
    data = load_digits()
    known = {tuple(row): int(code) for row, code in zip(data.data, data.target, strict=True)}
    return lambda shown: known[tuple(shown["features"])]


def test_readme(reader: Make, tmp_path: Path) -> None:
    """The reader's own files and functions are made up; ``my_answer`` knows the digits by their picture."""
    _cells(tmp_path)
    (tmp_path / "answer.py").write_text(ANSWER)
    told = "python answer.py < questions.jsonl > answers.jsonl\nquerist tell"
    somebody = reader({**SHORTER, "querist tell": told})
    somebody.names["my_answer"] = _digit_of()
    assert somebody.follow(ROOT / "README.md") == []
    assert somebody.names["study"].status().labelled == 10
    assert len((tmp_path / "labels.csv").read_text().splitlines()) == 1 + 8
    assert {path.name for path in (tmp_path / "runs" / "cells").glob("*.*")} == {
        "curves.csv", "summary.json", "curves.png", "report.html",
    }  # fmt: skip


def test_readme_states_the_answer_of_its_first_example(reader: Make) -> None:
    first = next(block for block in blocks_of(ROOT / "README.md") if "querist.query" in block.code)
    call, _, stated = first.code.splitlines()[-1].partition("  # ")
    names: dict[str, Any] = {}
    exec(first.code, names)
    assert repr(eval(call, names)) == stated


# The reader itself can fail.


def _page(folder: Path, text: str) -> Path:
    (folder / "page.md").write_text(text)
    return folder / "page.md"


def test_reader_notices_another_output(reader: Make, tmp_path: Path) -> None:
    page = _page(tmp_path, "```python\nprint(1 + 1)\n```\n\n```text\n3\n```\n")
    assert reader().follow(page) == ["page.md, line 2, shows\n3\nbut got\n2\n"]


def test_reader_notices_a_command_that_fails(reader: Make, tmp_path: Path) -> None:
    page = _page(tmp_path, "```sh\ntrue\nquerist status none.querist\n```\n")
    with pytest.raises(AssertionError, match=r"page\.md, line 2: exit code 2"):
        reader().follow(page)


def test_reader_notices_a_command_that_should_fail(reader: Make, tmp_path: Path) -> None:
    page = _page(tmp_path, "<!-- fails -->\n```sh\ntrue\n```\n")
    with pytest.raises(AssertionError, match="exit code 0"):
        reader().follow(page)


def test_reader_writes_files_and_shares_names(reader: Make, tmp_path: Path) -> None:
    page = _page(
        tmp_path,
        "```{code-block} python\n:caption: a/one.py\n\nONE = 1\n```\n```python\nx = 2\n```\n\n"
        "```{warning}\nNot a block.\n```\n\n```python\nprint(x)\n```\n```text\n2\n```\n"
        "```sh\ncat a/one.py\n```\n```text\nONE = 1\n```\n",
    )
    assert reader().follow(page) == []


def test_reader_compares_figures_of_the_long_run_at_full_length(reader: Make, tmp_path: Path) -> None:
    page = _page(tmp_path, "<!-- full length -->\n```python\nprint(1)\n```\n```text\n2\n```\n")
    assert reader({"long": "short"}).follow(page) == []
    assert len(reader().follow(page)) == 1


def test_reader_leaves_what_is_not_to_be_run(reader: Make, tmp_path: Path) -> None:
    page = _page(tmp_path, "<!-- not run: no server -->\n```sh\nfalse\n```\n")
    assert reader().follow(page) == []


def test_reader_stops_what_serves_and_notices_what_does_not(reader: Make, tmp_path: Path) -> None:
    serving = "<!-- serves -->\n```sh\nquerist label --root . --port 0  # until Ctrl-C\n```\n"
    assert reader().follow(_page(tmp_path, serving)) == []
    shown = "```text\nlabelling at http://127.0.0.1:1; stop with Ctrl-{}\n```\n"
    assert reader().follow(_page(tmp_path, serving + shown.format("C"))) == []
    assert len(reader().follow(_page(tmp_path, serving + shown.format("D")))) == 1
    with pytest.raises(AssertionError, match=r"querist label none\.querist: exit code 2\n.*no study"):
        reader().follow(_page(tmp_path, "<!-- serves -->\n```sh\nquerist label none.querist\n```\n"))


def test_reader_writes_the_files_that_a_page_includes(reader: Make, tmp_path: Path) -> None:
    (tmp_path / "there.js").write_text("one\n")
    text = "```{literalinclude} there.js\n:caption: here.js\n```\n```sh\ncat here.js\n```\n```text\none\n```\n"
    assert reader().follow(_page(tmp_path, text)) == []


@pytest.mark.parametrize(
    ("shown", "got", "same"),
    [
        ("in 0.25 s", "in 1.5 s", True),
        ("20 labels", "21 labels", False),
        ("lease 5bff7e4ee5ae8c68", "lease 0123456789abcdef", True),
        ("a ... d", "a b\n c d", True),
        ("a ... e", "a b c d", False),
        ("one", "one two", False),
        (" ──── ", "──────", True),
        ("at 2026-01-01T10:00:00.000Z", "at 2027-11-22T15:05:01.239Z", True),
        ("at http://127.0.0.1:8765/?token", "at http://127.0.0.1:40123/?token", True),
        ("at http://127.0.0.1:8765/?token", "at http://127.0.0.1:word/?token", False),
        ("port 8765", "port 8766", False),
    ],
)
def test_outputs_agree(shown: str, got: str, same: bool) -> None:
    assert agrees(shown, got) is same


def test_pages_run_nearly_all_they_show() -> None:
    """What is not run has a reason, and there is little of it."""
    blocks = [block for page in [*PAGES, ROOT / "README.md"] for block in blocks_of(page)]
    left = [block for block in blocks if block.note.startswith("not run")]
    unknown = {block.language for block in blocks} - {"python", "sh", "text", "toml", ""}
    assert len(left) <= 5
    assert not unknown
    assert sum(block.shown is not None for block in blocks) >= 30
