"""Labels that have parts go through every label format and come back."""

from __future__ import annotations

import io

import pytest

from querist.errors import BadData
from querist.formats import LabelRow, label_format
from querist.tasks import Answer

SPANS = [{"start": 0, "end": 3, "label": "ORG"}]
ROWS = [
    LabelRow("a", {"text": "EU,\n😀"}, (Answer("a", SPANS, who="ann"), Answer("a", [], who="bob"))),
    LabelRow("b", {"text": "it"}, (Answer("b", ["x", "y"]),)),
    LabelRow("c", {"text": "he"}, (Answer("c", "[1]"), Answer("c", kind="skip", who="eve"))),
]


@pytest.mark.parametrize("form", ["csv", "jsonl"])
def test_spans_and_sets_come_back(form):
    stream = io.StringIO(newline="")
    label_format(form).write_labels(ROWS, stream)
    stream.seek(0)
    again = label_format(form).read_rows(stream)
    assert [row.answers for row in again] == [row.answers for row in ROWS]
    assert [row.data for row in again] == [row.data for row in ROWS]


def test_csv_says_where_a_label_is_no_json():
    with pytest.raises(BadData) as caught:
        label_format("csv").read_rows(io.StringIO("id,label,kind\na,[1,json\n"))
    assert str(caught.value) == "the input, line 2: a label of the kind json must be JSON: got '[1'"
