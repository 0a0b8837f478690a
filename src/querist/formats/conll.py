"""CoNLL columns: a token a line, its tag last, an empty line between sentences."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import Path
from typing import IO, Any, ClassVar

import numpy as np

from querist.errors import BadData
from querist.formats._files import check_text, name_of, read_text, write_bytes
from querist.formats._labelled import is_spans
from querist.formats._tags import UNSEEN, Tag, parse_tag, scheme_of, to_iob2
from querist.formats.protocol import About, Arrays, Hints, LabelRow, answers_of, no_hints
from querist.tasks._bio import ASKED, spans_of, tags_of
from querist.tasks._tokens import COLUMN, TOKEN, Tokens, tokenise, with_tokens
from querist.tasks.protocol import Answer, Label

_LINES = re.compile(r"\r\n|\n|\r")
_CELLS = re.compile(r"[ \t]+")
_NOTE = re.compile(r"# ?(id|who|seconds|text) = (.*)")
DOCUMENT = "-DOCSTART-"
NOBODY: Mapping[str, Any] = {"spans": []}
"""Stands for the label of a sentence that nobody looked at."""
_CONTROL = frozenset((TOKEN, COLUMN))


@dataclass(frozen=True)
class Conll:
    """Sentences of tokens with IOB1, IOB2, BILOU or BIOES tags; written as IOB2.

    The first column is the token, the last its tag (none where there is one column), those between (part of speech,
    chunk) go to the model with the token. The text that people see is the tokens joined by single blanks, and spans
    are places in it. Lines -DOCSTART- part documents and are no sentences. The scheme is proved by the tags. The tag _
    says that nobody looked at a token: a sentence of nothing else has no label.

    With labels, a sentence is written for each answer, led by ``# id = …``, ``# who = …`` and, where tokens are not
    parted by single blanks, ``# text = …`` in JSON, so that places survive; spans grow to whole tokens. Skipped and
    unsure items are left out.
    """

    about: ClassVar[About] = About(
        "conll", (".conll", ".iob", ".iob2", ".bio", ".txt"), True, True, "tokens with their tags; spans of texts"
    )

    def read(self, path: Path, hints: Hints = no_hints) -> Arrays:
        """Read sentences as texts with spans; raises BadData that names the line."""
        notes: list[str] = []
        found = _sentences(read_text(path).decode(), Path(path).name, notes)
        features = np.empty(len(found), object)
        features[:] = [with_tokens(sentence.cells) for sentence in found]
        ids = [sentence.notes.get("id") for sentence in found]
        labels = _spans(found) if found[0].tags else None
        return Arrays(
            features, labels, ids if all(ids) else None, about={"tokens": "given"} | ({"notes": notes} if notes else {})
        )

    def write(self, rows: Arrays, path: Path) -> None:
        """Write what ``read`` gives, with the ids as comments where there are any."""
        items, size = list(rows.features), len(rows.features)
        labels = [None] * size if rows.labels is None else [NOBODY if one is None else one for one in rows.labels]
        ids = [None] * size if rows.ids is None else rows.ids
        notes = [{} if id is None else {"id": str(id)} for id in ids]
        tokens = [tokenise(item) for item in items]
        write_bytes(path, "".join(_block(*row) for row in zip(tokens, labels, notes, strict=True)).encode())

    def write_labels(self, rows: Sequence[LabelRow], stream: IO[str]) -> None:
        """Write a sentence for each label; raises BadData on items without text and on labels that are no spans."""
        for row in rows:
            for answer in row.answers:
                if answer.kind == "label":
                    stream.write(_block(_tokens_of(row), _checked(answer, row), _notes(row, answer)))

    def read_rows(self, stream: IO[str]) -> list[LabelRow]:
        """Read items with their answers, by their comments ``# id = …``; raises BadData."""
        text = stream.read().removeprefix("\ufeff")
        check_text(text.encode("utf-8", "surrogateescape"), name_of(stream))
        rows: dict[str, LabelRow] = {}
        sentences = _sentences(text, name_of(stream))
        for sentence, spans in zip(sentences, _spans(sentences), strict=True):
            id = sentence.notes.get("id")
            if not id:
                raise BadData(f"{sentence.where}: the sentence has no id, so its spans belong to no item; "
                              "write '# id = …' above it")  # fmt: skip
            before = rows.get(id, LabelRow(id, {"text": sentence.text}, task="spans"))
            told = () if spans is None else (_answer(id, spans, sentence.notes),)
            rows[id] = LabelRow(id, before.data, (*before.answers, *told), task="spans")
        return list(rows.values())

    def read_labels(self, stream: IO[str]) -> list[Answer]:
        """Read the answers alone, in the order of the file."""
        return answers_of(self.read_rows(stream))


