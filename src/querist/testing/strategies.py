"""The conformance suite of query strategies, for the built-in ones and for yours.

In a test file of your own, with pytest installed::

    from querist.testing.strategies import StrategySuite

    class TestMine(StrategySuite):
        strategy = Mine()

Evidence is made up from what the strategy declares in ``needs``, ``either`` and ``context``; nothing else is asked
of it. A strategy that passes behaves well under ties, shards, duplicated rows, certain predictions, other array
libraries and other precisions, and never touches its inputs or anybody else's chance.
"""

from __future__ import annotations

import dataclasses
import random
from collections.abc import Callable, Collection
from typing import Any, ClassVar, cast

import numpy as np
import pytest
from numpy.typing import NDArray

from querist import _arrays
from querist._arrays import Floats, Rows
from querist._check import check_view
from querist._query import choose_from, query, resolve
from querist.engines import merge
from querist.errors import BadEvidence, MissingEvidence
from querist.strategies.protocol import Strategy, host
from querist.testing.views import (
    Change,
    Sizes,
    arguments,
    change_arrays,
    first_class,
    limit,
    make_rows,
    make_view,
    one_hot,
    permute_classes,
    repeat_rows,
    sort_rows,
    with_context,
)
from querist.view import NEEDS, Draw, Head, Need, Ragged, Selection, View

CONTEXT = frozenset({"labelled", "asked", "targets", "outcomes", "votes", "past", "group", "time"})
_CERTAIN: dict[str, Change] = {"one-hot": one_hot, "one class": first_class}


