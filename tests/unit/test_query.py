"""Queries on arrays: what they choose, and every message about what cannot be used."""

from __future__ import annotations

from dataclasses import dataclass

import array_api_strict
import numpy as np
import pandas
import polars
import pytest
from scipy import sparse

import querist
from querist import Head, Ragged, choose, query
from querist._check import check_view
from querist._query import TARGETS, default_targets
from querist.errors import BadData, BadEvidence, BadInput, MissingEvidence, UnknownName
from querist.strategies.entropy import Entropy
from querist.strategies.protocol import About, Strategy, evidence_for
from querist.view import View

PROBS = np.array([[0.9, 0.1], [0.6, 0.4], [0.2, 0.8]])
EMBED = np.arange(6.0).reshape(3, 2)
IDS = ["img_a", "img_b", "img_c"]


@dataclass(frozen=True)
class Nearest(Strategy):
    """Looks at the labelled rows, the targets and the votes, and shows them to the test."""

    needs = frozenset({"embed"})
    about = About("test", "x", "O(N)", "test")
    context = frozenset({"labelled"})

    def score(self, view, draw):
        seen.append(view)
        return view.embed[:, 0]


@dataclass(frozen=True)
class Covers(Nearest):
    context = frozenset({"labelled", "targets"})


@dataclass(frozen=True)
class Counts(Nearest):
    context = frozenset({"votes"})


@dataclass(frozen=True)
class Measures(Nearest):
    context = frozenset({"labelled", "outcomes"})


@dataclass(frozen=True)
class Picky(Strategy):
    needs = frozenset({"cost"})
    either = ("probs", "decision")
    about = About("test", "x", "O(N)", "test")


seen: list[View] = []


def refuses(kind, message, *args, **given):
    with pytest.raises(kind) as caught:
        query(*args, **given)
    assert str(caught.value) == message
    assert isinstance(caught.value, BadInput)


class TestChoice:
    def test_positions_best_first(self):
        assert query("margin", 3, probs=PROBS, seed=0).tolist() == [1, 2, 0]

    def test_choose_gives_values_beside_the_rows(self):
        chosen = choose("least-confidence", 2, probs=PROBS, ids=IDS, seed=0)
        assert chosen.rows.tolist() == [1, 2]
        assert chosen.value.tolist() == pytest.approx([0.4, 0.2])

    @pytest.mark.parametrize("n", [0, 1, 3, 99, np.int64(2)])
    def test_at_most_all_rows(self, n):
        assert len(query("margin", n, probs=PROBS)) == min(n, 3)

    def test_no_rows(self):
        assert query("margin", 5, probs=np.empty((0, 2))).tolist() == []
        assert query("random", 5, ids=[]).tolist() == []

    def test_a_strategy_object_and_its_specification_do_the_same(self):
        assert query(Entropy(), 2, probs=PROBS, seed=0).tolist() == query(" entropy ", 2, probs=PROBS, seed=0).tolist()

    def test_without_a_seed_chance_is_fresh_and_the_global_generator_left_alone(self):
        before = repr(np.random.get_state())  # noqa: NPY002
        ids = range(50)
        assert len({tuple(query("random", 5, ids=ids).tolist()) for _ in range(5)}) > 1
        assert repr(np.random.get_state()) == before  # noqa: NPY002

    def test_ids_of_any_kind_are_their_text(self):
        picks = query("random", 2, ids=["1", "2", "3"], seed=0).tolist()
        assert query("random", 2, ids=np.array([1, 2, 3]), seed=0).tolist() == picks

    @pytest.mark.parametrize("frame", [list, pandas.DataFrame, polars.DataFrame, array_api_strict.asarray, np.float32])
    def test_tables_and_arrays_of_any_library(self, frame):
        given = PROBS.tolist() if frame is list else frame(PROBS)
        assert query("margin", 3, probs=given, seed=0).tolist() == [1, 2, 0]

    def test_whole_numbers_are_probabilities_too(self):
        assert sorted(query("entropy", 2, probs=[[1, 0], [0, 1]]).tolist()) == [0, 1]

    def test_with_ids_a_strategy_sees_the_rows_in_one_order(self):
        for order in ([0, 1, 2], [2, 0, 1]):
            rows = query(Nearest(), 3, ids=np.array(IDS)[order], embed=EMBED[order])
            assert (seen[-1].keys[1:] > seen[-1].keys[:-1]).all()
            assert np.array(IDS)[order][rows].tolist() == IDS[::-1]

    def test_evidence_that_is_none_is_absent(self):
        assert query("margin", 1, probs=PROBS, decision=None).tolist() == [1]


