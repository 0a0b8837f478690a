"""Oracles: rates, keys, costs, messages."""

from __future__ import annotations

import numpy as np
import pytest

from querist._draw import Draw
from querist.errors import BadInput, UnknownItem
from querist.simulate.oracle import Missing, Noisy, Perfect

IDS = [f"item{i}" for i in range(4_000)]
TRUTH = {id: i % 4 for i, id in enumerate(IDS)}


def test_perfect_answers_in_order_with_cost_and_seconds() -> None:
    oracle = Perfect({"a": "x", "b": "y"}, cost={"a": 3.0}, seconds={"b": 1.5})
    first, second = oracle(["b", "a"])
    assert (first.item, first.label, first.kind, first.seconds, first.cost) == ("b", "y", "label", 1.5, None)
    assert (second.item, second.label, second.cost) == ("a", "x", 3.0)


def test_perfect_names_an_item_without_a_label() -> None:
    with pytest.raises(UnknownItem, match=r"knows no label of item 'catt': did you mean 'cat'\?"):
        Perfect({"cat": 1})(["catt"])


def test_noise_has_its_rate_and_is_uniform_over_the_other_classes() -> None:
    answers = Noisy(Perfect(TRUTH), range(4), 0.3, Draw(1))(IDS)
    wrong = np.array([a.label != TRUTH[a.item] for a in answers])
    assert abs(wrong.mean() - 0.3) < 4 * np.sqrt(0.3 * 0.7 / len(IDS))
    step = np.array([(a.label - TRUTH[a.item]) % 4 for a, w in zip(answers, wrong, strict=True) if w])
    shares = np.bincount(step, minlength=4)[1:] / len(step)
    assert np.abs(shares - 1 / 3).max() < 4 * np.sqrt(2 / 9 / len(step))


def test_noise_without_rate_changes_nothing() -> None:
    assert Noisy(Perfect(TRUTH), range(4), 0.0, Draw(1))(IDS[:50]) == Perfect(TRUTH)(IDS[:50])


def test_chance_belongs_to_the_item_not_to_the_order() -> None:
    oracle = Missing(Noisy(Perfect(TRUTH), range(4), 0.5, Draw(7)), 0.3, Draw(7))
    together = {a.item: (a.kind, a.label) for a in oracle(IDS[:200])}
    alone = {id: (a.kind, a.label) for id in reversed(IDS[:200]) for a in oracle([id])}
    assert together == alone


def test_seeds_give_different_noise() -> None:
    labels = [[a.label for a in Noisy(Perfect(TRUTH), range(4), 0.5, Draw(s))(IDS[:100])] for s in (0, 1)]
    assert labels[0] != labels[1]


def test_missing_has_its_rate_keeps_the_cost_and_drops_the_label() -> None:
    answers = Missing(Perfect(TRUTH, cost=dict.fromkeys(IDS, 2.0)), 0.2, Draw(3))(IDS)
    gone = [a for a in answers if a.kind == "unsure"]
    assert abs(len(gone) / len(IDS) - 0.2) < 4 * np.sqrt(0.16 / len(IDS))
    assert {(a.label, a.cost) for a in gone} == {(None, 2.0)}


def test_noise_leaves_missing_answers_alone() -> None:
    answers = Noisy(Missing(Perfect(TRUTH), 1.0, Draw(0)), range(4), 1.0, Draw(0))(IDS[:20])
    assert {(a.kind, a.label) for a in answers} == {("unsure", None)}


@pytest.mark.parametrize("rate", [-0.1, 1.1])
def test_rates_are_shares(rate: float) -> None:
    with pytest.raises(BadInput, match=f"noise must be a share between 0 and 1: got {rate}"):
        Noisy(Perfect(TRUTH), [0, 1], rate, Draw(0))
    with pytest.raises(BadInput, match=f"missing must be a share between 0 and 1: got {rate}"):
        Missing(Perfect(TRUTH), rate, Draw(0))


def test_noise_needs_two_classes() -> None:
    with pytest.raises(BadInput, match="noise needs two classes or more: got 1; leave the noise away"):
        Noisy(Perfect(TRUTH), [0], 0.5, Draw(0))
