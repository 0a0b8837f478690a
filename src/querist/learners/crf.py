"""A conditional random field over the tokens of a text, for spans."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, NamedTuple

import numpy as np
from numpy.typing import NDArray

from querist._arrays import Floats
from querist.errors import BadData, BadInput, BadLabel, MissingExtra
from querist.learners import _lattice
from querist.learners._checks import check_needs
from querist.learners._lexicon import PLACES, lexicon
from querist.learners._words import EDGE, REACH, features
from querist.learners.info import About
from querist.learners.protocol import Items, Predictor
from querist.tasks._bio import UNSEEN, tag_count, tags_of
from querist.tasks._tokens import Tokens, tokenise
from querist.view import Evidence, Need, Ragged


@dataclass(frozen=True)
class Crf:
    """A linear-chain conditional random field on what tokens and their neighbours look like.

    Tags are those of BIO. Penalty: c1·‖w‖₁ + c2·‖w‖²₂; ``max_iter`` steps of L-BFGS. It gives elements [M, 1 + 2C],
    the exact marginals of each token; with ``members`` > 0 those of as many fields, each trained on a bootstrap sample
    of the texts, [M, K, 1 + 2C] (then best paths still come from the field of all texts). places [M, 2] are the
    characters of the tokens, paths the log-probabilities of the ``paths`` best labellings, cost the tokens of a text.
    Tags without a label have probability 0; where fewer than two tags occur, every token has their smoothed shares.

    Of a text that was looked at in part, each run of tokens that were looked at is a chain of its own, whose features
    see the whole text, and the other tokens are left out: a likelihood in pieces, in place of the one summed over all
    unknown tags (the library has neither); no move from one run to the next is learnt. With ``confidence`` < 1 a second
    fit takes in the other tokens whose tag the first one, given the tags of their neighbours, holds for more probable.

    Cost of a fit: O(max_iter·M·(F + C²)), F features a token. Needs ``pip install 'querist[text]'``.
    Source: Lafferty, McCallum & Pereira 2001; bootstrap: Abe & Mamitsuka 1998; chains in pieces: Sutton & McCallum
    2005; own labels for what was not asked: Tomanek & Hahn 2009.
    """

    c1: float = 0.05
    c2: float = 0.05
    max_iter: int = 100
    members: int = 0
    paths: int = 10
    confidence: float = 1.0

    eats: ClassVar[str] = "raw"
    about: ClassVar[About] = About(
        "conditional random field for spans of texts",
        ("elements", "places", "paths", "cost"),
        "raw",
        "O(iterations·M·(F + C²))",
    )

    def __post_init__(self) -> None:
        if self.c1 < 0 or self.c2 < 0:
            raise BadInput(f"crf: c1 and c2 must be 0 or more: got {self.c1} and {self.c2}")
        if not 0 < self.confidence <= 1:
            raise BadInput(f"crf: confidence must lie above 0 and at most at 1: got {self.confidence}")
        for name, least in (("max_iter", 1), ("members", 0), ("paths", 1)):
            if not isinstance(getattr(self, name), int) or getattr(self, name) < least:
                raise BadInput(f"crf: {name} must be a whole number, {least} or more: got {getattr(self, name)!r}")

    @property
    def provides(self) -> frozenset[Need]:
        """Name the evidence: elements, places, paths, cost."""
        return frozenset({"elements", "places", "paths", "cost"})

    def fit(
        self,
        items: Items,
        targets: NDArray[Any],
        *,
        classes: int,
        rng: np.random.Generator,
        pool: Items | None = None,
        warm: Predictor | None = None,
    ) -> TrainedCrf:
        """Train on L texts and their spans, each int64 [S, 3] (start, end, class), class −1 a stretch looked at.

        Raises BadData, BadLabel, MissingExtra.
        """
        texts = _read(items)
        if targets.dtype != object:
            raise BadLabel(
                f"crf learns spans, an object array [L] of tables [S, 3]: got {targets.dtype}; it belongs to the task "
                "spans"
            )
        tags = [tags_of(spans, text.offsets) for spans, text in zip(targets, texts, strict=True)]
        whole = self._chain(texts, tags, classes)
        bags = [rng.integers(len(texts), size=len(texts)) for _ in range(self.members)] if texts else []
        members = [self._chain([texts[i] for i in bag], [tags[i] for i in bag], classes) for bag in bags]
        return TrainedCrf(whole, tuple(members) or (whole,) * self.members, self.paths)

    def _chain(self, texts: Sequence[Tokens], tags: Sequence[NDArray[np.int64]], classes: int) -> Chain:
        """Train on the tokens that were looked at; then once more with those whose tag this model is sure of."""
        known = np.concatenate([*tags, np.empty(0, np.int64)])
        counts = np.bincount(known[known != UNSEEN], minlength=tag_count(classes))
        if np.count_nonzero(counts) < 2:
            return _shares(counts)
        field = self._field(texts, tags, counts)
        if len(known) == counts.sum() or self.confidence == 1:
            return field
        return self._field(texts, filled(field, texts, tags, self.confidence), counts)

    def _field(self, texts: Sequence[Tokens], tags: Sequence[NDArray[np.int64]], counts: NDArray[np.int64]) -> Chain:
        with tempfile.TemporaryDirectory() as folder:
            model = Path(folder) / "model.crfsuite"
            self._train(texts, tags, model)
            return _parse(model, np.flatnonzero(counts), len(counts))

    def _train(self, texts: Sequence[Tokens], tags: Sequence[NDArray[np.int64]], model: Path) -> None:
        trainer = _library().Trainer(algorithm="lbfgs", verbose=False)
        trainer.set_params(
            {
                "c1": self.c1,
                "c2": self.c2,
                "max_iterations": self.max_iter,
                "feature.possible_transitions": True,
            }
        )
        for text, labels in zip(texts, tags, strict=True):
            seen = list(_seen(text.parts))
            for start, end in _runs(labels != UNSEEN):
                trainer.append(seen[start:end], [str(tag) for tag in labels[start:end].tolist()])
        trainer.train(str(model))


class Chain(NamedTuple):
    """A trained field: weights [F, S] of features, [S, S] of moves, over the S tags (of ``width``) that occurred."""

    number: Mapping[str, int]
    weights: Floats
    transition: Floats
    tags: NDArray[np.int64]
    width: int

    def unary(self, sheet: Sheet) -> Floats:
        """Sum the weights of each token's features, [M, S]; once for each different word and place."""
        known = lexicon()
        weights = np.concatenate([self.weights, np.zeros((1, len(self.tags)))])
        rows = known.rows_of(self.number)
        total = np.zeros((len(sheet.around), len(self.tags)))
        for at in range(len(PLACES)):
            total += known.table(sheet.words, at, rows=rows, weights=weights)[sheet.around[:, at]]
        return total

    def spread(self, marginals: Floats) -> Floats:
        """Put the probabilities of the tags that occurred into the columns of all, [M, 1 + 2C]."""
        whole = np.zeros((len(marginals), self.width))
        whole[:, self.tags] = marginals
        return whole


