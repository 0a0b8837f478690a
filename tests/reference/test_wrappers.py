"""Strategies around strategies against brute force, written from their one-line definitions on a few rows."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from itertools import pairwise, permutations
from math import exp, floor, prod
from typing import Any, ClassVar

import numpy as np
import pandas
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import querist
from querist import choose
from querist._draw import keys_of
from querist._load import make, spec_of
from querist._query import choose_from
from querist.cli.simulate import specifications
from querist.engines import merge
from querist.errors import BadEvidence, BadInput, MissingEvidence, UnknownName
from querist.select.stochastic import propensity
from querist.strategies.bald import Bald
from querist.strategies.class_quota import apportion
from querist.strategies.entropy import Entropy
from querist.strategies.epsilon_random import EpsilonRandom
from querist.strategies.group_cap import GroupCap
from querist.strategies.k_center import KCenter
from querist.strategies.margin import Margin
from querist.strategies.power import Power
from querist.strategies.prefilter import Prefilter
from querist.strategies.protocol import About, Strategy, host
from querist.strategies.seals import Seals
from querist.strategies.softrank import Softrank
from querist.strategies.subsample import Subsample
from querist.view import Draw, Selection, View

WRAPPERS = ["subsample", "prefilter", "epsilon-random", "power", "softmax", "softrank", "class-quota", "group-cap",
            "per-cost", "seals"]  # fmt: skip
seeds = st.integers(0, 10_000)


def rows_of(n: int, seed: int, **more: Any) -> View:
    rng = np.random.default_rng(seed)
    evidence = {"probs": rng.dirichlet(np.ones(3), n), "embed": rng.normal(size=(n, 2)), **more}
    view = View.of(evidence, ids=[f"item_{i}" for i in range(n)])
    return view.take(np.argsort(view.keys))


def pick(rule: Strategy, view: View, n: int, draw: Draw) -> Selection:
    return choose_from(rule, view, n=n, draw=draw)


def by_score(scores: Any, ties: Any) -> list[int]:
    return sorted(range(len(scores)), key=lambda i: (-scores[i], -ties[i]))


def margins(view: View) -> list[float]:
    return [float(np.sort(p)[-2] - np.sort(p)[-1]) for p in view.probs]


# specifications


@pytest.mark.parametrize("name", WRAPPERS)
def test_a_strategy_inside_is_kept_as_its_specification(name: str) -> None:
    by_text, by_object = make("strategies", f"{name}(of='entropy')"), replace(make("strategies", name), of=Entropy())
    assert by_text == by_object
    assert hash(by_text) == hash(by_object)
    assert spec_of(by_object, "strategies") == f"{name}(of='entropy')"
    assert make("strategies", spec_of(by_object, "strategies")) == by_object


def test_wrappers_hold_wrappers() -> None:
    text = "group-cap(of=\"power(of='per-cost', beta=2)\", k=3)"
    rule = make("strategies", text)
    assert spec_of(rule, "strategies") == text
    assert rule.inner == Power(of="per-cost", beta=2)
    assert rule.needs == {"probs", "cost"}
    assert make("strategies", f"subsample(of={text!r})").inner == rule
    assert specifications(f"random,{text}") == ("random", text)


def test_options_left_at_their_defaults_are_not_written() -> None:
    assert Subsample(of="power-bald(beta=1.0)") == Subsample(of="power-bald")
    assert spec_of(Subsample(of=Power(of=Bald(), beta=4)), "strategies") == "subsample(of=\"power(of='bald', beta=4)\")"


def test_what_a_wrapper_asks_for_is_what_the_strategy_inside_asks_for_and_its_own() -> None:
    rule = make("strategies", "seals(of='uherding')")
    assert rule.needs == {"probs", "embed"}
    assert rule.context == {"labelled", "targets"}
    assert make("strategies", "group-cap(of='margin')").either == ("probs", "decision")
    assert make("strategies", "group-cap(of='margin')").context == {"group"}
    assert make("strategies", "epsilon-random(of='k-center')").joint
    assert not make("strategies", "epsilon-random(of='margin')").joint
    assert make("strategies", "subsample(of='k-center')").cold is None
    assert make("strategies", "subsample(of='margin')").cold == "maxherding"
    assert make("strategies", "subsample(of='epistemic')").most_classes == 2


@dataclass(frozen=True)
class Stranger(Strategy):
    """Not registered anywhere, and tells what it was shown."""

    about: ClassVar[About] = About("test", "x", "O(N)", "test")

    def score(self, view: View, draw: Draw) -> Any:
        shown.append(len(view))
        return np.asarray(view.embed)[:, 0]


shown: list[int] = []


def test_a_stranger_inside_works_but_cannot_be_written_down() -> None:
    rule = Subsample(of=Stranger(), m=5)
    assert spec_of(rule, "strategies") is None
    shown.clear()
    pick(rule, rows_of(12, 0), 3, Draw(0))
    assert shown == [5]  # it sees the part only


def test_what_cannot_stand_inside() -> None:
    with pytest.raises(UnknownName, match=r"no strategy is called 'margn': did you mean 'margin'"):
        Subsample(of="margn")
    for wrong in (3, None, Margin):
        with pytest.raises(BadInput, match="of must be a strategy or its specification, such as 'margin': got"):
            Subsample(of=wrong)  # type: ignore[arg-type]
    with pytest.raises(BadInput, match="by must be a strategy or its specification"):
        Prefilter(by=3)  # type: ignore[arg-type]
    for text in ("power(of='k-center')", "softmax(of='badge')", "softrank(of='typiclust')", "per-cost(of='k-center')"):
        with pytest.raises(BadInput, match=r"of must score the rows one by one, and '.*' chooses them jointly"):
            make("strategies", text)
    with pytest.raises(BadInput, match="by must score the rows one by one, and 'k-center' chooses them jointly"):
        make("strategies", "prefilter(by='k-center')")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("subsample(m=0)", "m must be a whole number, 1 or more: got 0"),
        ("subsample(m=2.5)", "m must be a whole number, 1 or more: got 2.5"),
        ("prefilter(factor=0.5)", "factor must be a number, 1 or more: got 0.5"),
        ("epsilon-random(share=1.5)", "share must be a number from 0 to 1: got 1.5"),
        ("power(beta=-1)", "beta must be a number, 0 or more: got -1"),
        ("power-bald(beta='a')", "beta must be a number, 0 or more: got 'a'"),
        ("softmax(beta=1e999)", "beta must be a number, 0 or more: got inf"),
        ("softrank(beta=-1)", "beta must be a number, 0 or more: got -1"),
        ("class-quota(shares=(0, 0))", "shares must be numbers of 0 or more, not all 0, or None for equal shares: got"),
        (
            "class-quota(shares=(-1, 2))",
            "shares must be numbers of 0 or more, not all 0, or None for equal shares: got",
        ),
        ("class-quota(shares=3)", "shares must be numbers of 0 or more, not all 0, or None for equal shares: got 3"),
        ("group-cap(k=0)", "k must be a whole number, 1 or more: got 0"),
        ("seals(k=0)", "k must be a whole number, 1 or more: got 0"),
    ],
)
def test_options_that_mean_nothing_are_refused(text: str, message: str) -> None:
    with pytest.raises(BadInput) as caught:
        make("strategies", text)
    assert str(caught.value).startswith(message)


def test_a_study_takes_and_keeps_a_strategy_around_another(tmp_path: Any) -> None:
    rng = np.random.default_rng(0)
    text = "subsample(of=\"power(of='entropy', beta=4)\", m=30)"
    x, y = rng.normal(size=(60, 4)), rng.integers(0, 2, 60)
    place = tmp_path / "s.querist"
    with querist.Study.create(place, x, task="classification", labels=[0, 1], strategy=text, batch=4) as study:
        for query in study.ask(4):
            study.tell(query.id, int(y[int(query.id)]) if query.id.isdigit() else 0)
        study.step()
    with querist.Study.open(place) as study:
        assert spec_of(study.strategy, "strategies") == text
        assert len(study.ask(4)) == 4


def test_a_study_hands_out_one_item_of_a_group() -> None:
    rng = np.random.default_rng(0)
    table = pandas.DataFrame(rng.normal(size=(40, 3)), columns=["a", "b", "c"])
    table["patient"] = np.repeat([f"p{i}" for i in range(8)], 5)
    table["kind"] = np.where(table["a"] > 0, "x", "y")
    table["name"] = [f"frame {i}" for i in range(40)]
    row = {name: i for i, name in enumerate(table["name"])}
    with querist.Study.create(
        None, table, id="name", label="kind", group="patient", keep_labels=False, strategy="group-cap", batch=6
    ) as study:
        for query in study.ask(6):
            study.tell(query.id, table["kind"][row[query.id]])
        study.step()
        assert len({table["patient"][row[query.id]] for query in study.ask(6)}) == 6


# subsample


@given(seed=seeds, m=st.integers(1, 12), n=st.integers(1, 5))
@settings(max_examples=30)
def test_subsample_is_the_strategy_on_a_keyed_part(seed: int, m: int, n: int) -> None:
    view, draw = rows_of(12, seed), Draw(seed)
    number = draw.uniform(view.keys, "subsample")
    part = sorted(sorted(range(12), key=lambda i: -number[i])[: max(m, n)])
    expected = pick(KCenter(), view.take(np.array(part)), n, draw)
    found = pick(Subsample(of="k-center", m=m), view, n, draw)
    assert found.rows.tolist() == [part[i] for i in expected.rows]
    assert found.value.tolist() == expected.value.tolist()


@pytest.mark.parametrize("text", ["subsample(of='k-center', m=9)", "prefilter(factor=2)", "seals(of='k-center', k=2)"])
@pytest.mark.parametrize("shards", [2, 3])
def test_shards_keep_what_the_whole_pool_keeps(text: str, shards: int) -> None:
    rule = make("strategies", text)
    view = replace(rows_of(30, 1), labelled=rows_of(4, 2), labels=np.zeros(4, np.int64))
    parts = [view.take(rows) for rows in np.array_split(np.arange(30), shards)]
    survivors, _, chosen = merge.run(rule, parts, n=4, draw=Draw(3))
    whole = pick(rule, view, 4, Draw(3))
    assert [survivors.ids[row] for row in chosen.rows] == [view.ids[row] for row in whole.rows]


def test_subsample_draws_another_part_each_round() -> None:
    view = rows_of(200, 0)
    parts = [set(pick(Subsample(m=20), view, 20, Draw(0, position)).rows.tolist()) for position in range(4)]
    assert all(a != b for a, b in pairwise(parts))


# prefilter


@given(seed=seeds, n=st.integers(1, 5), factor=st.sampled_from([1, 1.5, 2, 10]))
@settings(max_examples=30)
def test_prefilter_chooses_among_the_best(seed: int, n: int, factor: float) -> None:
    view, draw = rows_of(12, seed), Draw(seed)
    best = sorted(by_score(margins(view), draw.uniform(view.keys, "ties"))[: min(12, int(np.ceil(factor * n)))])
    expected = pick(KCenter(), view.take(np.array(best)), n, draw)
    found = pick(Prefilter(of="k-center", by="margin", factor=factor), view, n, draw)
    assert found.rows.tolist() == [best[i] for i in expected.rows]


def test_prefilter_knows_propensities_unless_the_filter_draws() -> None:
    view = rows_of(12, 0)
    assert pick(Prefilter(of="random", factor=2), view, 3, Draw(0)).propensity.tolist() == [1 / 6, 1 / 5, 1 / 4]
    assert pick(Prefilter(of="random", by="power", factor=2), view, 3, Draw(0)).propensity is None


def test_prefilter_needs_evidence_that_suits_both() -> None:
    assert Prefilter(of="k-center", by="margin").needs == {"embed"}
    assert Prefilter(of="k-center", by="margin").either == ("probs", "decision")
    assert Prefilter(of="subsample", by="margin").either == ("probs", "decision")
    apart = Prefilter(of="subsample(of='qbc-std')", by="margin")
    assert apart.needs == {"probs"}
    assert apart.either == ("draws", "mean_var")
    assert Prefilter(of="k-center", by="margin").cold == "maxherding"
    assert Prefilter(of="entropy", by="epistemic").most_classes == 2


# epsilon-random


@given(seed=seeds, share=st.sampled_from([0.0, 0.3, 0.7, 1.0]), n=st.integers(1, 8))
@settings(max_examples=40)
def test_epsilon_random_takes_the_next_of_either_list(seed: int, share: float, n: int) -> None:
    view, draw = rows_of(8, seed), Draw(seed)
    scores = margins(view)
    own = by_score(scores, draw.uniform(view.keys, "ties"))
    chance = by_score(draw.uniform(view.keys, "epsilon-random"), np.zeros(8))
    coins = draw.rng("epsilon-random").random(n) < share
    found = pick(EpsilonRandom(of="margin", share=share), view, n, draw)
    left = list(range(8))
    for i, (row, probability) in enumerate(zip(found.rows.tolist(), found.propensity, strict=True)):
        assert row == next(r for r in (chance if coins[i] else own) if r in left)
        best = max(scores[r] for r in left)
        equals = [r for r in left if scores[r] == best]
        greedy = 1 / len(equals) if row in equals else 0
        assert probability == pytest.approx(share / len(left) + (1 - share) * greedy)
        left.remove(row)
    assert found.value == pytest.approx([scores[row] for row in found.rows])


@pytest.mark.parametrize("of", ["margin", "power(beta=2)", "k-center"])
def test_epsilon_random_picks_as_often_as_its_propensities_say(of: str) -> None:
    """Chi-square of 4,000 rounds over all ordered pairs; 32 is the 99.9th percentile for 11 degrees of freedom."""
    probs = np.array([[0.5, 0.5], [0.5, 0.5], [0.8, 0.2], [0.9, 0.1]])
    view = View.of({"probs": probs, "embed": np.array([[0.0], [1.0], [3.0], [7.5]])}, ids=list("abcd"))
    rule, rounds = EpsilonRandom(of=of, share=0.4), 4_000
    seen: Counter[tuple[int, ...]] = Counter()
    said: dict[tuple[int, ...], float] = {}
    for position in range(rounds):
        found = pick(rule, view, 2, Draw(1, position))
        pair = tuple(found.rows.tolist())
        seen[pair] += 1
        said[pair] = prod(found.propensity)
    assert set(seen) == set(permutations(range(4), 2))
    assert sum(said.values()) == pytest.approx(1.0)
    assert sum((seen[pair] - rounds * p) ** 2 / (rounds * p) for pair, p in said.items()) < 32


def test_half_random_batches_hold_no_row_twice() -> None:
    view = rows_of(12, 0)
    for seed in range(50):
        assert len(set(pick(EpsilonRandom(share=0.5), view, 10, Draw(seed)).rows.tolist())) == 10


def test_epsilon_random_of_a_joint_draw_knows_no_propensity() -> None:
    view = rows_of(12, 0)
    assert pick(EpsilonRandom(of="badge"), view, 4, Draw(0)).propensity is None
    assert pick(EpsilonRandom(of="k-center", share=0.0), view, 4, Draw(0)).propensity.tolist() == [1.0] * 4


def test_the_share_is_met_on_average_and_random_picks_lie_anywhere() -> None:
    view = rows_of(60, 0)
    best = pick(Margin(), view, 60, Draw(0)).rows[:10].tolist()
    where = Counter()
    for seed in range(300):
        rows = pick(EpsilonRandom(share=0.2), view, 10, Draw(seed)).rows
        where.update(i for i, row in enumerate(rows.tolist()) if row not in best)
    assert sum(where.values()) / 3000 == pytest.approx(0.2, abs=0.03)
    assert min(where[i] for i in range(10)) > 25


# power, softmax, softrank


@given(seed=seeds, beta=st.sampled_from([0.0, 0.5, 1.0, 4.0]), name=st.sampled_from(["power", "softmax", "softrank"]))
@settings(max_examples=60)
def test_sampled_strategies_weigh_by_their_definition(seed: int, beta: float, name: str) -> None:
    view = rows_of(8, seed)
    found = pick(make("strategies", f"{name}(of='margin', beta={beta})"), view, 8, Draw(seed))
    s = margins(view)
    rank = [1 + sum(other > own for other in s) for own in s]
    weight = {"power": [(1 + x) ** beta for x in s], "softmax": [exp(beta * x) for x in s], "softrank": [
        r**-beta for r in rank]}[name]  # fmt: skip
    left = list(range(8))
    for row, probability in zip(found.rows.tolist(), found.propensity, strict=True):
        assert probability == pytest.approx(weight[row] / sum(weight[r] for r in left), rel=1e-9)
        left.remove(row)
    value = [1 + x for x in s] if name == "power" else s
    assert found.value == pytest.approx([value[row] for row in found.rows])


@pytest.mark.parametrize("name", ["power", "softmax", "softrank"])
def test_sampled_strategies_draw_as_often_as_they_say(name: str) -> None:
    """Chi-square of 4,000 rounds over the first pick; 16.3 is the 99.9th percentile for 3 degrees of freedom."""
    probs = np.array([[0.5, 0.5], [0.7, 0.3], [0.8, 0.2], [0.95, 0.05]])
    view, rounds = View.of({"probs": probs}, ids=list("abcd")), 4_000
    rule = make("strategies", f"{name}(of='margin', beta=2)")
    found = [pick(rule, view, 1, Draw(0, position)) for position in range(rounds)]
    said = {int(f.rows[0]): float(f.propensity[0]) for f in found}
    seen = Counter(int(f.rows[0]) for f in found)
    assert sum((seen[r] - rounds * p) ** 2 / (rounds * p) for r, p in said.items()) < 16.3
    assert sum(said.values()) == pytest.approx(1.0)


@given(seed=seeds)
@settings(max_examples=10)
def test_power_bald_is_power_of_bald(seed: int) -> None:
    draws = np.random.default_rng(seed).dirichlet(np.ones(3), (10, 4))
    one, other = (choose(rule, 5, draws=draws, seed=seed) for rule in ("power-bald(beta=3)", Power(of="bald", beta=3)))
    assert one.rows.tolist() == other.rows.tolist()
    assert one.propensity.tolist() == other.propensity.tolist()


def test_11_power_of_margin_prefers_the_uncertain_rows() -> None:
    probs = np.array([[1.0, 0.0], [1.0, 0.0], [0.5, 0.5]])
    for of in ("margin", "entropy", "least-confidence", "ratio"):
        assert {int(querist.query(Power(of=of), 1, probs=probs, seed=seed)[0]) for seed in range(30)} == {2}


def test_a_power_of_a_score_below_the_floor_is_refused_and_the_way_out_is_named() -> None:
    message = (
        r"power of margin needs scores of -1 or more: row 1 \(item 'b'\) scores -3; use softmax or softrank, which "
        "take any score, or probabilities as evidence"
    )
    with pytest.raises(BadEvidence, match=message):
        choose("power(of='margin')", 1, decision=[[0.2], [-3.0]], ids=["a", "b"])
    assert len(querist.query("softmax(of='margin')", 1, decision=[[0.2], [-3.0]])) == 1
    single = np.array([[1.0004, 0.0], [0.6, 0.4]], np.float32)  # as sums in single precision may be
    assert choose("power(of='margin')", 2, probs=single, seed=0).value.min() == 0.0


def test_softrank_over_the_whole_pool_is_joint() -> None:
    assert Softrank().joint
    assert not Power().joint


@given(weights=st.lists(st.sampled_from([0.0, 0.0, 1.0, 2.5]), min_size=1, max_size=7), seed=seeds)
@settings(max_examples=40)
def test_propensities_of_picks_in_any_order(weights: list[float], seed: int) -> None:
    rows = np.random.default_rng(seed).permutation(len(weights))
    logs = np.array([np.log(w) if w else -np.inf for w in weights])
    left = list(range(len(weights)))
    for row, probability in zip(rows.tolist(), propensity(logs, rows), strict=True):
        total = sum(weights[r] for r in left)
        assert probability == pytest.approx(weights[row] / total if total else 1 / len(left))
        left.remove(row)


# class-quota


@given(n=st.integers(0, 20), shares=st.lists(st.integers(0, 9), min_size=1, max_size=5).filter(any))
def test_places_are_rounded_by_largest_remainder(n: int, shares: list[int]) -> None:
    exact = [n * s / sum(shares) for s in shares]
    places = apportion(n, np.array(shares) / sum(shares))
    assert sum(places) == n
    assert all(floor(e + 1e-9) <= p <= floor(e + 1e-9) + 1 for e, p in zip(exact, places, strict=True))
    rounded_up = [e - floor(e + 1e-9) for e, p in zip(exact, places, strict=True) if p > floor(e + 1e-9)]
    rounded_down = [e - floor(e + 1e-9) for e, p in zip(exact, places, strict=True) if p == floor(e + 1e-9)]
    assert not rounded_up or not rounded_down or min(rounded_up) >= max(rounded_down) - 1e-8


@given(seed=seeds, n=st.integers(1, 12), shares=st.sampled_from([None, (1, 1, 1), (2, 1, 1), (0, 1, 3), (5, 0, 0)]))
@settings(max_examples=60)
def test_class_quota_takes_the_best_of_each_predicted_class(seed: int, n: int, shares: tuple[int, ...] | None) -> None:
    view, draw = rows_of(12, seed), Draw(seed)
    text = f"class-quota(of='margin', shares={shares})" if shares else "class-quota(of='margin')"
    found = pick(make("strategies", text), view, n, draw)
    order = by_score(margins(view), draw.uniform(view.keys, "ties"))
    predicted = [int(p.argmax()) for p in view.probs]
    first = {c: next((i for i, row in enumerate(order) if predicted[row] == c), 12) for c in range(3)}
    share = [s / sum(shares or (1, 1, 1)) for s in shares or (1, 1, 1)]
    places = {c: floor(n * share[c] + 1e-9) for c in range(3)}
    by_remainder = sorted(range(3), key=lambda c: (-round(n * share[c] - places[c], 9), first[c]))
    for c in by_remainder[: n - sum(places.values())]:
        places[c] += 1
    kept = {row for c in range(3) for row in [r for r in order if predicted[r] == c][: places[c]]}
    others = [row for row in order if row not in kept]
    assert set(found.rows[: len(kept)].tolist()) == kept
    assert found.rows[len(kept) :].tolist() == others[: n - len(kept)]
    assert ("too few" in found.reason) == (len(kept) < n)
    assert found.propensity is None


def test_every_beginning_of_a_batch_keeps_the_shares() -> None:
    rng = np.random.default_rng(0)
    codes = np.repeat([0, 1, 2], 40)
    probs = np.eye(3)[codes] * 0.4 + rng.dirichlet(np.ones(3), 120) * 0.6
    predicted = probs.argmax(axis=1)
    rows = querist.query("class-quota(of='margin', shares=(0.5, 0.3, 0.2))", 20, probs=probs, seed=0)
    for size in range(1, 21):
        seen = np.bincount(predicted[rows[:size]], minlength=3)
        assert (np.abs(seen - size * np.array([0.5, 0.3, 0.2])) <= 1).all()
    assert np.bincount(predicted[rows], minlength=3).tolist() == [10, 6, 4]


def test_class_quota_needs_a_share_per_class() -> None:
    with pytest.raises(BadInput, match="shares must have one number per class, 3: got 2"):
        querist.query("class-quota(shares=(1, 2))", 1, probs=np.eye(3))


# group-cap


@given(seed=seeds, n=st.integers(1, 10), k=st.integers(1, 3), of=st.sampled_from(["margin", "k-center"]))
@settings(max_examples=60)
def test_group_cap_walks_along_the_order(seed: int, n: int, k: int, of: str) -> None:
    view = replace(rows_of(10, seed), group=np.random.default_rng([seed, 1]).integers(0, 4, 10))
    order = pick(make("strategies", of), view, 10, Draw(seed)).rows.tolist()
    taken: list[int] = []
    for row in order:
        if sum(view.group[r] == view.group[row] for r in taken) < k:
            taken.append(row)
    full = len(taken) < n
    rest = [row for row in order if row not in taken]
    found = pick(GroupCap(of=of, k=k), view, n, Draw(seed))
    assert found.rows.tolist() == (taken + rest)[:n]
    assert (found.reason == "every group is full: the rest follows by order") == full


def test_group_cap_without_groups_says_what_to_pass() -> None:
    with pytest.raises(MissingEvidence, match=r"'group-cap' needs group: pass group=…, or items that name their group"):
        querist.query("group-cap", 1, probs=np.eye(3))


# per-cost


@given(seed=seeds)
@settings(max_examples=20)
def test_per_cost_ranks_by_the_ratio(seed: int) -> None:
    cost = np.random.default_rng([seed, 2]).uniform(0.1, 9, 10)
    view = rows_of(10, seed, cost=cost)
    found = pick(make("strategies", "per-cost(of='margin')"), view, 10, Draw(0))
    ratio = [(1 + s) / c for s, c in zip(margins(view), view.cost, strict=True)]
    assert found.rows.tolist() == by_score(ratio, np.zeros(10))
    assert found.value == pytest.approx(sorted(ratio, reverse=True))


@pytest.mark.parametrize("wrong", [0.0, -2.0])
def test_a_cost_that_is_not_positive_names_the_item(wrong: float) -> None:
    with pytest.raises(
        BadEvidence, match=rf"cost must be greater than 0: row 1 \(item 'b'\) holds {wrong:g}; give what"
    ):
        querist.query("per-cost", 1, probs=np.eye(2), cost=[1.0, wrong], ids=["a", "b"])


# seals


@given(seed=seeds, k=st.integers(1, 4), labelled=st.integers(1, 3))
@settings(max_examples=40)
def test_seals_chooses_among_the_neighbours_of_the_labelled(seed: int, k: int, labelled: int) -> None:
    asked = rows_of(labelled, seed + 1)
    view = replace(rows_of(10, seed), labelled=asked, labels=np.zeros(labelled, np.int64))
    everything = [("row", i, p) for i, p in enumerate(view.embed)] + [
        ("asked", i, p) for i, p in enumerate(asked.embed)
    ]
    found: set[int] = set()
    for i, point in enumerate(asked.embed):
        others = [e for e in everything if e[:2] != ("asked", i)]
        near = sorted(others, key=lambda e, point=point: ((e[2] - point) ** 2).sum())[:k]
        found |= {e[1] for e in near if e[0] == "row"}
    n = 3
    gap = [min(((p - a) ** 2).sum() for a in asked.embed) for p in view.embed]
    for row in sorted(range(10), key=lambda r: gap[r]):
        if len(found) < n:
            found.add(row)
    part = sorted(found)
    expected = pick(Margin(), view.take(np.array(part)), n, Draw(seed))
    chosen = pick(Seals(k=k), view, n, Draw(seed))
    assert chosen.rows.tolist() == [part[i] for i in expected.rows]


def test_seals_grows_with_the_labels_and_sees_the_embedding_of_today() -> None:
    line = np.arange(20.0)[:, None]
    probs = np.full((20, 2), 0.5)

    def reached(asked: list[int], embed: Any) -> set[int]:
        rows = [i for i in range(20) if i not in asked]
        labelled = {"embed": embed[asked], "probs": probs[asked]}
        got = querist.query("seals(k=2)", 2, embed=embed[rows], probs=probs[rows], labelled=labelled, seed=0)
        return {rows[i] for i in got.tolist()}

    assert reached([5], line) == {4, 6}
    assert reached([5, 6], line) <= {3, 4, 7, 8}
    turned = (line * 7) % 20  # another model: item 5 lies between 2 and 8
    assert reached([5], turned) == {2, 8}


def test_seals_without_labels_is_the_strategy_inside() -> None:
    view = rows_of(10, 0)
    assert pick(Seals(), view, 4, Draw(0)).rows.tolist() == pick(Margin(), view, 4, Draw(0)).rows.tolist()
    shards = [view.take(rows) for rows in np.array_split(np.arange(10), 2)]
    assert (
        merge.run(Seals(), shards, n=4, draw=Draw(0))[2].value.tolist()
        == pick(Margin(), view, 4, Draw(0)).value.tolist()
    )


def test_inner_scores_stay_those_of_the_strategy() -> None:
    view = rows_of(10, 0)
    for name in ("epsilon-random", "class-quota", "softmax", "softrank"):
        rule = make("strategies", f"{name}(of='margin')")
        assert host(rule.score(view, Draw(0))).tolist() == host(Margin().score(view, Draw(0))).tolist()
    assert (Subsample().score(view, Draw(0)) == Draw(0).uniform(keys_of(view.ids), "subsample")).all()