class TestContext:
    def test_labelled_rows_and_labels_reach_the_strategy(self):
        query(Nearest(), 1, embed=EMBED, labelled={"embed": EMBED[:2]}, labels=[1, -1])
        assert seen[-1].labelled.embed.tolist() == EMBED[:2].tolist()
        assert seen[-1].labels.tolist() == [1, -1]

    def test_without_labels_answers_are_pending(self):
        query(Nearest(), 1, embed=EMBED, labelled={"embed": EMBED[:2]})
        assert seen[-1].labels.tolist() == [-1, -1]

    def test_targets_default_to_pool_and_labelled(self):
        query(Covers(), 1, embed=EMBED, labelled={"embed": EMBED[:2] + 9})
        assert sorted(seen[-1].targets.embed[:, 0].tolist()) == [0.0, 2.0, 4.0, 9.0, 11.0]
        query(Covers(), 1, embed=EMBED)
        assert len(seen[-1].targets) == 3

    def test_targets_carry_what_pool_and_labelled_both_have(self):
        query(Covers(), 1, embed=EMBED, probs=PROBS, labelled={"embed": EMBED[:2]})
        assert seen[-1].targets.probs is None
        assert len(seen[-1].targets.embed) == 5

    def test_targets_of_one_s_own(self):
        query(Covers(), 1, embed=EMBED, targets={"embed": EMBED[:1]})
        assert seen[-1].targets.embed.tolist() == EMBED[:1].tolist()

    def test_default_targets_are_a_sample_by_item(self):
        ids = [str(i) for i in range(200)]
        view = View.of({"embed": np.arange(200.0)[:, None]}, ids=ids)
        sample = set(default_targets(view, 20).ids)
        assert len(sample) == 20
        assert set(default_targets(view.take(np.arange(200)[::-1]), 20).ids) == sample
        assert len(default_targets(view)) == 200 < TARGETS

    def test_votes_reach_the_strategy(self):
        votes = Ragged(np.array([[0, 1], [1, 1]]), np.array([0, 2, 2]))
        query(Counts(), 1, embed=EMBED, labelled={"embed": EMBED[:2]}, votes=votes)
        assert seen[-1].votes is votes


class TestNames:
    def test_unknown_strategy(self):
        refuses(
            UnknownName,
            "no strategy is called 'margni': did you mean 'margin' or 'min-margin'?",
            "margni",
            1,
            probs=PROBS,
        )

    def test_unknown_evidence(self):
        refuses(BadInput, "no evidence is called 'prob': did you mean 'probs'?", "margin", 1, prob=PROBS)
        tail = "known: cost, decision, draws, elements, embed, head, mean_var, paths, places, probs"
        refuses(BadInput, f"no evidence is called 'x': {tail}", "margin", 1, probs=PROBS, labelled={"x": PROBS})

    def test_public_names(self):
        assert querist.query is query
        with pytest.raises(AttributeError, match=r"^module 'querist' has no attribute 'quary'$"):
            querist.quary  # noqa: B018


class TestCount:
    @pytest.mark.parametrize("n", [-1, 1.5, "3", None])
    def test_n(self, n):
        refuses(BadInput, f"n must be a whole number, 0 or more: got {n!r}", "margin", n, probs=PROBS)


