"""Fisher information and reweighted members against brute force: whole matrices, plain loops, float64."""

from __future__ import annotations

import tracemalloc
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

import querist
from querist import _arrays
from querist.errors import BadInput
from querist.scores import information, reweighting
from querist.scores.bayes import epig
from querist.scores.information import Rowset, Variance
from querist.scores.reweighting import changes, core_mse
from querist.scores.rounding import rounded
from querist.select.bait import bait
from querist.view import Selection

Points = NDArray[np.float64]
SEEDS = st.integers(0, 10_000)


def choose(rule: str, n: int, **rows: Any) -> Selection:
    return querist.choose(rule, n, seed=0, **rows)


def scores(rule: str, n: int, **rows: Any) -> Points:
    """Score every row: the values of a batch of all, put back in place."""
    chosen = choose(rule, n, **rows)
    return chosen.value[np.argsort(chosen.rows)]


def sample(seed: int, classes: int = 3, n: int = 10, known: int = 4, features: int = 3) -> dict[str, Any]:
    rng = np.random.default_rng(seed)

    def rows(count: int) -> dict[str, Points]:
        return {"probs": rng.dirichlet(np.ones(classes), count), "embed": rng.normal(size=(count, features))}

    return {**rows(n), "labelled": rows(known), "labels": rng.integers(0, classes, known)}


def factor(p: Points, h: Points) -> Points:
    """Give V, the columns √p_y·(e_y − p) ⊗ h, over all C·D parameters."""
    return np.stack([np.kron(p[y] ** 0.5 * (np.eye(len(p))[y] - p), h) for y in range(len(p))], axis=1)


def fisher_of(p: Points, h: Points) -> Points:
    return factor(p, h) @ factor(p, h).T


def with_one(h: Points, bias: bool) -> Points:
    return np.column_stack([h, np.ones(len(h))]) if bias else h


# fisher


@given(SEEDS, st.integers(2, 4), st.booleans(), st.booleans())
@settings(max_examples=25)
def test_fisher_is_the_variance_that_the_label_would_leave(seed: int, classes: int, ratio: bool, bias: bool) -> None:
    given_ = sample(seed, classes)
    embed, asked = with_one(given_["embed"], bias), with_one(given_["labelled"]["embed"], bias)
    known = sum(fisher_of(p, h) for p, h in zip(given_["labelled"]["probs"], asked, strict=True))
    target = np.zeros_like(known)
    for p, h in zip(given_["probs"], embed, strict=True):
        if ratio:
            target += fisher_of(p, h) / len(embed)
        for c in range(0 if ratio else classes):
            gradient = np.kron(p[c] * (np.eye(classes)[c] - p), h)
            target += np.outer(gradient, gradient) / len(embed)
    expected = []
    for p, h in zip(given_["probs"], embed, strict=True):
        information_ = known + fisher_of(p, h) + 0.3 * np.eye(len(known))
        expected.append(-np.trace(target @ np.linalg.inv(information_)))
    assert scores(f"fisher(ridge=0.3, ratio={ratio}, bias={bias})", 10, **given_) == pytest.approx(expected, rel=1e-9)


def test_fisher_averages_over_the_rows_that_nobody_was_asked_about() -> None:
    given_ = sample(0)
    targets = {name: given_[name] for name in ("probs", "embed")}
    assert scores("fisher", 10, **given_, targets=targets) == pytest.approx(scores("fisher", 10, **given_), rel=1e-9)


# bait


