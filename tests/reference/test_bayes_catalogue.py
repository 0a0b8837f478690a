"""The remaining committee and Bayesian strategies against brute forces written from their definitions."""

from __future__ import annotations

from itertools import product
from math import log, sqrt

import numpy as np
import pytest

import querist

RNG = np.random.default_rng(11)
DRAWS = RNG.dirichlet([0.4] * 3, size=(6, 5))  # [N, K, C]
N, K, C = DRAWS.shape


def entropy(p: np.ndarray) -> float:
    return -sum(float(x) * log(x) for x in np.ravel(p) if x > 0)


def values(strategy: str, **evidence: object) -> dict[int, float]:
    chosen = querist.choose(strategy, 99, seed=0, **evidence)
    return dict(zip(chosen.rows.tolist(), chosen.value.tolist(), strict=True))


def variation_ratio(draws: np.ndarray) -> float:
    votes = [int(p.argmax()) for p in draws]
    return 1 - max(votes.count(c) for c in range(C)) / K


def mean_std(draws: np.ndarray) -> float:
    return sum(sqrt(((draws[:, c] - draws[:, c].mean()) ** 2).mean()) for c in range(C)) / C


def predictive_variance(draws: np.ndarray) -> float:
    return sum(float(((draws[:, c] - draws[:, c].mean()) ** 2).mean()) for c in range(C))


@pytest.mark.parametrize(
    ("name", "rule"),
    [
        ("variation-ratio", variation_ratio),
        ("mean-std", mean_std),
        ("predictive-variance", predictive_variance),
        ("member-std", lambda draws: sqrt(predictive_variance(draws))),
    ],
)
def test_row_wise_scores(name: str, rule) -> None:
    assert values(name, draws=DRAWS) == pytest.approx({i: rule(DRAWS[i]) for i in range(N)})


def test_gaussian_bald_is_half_the_log_of_one_plus_the_ratio_of_variances() -> None:
    mean_var = np.array([[0.0, 1.0], [5.0, 3.0], [1.0, 0.0]])
    expected = {i: 0.5 * log(1 + v / 4.0) for i, v in enumerate([1.0, 3.0, 0.0])}
    assert values("gaussian-bald(noise=2.0)", mean_var=mean_var) == pytest.approx(expected)


def test_epig_is_the_mean_mutual_information_with_the_targets() -> None:
    targets = RNG.dirichlet([0.5] * 3, size=(4, K))

    def information(a: np.ndarray, b: np.ndarray) -> float:
        joint = np.array([[(a[:, y] * b[:, z]).mean() for z in range(C)] for y in range(C)])
        return entropy(a.mean(axis=0)) + entropy(b.mean(axis=0)) - entropy(joint)

    expected = {i: float(np.mean([information(DRAWS[i], t) for t in targets])) for i in range(N)}
    assert values("epig", draws=DRAWS, targets={"draws": targets}) == pytest.approx(expected)


def _chance(rows: tuple[int, ...], labels: tuple[int, ...], member: int) -> float:
    return float(np.prod([DRAWS[row, member, label] for row, label in zip(rows, labels, strict=True)]))


def joint_information(rows: tuple[int, ...]) -> float:
    """I(y_rows; member), every labelling written out."""
    labellings = product(range(C), repeat=len(rows))
    joint = [np.mean([_chance(rows, ys, k) for k in range(K)]) for ys in labellings]
    given = sum(np.mean([entropy(DRAWS[r, k]) for k in range(K)]) for r in rows)
    return entropy(np.array(joint)) - float(given)


def test_batchbald_is_the_greedy_of_the_joint_information() -> None:
    chosen = querist.choose("batchbald", 3, draws=DRAWS, seed=0)
    picked: tuple[int, ...] = ()
    for row, value in zip(chosen.rows.tolist(), chosen.value.tolist(), strict=True):
        gains = {r: joint_information((*picked, r)) - joint_information(picked) for r in range(N) if r not in picked}
        assert gains[row] == pytest.approx(max(gains.values()), abs=1e-9)
        assert value == pytest.approx(gains[row], abs=1e-9)
        picked = (*picked, row)


def test_a_batch_of_one_is_bald() -> None:
    one, bald = (querist.choose(name, 1, draws=DRAWS, seed=0) for name in ("batchbald", "bald"))
    assert one.rows.tolist() == bald.rows.tolist()
    assert one.value == pytest.approx(bald.value)


def test_a_copy_of_a_chosen_row_tells_less_than_it_did() -> None:
    draws = np.concatenate([DRAWS, DRAWS[:1]])
    order = querist.choose("batchbald", 7, draws=draws, seed=0).rows.tolist()
    assert {order.index(0), order.index(6)} != {0, 1}


def test_thompson_takes_the_best_row_of_one_member() -> None:
    draws = RNG.normal(size=(6, 5, 1))
    best = {int(draws[:, k, 0].argmax()) for k in range(K)}
    assert {int(querist.query("thompson", 1, draws=draws, seed=s)[0]) for s in range(40)} == best