class TestMissing:
    def test_evidence(self):
        refuses(MissingEvidence, "strategy 'bald' needs draws: got probs; pass draws=…", "bald", 1, probs=PROBS)
        refuses(
            MissingEvidence, "strategy 'egl' needs embed, probs: got nothing; pass embed=…, probs=…", "egl", 1, ids=IDS
        )

    def test_either(self):
        message = "strategy 'margin' needs probs or decision: got embed; pass probs=…"
        refuses(MissingEvidence, message, "margin", 1, embed=EMBED)

    def test_rows(self):
        message = "no rows were given: pass evidence such as probs=…, or ids=…"
        refuses(MissingEvidence, message, "random", 1)

    def test_evidence_of_labelled_rows(self):
        message = "strategy 'Nearest' needs embed of the labelled rows too: got probs; pass labelled={'embed': …}"
        refuses(MissingEvidence, message, Nearest(), 1, embed=EMBED, labelled={"probs": PROBS})

    def test_evidence_of_targets(self):
        message = "strategy 'Covers' needs embed of the targets rows too: got probs; pass targets={'embed': …}"
        refuses(MissingEvidence, message, Covers(), 1, embed=EMBED, targets={"probs": PROBS})

    def test_votes(self):
        message = "strategy 'Counts' needs votes: pass votes=…, or several annotators in a study"
        refuses(MissingEvidence, message, Counts(), 1, embed=EMBED, labelled={"embed": EMBED})

    def test_labelled_rows_of_labels(self):
        message = "labels and votes belong to rows already asked: pass labelled={…}, their evidence, as well"
        refuses(BadInput, message, Nearest(), 1, embed=EMBED, labels=[0, 1])
        refuses(BadInput, message, Nearest(), 1, embed=EMBED, votes=Ragged(EMBED, np.array([0, 3])))

    def test_all_that_is_missing_is_named(self):
        message = "strategy 'Picky' needs cost, probs or decision: got embed; pass cost=…, probs=…"
        refuses(MissingEvidence, message, Picky(), 1, embed=EMBED)
        with pytest.raises(MissingEvidence, match="needs cost, probs or decision, and the learner gives embed"):
            evidence_for(Picky(), "Picky", frozenset({"embed"}))

    def test_what_a_learner_cannot_give(self):
        message = (
            "strategy 'bald' needs draws, and the learner gives embed, probs: choose another strategy, or a learner "
            "that gives it (see `querist learners`)"
        )
        with pytest.raises(MissingEvidence) as caught:
            evidence_for(querist._query.resolve("bald")[0], "bald", frozenset({"probs", "embed"}))
        assert str(caught.value) == message


class TestRows:
    def test_unequal_rows(self):
        message = "all evidence must have the same number of rows, 3: probs has 3, embed has 2"
        refuses(BadEvidence, message, "egl", 1, probs=PROBS, embed=EMBED[:2])
        message = "all evidence must have the same number of rows, 2: probs has 3"
        refuses(BadEvidence, message, "margin", 1, probs=PROBS, ids="ab")

    def test_ids_that_occur_twice(self):
        message = "ids must be distinct: 'img_a' occurs twice"
        refuses(BadData, message, "margin", 1, probs=PROBS, ids=[*IDS[:2], "img_a"])

    def test_group(self):
        refuses(BadEvidence, "group must have one value per row, 3: got 2", "margin", 1, probs=PROBS, group=["p", "q"])
        assert query("margin", 1, probs=PROBS, group=["p", "q", "p"]).tolist() == [1]

    def test_labels(self):
        given = {"embed": EMBED, "labelled": {"embed": EMBED[:2]}}
        message = "labels must have one value per labelled row, 2: got 3"
        refuses(BadEvidence, message, Nearest(), 1, labels=[0, 1, 0], **given)
        message = "labels must be integer class codes [L], -1 for a pending answer: got "
        refuses(BadEvidence, message + "float64 (2,)", Nearest(), 1, labels=[0.0, 1.0], **given)
        refuses(BadEvidence, message + "int64 (2, 1)", Nearest(), 1, labels=[[0], [1]], **given)
        message = "labels must be class codes from 0, or -1 for a pending answer: got -2"
        refuses(BadEvidence, message, Nearest(), 1, labels=[0, -2], **given)

    def test_labels_of_a_regression(self):
        given = {"embed": EMBED, "labelled": {"embed": EMBED[:2]}}
        message = "labels must be real numbers [L] for a regression strategy, NaN for a pending answer: got "
        refuses(BadEvidence, message + "<U1 (2,)", Measures(), 1, labels=["a", "b"], **given)
        refuses(BadEvidence, message + "float64 (2, 1)", Measures(), 1, labels=[[0.0], [1.0]], **given)
        message = "labels must be finite, or NaN for a pending answer: row 1 is not"
        refuses(BadEvidence, message, Measures(), 1, labels=[0.5, np.inf], **given)
        message = "labels must have one value per labelled row, 2: got 1"
        refuses(BadEvidence, message, Measures(), 1, labels=[0.5], **given)
        query(Measures(), 1, labels=[-1, np.nan], **given)
        assert seen[-1].outcomes.tolist() == pytest.approx([-1.0, np.nan], nan_ok=True)
        assert seen[-1].labels.tolist() == [-1, -1]

    def test_evidence_of_a_regression(self):
        message = "mean_var must hold variances of 0 or more: row 1 (item 'img_b') holds -0.5"
        refuses(BadEvidence, message, Nearest(), 1, embed=EMBED[:2], ids=IDS[:2], mean_var=[[0.0, 1.0], [0.0, -0.5]])
        assert len(query(Nearest(), 1, embed=EMBED[:2], draws=[[[3.0], [-1.0]], [[0.0], [7.0]]])) == 1


