"""The threshold of networks of centres: what was held out decides, and what was learnt from steadies it while few."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

pytest.importorskip("torch", reason="needs the extra torch")

from querist.learners._centres import WORTH, Curve, best_cut, joined

CHANCES = st.lists(st.tuples(st.integers(1, 99), st.booleans()), max_size=40)


def curve(chances, hits, missed=0):
    """Count the candidates from the likeliest on; those that are equally likely fall to one threshold."""
    chances, hits = np.asarray(chances, float), np.asarray(hits, bool)
    order = np.argsort(-chances, kind="stable")
    last = np.flatnonzero(np.diff(chances[order], append=-np.inf))
    return Curve(chances[order][last], hits[order].cumsum()[last], last + 1, int(hits.sum()) + missed)


def drawn(count, rng, *, flattered=0.0):
    """Draw candidates of which the logit tells how many are right; a flattered network parts them better than that."""
    logits = rng.normal(0, 2, count)
    hits = rng.random(count) < 1 / (1 + np.exp(-logits))
    return curve(1 / (1 + np.exp(-logits - flattered * np.where(hits, 1, -1))), hits, missed=count // 20)


@given(held=CHANCES, learnt=CHANCES, missed=st.integers(0, 500))
@settings(max_examples=200, deadline=None)
def test_a_joined_curve_counts_both_and_what_was_learnt_from_for_so_much_at_most(held, learnt, missed):
    one, other = (
        curve([chance / 100 for chance, _ in each], [hit for _, hit in each], missed=more)
        for each, more in ((held, 0), (learnt, missed))
    )
    both = joined(one, other)
    weight = (both.there - one.there) / other.there if other.there else 1.0
    assert both.there - one.there <= WORTH + 1e-9
    assert weight == pytest.approx(min(1.0, WORTH / max(1, other.there)))
    assert (np.diff(both.thresholds) < 0).all()
    for at, threshold in enumerate(both.thresholds):
        for count, of in ((both.right, lambda each: each.right), (both.said, lambda each: each.said)):
            parts = [of(each)[each.thresholds >= threshold][-1:].sum() for each in (one, other)]
            assert count[at] == pytest.approx(parts[0] + weight * parts[1])


@given(chances=CHANCES, missed=st.integers(0, 50))
def test_alone_either_part_gives_its_own_threshold(chances, missed):
    alone = curve([chance / 100 for chance, _ in chances], [hit for _, hit in chances], missed=missed)
    nothing = curve([], [])
    assert best_cut(*joined(alone, nothing)) == best_cut(*alone)
    # weighed or not, what is the best for it stays so, but for equals up to the last bit
    assert best_cut(*joined(nothing, alone)) == pytest.approx(best_cut(*alone), abs=1e-9)


def test_a_few_held_out_do_not_decide_alone():
    rng = np.random.default_rng(0)
    cuts = np.array(
        [(best_cut(*held), best_cut(*joined(held, drawn(1000, rng)))) for held in (drawn(80, rng) for _ in range(200))]
    )
    assert cuts[:, 1].std() < 0.7 * cuts[:, 0].std()


def test_many_held_out_are_not_led_astray_by_a_flattered_network():
    rng = np.random.default_rng(0)
    true = best_cut(*drawn(200_000, rng))
    flattered = [best_cut(*drawn(4000, rng, flattered=1.5)) for _ in range(40)]
    cuts = [best_cut(*joined(drawn(4000, rng), drawn(4000, rng, flattered=1.5))) for _ in range(40)]
    assert abs(np.mean(flattered) - true) > 0.3, "else nothing leads astray"
    assert abs(np.mean(cuts) - true) < 0.1
