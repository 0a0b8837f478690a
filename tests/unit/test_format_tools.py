"""doccano and Label Studio: what they write is read, what is written comes back."""

from __future__ import annotations

import io
import json

import pytest

from querist.data import load
from querist.errors import BadData
from querist.formats import LabelRow, by_path, label_format
from querist.study import Study
from querist.tasks import Answer

SPANS = [{"start": 0, "end": 1, "label": "X"}, {"start": 2, "end": 5, "label": "ORG"}]
TEXT = "😀 EU!, محمد"


def rows_of(*labels):
    return [
        LabelRow(f"id {at}", {"text": TEXT}, (Answer(f"id {at}", label, who="ann"),)) for at, label in enumerate(labels)
    ]


def refused(form, text):
    with pytest.raises(BadData) as caught:
        label_format(form).read_rows(io.StringIO(text))
    return str(caught.value)


@pytest.mark.parametrize("form", ["doccano", "label-studio"])
@pytest.mark.parametrize(
    "labels", [(SPANS, SPANS[:1]), (["a", "b"], ["a"]), ("a", "b")], ids=["spans", "sets", "class"]
)
def test_labels_come_back(form, labels):
    stream = io.StringIO()
    label_format(form).write_labels(rows_of(*labels), stream)
    stream.seek(0)
    again = label_format(form).read_rows(stream)
    assert [row.id for row in again] == ["id 0", "id 1"]
    assert [row.answers[0].label for row in again] == list(labels)
    assert [row.answers[0].who for row in again] == ["ann", "ann"]
    assert again[0].data == {"text": TEXT}


@pytest.mark.parametrize(("form", "name"), [("doccano", "a.doccano.jsonl"), ("label-studio", "a.label-studio.json")])
def test_tables_come_back_and_start_a_study(tmp_path, form, name):
    path = tmp_path / name
    table = label_format("jsonl").read  # any table: texts, some with spans
    (tmp_path / "a.jsonl").write_text(
        "".join(json.dumps({"id": f"i{k}", "text": TEXT + str(k), "label": SPANS}) + "\n" for k in range(4))
    )
    found = by_path(path)
    assert found.about.name == form
    if form == "label-studio":
        found.write(table(tmp_path / "a.jsonl"), path)
    else:
        triples = [[s["start"], s["end"], s["label"]] for s in SPANS]
        lines = [{"id": f"i{k}", "text": TEXT + str(k), "label": triples} for k in range(4)]
        path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    data = load(path)
    assert data.name == "a"
    assert data.pool.ids == ("i0", "i1", "i2", "i3")
    assert data.labels == [SPANS] * 4
    with Study.create(None, data, task="spans", keep_labels=False, strategy="random") as study:
        assert study.task.labels == ("ORG", "X")


# --- doccano ----------------------------------------------------------------------------------------------------------


def test_doccano_reads_entities_and_texts_without_labels():
    entity = {"id": 0, "start_offset": 2, "end_offset": 4, "label": "ORG"}
    lines = [{"text": TEXT, "entities": [entity], "relations": []}, {"text": TEXT}, {"data": TEXT, "label": []}]
    rows = label_format("doccano").read_rows(io.StringIO("".join(json.dumps(line) + "\n" for line in lines)))
    assert rows[0].answers[0].label == [{"start": 2, "end": 4, "label": "ORG"}]
    assert [len(row.answers) for row in rows] == [1, 0, 1]
    assert rows[2].answers[0].label == []


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ('{"label": []}', "the input, line 1: 'text' must be a text: got None"),
        ('{"text": "a", "id": true}', "the input, line 1: 'id' must be a text or a whole number: got True"),
        (
            '{"text": "a", "label": [[1, 1, "X"]]}',
            "the input, line 1: a span must have a start, an end behind it and a class: got 1, 1, 'X'",
        ),
        (
            '{"text": "a", "label": {"X": 1}}',
            "the input, line 1: a label must be a list of classes or of [start, end, class]: got {'X': 1}",
        ),
        (
            '{"text": "a", "label": [[1, 2]]}',
            "the input, line 1: a label must be a list of classes or of [start, end, class]: it holds [1, 2]",
        ),
    ],
)
def test_doccano_says_what_is_wrong_and_where(line, message):
    assert refused("doccano", line) == message