class TestForm:
    def test_rows_of_unequal_length(self):
        message = "probs must be an array: its rows have unequal lengths"
        refuses(BadEvidence, message, "margin", 1, probs=[[0.5, 0.5], [1.0]])

    @pytest.mark.parametrize("value", [0.5, np.float64(0.5), "0.5", {0.5}])
    def test_something_that_is_no_array(self, value):
        message = f"probs must be an array with a row per item: got {type(value).__name__}"
        refuses(BadEvidence, message, "margin", 1, probs=value)

    @pytest.mark.parametrize("part", ["labelled", "targets"])
    def test_an_array_in_place_of_a_mapping(self, part):
        message = f"{part} must map names of evidence to arrays, as {{'embed': …}}: got ndarray"
        refuses(BadInput, message, Covers(), 1, embed=EMBED, **{part: EMBED})

    def test_a_sparse_matrix(self):
        message = (
            "embed must be a dense array: got csr_matrix; reduce it, for example with TruncatedSVD, or pass .toarray()"
        )
        refuses(BadEvidence, message, Nearest(), 1, embed=sparse.csr_matrix(EMBED))

    @pytest.mark.parametrize("dtype", [bool, str, object, complex])
    def test_numbers_of_another_kind(self, dtype):
        value = EMBED.astype(dtype)
        refuses(BadEvidence, f"embed must hold real numbers: got {value.dtype}", Nearest(), 1, embed=value)

    @pytest.mark.parametrize(
        ("need", "value", "wanted"),
        [
            ("probs", np.ones(3), "[N, C]"),
            ("probs", np.ones((3, 1, 1)), "[N, C]"),
            ("decision", np.ones(3), "[N, C], or [N, 1] for two classes"),
            ("draws", PROBS, "[N, K, C]"),
            ("mean_var", np.ones(3), "[N, 2]"),
            ("embed", np.ones(3), "[N, D]"),
            ("cost", np.ones((3, 1)), "[N]"),
        ],
    )
    def test_shapes(self, need, value, wanted):
        message = f"{need} must have the shape {wanted} with N = 3: got {value.shape}"
        refuses(BadEvidence, message, "random", 1, **{need: value})

    def test_two_columns_of_mean_and_variance(self):
        message = "mean_var must have two columns, mean and variance: got (3, 3)"
        refuses(BadEvidence, message, "random", 1, mean_var=np.ones((3, 3)))

    def test_an_empty_axis(self):
        message = "draws must not have an empty axis: got (3, 0, 2)"
        refuses(BadEvidence, message, "bald", 1, draws=np.ones((3, 0, 2)))

    def test_starts_of_runs(self):
        for starts in ([0, 2, 1, 3], [0, 1, 2, 4], [1, 1, 2, 3]):
            message = f"elements.starts must rise from 0 to 3 in 4 steps: got 4 values, {starts[:1]} … {starts[-1:]}"
            refuses(BadEvidence, message, "random", 1, ids=IDS, elements=Ragged(EMBED, np.array(starts)))

    def test_widths_of_the_context(self):
        message = "labelled embed must be as wide as embed: got (1, 3) beside (3, 2)"
        refuses(BadEvidence, message, Nearest(), 1, embed=EMBED, labelled={"embed": np.ones((1, 3))})
        message = "targets embed must be as wide as embed: got (1, 3) beside (3, 2)"
        refuses(BadEvidence, message, Covers(), 1, embed=EMBED, targets={"embed": np.ones((1, 3))})

    def test_the_head(self):
        message = "head must have weight [C, D] and bias [C] with D = 2: got "
        for weight, bias in (((4, 3), (4,)), ((4, 2), (3,)), ((4,), (4,))):
            head = Head(np.ones(weight), np.ones(bias))
            refuses(BadEvidence, f"{message}{weight} and {bias}", "random", 1, embed=EMBED, head=head)
        head = Head(np.full((4, 2), np.nan), np.ones(4))
        refuses(BadEvidence, "head weight must be finite; mend the model", "random", 1, embed=EMBED, head=head)
        message = "head prior must be a positive precision, or None when it is not known: got 0.0"
        refuses(BadEvidence, message, "random", 1, embed=EMBED, head=Head(np.ones((4, 2)), np.ones(4), prior=0.0))


