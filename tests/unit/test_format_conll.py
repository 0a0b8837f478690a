"""CoNLL: schemes are proved, places survive, and what is wrong is said with its line."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from querist.data import load
from querist.errors import BadData
from querist.formats import LabelRow, label_format
from querist.formats._tags import parse_tag, scheme_of, to_iob2
from querist.formats.conll import Conll
from querist.study import Study
from querist.tasks import Answer
from querist.tasks._tokens import text_of

DATA = Path("../shared/data")


def read(tmp_path, text):
    path = tmp_path / "some.conll"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return Conll().read(path)


def refused(call, *args):
    with pytest.raises(BadData) as caught:
        call(*args)
    return str(caught.value)


def tags_of(text):
    return [parse_tag(tag, f"line {at}", first=at == 1) for at, tag in enumerate(text.split(), 1)]


# --- schemes ----------------------------------------------------------------------------------------------------------

IOB2 = "B-A I-A O B-A B-A I-A B-C"


@pytest.mark.parametrize(
    ("tags", "scheme"),
    [
        (IOB2, "IOB2"),
        ("I-A I-A O I-A B-A I-A I-C", "IOB1"),
        ("B-A L-A O U-A B-A L-A U-C", "BILOU"),
        ("B-A E-A O S-A B-A E-A S-C", "BIOES"),
    ],
)
def test_schemes_are_proved_and_become_iob2(tags, scheme):
    assert scheme_of(tags_of(tags)) == scheme
    assert to_iob2(tags_of(tags), scheme) == IOB2.split()


@pytest.mark.parametrize("tags", ["O O", "O"])
def test_without_a_proof_all_schemes_read_the_same(tags):
    assert to_iob2(tags_of(tags), scheme_of(tags_of(tags))) == tags.split()


@pytest.mark.parametrize(
    ("tags", "message"),
    [
        (
            "O B-A O I-A",
            "the tags are of no one scheme: line 2: B-A follows no A, as only IOB2 has it; line 4: I-A follows no A, "
            "as only IOB1 has it; mend the wrong one",
        ),
        (
            "B-A L-A S-A",
            "the tags are of no one scheme: line 2: L-A ends a chunk, as only BILOU has it; line 3: S-A ends a chunk, "
            "as only BIOES has it; mend the wrong one",
        ),
        ("B-A O U-A", "line 1: the chunk of A is not ended; end it with L- or E-"),
        ("U-A B-A", "line 2: the chunk of A is not ended; end it with L- or E-"),
        ("O L-A", "line 2: L-A goes on with a chunk that no B-A has begun; mend it"),
        ("B-A L-C", "line 2: L-C goes on with a chunk that no B-C has begun; mend it"),
    ],
)
def test_wrong_sequences_are_refused(tags, message):
    def whole():
        found = tags_of(tags)
        to_iob2(found, scheme_of(found))

    assert refused(whole) == message


# --- reading ----------------------------------------------------------------------------------------------------------


def test_reads_tokens_columns_tags_and_documents(tmp_path):
    text = "-DOCSTART- -X- O\r\n\r\nEU NNP I-ORG\r\nrejects VBZ O\n\n\n\nPeter NNP I-PER\rBlackburn NNP I-PER\n"
    found = read(tmp_path, text)
    assert [text_of(item) for item in found.features] == ["EU rejects", "Peter Blackburn"]
    assert found.labels == [[{"start": 0, "end": 2, "label": "ORG"}], [{"start": 0, "end": 15, "label": "PER"}]]


def test_a_file_of_tokens_alone_has_no_labels(tmp_path):
    found = read(tmp_path, "EU\nrejects\n\nit\n")
    assert found.labels is None
    assert [text_of(item) for item in found.features] == ["EU rejects", "it"]


def test_columns_may_be_parted_by_tabs_and_hold_blanks(tmp_path):
    found = read(tmp_path, "New York\tB-LOC\n.\tO\n")
    assert text_of(found.features[0]) == "New York ."
    assert found.labels == [[{"start": 0, "end": 8, "label": "LOC"}]]


def test_places_count_characters_in_every_script(tmp_path):
    found = read(tmp_path, "😀 O\nمحمد B-PER\ne\u0301 O\n東京 B-LOC\n")
    text = text_of(found.features[0])
    assert [text[s["start"] : s["end"]] for s in found.labels[0]] == ["محمد", "東京"]


def test_a_very_long_sentence_is_read(tmp_path):
    found = read(tmp_path, "word O\n" * 9_999 + "Ann B-PER\n")
    assert found.labels[0] == [{"start": 9_999 * 5, "end": 9_999 * 5 + 3, "label": "PER"}]


def test_comments_above_a_sentence_are_no_tokens(tmp_path):
    found = read(tmp_path, "# id = a\n# made by me on Monday\nEU B-ORG\n# O\n\n# id = b\n# O\n")
    assert found.ids == ["a", "b"]
    assert [text_of(item) for item in found.features] == ["EU #", "#"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "EU NNP B-ORG\nrejects O\n",
            "some.conll, line 2 has 2 columns, and the lines before have 3: got 'rejects O'; give every token the same "
            "columns, and an empty line between sentences",
        ),
        (
            "EU NNP B-ORG\nit PRP NP\n",
            "some.conll, line 2: the tag, in the last column, must be O or B-, I-, L-, U-, E- or S- with a class: got "
            "'NP'; take other columns away, or write the tags last",
        ),
        (
            "a B-\n",
            "some.conll, line 1: the tag, in the last column, must be O or B-, I-, L-, U-, E- or S- with a class: got "
            "'B-'; take other columns away, or write the tags last",
        ),
        (
            "a\x1fb O\n",
            "some.conll, line 1: the token is empty or holds a control character: got 'a\\x1fb'; remove it",
        ),
        ("\tO\n", "some.conll, line 1: the token is empty or holds a control character: got ''; remove it"),
        (
            "-DOCSTART- -X- O\n\n",
            "some.conll holds no sentence: write a token a line, and an empty line between sentences",
        ),
        ("", "some.conll is empty: it needs at least one row"),
        ("# text = EU\nEU O\n", "some.conll, line 1: the comment 'text' cannot be read: got 'EU'"),
        (
            '# text = "EU"\nit B-X\n',
            "some.conll, line 2: the token 'it' is not in the text above it; mend the one or the other",
        ),
        (
            b"caf\xe9 O\n",
            "some.conll is not UTF-8: line 1 holds the byte 0xe9 (byte 4 of the file); it is likely Windows-1252; save "
            "it as UTF-8, for example with `iconv -f WINDOWS-1252 -t UTF-8`",
        ),
    ],
)
def test_says_what_is_wrong_and_where(tmp_path, text, message):
    assert refused(read, tmp_path, text) == message


@settings(max_examples=200)
@given(st.text(alphabet="ab \t\n\r#OIBLU-X=\u2028😀\x1e", max_size=60) | st.binary(max_size=40))
def test_any_bytes_are_read_or_refused(tmp_path_factory, text):
    try:
        found = read(tmp_path_factory.mktemp("fuzz"), text)
    except BadData:
        return
    assert len(found.features)


# --- round trips ------------------------------------------------------------------------------------------------------


def test_what_is_written_is_read_back(tmp_path):
    found = read(tmp_path, "EU NNP I-ORG\nit PRP O\n\nPeter NNP I-PER\nAnn NNP B-PER\n")
    Conll().write(found, tmp_path / "again.conll")
    again = Conll().read(tmp_path / "again.conll")
    assert list(again.features) == list(found.features)
    assert again.labels == found.labels
    assert (tmp_path / "again.conll").read_text().splitlines()[-2:] == ["Ann NNP B-PER", ""]


words = st.text(alphabet="aB.😀م東'", min_size=1, max_size=4)
texts = st.lists(words, min_size=1, max_size=6).map(" ".join)


@given(texts, st.data())
def test_labels_come_back_with_their_places(text, data):
    from querist.tasks._tokens import tokenise

    offsets = tokenise(text).offsets.tolist()
    cuts = sorted(data.draw(st.sets(st.integers(0, len(offsets)), max_size=4)))
    spans = [
        {"start": offsets[a][0], "end": offsets[b - 1][1], "label": data.draw(st.sampled_from(["A", "B"]))}
        for a, b in zip(cuts[::2], cuts[1::2], strict=False)
    ]
    row = LabelRow("some id", {"text": text}, (Answer("some id", spans, who="ann", seconds=1.5),), task="spans")
    stream = io.StringIO()
    label_format("conll").write_labels([row], stream)
    stream.seek(0)
    (again,) = label_format("conll").read_rows(stream)
    assert again == row


def test_labels_without_an_item_are_refused():
    message = refused(Conll().read_labels, io.StringIO("EU B-ORG\n"))
    assert message == (
        "the input, line 1: the sentence has no id, so its spans belong to no item; write '# id = …' above it"
    )


def test_only_spans_of_texts_are_written():
    for label, data, message in [
        ("cat", {"text": "a"}, "item 'i' is labelled 'cat': CoNLL holds spans only; export it as jsonl or csv"),
        ([], {"size": 3}, "item 'i' has no text: CoNLL holds spans of texts only; export it as jsonl"),
    ]:
        row = LabelRow("i", data, (Answer("i", label),))
        assert refused(Conll().write_labels, [row], io.StringIO()) == message


def test_a_study_of_a_file_exports_the_tokens_of_the_file(tmp_path):
    path = tmp_path / "some.conll"
    path.write_text("U.S.A NNP B-LOC\n's POS O\n\nAnn NNP B-PER\n\nBob NNP B-PER\n")
    with Study.create(None, load(path), task="spans", keep_labels=False, strategy="random") as study:
        for query in study.ask(3):
            study.tell(query.id, load(path).labels[study.pool.ids.index(query.id)], "ann")
        stream = io.StringIO()
        Conll().write_labels(list(study.rows()), stream)
    written = stream.getvalue()
    assert "U.S.A B-LOC\n's O\n" in written
    assert "# who = ann" in written
    assert "# text" not in written


@pytest.mark.data
def test_real_corpora_are_read_whole():
    if not DATA.exists():
        pytest.skip("the shared data are not beside the checkout")
    found = Conll().read(DATA / "nlp_conll2003/test.txt")
    assert len(found.features) == 3453
    assert sum(map(len, found.labels)) == 5648
    other = Conll().read(DATA / "nlp_wnut17/dev.conll")
    assert len(other.features) == 1009
    assert other.about["notes"] == [
        "dev.conll, line 1674: I-creative-work follows no creative-work: taken as the beginning of a span"
    ]
    assert isinstance(found.features, np.ndarray)