@dataclass
class _Sentence:
    """The lines of a sentence: cells without the tag, tags in IOB2, and the comments above."""

    where: str
    cells: list[list[str]] = field(default_factory=list)
    read: list[Tag] = field(default_factory=list)
    tags: list[str] = field(default_factory=list)
    notes: dict[str, str] = field(default_factory=dict)

    @property
    def text(self) -> str:
        return str(json.loads(self.notes["text"])) if "text" in self.notes else " ".join(c[0] for c in self.cells)

    def offsets(self) -> list[tuple[int, int]]:
        """Find each token in the text."""
        text, place, found = self.text, 0, []
        for word, *_ in self.cells:
            start = text.find(word, place)
            if start < 0:
                raise BadData(
                    f"{self.where}: the token {word!r} is not in the text above it; mend the one or the other"
                )
            place = start + len(word)
            found.append((start, place))
        return found


def _spans(sentences: Sequence[_Sentence]) -> list[Label | None]:
    """Read the label of each sentence off its tags, in characters of its text; None where nobody looked at a token."""
    names = sorted({tag[2:] for sentence in sentences for tag in sentence.tags if tag not in ("O", UNSEEN)})
    code = {f"{letter}-{n}": 1 + 2 * c + (letter == "I") for c, n in enumerate(names) for letter in "BI"}
    tags = np.array([code.get(tag, 0) for sentence in sentences for tag in sentence.tags], np.int64)
    places = [sentence.offsets() for sentence in sentences]
    offsets = np.array([place for each in places for place in each], np.int64)
    starts = np.cumsum([0, *(len(sentence.tags) for sentence in sentences)]).astype(np.int64)
    spans, item = spans_of(tags, offsets, starts)
    found: list[list[dict[str, Any]]] = [[] for _ in sentences]
    for (start, end, kind), row in zip(spans.tolist(), item.tolist(), strict=True):
        found[row].append({"start": start, "end": end, "label": names[kind]})
    return [_label(*each) for each in zip(found, sentences, places, strict=True)]


def _label(
    spans: list[dict[str, Any]], sentence: _Sentence, places: Sequence[tuple[int, int]]
) -> list[dict[str, Any]] | dict[str, Any] | None:
    if UNSEEN not in sentence.tags:
        return spans
    runs = groupby(zip(sentence.tags, places, strict=True), lambda pair: pair[0] != UNSEEN)
    seen = [[place for _, place in run] for looked, run in runs if looked]
    return {"spans": spans, "asked": [[run[0][0], run[-1][1]] for run in seen]} if seen else None


def _answer(id: str, spans: Label, notes: Mapping[str, str]) -> Answer:
    return Answer(id, spans, who=notes.get("who", ""), seconds=float(notes["seconds"]) if "seconds" in notes else None)


def _sentences(text: str, name: str, notes: list[str] | None = None) -> list[_Sentence]:
    found = list(_blocks(text, name))
    if not found:
        raise BadData(f"{name} holds no sentence: write a token a line, and an empty line between sentences")
    tags = [tag for sentence in found for tag in sentence.read]
    scheme = scheme_of(tags, notes)
    whole, at = to_iob2(tags, scheme), 0
    for sentence in found:
        sentence.tags = whole[at : at + len(sentence.read)]
        at += len(sentence.read)
    return found