class StrategySuite:
    """What holds for every strategy; set ``strategy`` to an object, or to the name of a registered one."""

    strategy: ClassVar[Strategy | str]

    @pytest.fixture
    def rule(self) -> Strategy:
        """Give the strategy under test."""
        return resolve(self.strategy)[0]

    def test_is_a_frozen_dataclass_that_says_what_it_needs(self, rule: Strategy) -> None:
        """Its fields are its parameters, and its declarations are words that views know."""
        made = getattr(rule, "__dataclass_params__", None)
        assert made is not None
        assert made.frozen
        assert {*rule.needs, *rule.either} <= set(NEEDS)
        assert rule.context <= CONTEXT
        assert all(rule.about)

    @pytest.mark.parametrize(("rows", "n"), [(0, 3), (1, 1), (1, 3), (2, 1), (8, 0), (8, 3), (8, 8), (8, 11)])
    def test_gives_as_many_distinct_rows_as_asked_for(self, rule: Strategy, rows: int, n: int) -> None:
        """Exactly min(n, N) rows, each once, with a finite value."""
        view = sort_rows(make_view(rule, rows))
        _check_selection(_choose(rule, view, n), min(n, rows), rows)

    def test_best_comes_first(self, rule: Strategy) -> None:
        """A shorter batch is the start of a longer one, and values fall along it, unless picks act on each other."""
        if rule.joint:
            return
        view = make_view(rule, 12)
        chosen = _choose(rule, view, 12)
        assert _choose(rule, view, 5).rows.tolist() == chosen.rows[:5].tolist()
        if chosen.propensity is None:
            assert chosen.value.tolist() == sorted(chosen.value, reverse=True)
            assert chosen.value.tolist() == _scores(rule, view)[chosen.rows].tolist()

    @pytest.mark.parametrize("tied", [False, True])
    def test_row_order_plays_no_part_when_ids_are_given(self, rule: Strategy, tied: bool) -> None:
        """The same items are picked from a shuffled pool, also when many rows score the same."""
        view = _tied(make_view(rule, 24)) if tied else make_view(rule, 24)
        expected = _ids(view, _query(rule, view, 7))
        for seed in range(3):
            shuffled = view.take(np.random.default_rng(seed).permutation(len(view)))
            assert _ids(shuffled, _query(rule, shuffled, 7)) == expected

    def test_chance_breaks_ties(self, rule: Strategy) -> None:
        """Among rows that are all the same, the seed decides and not the position."""
        view = repeat_rows(make_view(rule, 1), np.zeros(12, np.intp))
        picks = {frozenset(_query(rule, view, 3, seed=seed).tolist()) for seed in range(8)}
        assert len(picks) > 1

    @pytest.mark.parametrize("shards", [1, 2, 3, 7])
    @pytest.mark.parametrize("tied", [False, True])
    def test_shards(self, rule: Strategy, shards: int, tied: bool) -> None:
        """Any cut of the pool gives the same picks; joint ones: one shard does, more give valid picks."""
        view = sort_rows(_tied(make_view(rule, 30)) if tied else make_view(rule, 30))
        parts = [view.take(rows) for rows in np.array_split(np.arange(30), shards)]
        survivors, scores, chosen = merge.run(rule, parts, n=6, draw=Draw(0))
        _check_selection(chosen, 6, len(survivors))
        assert scores.tolist() == pytest.approx(_scores(rule, view)[np.searchsorted(view.keys, survivors.keys)])
        backwards, _, again = merge.run(rule, parts[::-1], n=6, draw=Draw(0))
        assert _ids(backwards, again.rows) == _ids(survivors, chosen.rows)
        if not rule.joint or shards == 1:
            whole = _choose(rule, view, 6)
            assert _ids(survivors, chosen.rows) == _ids(view, whole.rows)
            assert chosen.value.tolist() == pytest.approx(whole.value)
            assert (chosen.propensity is None) == (whole.propensity is None)
            if chosen.propensity is not None and whole.propensity is not None:
                assert chosen.propensity.tolist() == pytest.approx(whole.propensity)

    def test_layout_of_memory_plays_no_part(self, rule: Strategy) -> None:
        """Tables stored by columns, as data frames are, give the same picks, and the same scores to the last digit."""
        view = sort_rows(make_view(rule, 24, sizes=Sizes(classes=11, members=9, features=12)))
        columns = change_arrays(view, lambda name, value: np.asfortranarray(value))
        assert _choose(rule, columns, 7).rows.tolist() == _choose(rule, view, 7).rows.tolist()
        if not rule.joint:  # the scores of a joint strategy may come from a matrix product, true to rounding
            assert _scores(rule, columns).tolist() == _scores(rule, view).tolist()

    @pytest.mark.parametrize("kind", sorted(_CERTAIN))
    @pytest.mark.parametrize("classes", [1, 2, 5])
    def test_certain_predictions(self, rule: Strategy, kind: str, classes: int) -> None:
        """Probabilities of exactly 0 and 1, and a single class, still give finite values and full batches."""
        view = sort_rows(change_arrays(make_view(rule, 9, sizes=Sizes(classes=classes)), _CERTAIN[kind]))
        assert np.isfinite(_scores(rule, view)).all()
        _check_selection(_choose(rule, view, 4), 4, 9)

    @pytest.mark.parametrize("n", [3, 20])
    def test_copies_of_a_row_are_items_of_their_own(self, rule: Strategy, n: int) -> None:
        """No row is picked twice, and no batch falls short, when rows repeat."""
        view = sort_rows(_tied(make_view(rule, 20)))
        _check_selection(_choose(rule, view, n), n, 20)

    @pytest.mark.parametrize("classes", [2, 4])
    def test_names_of_classes_play_no_part(self, rule: Strategy, classes: int) -> None:
        """Permuting the classes, and with them the one that a strategy may name, leaves the picks as they are."""
        sizes = limit(rule, Sizes(classes=classes))
        view = sort_rows(make_view(rule, 20, sizes=sizes))
        order = np.roll(np.arange(sizes.classes), 1)
        permuted, renamed = permute_classes(view, order), _renamed(rule, order)
        assert np.allclose(_scores(renamed, permuted), _scores(rule, view), rtol=1e-9, atol=1e-12)
        assert _choose(renamed, permuted, 6).rows.tolist() == _choose(rule, view, 6).rows.tolist()

    def test_inputs_stay_as_they_are(self, rule: Strategy) -> None:
        """Read-only arrays work, and nothing is written to them."""
        view = sort_rows(make_view(rule, 15))
        before = _listed(view)
        locked = change_arrays(view, _locked)
        _choose(rule, locked, 5)
        merge.run(rule, [locked], n=5, draw=Draw(0))
        assert _listed(locked) == before

    def test_global_chance_is_left_alone(self, rule: Strategy) -> None:
        """Neither NumPy's nor Python's global generator moves."""
        view = sort_rows(make_view(rule, 15))
        before = repr(np.random.get_state()), random.getstate()  # noqa: NPY002
        _choose(rule, view, 5)
        assert (repr(np.random.get_state()), random.getstate()) == before  # noqa: NPY002

    def test_same_seed_same_picks(self, rule: Strategy) -> None:
        """A seed settles everything; a strategy with chance draws anew in another round or under another seed."""
        view = sort_rows(_tied(make_view(rule, 24)))
        first, second = _choose(rule, view, 6), _choose(rule, view, 6)
        assert first.rows.tolist() == second.rows.tolist()
        assert first.value.tolist() == second.value.tolist()
        if first.propensity is not None:
            view = sort_rows(make_view(rule, 24))
            assert len({tuple(_choose(rule, view, 6, Draw(0, p)).rows.tolist()) for p in range(8)}) > 1
            assert len({tuple(_choose(rule, view, 6, Draw(s)).rows.tolist()) for s in range(8)}) > 1

    @pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
    def test_evidence_that_is_not_finite_is_an_error_that_names_the_item(self, rule: Strategy, bad: float) -> None:
        """The message names the item and the evidence."""
        view = make_view(rule, 9)
        for need in view.evidence():
            broken, name = _spoilt(view, need, bad)
            with pytest.raises(BadEvidence, match=rf"^{need}.* must be finite.*{name}"):
                _query(rule, broken, 3)
            if view.labelled is not None and need != "head" and getattr(view.labelled, need) is not None:
                asked = dataclasses.replace(view, labelled=_spoilt(view.labelled, need, bad)[0])
                with pytest.raises(BadEvidence, match=rf"^labelled {need} must be finite.*labelled/"):
                    _query(rule, asked, 3)

    def test_evidence_of_a_wrong_shape_is_an_error(self, rule: Strategy) -> None:
        """A missing row or axis is found before anything is computed."""
        given = arguments(make_view(rule, 9))
        for need in {*rule.needs, *rule.either[:1]} - {"head"}:
            value = given[need]
            short = value.take(np.arange(8)) if isinstance(value, Ragged) else value[:8]
            with pytest.raises(BadEvidence, match=need):
                query(rule, 3, **{**given, need: short})
            if not isinstance(value, Ragged):
                with pytest.raises(BadEvidence, match=need):
                    query(rule, 3, **{**given, need: value[:, None]})

    def test_missing_evidence_is_an_error_that_says_what_to_pass(self, rule: Strategy) -> None:
        """The message names what is missing."""
        ids = make_view(rule, 3).ids
        for need in [*rule.needs, *rule.either[:1]]:
            with pytest.raises(MissingEvidence, match=rf"needs .*{need}.*pass .*{need}=…"):
                query(rule, 1, ids=ids)

    @pytest.mark.parametrize("library", ["array_api_strict", "torch"])
    def test_array_libraries_agree(self, rule: Strategy, library: str) -> None:
        """The same picks and, to rounding, the same scores, whatever library holds the arrays."""
        xp = pytest.importorskip(library)
        view = sort_rows(make_view(rule, 20))
        foreign = change_arrays(view, lambda name, value: xp.asarray(value.copy()))
        assert np.allclose(_scores(rule, foreign), _scores(rule, view), rtol=1e-9, atol=1e-12)
        assert _choose(rule, foreign, 6).rows.tolist() == _choose(rule, view, 6).rows.tolist()

    def test_single_precision_is_computed_in_double(self, rule: Strategy) -> None:
        """Rows in float32 are picked as the same numbers in float64 would be."""
        narrow = change_arrays(sort_rows(make_view(rule, 20)), lambda name, value: value.astype(np.float32))
        wide = change_arrays(narrow, lambda name, value: value.astype(np.float64))
        assert _scores(rule, narrow).tolist() == _scores(rule, wide).tolist()
        assert _choose(rule, narrow, 6).rows.tolist() == _choose(rule, wide, 6).rows.tolist()

    def test_scores_are_row_wise(self, rule: Strategy, monkeypatch: pytest.MonkeyPatch) -> None:
        """Some rows score what they score within the pool, in any block size."""
        view = sort_rows(make_view(rule, 20))
        expected = _scores(rule, view)
        some = np.array([17, 3, 4, 11])
        assert np.allclose(_scores(rule, view.take(some)), expected[some], rtol=1e-10, atol=1e-12)
        monkeypatch.setattr(_arrays, "BLOCK_BYTES", 64)
        assert np.allclose(_scores(rule, view), expected, rtol=1e-10, atol=1e-12)

    @pytest.mark.parametrize("asked", ["nothing", "no rows", "no answers"])
    def test_starts_cold(self, rule: Strategy, asked: str) -> None:
        """Before the first row is asked, and before the first answer comes, it picks all the same."""
        view = sort_rows(make_view(rule, 12))
        if view.labelled is None:
            return
        _check_selection(_choose(rule, _COLD[asked](view), 4), 4, 12)

    def test_looks_at_nothing_that_it_does_not_declare(self, rule: Strategy) -> None:
        """Evidence and context that it has not asked for change nothing."""
        rng, sizes = np.random.default_rng(0), limit(rule, Sizes())
        rows = make_rows([f"item_{i:02d}" for i in range(12)], NEEDS, rng, sizes)
        every = sort_rows(with_context(rows, CONTEXT, rng, sizes))
        declared = _only(_context_only(every, rule.context), {*rule.needs, *rule.either})
        assert _choose(rule, every, 4).rows.tolist() == _choose(rule, declared, 4).rows.tolist()

    def test_either_kind_of_evidence_is_enough(self, rule: Strategy) -> None:
        """Each kind does alone, and the first that is there is the one used."""
        full = sort_rows(make_view(rule, 12, needs={*rule.needs, *rule.either}))
        for at, kind in enumerate(rule.either):
            alone = _choose(rule, _only(full, {*rule.needs, kind}), 4)
            with_later = _choose(rule, _only(full, {*rule.needs, *rule.either[at:]}), 4)
            _check_selection(alone, 4, 12)
            assert alone.rows.tolist() == with_later.rows.tolist()


