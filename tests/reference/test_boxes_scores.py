"""Strategies of boxes and frames against brute force, written from their one-line definitions."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import querist
from querist import Study, load
from querist._load import make
from querist.errors import BadEvidence, BadInput, MissingEvidence
from querist.scores.boxes import instability
from querist.strategies.k_center import KCenter
from querist.strategies.time_gap import farthest_first
from querist.view import Draw, Ragged, View

seeds = st.integers(0, 10_000)


def margins(rng, count):
    first = rng.uniform(0.5, 1.0, count)
    return np.column_stack([first, 1 - first])


def walk(order, time, group, gap, before=(), asked=()):
    """Take rows in order unless one of the same group, taken before or asked (time, group), is nearer than gap."""
    taken = list(before)
    for row in order:
        others = [(time[t], group[t]) for t in taken] + list(asked)
        if row not in taken and all(group[row] != own or not abs(time[row] - at) < gap for at, own in others):
            taken.append(row)
    return taken


@settings(max_examples=80, deadline=None)
@given(seeds, st.integers(1, 12), st.sampled_from([1.0, 3.0, 10.0]))
def test_time_gap_is_the_walk_along_the_order(seed, n, gap):
    rng = np.random.default_rng(seed)
    count = 12
    probs, time, group = margins(rng, count), rng.integers(0, 30, count).astype(float), rng.integers(0, 3, count)
    order = np.argsort(probs[:, 0], kind="stable").tolist()
    expected = walk(order, time, group, gap)
    found = querist.query(f"time-gap(of='margin', gap={gap})", n, probs=probs, time=time, group=group, seed=0).tolist()
    assert found[: len(expected)] == expected[:n]
    assert len(set(found)) == n
    if len(expected) < n:  # the rest is each the farthest of those left
        for at in range(len(expected), n):

            def nearest(row, before=tuple(found[:at])):
                return min([abs(time[row] - time[b]) for b in before if group[b] == group[row]], default=np.inf)

            left = [row for row in range(count) if row not in found[:at]]
            assert nearest(found[at]) == max(map(nearest, left))


@settings(max_examples=80, deadline=None)
@given(seeds, st.integers(1, 12), st.sampled_from([1.0, 3.0, 10.0]))
def test_time_gap_counts_what_was_asked_before(seed, n, gap):
    rng = np.random.default_rng(seed)
    count = 12
    probs, time, group = margins(rng, count), rng.integers(0, 30, count).astype(float), rng.integers(0, 3, count)
    asked = [(float(rng.integers(0, 30)), int(rng.integers(0, 4))) for _ in range(4)]
    order = np.argsort(probs[:, 0], kind="stable").tolist()
    expected = walk(order, time, group, gap, asked=asked)[:n]
    expected = walk(order, time, group, gap, before=expected)[:n]
    names = np.array(list("abcd"))  # groups may be called anything
    labelled = {"probs": margins(rng, 4), "time": [t for t, _ in asked], "group": names[[g for _, g in asked]]}
    rows = {"probs": probs, "time": time, "group": names[group], "seed": 0}
    found = querist.query(f"time-gap(of='margin', gap={gap})", n, labelled=labelled, **rows).tolist()
    assert found[: len(expected)] == expected
    assert len(set(found)) == n
    alone = querist.query(f"time-gap(of='margin', gap={gap}, earlier=False)", n, **rows).tolist()
    assert querist.query(f"time-gap(of='margin', gap={gap})", n, **rows).tolist() == alone


def test_time_gap_of_unknown_times_and_without_groups():
    probs = margins(np.random.default_rng(0), 5)
    order = np.argsort(probs[:, 0]).tolist()
    view = View.of({"probs": probs}, ids=list("abcde"), time=np.full(5, np.nan))
    rule = make("strategies", "time-gap(of='margin')")
    assert rule.select(view, -np.abs(probs[:, 0]), n=5, draw=Draw(0)).rows.tolist() == order
    assert rule.context == {"group", "time", "asked"}
    assert make("strategies", "time-gap(earlier=False)").context == {"group", "time"}
    one = querist.query("time-gap(of='margin', gap=2)", 2, probs=probs, time=np.arange(5), seed=0)
    assert abs(one[0] - one[1]) >= 2
    assert farthest_first(np.array([np.nan, 0, 1]), np.zeros(3, int), np.array([1]), n=2).tolist() == [0]


def test_time_gap_says_what_it_needs():
    for gap in (0, -1, float("nan"), "3"):
        with pytest.raises(BadInput, match="gap must be a time greater than 0, in the unit of the data: got"):
            make("strategies", f"time-gap(gap={gap!r})" if gap == gap else "time-gap(gap=1e999)")
    with pytest.raises(MissingEvidence, match="strategy 'time-gap' needs time: pass time=…, or frames that know"):
        querist.query("time-gap", 1, probs=np.full((3, 2), 0.5))
    with pytest.raises(BadEvidence, match="time must have one finite number per row, 3: got"):
        querist.query("time-gap", 1, probs=np.full((3, 2), 0.5), time=[1, 2])
    labelled = {"probs": np.full((1, 2), 0.5), "time": [1, 2]}
    with pytest.raises(BadEvidence, match="time must have one finite number per row, 1: got"):
        querist.query("time-gap", 1, probs=np.full((3, 2), 0.5), time=[1, 2, 3], labelled=labelled)


def test_time_gap_does_not_guess_the_group_of_what_was_asked():
    rows = {"probs": np.full((2, 2), 0.5), "time": [0.0, 50.0], "group": ["a", "b"], "seed": 0}
    with pytest.raises(MissingEvidence, match="strategy 'time-gap' needs the group of labelled rows, as it is known"):
        querist.query("time-gap(gap=5)", 1, labelled={"time": [0.0]}, **rows)
    assert querist.query("time-gap(gap=5)", 1, labelled={"time": [0.0], "group": ["a"]}, **rows).tolist() == [1]
    assert querist.query("time-gap(gap=5)", 1, labelled={"time": [50.0], "group": ["b"]}, **rows).tolist() == [0]


@pytest.mark.parametrize(("every", "gap"), [(25, 30), (50, 30), (1000, 400)])
def test_time_gap_asks_for_no_order_of_all_frames_when_few_or_none_are_free(monkeypatch, every, gap):
    """Labels that cover the video; some frames between them that are free; room for fewer than a batch."""
    asked, rng = [], np.random.default_rng(0)
    select = KCenter.select
    monkeypatch.setattr(KCenter, "select", lambda *a, n, draw: asked.append(n) or select(*a, n=n, draw=draw))
    time, embed = np.arange(2000.0), rng.normal(size=(2000, 4))
    labelled = {"time": time[::every], "embed": embed[::every]}
    rows = querist.query(f"time-gap(of='k-center', gap={gap})", 8, time=time, embed=embed, labelled=labelled, seed=0)
    assert len(set(rows.tolist())) == 8
    assert sum(asked) < 400


def test_a_study_predicts_no_labelled_frame_for_its_time_alone():
    seen = []

    class Knowing:
        eats, provides = "features", frozenset({"probs", "embed"})

        def fit(self, items, targets, **_):
            return self

        def predict(self, items, needs):
            x = np.asarray(items)[:, 0]
            seen.append(set(x.astype(int).tolist()))
            sure = np.where(x % 2 == 0, 0.9, 0.1)
            return {need: np.column_stack([sure, 1 - sure]) for need in needs}

    pool = replace(load(np.arange(200.0)[:, None]).pool, time=np.arange(200.0))
    known = set(range(0, 200, 9))
    for rule, looks in (("margin", False), ("k-center", True)):
        options = {"labels": ["even", "odd"], "learner": Knowing(), "batch": 4, "audit": 0.0, "suggestions": False}
        with Study.create(None, pool, strategy=f"time-gap(of='{rule}', gap=4)", **options) as study:
            for at in known:
                study.tell(pool.ids[at], ("even", "odd")[at % 2])
            seen.clear()
            study.step()
            assert any(known <= part for part in seen) == looks
            times = [pool.read([query.id])[0][0] for query in study.ask()]
            assert all(abs(time - at) >= 4 for time in times for at in known)


# uncertainty of boxes


def boxes_of(seed, members=0, columns=4):
    """Five images with 0 to 5 boxes each: probabilities of "nothing" and three classes, and places."""
    rng = np.random.default_rng(seed)
    sizes = np.append(rng.integers(0, 6, 4), 0)
    starts = np.concatenate([[0], np.cumsum(sizes)])
    shape = (starts[-1], members) if members else (starts[-1],)
    probs = rng.dirichlet(np.ones(columns), shape)
    places = np.concatenate([rng.uniform(0, 9, (*shape, 2)), rng.uniform(1, 9, (*shape, 2))], axis=-1)
    return Ragged(probs, starts), Ragged(places, starts)


def scores_of(rule, **evidence):
    view = View.of(evidence, ids=list("abcde"))
    return make("strategies", rule).score(view, Draw(0))


def reduced(values, reduction):
    if not values:
        return 0.0
    return {"sum": sum(values), "mean": sum(values) / len(values), "max": max(values)}[reduction]


def items_of(elements):
    """List the elements of each item as plain lists."""
    pairs = zip(elements.starts[:-1], elements.starts[1:], strict=True)
    return [elements.values[start:end].tolist() for start, end in pairs]


@settings(max_examples=25, deadline=None)
@given(seeds, st.sampled_from(["sum", "mean", "max"]))
def test_uncertainty_of_elements(seed, reduction):
    elements, _ = boxes_of(seed)

    def margin(p):
        first, second = sorted(p)[:-3:-1]
        return 1 - (first - second)

    for name, one in (("token-margin", margin), ("token-least-confidence", lambda p: 1 - max(p))):
        expected = [reduced([one(p) for p in item], reduction) for item in items_of(elements)]
        assert scores_of(f"{name}(reduce='{reduction}')", elements=elements) == pytest.approx(expected, abs=1e-12)


@settings(max_examples=25, deadline=None)
@given(seeds, st.booleans())
def test_rare_classes_count_more(seed, background):
    elements, _ = boxes_of(seed)
    asked, _ = boxes_of(seed + 1)
    first = 1 if background else 0
    counts = [sum(p[c] for item in items_of(asked) for p in item) for c in range(first, 4)]
    classes = len(counts)
    weight = [1.0] * first + [(sum(counts) + classes) / (classes * (n + 1)) for n in counts]

    def one(p):
        return sum(w * q for w, q in zip(weight, p, strict=True)) * -sum(q * np.log(q) for q in p)

    expected = [sum(map(one, item)) for item in items_of(elements)]
    rule = make("strategies", f"class-balanced(background={background})")
    labelled = View.of({"elements": asked}, ids=list("vwxyz"))
    view = View(**{**vars(View.of({"elements": elements}, ids=list("abcde"))), "labelled": labelled})
    assert rule.score(view, Draw(0)) == pytest.approx(expected, abs=1e-12)
    alone = [sum(-sum(q * np.log(q) for q in p) for p in item) for item in items_of(elements)]
    level = make("strategies", "class-balanced").score(View.of({"elements": elements}, ids=list("abcde")), Draw(0))
    assert level == pytest.approx(alone, abs=1e-12)  # without labelled rows the classes are level


def shared(one, other):
    """The intersection of two boxes over their union."""
    width = min(one[0] + one[2], other[0] + other[2]) - max(one[0], other[0])
    height = min(one[1] + one[3], other[1] + other[3]) - max(one[1], other[1])
    both = max(width, 0) * max(height, 0)
    return both / (one[2] * one[3] + other[2] * other[3] - both)


@settings(max_examples=25, deadline=None)
@given(seeds, st.sampled_from(["sum", "mean", "max"]), st.booleans(), st.sampled_from([0.0, 1.0, 2.5]))
def test_disagreement_on_class_and_place(seed, reduction, background, place):
    elements, places = boxes_of(seed, members=5)

    def entropy(p):
        return -sum(q * np.log(q) for q in p)

    def one(draws, boxes):
        mean = [sum(p[c] for p in draws) / 5 for c in range(4)]
        centre = [sum(b[side] for b in boxes) / 5 for side in range(4)]
        moved = 1 - sum(shared(b, centre) for b in boxes) / 5
        there = 1 - mean[0] if background else 1.0
        return (entropy(mean) - sum(map(entropy, draws)) / 5) / np.log(4) + place * there * moved

    pairs = zip(items_of(elements), items_of(places), strict=True)
    expected = [reduced([one(d, b) for d, b in zip(*pair, strict=True)], reduction) for pair in pairs]
    rule = f"box-disagreement(reduce='{reduction}', background={background}, place={place})"
    assert scores_of(rule, elements=elements, places=places) == pytest.approx(expected, abs=1e-12)


def test_one_draw_agrees_with_itself_and_places_must_be_boxes():
    elements, places = boxes_of(0)
    assert scores_of("box-disagreement", elements=elements, places=places).tolist() == pytest.approx([0.0] * 5)
    assert instability(places.values[:, None]).tolist() == pytest.approx([0.0] * len(places.values))
    with pytest.raises(BadEvidence, match=r"box-disagreement needs places \[M, K, 4\], x, y, width and height: got \("):
        scores_of("box-disagreement", elements=elements, places=Ragged(places.values[:, :2], places.starts))
    with pytest.raises(BadInput, match="place must be a weight of 0 or more: got -1"):
        make("strategies", "box-disagreement(place=-1)")
    with pytest.raises(BadInput, match="score_by must be one of entropy, least-confidence, margin"):
        make("strategies", "class-balanced(score_by='ratio')")


def test_boxes_per_cost_prefer_many_sure_boxes_less():
    starts = np.array([0, 4, 5])
    elements = Ragged(np.array([[0.6, 0.4]] * 5), starts)
    cost = np.array([4.0, 1.0])
    by_sum = scores_of_two("per-cost(of=\"token-entropy(reduce='sum')\")", elements, cost)
    assert by_sum[0] == pytest.approx(by_sum[1])
    assert scores_of_two("token-entropy(reduce='sum')", elements, cost)[0] > by_sum[1]


def scores_of_two(rule, elements, cost):
    return make("strategies", rule).score(View.of({"elements": elements, "cost": cost}, ids=["a", "b"]), Draw(0))