def _blocks(text: str, name: str) -> Iterator[_Sentence]:
    """Part lines into sentences; every line has as many columns as the first."""
    lines = _LINES.split(text)
    tabs, width = any("\t" in line for line in lines), 0
    current = _Sentence("")
    for number, line in enumerate(lines, 1):
        where = f"{name}, line {number}"
        cells = [cell.strip() for cell in line.split("\t")] if tabs else _CELLS.split(line.strip(" "))
        if not line.strip():
            if current.cells:
                yield current
                current = _Sentence("")
        elif cells[0] == DOCUMENT:
            continue
        elif not current.cells and (note := _NOTE.fullmatch(line)) is not None:
            current.notes[note[1]] = _checked_note(note[1], note[2], where)
        elif not current.cells and line.startswith("#") and (len(cells) != width or width == 0) and len(cells) > 1:
            continue
        else:
            width = width or len(cells)
            _add(current, cells, width, where)
    if current.cells:
        yield current


def _checked_note(name: str, value: str, where: str) -> str:
    try:
        if name == "seconds":
            float(value)
        if name == "text" and not isinstance(json.loads(value), str):
            raise ValueError
    except ValueError:
        raise BadData(f"{where}: the comment {name!r} cannot be read: got {value[:60]!r}") from None
    return value


def _add(sentence: _Sentence, cells: list[str], width: int, where: str) -> None:
    if len(cells) != width:
        raise BadData(
            f"{where} has {len(cells)} columns, and the lines before have {width}: got {' '.join(cells)[:60]!r}; "
            "give every token the same columns, and an empty line between sentences"
        )
    if not cells[0] or not _CONTROL.isdisjoint("".join(cells)):
        raise BadData(f"{where}: the token is empty or holds a control character: got {cells[0]!r}; remove it")
    first = not sentence.cells
    sentence.where = sentence.where or where
    sentence.cells.append(cells[:-1] if width > 1 else cells)
    if width > 1:
        sentence.read.append(parse_tag(cells[-1], where, first=first))


def _tokens_of(row: LabelRow) -> Tokens:
    text = row.data.get("text")
    if not isinstance(text, str):
        raise BadData(f"item {row.id!r} has no text: CoNLL holds spans of texts only; export it as jsonl")
    words = row.data.get("tokens")
    return tokenise(text) if words is None else tokenise(with_tokens([(word,) for word in words]))


def _checked(answer: Answer, row: LabelRow) -> Label:
    label = answer.label
    spans = label.get("spans") if isinstance(label, Mapping) else label
    if isinstance(spans, list) and is_spans(spans):
        return label
    raise BadData(f"item {row.id!r} is labelled {label!r}: CoNLL holds spans only; export it as jsonl or csv")


def _notes(row: LabelRow, answer: Answer) -> dict[str, str]:
    notes = {"id": row.id, "who": answer.who}
    return notes | ({} if answer.seconds is None else {"seconds": str(answer.seconds)})


def _block(tokens: Tokens, label: Label | None, notes: Mapping[str, str]) -> str:
    """Write one sentence; cells are parted by tabs where one holds a blank."""
    rows = [part.split(COLUMN) for part in tokens.parts]
    if label is not None:
        rows = [[*row, tag] for row, tag in zip(rows, _tags(label, tokens), strict=True)]
    if tokens.text != " ".join(row[0] for row in rows):
        notes = {**notes, "text": json.dumps(tokens.text, ensure_ascii=False)}
    lines = [f"# {name} = {value}" for name, value in notes.items() if value]
    return "\n".join([*lines, *(" ".join(row) for row in rows)]) + "\n\n"


def _tags(label: Label, tokens: Tokens) -> list[str]:
    """Write the tag of each token."""
    parts: Mapping[str, Any] = label if isinstance(label, Mapping) else {"spans": label}
    names = sorted({str(span["label"]) for span in parts["spans"]})
    rows = [(start, end, ASKED) for start, end in parts.get("asked") or ()]
    rows += [(s["start"], s["end"], names.index(str(s["label"]))) for s in parts["spans"]]
    known = np.array(sorted(rows), np.int64).reshape(-1, 3)
    if parts is NOBODY:
        return [UNSEEN] * len(tokens.parts)
    words = {-1: UNSEEN, 0: "O"}
    words |= {1 + 2 * at + inside: f"{'BI'[inside]}-{name}" for at, name in enumerate(names) for inside in (0, 1)}
    return [words[tag] for tag in tags_of(known, tokens.offsets).tolist()]