def _choose(rule: Strategy, view: View, n: int, draw: Draw | None = None) -> Selection:
    check_view(view)
    return choose_from(rule, view, n=n, draw=draw or Draw(0))


def _query(rule: Strategy, view: View, n: int, seed: int = 0) -> Rows:
    return query(rule, n, seed=seed, **arguments(view))


def _scores(rule: Strategy, view: View) -> Floats:
    scores = host(rule.score(view, Draw(0)))
    assert scores.shape == (len(view),)
    return scores


def _ids(view: View, rows: Rows) -> list[str]:
    return [view.ids[row] for row in rows.tolist()]


def _renamed(rule: Strategy, order: NDArray[np.intp]) -> Strategy:
    """Give a strategy that seeks the same class where the classes are in another order."""
    target = getattr(rule, "target", None)
    return (
        rule if target is None else dataclasses.replace(cast(Any, rule), target=int(np.flatnonzero(order == target)[0]))
    )


def _check_selection(chosen: Selection, n: int, size: int) -> None:
    assert chosen.rows.dtype == np.intp
    assert len(set(chosen.rows.tolist())) == len(chosen.rows) == n
    assert all(0 <= row < size for row in chosen.rows.tolist())
    assert chosen.value.shape == (n,)
    assert chosen.value.dtype == np.float64
    assert np.isfinite(chosen.value).all()
    if chosen.propensity is not None:
        assert chosen.propensity.shape == (n,)
        assert ((chosen.propensity > 0) & (chosen.propensity <= 1)).all()