def test_other_labels_are_refused():
    for form, name in (
        ("doccano", "doccano holds classes and spans;"),
        ("label-studio", "Label Studio gets classes, spans and boxes;"),
    ):
        with pytest.raises(BadData) as caught:
            label_format(form).write_labels(rows_of({"x": 1}), io.StringIO())
        assert str(caught.value) == f"item 'id 0' is labelled {{'x': 1}}: {name} export it as jsonl"


# --- Label Studio -----------------------------------------------------------------------------------------------------

REAL = {
    "id": 119102,
    "data": {"text": "Tim Cook, of Apple Inc."},
    "annotations": [
        {
            "id": 368,
            "completed_by": 1,
            "was_cancelled": False,
            "ground_truth": True,
            "lead_time": 2.5,
            "result": [
                {
                    "id": "s1",
                    "type": "labels",
                    "from_name": "label",
                    "to_name": "text",
                    "value": {"start": 0, "end": 8, "text": "Tim Cook", "labels": ["PER"]},
                }
            ],
        },
        {"id": 369, "completed_by": {"id": 2, "email": "bob@x.org"}, "was_cancelled": True, "result": []},
    ],
    "predictions": [{"model_version": "v1", "score": 0.42, "result": []}],
}


def test_label_studio_reads_what_it_exports():
    (row,) = label_format("label-studio").read_rows(io.StringIO(json.dumps([REAL])))
    assert row.id == "119102"
    assert row.answers == (
        Answer("119102", [{"start": 0, "end": 8, "label": "PER"}], who="1", seconds=2.5),
        Answer("119102", kind="skip", who="bob@x.org"),
    )
    assert row.prediction == {"model": "v1", "version": "v1", "label": [], "confidence": 0.42}
    assert row.task == "spans"


def with_value(**changes):
    task = json.loads(json.dumps(REAL))
    task["data"]["text"] = "😀 Tim Cook"
    task["annotations"][0]["result"][0]["value"] |= changes
    return json.dumps([task])


def test_places_that_a_browser_counted_become_code_points():
    for start, end in ((2, 10), (3, 11)):
        (row,) = label_format("label-studio").read_rows(io.StringIO(with_value(start=start, end=end)))
        assert row.answers[0].label == [{"start": 2, "end": 10, "label": "PER"}]
    assert refused("label-studio", with_value(start=1, end=9)) == (
        "the input, task 1: characters 1 to 9 of the text are not 'Tim Cook'; export it again"
    )


def test_label_studio_keeps_predictions_and_skips():
    said = {"model": "crf", "version": 3, "label": SPANS, "confidence": 0.5}
    row = LabelRow("a", {"text": TEXT}, (Answer("a", kind="skip", who="eve"),), said)
    stream = io.StringIO()
    label_format("label-studio").write_labels([row], stream)
    assert json.loads(stream.getvalue())[0]["predictions"][0]["model_version"] == "3"
    stream.seek(0)
    (again,) = label_format("label-studio").read_rows(stream)
    assert again.answers == row.answers
    assert again.prediction["label"] == SPANS
    assert again.prediction["confidence"] == 0.5


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "the input is not JSON (Expecting property name enclosed in double quotes: line 1 column 2 (char 1)): "
              "export the project as JSON, not as JSON_MIN or CSV"),
        ("{}", "the input must hold a list of tasks, one or more: export the project as JSON"),
        ('[{"text": "a"}]', "the input, task 1 has no 'data': export the project as JSON, not as JSON_MIN or CSV"),
        (
            '[{"data": {}, "annotations": [{"result": [{"type": "brushlabels"}]}]}]',
            "the input, task 1: the results are of the type brushlabels: choices are read, labels, or "
            "rectanglelabels",
        ),
        (
            '[{"data": {}, "annotations": [{"result": [{"type": "choices", "value": {}}]}]}]',
            "the input, task 1: a result of the type choices must have a value with 'choices': got '{}'",
        ),
        ('[{"data": {}, "annotations": 3}]', "the input, task 1: 'annotations' must be a list of objects: got '3'"),
    ],
)  # fmt: skip
def test_label_studio_says_what_is_wrong_and_where(text, message):
    assert refused("label-studio", text) == message