class Sheet(NamedTuple):
    """Texts as numbers: the different words [V], which of them stand around each token [M, 5], starts [N + 1]."""

    words: NDArray[np.int64]
    around: NDArray[np.int64]
    starts: NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class TrainedCrf:
    """A field, the members of its committee, and how many best paths it tells."""

    chain: Chain
    members: tuple[Chain, ...]
    n: int

    @property
    def provides(self) -> frozenset[Need]:
        """Name the evidence: elements, places, paths, cost."""
        return frozenset({"elements", "places", "paths", "cost"})

    def predict(self, items: Items, needs: Set[Need]) -> Evidence:
        """Compute what is asked on some texts; cost O(M·S²) for elements, O(M·S²·n) for paths."""
        check_needs(needs, self.provides)
        texts = _read(items)
        found: dict[Need, Any] = {}
        sheet = _sheet([text.parts for text in texts])
        if "places" in needs:
            places = [np.empty((0, 2), np.int64), *(text.offsets for text in texts)]
            found["places"] = Ragged(np.concatenate(places), sheet.starts)
        if "cost" in needs:
            found["cost"] = np.maximum(np.diff(sheet.starts), 1).astype(np.float64)
        if needs & {"elements", "paths"}:
            found |= self._inferred(sheet, needs)
        return found

    def _inferred(self, sheet: Sheet, needs: Set[Need]) -> dict[Need, Any]:
        """Infer once what both kinds of evidence rest on."""
        found: dict[Need, Any] = {}
        unary, moves = self.chain.unary(sheet), self.chain.transition
        whole = _lattice.infer(unary, moves, sheet.starts)
        if "elements" in needs:
            values = self.chain.spread(whole.marginals) if not self.members else self._committee(sheet)
            found["elements"] = Ragged(values, sheet.starts)
        if "paths" in needs:
            scores = _lattice.best(unary, moves, sheet.starts, n=self.n) - whole.partition[:, None]
            there = np.isfinite(scores)
            starts = np.concatenate([[0], np.cumsum(there.sum(axis=1))]).astype(np.int64)
            found["paths"] = Ragged(np.minimum(scores[there], 0.0), starts)
        return found

    def _committee(self, sheet: Sheet) -> Floats:
        moves = [(member, member.unary(sheet)) for member in self.members]
        found = [m.spread(_lattice.infer(unary, m.transition, sheet.starts).marginals) for m, unary in moves]
        return np.stack(found, axis=1)