def _tied(view: View) -> View:
    return repeat_rows(view, np.random.default_rng(5).integers(0, 3, len(view)))


def _locked(name: str, value: NDArray[Any]) -> NDArray[Any]:
    locked = value.copy()
    locked.setflags(write=False)
    return locked


def _listed(view: View) -> list[tuple[str, Any]]:
    """List every array of evidence, of the rows and of the context."""
    found: list[tuple[str, Any]] = []
    change_arrays(view, lambda name, value: found.append((name, value.tolist())))
    return found


def _only(view: View, needs: Collection[str]) -> View:
    """Drop all other evidence, of the rows and of the context."""
    values: dict[str, Any] = {need: None for need in NEEDS if need not in needs}
    for part in ("labelled", "targets"):
        other = getattr(view, part)
        values[part] = None if other is None else _only(other, needs)
    return dataclasses.replace(view, **values)


def _context_only(view: View, context: Collection[str]) -> View:
    """Drop the other parts of the context."""
    asked = view if {"labelled", "asked", "outcomes", "votes"} & set(context) else _unasked(view)
    if asked.labelled is not None and not {"labelled", "outcomes", "votes"} & set(context):
        asked = dataclasses.replace(asked, labelled=_only(asked.labelled, ()))
    parts: dict[str, Any] = {
        "outcomes": asked.outcomes if "outcomes" in context else asked.outcomes[:0],
        "votes": asked.votes if "votes" in context else None,
        "targets": view.targets if "targets" in context else None,
        "past": view.past if "past" in context else (),
        "group": view.group if "group" in context else None,
        "time": view.time if "time" in context else None,
    }
    return dataclasses.replace(asked, **parts)


