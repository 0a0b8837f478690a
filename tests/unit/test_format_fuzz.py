"""No text makes a reader of labels fail in another way than with BadData."""

from __future__ import annotations

import contextlib
import io

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from querist.errors import BadData
from querist.formats import LabelRow, label_format

FORMS = ["coco", "conll", "csv", "doccano", "jsonl", "label-studio", "ris", "star", "topaz"]
PIECES = st.sampled_from([
    '{"id": 1, "label": "a"}', "{", "}", "[", "]", '"text"', ":", ",", "\n", "\r\n", "\t", "id,label\n", "a,b\n",
    "\x00",
    "-DOCSTART- -X- O O\n", "EU NNP B-NP B-ORG\n", "I-PER", "\u2028", "\u05e9\u05dc", "\U0001f600", "0", "null",
    "NaN", '"',
    '{"data": {"text": "x"}, "annotations": [{"result": []}]}', "TY  - JOUR\n", "ER  - \n",
    "data_\nloop_\n", "_rlnX #1\n",
])  # fmt: skip


@pytest.mark.parametrize("form", FORMS)
def test_a_reader_reads_or_refuses(form: str) -> None:
    reader = label_format(form)

    @settings(max_examples=150, deadline=None)
    @given(st.lists(PIECES | st.text(max_size=4), max_size=9).map("".join))
    def check(text: str) -> None:
        with contextlib.suppress(BadData):
            assert all(isinstance(row, LabelRow) for row in reader.read_rows(io.StringIO(text, newline="")))

    check()