def filled(
    field: Chain, texts: Sequence[Tokens], tags: Sequence[NDArray[np.int64]], confidence: float
) -> list[NDArray[np.int64]]:
    """Give tokens that nobody looked at the tag that a field, given the tags of the others, is sure of.

    Sure is more than ``confidence``. Cost O(M·S²) on the texts that have such tokens.
    """
    made = list(tags)
    rows = [row for row, labels in enumerate(tags) if (labels == UNSEEN).any()]
    sheet = _sheet([texts[row].parts for row in rows])
    known = np.concatenate([tags[row] for row in rows])
    marginals = _lattice.infer(_clamped(field, sheet, known), field.transition, sheet.starts).marginals
    sure = np.where(marginals.max(axis=1) > confidence, field.tags[marginals.argmax(axis=1)], UNSEEN)
    for row, labels in zip(rows, np.split(np.where(known == UNSEEN, sure, known), sheet.starts[1:-1]), strict=True):
        made[row] = labels
    return made


def _clamped(field: Chain, sheet: Sheet, known: NDArray[np.int64]) -> Floats:
    """Weigh the tags of each token, −∞ for those that a token which was looked at does not have, [M, S]."""
    other = (known[:, None] != UNSEEN) & (known[:, None] != field.tags[None, :])
    return np.where(other, -np.inf, field.unary(sheet))


def _runs(mask: NDArray[np.bool_]) -> list[tuple[int, int]]:
    """Give the first place and the one after the last of each run of True."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], mask, [False]])))
    return list(zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True))


def _read(items: Items) -> list[Tokens]:
    texts = items.tolist() if isinstance(items, np.ndarray) and items.dtype == object else None
    if texts is None or not all(isinstance(text, str) for text in texts):
        got = f"an array of {items.dtype}" if isinstance(items, np.ndarray) else type(items).__name__
        raise BadData(f"crf reads texts: got {got}; give a pool of texts (text=… names the column)")
    return [tokenise(text) for text in texts]


def _sheet(parts: Sequence[Sequence[str]]) -> Sheet:
    sizes = np.array([len(each) for each in parts], np.int64)
    numbers = lexicon().number([EDGE, *(part for each in parts for part in each)])
    words, places = np.unique(numbers, return_inverse=True)  # the edge is number 0, so it comes first here too
    starts = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)
    item, token = np.repeat(np.arange(len(parts)), sizes), np.arange(sizes.sum())
    around = np.zeros((len(token), len(PLACES)), np.int64)
    for at, reach in enumerate(PLACES):
        inside = (token + reach >= starts[:-1][item]) & (token + reach < starts[1:][item])
        around[inside, at] = places[1:][token[inside] + reach]
    return Sheet(words, around, starts)


def _seen(parts: Sequence[str]) -> Iterator[list[str]]:
    padded = [EDGE] * REACH + list(parts) + [EDGE] * REACH
    for at in range(len(parts)):
        yield [name for reach in PLACES for name in features(padded[at + REACH + reach], reach)]


def _shares(counts: NDArray[np.int64]) -> Chain:
    """Make the field of tokens that are all alike: smoothed shares of the tags, uniform without labels."""
    tags = np.arange(len(counts))
    shares = np.log((counts + 1) / (counts.sum() + len(counts)))
    return Chain({"0bias": 0}, shares[None, :], np.zeros((len(counts), len(counts))), tags, len(counts))


def _parse(model: Path, tags: NDArray[np.int64], width: int) -> Chain:
    """Read the weights that the library trained."""
    tagger = _library().Tagger()
    tagger.open(str(model))
    info = tagger.info()
    tagger.close()
    column = {str(tag): at for at, tag in enumerate(tags.tolist())}
    index: dict[str, int] = {}
    rows = [(index.setdefault(name, len(index)), column[tag]) for name, tag in info.state_features]
    weights = np.zeros((len(index), len(tags)))
    if rows:
        weights[tuple(np.array(rows).T)] = list(info.state_features.values())
    transition = np.zeros((len(tags), len(tags)))
    for (before, after), weight in info.transitions.items():
        transition[column[before], column[after]] = weight
    return Chain(index, weights, transition, tags, width)


def _library() -> Any:
    try:
        import pycrfsuite
    except ImportError:
        raise MissingExtra("the learner crf needs python-crfsuite: pip install 'querist[text]'") from None
    return pycrfsuite