def plain_bait(given_: dict[str, Any], n: int, ridge: float, weights: tuple[float, float], bias: bool) -> list[int]:
    """Choose by the definition: 2n rows forward, back to n, every trace from a whole inverse."""
    embed, asked = with_one(given_["embed"], bias), with_one(given_["labelled"]["embed"], bias)
    each = [fisher_of(p, h) for p, h in zip(given_["probs"], embed, strict=True)]
    target = sum(each) / len(each)
    known = sum(fisher_of(p, h) for p, h in zip(given_["labelled"]["probs"], asked, strict=True))
    start = weights[0] * known + ridge * np.eye(len(target))

    def left(rows: list[int]) -> float:
        return float(np.trace(np.linalg.inv(start + weights[1] * sum(each[i] for i in rows)) @ target))

    picked: list[int] = []
    for _ in range(min(2 * n, len(each))):
        free = [i for i in range(len(each)) if i not in picked]
        picked.append(min(free, key=lambda i: left([*picked, i])))
    while len(picked) > n:
        least = min(picked, key=lambda i: left([j for j in picked if j != i]))
        picked.remove(least)
    return picked


@given(SEEDS, st.integers(2, 4), st.integers(2, 7), st.booleans())
@settings(max_examples=25)
def test_bait_makes_the_picks_of_the_plain_algorithm(seed: int, classes: int, n: int, bias: bool) -> None:
    given_ = sample(seed, classes, n=12)
    expected = plain_bait(given_, n, 0.5, (1.0, 1.0), bias)
    assert choose(f"bait(ridge=0.5, bias={bias})", n, **given_).rows.tolist() == expected


@given(SEEDS)
@settings(max_examples=15)
def test_bait_with_the_weights_of_the_published_code(seed: int) -> None:
    """The mean over L times L/(L + n), and n/(L + n) for each row of the pool."""
    given_ = sample(seed, 3, n=12, known=5)
    expected = plain_bait(given_, 4, 1.0, (1 / 9, 4 / 9), False)
    assert choose("bait(labelled_weight=None, pool_weight=None)", 4, **given_).rows.tolist() == expected


def test_bait_values_are_what_the_trace_falls_by() -> None:
    given_ = sample(3, n=12)
    chosen = choose("bait(oversample=1)", 4, **given_)
    each = [fisher_of(p, h) for p, h in zip(given_["probs"], given_["embed"], strict=True)]
    now = sum(fisher_of(p, h) for p, h in zip(*given_["labelled"].values(), strict=True)) + np.eye(9)
    for row, value in zip(chosen.rows, chosen.value, strict=True):
        after = now + each[row]
        fall = np.trace((np.linalg.inv(now) - np.linalg.inv(after)) @ (sum(each) / 12))
        assert value == pytest.approx(fall, rel=1e-9)
        now = after


def test_bait_looks_back_and_drops_what_later_picks_made_idle() -> None:
    """The best row alone, between two others, is no longer needed once both are there."""
    embed = np.array([[3.0, 3.0], [4.0, 0.0], [0.0, 4.0], [3.9, 0.0], [0.0, 3.9]])
    given_ = {"probs": np.full((5, 2), 0.5), "embed": embed}
    forward = choose("bait(oversample=1, ridge=0.1)", 2, **given_).rows.tolist()
    back = choose("bait(ridge=0.1)", 2, **given_).rows.tolist()
    assert back == plain_bait({**given_, "labelled": {"probs": np.ones((0, 2)), "embed": np.ones((0, 2))}}, 2, 0.1,
                              (1.0, 1.0), False)  # fmt: skip
    assert forward[0] == 0
    assert sorted(back) != sorted(forward)


def test_defect_15_rows_that_settle_a_direction_for_good_give_no_infinite_gain() -> None:
    """With next to no ridge, taking a row away again is all but singular."""
    embed = np.concatenate([np.eye(3) * 1e6, np.eye(3) * 1e-6, np.ones((3, 3))])
    chosen = choose("bait(ridge=1e-12)", 4, probs=np.full((9, 2), 0.5), embed=embed)
    assert len(set(chosen.rows.tolist())) == 4
    assert np.isfinite(chosen.value).all()


def test_defect_15_certain_rows_tell_nothing() -> None:
    probs = np.array([[1.0, 0.0, 0.0], [0.5, 0.5, 0.0], [0.0, 1.0, 0.0]])
    chosen = choose("bait", 3, probs=probs, embed=np.full((3, 1), 5.0))
    assert chosen.rows[0] == 1
    assert chosen.value[1:].tolist() == [0.0, 0.0]


