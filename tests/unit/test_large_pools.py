"""What changes for large pools: a compiled check, cores side by side, and scores in full only where they matter."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from querist import _check, choose
from querist._arrays import within_top
from querist._check import check_view
from querist._draw import key_of
from querist._load import builtin, find
from querist._parallel import in_threads
from querist._query import _Numbered, choose_from, query
from querist.errors import BadEvidence
from querist.scores import estimates
from querist.scores.estimates import Estimate
from querist.strategies.protocol import About, Strategy
from querist.view import Draw, View

IDS = [f"item_{i:03d}" for i in range(300)]


def rows_of(classes, dtype=np.float64, members=None):
    shape = (len(IDS),) if members is None else (len(IDS), members)
    return np.random.default_rng(classes).dirichlet(np.ones(classes), shape).astype(dtype)


def message(need, value):
    try:
        check_view(View.of({need: value}, ids=IDS))
    except BadEvidence as error:
        return str(error)
    return None


@pytest.fixture
def compiled(monkeypatch):
    """Let evidence of any size count as large."""
    monkeypatch.setattr(_check, "WORTH", 0)


class TestCheck:
    @pytest.mark.parametrize("dtype", [np.float32, np.float64])
    @pytest.mark.parametrize("classes", [1, 2, 16, 17, 33, 1000])
    def test_sound_evidence_passes(self, compiled, dtype, classes):
        assert _check._is_sound(rows_of(classes, dtype), True)
        assert _check._is_sound(rows_of(classes, dtype, 3), True)
        assert message("probs", rows_of(classes, dtype)) is None

    @pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf, -0.5, 2.0])
    @pytest.mark.parametrize("classes", [2, 40])
    @pytest.mark.parametrize("row", [0, 150, 299])
    def test_the_message_is_that_of_the_plain_check(self, monkeypatch, bad, classes, row):
        probs = rows_of(classes)
        probs[row, -1] = bad
        plain = message("probs", probs)
        assert f"item_{row:03d}" in plain
        monkeypatch.setattr(_check, "WORTH", 0)
        assert not _check._is_sound(probs, True)
        assert message("probs", probs) == plain

    def test_a_negative_number_does_not_hide_in_a_sum_of_one(self, compiled):
        probs = rows_of(2)
        probs[7] = [1.5, -0.5]
        assert message("probs", probs).startswith("probs must not be negative: row 7 (item 'item_007') holds -0.5")

    @pytest.mark.parametrize(("off", "passes"), [(0.0005, True), (0.0008, True), (0.002, False)])
    def test_the_tolerance_is_that_of_the_plain_check(self, compiled, off, passes):
        probs = rows_of(3, np.float32)
        probs[9] = [1.0 + off, 0.0, 0.0]
        assert (message("probs", probs) is None) == passes

    def test_other_evidence_must_be_finite_only(self, compiled):
        embed = np.random.default_rng(0).normal(size=(300, 7))
        assert _check._is_sound(embed, False)
        embed[3, 2] = np.nan
        assert message("embed", embed) == (
            "embed must be finite: row 3 (item 'item_003') holds nan; drop the item or mend the model"
        )

    def test_what_the_loop_cannot_read_goes_to_the_plain_check(self, compiled):
        for value in (rows_of(3, np.float16), np.eye(3, dtype=int)[np.zeros(300, int)], np.asfortranarray(rows_of(3))):
            assert not _check._is_sound(value, True)
            assert message("probs", value) is None


class TestThreads:
    @settings(deadline=None, max_examples=30)
    @given(n=st.integers(0, 20), parts=st.integers(1, 6))
    def test_the_parts_cover_every_row_once_and_in_order(self, n, parts):
        cuts = in_threads(range, n, parts=parts)
        assert [i for cut in cuts for i in cut] == list(range(n))
        assert len(cuts) == max(1, min(n, parts))

    @pytest.mark.parametrize("bad", [0, 5])
    def test_an_error_in_any_part_is_raised(self, bad):
        def kernel(start, stop):
            if start <= bad < stop:
                raise ValueError("row 5")

        with pytest.raises(ValueError, match="row 5"):
            in_threads(kernel, 6, parts=3)


class TestNumbered:
    def test_ids_are_written_when_read(self):
        ids = _Numbered("target/", 4)
        assert list(ids) == ["target/0", "target/1", "target/2", "target/3"]
        assert (len(ids), ids[-1], ids[1:3], "target/3" in ids) == (4, "target/3", ["target/1", "target/2"], True)
        with pytest.raises(IndexError):
            ids[4]

    def test_keys_are_distinct_and_of_another_range_for_another_part(self):
        pool, targets = _Numbered("", 1000).keys(), _Numbered("target/", 1000).keys()
        assert len({*pool.tolist(), *targets.tolist()}) == 2000
        assert pool[3] - pool[0] == 3
        assert int(targets[0]) == key_of("target/")


@settings(deadline=None, max_examples=80)
@given(
    values=st.lists(st.integers(0, 9), min_size=1, max_size=40),
    copies=st.sampled_from([1, 7, 40]),
    data=st.data(),
    slack=st.sampled_from([0.0, 0.5, 1.0, 2.5]),
)
def test_rows_near_the_top(values, copies, data, slack):
    numbers = np.array(values * copies, np.float32)
    n = data.draw(st.integers(1, len(numbers)))
    cut = sorted(numbers, reverse=True)[n - 1]
    assert within_top(numbers, n, slack).tolist() == [i for i, v in enumerate(numbers) if v >= cut - slack]


@dataclass(frozen=True)
class Rough(Strategy):
    """Takes the largest first feature; its estimate is off by at most ``error``, the wrong way round."""

    error: float = 0.25
    claimed: float = 0.25

    needs = frozenset({"embed"})
    about = About("test", "x", "O(N)", "test")

    def score(self, view, draw):
        scored.append(len(view))
        return view.embed[:, 0]

    def estimate(self, view):
        wrong = np.where(np.arange(len(view)) % 2, self.error, -self.error)
        return Estimate((view.embed[:, 0] + wrong).astype(np.float32), self.claimed)


scored: list[int] = []


ESTIMATING = {
    "entropy": "probs", "least-confidence": "probs", "margin": "probs", "ratio": "probs",
    "bald": "draws", "kl-consensus": "draws", "consensus-entropy": "draws", "vote-entropy": "draws",
}  # fmt: skip


class TestCheckOnTheWay:
    """An estimate checks what it reads: a fault is found there as the plain check finds it."""

    @pytest.fixture
    def large(self, monkeypatch):
        for module in (_check, estimates):
            monkeypatch.setattr(module, "WORTH", 0)

    def said(self, strategy, value):
        try:
            query(strategy, 3, seed=0, ids=IDS, **{ESTIMATING[strategy]: value})
        except BadEvidence as error:
            return str(error)
        return None

    def test_every_strategy_with_an_estimate_is_here(self):
        names = {n for n in builtin("strategies") if find("strategies", n).estimate is not Strategy.estimate}
        assert names == set(ESTIMATING)

    @pytest.mark.parametrize("strategy", ESTIMATING)
    @pytest.mark.parametrize("classes", [2, 16, 17, 1000])
    @pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf, -0.5, 2.0])
    def test_the_message_is_that_of_the_plain_check(self, monkeypatch, strategy, classes, bad):
        value = rows_of(classes, members=3 if ESTIMATING[strategy] == "draws" else None)
        value[7, ..., -1] = bad
        plain = self.said(strategy, value)
        assert "item_007" in plain
        for module in (_check, estimates):
            monkeypatch.setattr(module, "WORTH", 0)
        assert self.said(strategy, value) == plain

    @pytest.mark.parametrize("strategy", ESTIMATING)
    def test_a_negative_number_does_not_hide_in_a_sum_of_one(self, large, strategy):
        value = rows_of(2, members=3 if ESTIMATING[strategy] == "draws" else None)
        value[7] = [1.5, -0.5]
        assert "must not be negative: row 7 (item 'item_007') holds -0.5" in self.said(strategy, value)

    @pytest.mark.parametrize("strategy", ESTIMATING)
    @pytest.mark.parametrize("classes", [2, 16, 17, 1000])
    def test_sound_evidence_is_read_once(self, large, monkeypatch, strategy, classes):
        monkeypatch.setattr(_check, "_is_sound", lambda *_: pytest.fail("the evidence was checked twice"))
        assert self.said(strategy, rows_of(classes, members=3 if ESTIMATING[strategy] == "draws" else None)) is None

    def test_evidence_that_the_strategy_does_not_read_is_checked_all_the_same(self, large):
        embed = np.zeros((300, 2))
        embed[5, 1] = np.nan
        with pytest.raises(BadEvidence, match=r"embed must be finite: row 5 \(item '5'\) holds nan"):
            query("margin", 3, seed=0, probs=rows_of(3), embed=embed)


class TestEstimates:
    def choose(self, rule, embed, n):
        scored.clear()
        view = View.of({"embed": embed}, ids=[str(i) for i in range(len(embed))])
        return choose_from(rule, view, n=n, draw=Draw(0)), scored[0]

    @settings(deadline=None, max_examples=30)
    @given(seed=st.integers(0, 99), n=st.integers(1, 30), levels=st.sampled_from([5, 1000]))
    def test_the_choice_is_that_of_the_scores(self, seed, n, levels):
        embed = np.random.default_rng(seed).integers(0, levels, (400, 1)) * (9 / levels)
        plain, every = self.choose(Rough(claimed=99.0), embed, n)
        chosen, few = self.choose(Rough(), embed, n)
        assert every == 400
        assert few <= every
        assert chosen.rows.tolist() == plain.rows.tolist()
        assert chosen.value.tolist() == plain.value.tolist()

    def test_only_rows_that_may_be_chosen_are_scored(self):
        _, few = self.choose(Rough(), np.arange(400.0)[:, None], 3)
        assert few == 3

    def test_an_error_that_is_too_small_would_show(self):
        embed = np.random.default_rng(0).uniform(size=(400, 1))
        wrong, _ = self.choose(Rough(claimed=0.0), embed, 9)
        right, _ = self.choose(Rough(), embed, 9)
        assert wrong.rows.tolist() != right.rows.tolist()


def test_a_pool_without_ids_is_chosen_from_by_position():
    probs = np.full((50, 2), 0.5)
    first = choose("entropy", 5, probs=probs, seed=1)
    assert first.rows.tolist() == choose("entropy", 5, probs=probs, seed=1).rows.tolist()
    assert len({tuple(choose("entropy", 5, probs=probs, seed=s).rows.tolist()) for s in range(9)}) == 9


EVERY_STRATEGY = """
import sys
from querist._load import builtin, make
from querist._query import choose_from
from querist.testing.views import make_view, sort_rows
from querist.view import Draw

for name in builtin("strategies"):
    rule = make("strategies", name)
    view = sort_rows(make_view(rule, 100))
    assert len(choose_from(rule, view, n=9, draw=Draw(0))) == 9, name
    assert "numba" not in sys.modules, name
print(len(builtin("strategies")))
"""


def test_small_pools_never_load_the_compiler():
    done = subprocess.run([sys.executable, "-c", EVERY_STRATEGY], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) > 80