class TestValues:
    @pytest.mark.parametrize(("bad", "text"), [(np.nan, "nan"), (np.inf, "inf"), (-np.inf, "-inf")])
    def test_not_finite(self, bad, text):
        value = EMBED.copy()
        value[1, 1] = bad
        message = f"embed must be finite: row 1 (item 'img_b') holds {text}; drop the item or mend the model"
        refuses(BadEvidence, message, Nearest(), 1, embed=value, ids=IDS)
        message = message.replace("embed", "labelled embed").replace("img_b", "labelled/1")
        refuses(BadEvidence, message, Nearest(), 1, embed=EMBED, labelled={"embed": value})

    def test_not_finite_in_a_run(self):
        runs = Ragged(np.array([1.0, 2.0, np.nan]), np.array([0, 0, 2, 3]))
        message = "paths must be finite: row 2 (item 'img_c') holds a value that is not"
        refuses(BadEvidence, message, "random", 1, ids=IDS, paths=runs)

    def test_negative(self):
        value = PROBS.copy()
        value[2] = [-0.25, 1.25]
        message = "probs must not be negative: row 2 (item 'img_c') holds -0.25"
        refuses(BadEvidence, message, "margin", 1, probs=value, ids=IDS)

    @pytest.mark.parametrize("dtype", [np.float64, np.float32, np.float16, np.int64])
    def test_sums(self, dtype):
        value = np.array([[1, 0], [1, 1]], dtype)
        message = (
            "probs rows must sum to 1: row 1 (item '1') sums to 2; give probabilities, not logits or "
            "unnormalised scores"
        )
        refuses(BadEvidence, message, "margin", 1, probs=value)

    def test_sums_of_draws(self):
        draws = np.full((3, 2, 2), 0.5)
        draws[1, 0] = [0.9, 0.9]
        message = (
            "draws rows must sum to 1: row 1 (item 'img_b') sums to 1.8; give probabilities, not logits or "
            "unnormalised scores"
        )
        refuses(BadEvidence, message, "bald", 1, draws=draws, ids=IDS)

    @pytest.mark.parametrize(("dtype", "off"), [(np.float64, 9e-6), (np.float32, 9e-4), (np.float16, 0.02)])
    def test_sums_may_be_off_by_rounding(self, dtype, off):
        query("margin", 1, probs=np.array([[0.5 + off, 0.5]], dtype))

    def test_views_without_rows_are_fine(self):
        check_view(View.of({"probs": np.empty((0, 3)), "embed": np.empty((0, 2))}, ids=[]))