def _spoilt(view: View, need: Need, bad: float) -> tuple[View, str]:
    """Put a bad number into one kind of evidence; gives the view and the id of the item (empty for the head)."""
    value = getattr(view, need)
    if isinstance(value, Head):
        weight = value.weight.copy()
        weight[0, 0] = bad
        return dataclasses.replace(view, head=dataclasses.replace(value, weight=weight)), ""
    filled = np.flatnonzero(np.diff(value.starts)) if isinstance(value, Ragged) else np.arange(len(view))
    row = int(filled[-2])
    flat = (value.values if isinstance(value, Ragged) else value).copy()
    at = int(value.starts[row]) if isinstance(value, Ragged) else row
    flat[(at, *(0,) * (flat.ndim - 1))] = bad
    broken = dataclasses.replace(value, values=flat) if isinstance(value, Ragged) else flat
    return dataclasses.replace(view, **{need: broken}), view.ids[row]  # type: ignore[arg-type]


def _unasked(view: View) -> View:
    return dataclasses.replace(view, labelled=None, labels=view.labels[:0], outcomes=view.outcomes[:0], votes=None)


def _no_rows(view: View) -> View:
    assert view.labelled is not None
    none = np.empty(0, np.intp)
    votes = None if view.votes is None else view.votes.take(none)
    labelled = view.labelled.take(none)
    return dataclasses.replace(view, labelled=labelled, labels=view.labels[:0], outcomes=view.outcomes[:0], votes=votes)


def _no_answers(view: View) -> View:
    pending = np.full_like(view.outcomes, np.nan)
    return dataclasses.replace(view, labels=np.full_like(view.labels, -1), outcomes=pending)


_COLD: dict[str, Callable[[View], View]] = {"nothing": _unasked, "no rows": _no_rows, "no answers": _no_answers}