def test_bait_holds_no_tensor_of_the_pool() -> None:
    rng = np.random.default_rng(0)
    probs = rng.dirichlet(np.ones(5), 20_000).astype(np.float32)
    rows = Rowset(rng.normal(size=(20_000, 32)).astype(np.float32), probs)
    tracemalloc.start()
    bait(rows, Variance(np.eye(128), np.eye(128)), n=1, oversample=2.0, ties=rng.random(20_000))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    # three lists of 10 numbers a row and embeddings in float64, 5 MB each; N × C × C·D numbers in float32 are 64 MB
    assert peak < 16e6


@pytest.mark.parametrize("rule", ["bait", "fisher"])
def test_blocks_make_no_difference(rule: str, monkeypatch: pytest.MonkeyPatch) -> None:
    given_ = sample(5, n=12)
    whole = choose(rule, 12, **given_)
    monkeypatch.setattr(_arrays, "BLOCK_BYTES", 1)
    monkeypatch.setattr(information, "CACHE_BYTES", 1)
    again = choose(rule, 12, **given_)
    assert again.rows.tolist() == whole.rows.tolist()
    assert again.value == pytest.approx(whole.value, rel=1e-10)


@pytest.mark.parametrize(
    ("rule", "message"),
    [
        ("fisher(ridge=0)", "ridge must be a positive number: got 0"),
        ("bait(ridge=-1.0)", "ridge must be a positive number: got -1.0"),
        ("bait(pool_weight=0)", "pool_weight must be a positive number: got 0"),
        ("bait(labelled_weight='a')", "labelled_weight must be a positive number: got 'a'"),
        ("bait(oversample=0.5)", "oversample must be a number from 1 on: got 0.5"),
        (
            "fisher(max_bytes=9)",
            "strategy 'fisher' needs 0.0 GiB for matrices of 8 parameters, (classes − 1) × features: got max_bytes=9; "
            "reduce the embedding, for example with PCA, or raise max_bytes",
        ),
        (
            "bait(max_bytes=9)",
            "strategy 'bait' needs 0.0 GiB for matrices of 6 parameters, (classes − 1) × features: got max_bytes=9; "
            "reduce the embedding, for example with PCA, or raise max_bytes",
        ),
        ("bemps(loss='rank')", "loss must be 'mse' or 'log': got 'rank'"),
        ("bemps(share=0)", "share must be above 0 and at most 1: got 0"),
        ("bemps(targets=0)", "targets must be a whole number, 1 or more: got 0"),
    ],
)
def test_messages(rule: str, message: str) -> None:
    with pytest.raises(BadInput) as caught:
        choose(rule, 2, **sample(0), draws=np.ones((10, 2, 1)))
    assert str(caught.value) == message


# bemps


def members(seed: int, n: int, classes: int = 3, count: int = 4) -> Points:
    return np.random.default_rng(seed).dirichlet(np.ones(classes), (n, count))


def by_reweighting(x: Points, t: Points, log: bool) -> float:
    """Compute Σ_y p̄(y|x)·D(p(·|t, (x, y)), p̄(·|t)) for one row [K, C] and one target [K, C]."""
    total, before = 0.0, t.mean(axis=0)
    for y, chance in enumerate(x.mean(axis=0)):
        if chance == 0:
            continue
        after = (x[:, y] / x[:, y].sum()) @ t
        some = after > 0
        apart = (after[some] * np.log(after[some] / before[some])).sum() if log else ((after - before) ** 2).sum()
        total += chance * apart
    return total


