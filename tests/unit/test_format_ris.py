"""RIS both ways, and what is none."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from querist.data import load
from querist.errors import BadData
from querist.formats import LabelRow, label_format
from querist.tasks import Answer
from querist.testing.formats import FormatSuite

FILE = """TY  - JOUR\r
TI  - Aspirin in 😀 adults\r
AU  - Roe, A.\r
AU  - Doe, B.\r
AB  - A trial
  of two lines.
N1  - seen at a fair
N1  - ASReview_relevant
PY  - 2019
ER  -

TY  - CONF
ID  - x7
T1  - שלום
N1  - ASReview_not_seen
ER  -
"""
PIECES = st.sampled_from(
    ["TY  - JOUR\n", "ER  - \n", "AB  - a\n", "more\n", "N1  - ", "\r\n", "\u2028", "TI  - é\n", "ID  - \n"]
)


class TestRis(FormatSuite):
    form = "ris"
    rows = [
        LabelRow("a", {"title": "One", "abstract": "of 2"}, (Answer("a", "relevant"),)),
        LabelRow("b", {"text": "two"}, (Answer("b", "irrelevant"),)),
        LabelRow("c", {"text": "three"}, (Answer("c", "later = no"),)),
    ]


def read(text: str) -> list[LabelRow]:
    return label_format("ris").read_rows(io.StringIO(text, newline=""))


def test_fields_labels_and_lines_that_go_on() -> None:
    first, second = read(FILE)
    assert first.id == "0"
    assert first.data == {
        "text": "Aspirin in 😀 adults\nA trial of two lines.",
        "title": "Aspirin in 😀 adults",
        "abstract": "A trial of two lines.",
        "year": "2019",
        "authors": "Roe, A.; Doe, B.",
    }
    assert [answer.label for answer in first.answers] == ["relevant"]
    assert (second.id, second.data["text"], second.answers) == ("x7", "שלום", ())


def test_it_is_data_too(tmp_path: Path) -> None:
    (tmp_path / "found.ris").write_text(FILE, encoding="utf-8")
    data = load(tmp_path / "found.ris", text="text", label="label", id="id")
    assert list(data.pool.ids) == ["0", "x7"]
    assert data.labels == ["relevant", None]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("TI  - a\n", "the input, line 1: a reference must begin with 'TY  - ': got 'TI  - a'"),
        ("TY  - JOUR\nTI  - a\n", "the input, line 1: the reference has no end: it needs a line 'ER  - '"),
        (
            "TY  - JOUR\nTY  - JOUR\n",
            "the input, line 2: a reference begins before that of line 1 has its end: it needs a line 'ER  - '",
        ),
        (" \n", "the input holds no reference: each begins with a line 'TY  - JOUR' and ends with 'ER  - '"),
    ],
)
def test_what_is_none_says_where(text: str, message: str) -> None:
    with pytest.raises(BadData) as caught:
        read(text)
    assert str(caught.value) == message


def test_a_line_break_in_a_value_becomes_a_blank() -> None:
    stream = io.StringIO()
    label_format("ris").write_labels([LabelRow("a", {"text": "one\nER  - two"})], stream)
    assert read(stream.getvalue())[0].data["text"] == "one ER - two"


@given(st.lists(PIECES | st.text(max_size=5), max_size=14).map("".join))
def test_any_text_is_read_or_refused_and_what_is_read_comes_back(text: str) -> None:
    try:
        rows = read(text)
    except BadData:
        return
    stream = io.StringIO()
    label_format("ris").write_labels(rows, stream)
    again = read(stream.getvalue())
    assert [(row.id.split(), [a.label.split() for a in row.answers]) for row in again] == [
        (row.id.split(), [a.label.split() for a in row.answers]) for row in rows
    ]
