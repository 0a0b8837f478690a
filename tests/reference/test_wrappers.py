"""Strategies around strategies against brute force, written from their one-line definitions on a few rows."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise
from math import floor
from typing import Any, ClassVar

import numpy as np
import pandas
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from wrapper_rows import by_score, margins, pick, rows_of

import querist
from querist._draw import keys_of
from querist._load import make, spec_of
from querist.cli.simulate import specifications
from querist.engines import merge
from querist.errors import BadEvidence, BadInput, MissingEvidence, UnknownName
from querist.strategies.bald import Bald
from querist.strategies.class_quota import apportion
from querist.strategies.entropy import Entropy
from querist.strategies.group_cap import GroupCap
from querist.strategies.k_center import KCenter
from querist.strategies.margin import Margin
from querist.strategies.power import Power
from querist.strategies.prefilter import Prefilter
from querist.strategies.protocol import About, Strategy, host
from querist.strategies.seals import Seals
from querist.strategies.subsample import Subsample
from querist.view import Draw, View

WRAPPERS = ["subsample", "prefilter", "epsilon-random", "power", "softmax", "softrank", "class-quota", "group-cap",
            "per-cost", "seals"]  # fmt: skip
seeds = st.integers(0, 10_000)


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