@pytest.mark.parametrize("log", [False, True])
@given(SEEDS, st.booleans())
@settings(max_examples=20)
def test_bemps_reweights_the_members(log: bool, seed: int, certain: bool) -> None:
    draws, targets = members(seed, 6), members(seed + 1, 5)
    if certain:
        draws = np.eye(3)[draws.argmax(axis=2)]
    expected = np.array([[by_reweighting(x, t, log) for t in targets] for x in draws])
    assert changes(draws, targets, log=log) == pytest.approx(expected, rel=1e-9, abs=1e-14)
    whole = epig(draws, targets) if log else core_mse(draws, targets)
    assert whole == pytest.approx(expected.mean(axis=1), rel=1e-9, abs=1e-14)
    rule = "bemps(loss='log', share=1)" if log else "bemps(share=1)"
    assert scores(rule, 6, draws=draws, targets={"draws": targets}) == pytest.approx(expected.mean(axis=1), abs=1e-12)


def test_defect_17_members_are_weighed_before_they_are_compared() -> None:
    """The mean of the members moves; the sum of how far each member lies from it would not tell."""
    draws = np.array([[[0.9, 0.1], [0.1, 0.9]], [[0.5, 0.5], [0.5, 0.5]]])
    assert scores("bemps", 2, draws=draws, targets={"draws": draws[:1]}).tolist()[1] == 0.0


def test_defect_17_picks_are_rows_of_the_pool_and_blocks_agree(monkeypatch: pytest.MonkeyPatch) -> None:
    draws, targets = members(3, 12), {"draws": members(4, 5)}
    whole = choose("bemps(share=0.7)", 4, draws=draws, targets=targets)
    best = np.argsort(-core_mse(draws, targets["draws"]))[: int(np.ceil(0.7 * 12))]
    assert set(whole.rows.tolist()) <= set(best.tolist())
    monkeypatch.setattr(_arrays, "BLOCK_BYTES", 1)
    monkeypatch.setattr(reweighting, "CACHE_BYTES", 1)
    assert choose("bemps(share=0.7)", 4, draws=draws, targets=targets).rows.tolist() == whole.rows.tolist()
    blocked = [changes(draws, targets["draws"], log=log) for log in (True, False)]
    monkeypatch.undo()
    for log, part in zip((True, False), blocked, strict=True):
        assert part == pytest.approx(changes(draws, targets["draws"], log=log), rel=1e-12)


def test_bemps_takes_unlike_changes_before_a_second_of_the_same() -> None:
    one, two = np.array([[0.99, 0.01], [0.99, 0.01], [0.01, 0.99]]), np.array([[0.9, 0.1], [0.1, 0.9], [0.9, 0.1]])
    draws = np.stack([one, one * 0.99 + 0.005, one * 0.98 + 0.01, two])
    targets = {"draws": np.stack([one, two])}
    alone = core_mse(draws, targets["draws"])
    assert alone.argmin() == 3
    assert sorted(choose("bemps(share=1)", 2, draws=draws, targets=targets).rows.tolist())[1] == 3
    assert choose("bemps(share=1)", 1, draws=draws, targets=targets).rows.tolist() == [alone.argmax()]


def test_bemps_fills_a_batch_of_copies_by_score() -> None:
    draws = np.repeat(members(6, 2), 5, axis=0)
    chosen = choose("bemps(share=1)", 6, draws=draws, targets={"draws": members(7, 3)})
    assert len(set(chosen.rows.tolist())) == 6
    assert {row // 5 for row in chosen.rows[:2].tolist()} <= {0, 1}


# rounding


def test_copies_tie_wherever_they_stand_in_a_block() -> None:
    """A product of matrices treats the last rows of a block in another order than the first."""
    given_ = sample(8, n=1, features=7)
    copies = {name: np.repeat(given_[name], 37, axis=0) for name in ("probs", "embed")}
    value = choose("fisher", 37, **copies, labelled=given_["labelled"], labels=given_["labels"]).value
    assert len(set(value.tolist())) == 1


@given(st.floats(-1e300, 1e300, allow_nan=False))
def test_rounding_keeps_ten_digits(x: float) -> None:
    assert rounded(np.array([x]))[0] == pytest.approx(x, rel=2e-11, abs=1e-310)
