"""D² sampling by rejection: distances to the last digit, and the distribution of the plain loop."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import chisquare

from querist import choose
from querist.select import _kmeanspp_kernel, kmeanspp
from querist.strategies import badge
from querist.strategies.badge import Gradients, residual

RNG = np.random.default_rng


def pool(rows, classes, width, seed=0, dtype=np.float32):
    rng = RNG(seed)
    return rng.dirichlet(np.ones(classes), rows).astype(dtype), rng.normal(size=(rows, width)).astype(dtype)


def sure_pool():
    embed = pool(200, 3, 6)[1]
    sure = np.eye(3)[RNG(1).integers(3, size=200)] * (1 - 3e-7) + 1e-7
    return sure.astype(np.float32), embed


POOLS = {
    "ten classes": lambda: pool(700, 10, 45),
    "many classes, float64": lambda: pool(600, 70, 33, dtype=np.float64),
    "one class": lambda: pool(300, 1, 4),
    "nearly certain": sure_pool,
    "even probabilities": lambda: (np.full((400, 4), 0.25, np.float32), pool(400, 4, 40)[1]),
    "three copies each": lambda: tuple(np.repeat(part, 3, axis=0) for part in pool(100, 5, 8)),
}


def draw(probs, embed, n, seed=0):
    space = _kmeanspp_kernel.gradients(probs, embed)
    first = int((space.q_norm * space.h_norm).argmax())
    return space, _kmeanspp_kernel.sample(space, first, n=n, rng=RNG(seed))


@pytest.fixture(params=[0.0, 0.5, 1e9], ids=["always", "when it pays", "never"])
def level(monkeypatch, request):
    """When all bounds are brought up to date."""
    monkeypatch.setattr(_kmeanspp_kernel, "FAIR", request.param)
    return request.param


@pytest.mark.parametrize("name", POOLS)
def test_each_pick_has_its_own_squared_distance(level, name):
    probs, embed = POOLS[name]()
    plain = Gradients.of(residual(probs), embed)
    space, (rows, value) = draw(probs, embed, 60)
    assert space.q_norm == pytest.approx(plain.q_norm, rel=1e-13, abs=1e-300)
    assert space.h_norm == pytest.approx(plain.h_norm, rel=1e-13)
    left = plain.squared(rows[0])
    for row, far in zip(rows[1:], value[1:], strict=True):
        assert far == pytest.approx(left[row], rel=1e-6, abs=1e-12 * left.max())
        left = np.minimum(left, plain.squared(row))
    assert len(set(rows.tolist())) == len(rows)


def test_copies_are_never_drawn_and_fill_the_rest_in_keyed_order(level):
    probs, embed = (np.repeat(part, 4, axis=0) for part in pool(20, 3, 5))
    rows = draw(probs, embed, 80)[1][0]
    assert sorted(rows // 4) == list(range(20))
    ties = RNG(2).random(80)
    chosen = kmeanspp.kmeanspp_of_gradients((probs, embed), int(rows[0]), n=80, ties=ties, rng=RNG(0))
    assert chosen.rows[:20].tolist() == rows.tolist()
    assert (np.diff(ties[chosen.rows[20:]]) < 0).all()
    assert (chosen.value[20:] == 0).all()
    assert sorted(chosen.rows) == list(range(80))


def test_overflowing_distances_end_the_draw():
    """In the plain loop, too, infinite weights leave nothing to draw by."""
    probs, embed = pool(300, 3, 5, dtype=np.float64)
    assert len(draw(probs, embed * 1e200, 20)[1][0]) == 1


def expected(squared, first, count):
    """Give the exact probability of each sequence of so many picks after the first."""
    level = {(first,): 1.0}
    for _ in range(count):
        longer = {}
        for picks, chance in level.items():
            left = np.min([squared(row) for row in picks], axis=0)
            left[list(picks)] = 0
            for row in np.flatnonzero(left):
                longer[(*picks, int(row))] = chance * left[row] / left.sum()
        level = longer
    return level


def fits(counts, chance):
    """Give the p-value of chi-square; what is expected fewer than five times is counted together."""
    rare = chance * counts.sum() < 5
    counts, chance = np.append(counts[~rare], counts[rare].sum()), np.append(chance[~rare], chance[rare].sum())
    some = chance > 0
    return chisquare(counts[some], chance[some] / chance.sum() * counts.sum()).pvalue


def gradients_pool():
    probs, embed = pool(7, 3, 4, seed=1)
    return probs, embed, Gradients.of(residual(probs), embed).squared


def rows_pool():
    """Even probabilities make it k-means++ on the rows."""
    embed = pool(7, 2, 4, seed=2)[1]
    return np.full((7, 2), 0.5, np.float32), embed, lambda row: ((embed - embed[row]).astype(float) ** 2).sum(axis=1)


@pytest.mark.parametrize("given", [gradients_pool, rows_pool])
def test_the_distribution_is_that_of_the_plain_loop(level, given):
    """The second to fourth pick jointly against exact probabilities; the seeds were fixed beforehand."""
    probs, embed, squared = given()
    space, rng = _kmeanspp_kernel.gradients(probs, embed), RNG(3)
    first = int((space.q_norm * space.h_norm).argmax())
    exact = expected(squared, first, 3)
    seen = dict.fromkeys(exact, 0)
    for _ in range(6_000):
        seen[tuple(_kmeanspp_kernel.sample(space, first, n=4, rng=rng)[0].tolist())] += 1
    counts, chance = np.array(list(seen.values())), np.array(list(exact.values()))
    assert fits(counts, chance) > 1e-3
    assert fits(counts, np.roll(chance, 1)) < 1e-9


def test_the_distribution_over_several_blocks(level):
    """The third pick of 600 rows, ten rows at a time, against exact probabilities; the seed was fixed beforehand."""
    probs, embed = pool(600, 3, 4, seed=4)
    embed[:200] *= 3
    squared = Gradients.of(residual(probs), embed).squared
    space, rng = _kmeanspp_kernel.gradients(probs, embed), RNG(5)
    first = int((space.q_norm * space.h_norm).argmax())
    start = squared(first)
    left = np.minimum(start, [squared(row) for row in range(600)])
    chance = (start / start.sum()) @ (left / left.sum(axis=1, keepdims=True))
    picks = [_kmeanspp_kernel.sample(space, first, n=3, rng=rng)[0][2] for _ in range(6_000)]
    counts = np.bincount(picks, minlength=600)
    assert fits(counts.reshape(60, 10).sum(axis=1), chance.reshape(60, 10).sum(axis=1)) > 1e-3
    assert fits(counts.reshape(60, 10).sum(axis=1), np.full(60, 1 / 60)) < 1e-9


def test_the_number_of_threads_changes_nothing(monkeypatch, level):
    probs, embed = POOLS["ten classes"]()
    found = []
    for cores in (1, 2, 5):
        monkeypatch.setattr("querist._parallel.cores", lambda count=cores: count)
        found.append([part.tolist() for part in draw(probs, embed, 50)[1]])
    assert found[0] == found[1] == found[2]


def test_most_distances_are_left_out(monkeypatch):
    states, start = [], _kmeanspp_kernel._start

    def watched(*arguments):
        states.append(start(*arguments))
        return states[-1]

    monkeypatch.setattr(_kmeanspp_kernel, "_start", watched)
    probs, embed = pool(20_000, 10, 40)
    draw(probs, embed, 200)
    measured = states[0].tally[_kmeanspp_kernel.MET]
    assert measured == states[0].met.sum()
    assert measured < 0.3 * 200 * len(probs)


def test_badge_takes_it_for_large_pools_only(monkeypatch):
    probs, embed = pool(500, 4, 8)
    plain = choose("badge", 20, probs=probs, embed=embed, seed=0)
    monkeypatch.setattr(badge, "COMPILED", 0)
    chosen = choose("badge", 20, probs=np.asfortranarray(probs), embed=embed.astype(np.float64), seed=0)
    assert plain.propensity is not None
    assert chosen.propensity is None
    assert chosen.rows[0] == plain.rows[0]
    assert chosen.value[0] == pytest.approx(plain.value[0])
    assert len(set(chosen.rows.tolist())) == 20


def test_scores_of_large_pools_are_those_of_small_ones(monkeypatch):
    probs, embed = pool(300, 5, 9)
    plain = choose("badge", 1, probs=probs, embed=embed, seed=0)
    monkeypatch.setattr(badge, "WORTH", 0)
    assert choose("badge", 1, probs=probs, embed=embed, seed=0).value == pytest.approx(plain.value, rel=1e-12)
