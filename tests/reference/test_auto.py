"""``auto`` and its parts against the definition written out, and what each switch does."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from querist._query import choose, default_targets, resolve
from querist.engines import merge
from querist.scores.unsure import fade, predicted, rare_first, unsure
from querist.select.typical import typical
from querist.strategies._guard import compare
from querist.strategies.auto import WHY, Auto
from querist.view import Draw, Round, Selection, View

Points = NDArray[np.float64]
BARE = {"typical": False, "guard": False}


def points(n: int, seed: int, d: int = 3) -> Points:
    return np.random.default_rng(seed).normal(size=(n, d))


def chances(n: int, seed: int, c: int = 4) -> Points:
    return np.random.default_rng([seed, 1]).dirichlet(np.ones(c), n)


def gap(a: Points, b: Points) -> Points:
    return np.sqrt(((a[:, None, :] - b[None, :, :]) ** 2).sum(axis=2))


def check_greedy(picked: Selection, rows: Points, weight: Points, *, near: Points, sigma: float) -> None:
    """Recompute every gain from the definition at every step; ``near`` are the points labelled before."""
    similar, chosen, taken = np.exp(-((gap(rows, rows) / sigma) ** 2)), near, []
    for row, value in zip(picked.rows.tolist(), picked.value, strict=True):
        met = np.exp(-((gap(rows, chosen) / sigma) ** 2)).max(axis=1, initial=0.0)
        gain = weight @ np.maximum(0.0, similar - met[:, None])
        gain[taken] = -1.0
        assert gain[row] >= gain.max() * (1 - 1e-7)
        assert value == pytest.approx(gain[row], rel=1e-7)
        taken.append(row)
        chosen = np.concatenate([chosen, rows[[row]]])


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("asked", [2, 30])
def test_probabilities_are_weights_and_the_radius_follows_the_nearest_label(seed: int, asked: int) -> None:
    rows, known, p = points(12, seed), points(asked, seed + 50), chances(12, seed)
    chosen = choose("auto", 5, seed=0, embed=rows, probs=p, labelled={"embed": known, "probs": chances(asked, 9)})
    top = np.sort(p, axis=1)
    distance = np.concatenate([np.zeros(asked), gap(rows, known).min(axis=1)])
    apart = gap(rows, rows) + np.where(np.eye(12), np.inf, 0)
    sigma = max(float(np.median(distance)), float(np.median(apart.min(axis=1))) / 2)
    check_greedy(chosen, rows, 1 - (top[:, -1] - top[:, -2]), near=known, sigma=sigma)


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize(("sharpen", "power"), [(True, 20.0), (False, 1.0)])
def test_decision_values_count_relative_to_their_mean_gap(seed: int, sharpen: bool, power: float) -> None:
    rows, known = points(12, seed), points(3, seed + 50)
    f = 0.1 * np.random.default_rng(seed).normal(size=(12, 1))
    given = {"embed": known, "decision": np.ones((3, 1))}
    chosen = choose(Auto(sharpen=sharpen), 4, seed=0, embed=rows, decision=f, labelled=given)
    size = np.abs(f[:, 0])
    sigma = float(np.median(np.concatenate([np.zeros(3), gap(rows, known).min(axis=1)])))
    check_greedy(chosen, rows, np.exp(-power * size / size.mean()), near=known, sigma=sigma)


def test_the_unit_of_decision_values_plays_no_part() -> None:
    rows, f = points(30, 1), np.random.default_rng(2).normal(size=(30, 3))
    first = choose("auto", 8, seed=0, embed=rows, decision=f).rows.tolist()
    assert choose("auto", 8, seed=0, embed=rows, decision=1000 * f).rows.tolist() == first


def test_it_is_maxherding_without_knowledge_and_margin_with_half_of_all_labelled() -> None:
    rows = points(12, 3)
    flat = choose("auto", 4, seed=0, embed=rows, probs=np.full((12, 3), 1 / 3)).rows.tolist()
    assert flat == choose("maxherding", 4, seed=0, embed=rows).rows.tolist()
    alone, p = np.eye(12), np.column_stack([np.linspace(0.55, 0.999, 12), np.linspace(0.45, 0.001, 12)])
    known = {"embed": 9.0 + np.arange(12.0)[:, None] * np.ones(12), "probs": p}
    assert choose("auto", 12, seed=0, embed=alone, probs=p, labelled=known).rows.tolist() == list(range(12))


def test_without_shrinking_the_radius_is_maxherding_s_whatever_is_labelled() -> None:
    rows, known, p = points(12, 4), points(6, 60), np.full((12, 2), 0.5)
    given = {"embed": known, "probs": p[:6]}
    fixed = choose(Auto(shrink=False), 5, seed=0, embed=rows, probs=p, labelled=given)
    view = View.of({"embed": np.concatenate([rows, known])}, ids=[str(i) for i in range(18)])
    assert len(view) == 18
    distance = gap(rows, rows)
    check_greedy(fixed, rows, np.ones(12), near=known, sigma=float(np.median(distance[distance > 0]) / np.sqrt(2)))


def _with_an_outlier(**switch: Any) -> list[int]:
    rows = np.concatenate([points(60, 5, d=2), [[1e3, 1e3]]])
    p = np.concatenate([np.tile([0.99, 0.01], (60, 1)), [[0.5, 0.5]]])
    return choose(Auto(**switch), 3, seed=0, embed=rows, probs=p).rows.tolist()


def test_a_far_outlier_is_left_out_only_by_the_filter() -> None:
    assert _with_an_outlier(typical=False)[0] == 60
    assert 60 not in _with_an_outlier()


def test_a_small_cluster_is_no_outlier() -> None:
    rows = np.concatenate([points(60, 5, d=2), 1e3 + points(8, 6, d=2)])
    assert typical(rows, np.arange(68, dtype=np.uint64)).all()


@pytest.mark.parametrize("rows", [np.zeros((40, 2)), np.arange(40.0)[:, None], points(19, 0), np.empty((0, 3))])
def test_copies_even_rows_and_few_rows_have_no_outliers(rows: Points) -> None:
    assert typical(rows, np.arange(len(rows), dtype=np.uint64)).all()


def test_most_of_a_sample_of_copies_does_not_make_the_rest_outliers() -> None:
    rows = np.concatenate([np.zeros((30, 2)), points(10, 1, d=2)])
    assert typical(rows, np.arange(40, dtype=np.uint64)).all()


def test_balance_prefers_the_class_that_is_predicted_rarely() -> None:
    rows = np.concatenate([points(57, 7, d=2), 30 + points(3, 8, d=2)])
    p = np.concatenate([np.tile([0.7, 0.3], (57, 1)), np.tile([0.3, 0.7], (3, 1))])
    plain, even = (choose(Auto(balance=b, **BARE), 1, seed=0, embed=rows, probs=p) for b in (False, True))
    weight = np.repeat([1.0, np.sqrt(30 / 3)], [57, 3])
    assert rare_first(View.of({"probs": p}, ids=[str(i) for i in range(60)])) == pytest.approx(weight)
    assert even.value[0] >= plain.value[0]


def test_balance_is_nothing_where_classes_are_predicted_alike_and_is_bounded() -> None:
    p = np.tile([[0.9, 0.1, 0.0], [0.1, 0.9, 0.0]], (50, 1))
    ids = [str(i) for i in range(100)]
    assert rare_first(View.of({"probs": p}, ids=ids)).tolist() == [1.0] * 100
    p[:] = [0.9, 0.1, 0.0]
    p[0] = [0.1, 0.2, 0.7]
    assert rare_first(View.of({"probs": p}, ids=ids), most=4.0)[0] == 4.0


def test_predictions_of_both_kinds_of_evidence() -> None:
    ids = ["a", "b"]
    assert predicted(View.of({"decision": np.array([[0.1], [-0.1]])}, ids=ids)).tolist() == [1, 0]
    assert predicted(View.of({"decision": np.array([[0.1, 2, 1], [3, 0, 0]])}, ids=ids)).tolist() == [1, 0]
    assert predicted(View.of({"probs": np.array([[1.0], [1.0]])}, ids=ids)).tolist() == [0, 0]


def test_gaps_that_are_all_zero_leave_every_row_unsure() -> None:
    view = View.of({"decision": np.zeros((3, 2))}, ids=list("abc"))
    assert unsure(view, scale=fade(view)).tolist() == [1.0, 1.0, 1.0]


# exploring


def _taught(wrong: int, right: int, **evidence: Points) -> dict[str, Any]:
    """Give labelled rows of two classes, of which the model contradicts ``wrong``."""
    f = np.concatenate([np.full(wrong, -1.0), np.full(right, 1.0)])[:, None]
    return {"labelled": {"embed": points(wrong + right, 99), "decision": f}, "labels": np.ones(wrong + right, np.int64)}


def _explored(n: int, seed: int, *, wrong: int, right: int, **switch: Any) -> Selection:
    rows, f = points(200, 1), np.random.default_rng(2).normal(size=(200, 1))
    return choose(Auto(**switch), n, seed=seed, embed=rows, decision=f, **_taught(wrong, right))


@pytest.mark.parametrize(("wrong", "right"), [(0, 48), (12, 36)])
def test_as_many_are_drawn_at_random_as_the_model_contradicts_of_what_it_was_taught(wrong: int, right: int) -> None:
    found = [_explored(10, seed, wrong=wrong, right=right) for seed in range(200)]
    drawn = np.concatenate([one.rows[one.value == 0] for one in found])
    share = (wrong + 1) / 50
    assert abs(len(drawn) - 2000 * share) < 4 * np.sqrt(2000 * share * (1 - share))
    assert np.bincount(drawn, minlength=200).max() < 16  # evenly: 2.6 each at most
    assert all(len(set(one.rows.tolist())) == 10 for one in found)


def test_the_rest_is_the_rule_s_own_choice_and_the_reason_tells_the_drawn_ones() -> None:
    plain = _explored(10, 3, wrong=12, right=36, explore=False)
    chosen = _explored(10, 3, wrong=12, right=36)
    drawn = chosen.value == 0
    assert 0 < drawn.sum() < 10
    assert drawn.tolist() != sorted(drawn.tolist())  # anywhere in the batch
    assert chosen.rows[~drawn].tolist() == plain.rows[: int((~drawn).sum())].tolist()
    why = "drawn at random: the model contradicts about 26 % of the labels that it was taught"
    assert chosen.reason == f"{WHY}; some {why}"
    assert chosen.said is not None
    assert [code == -1 for code in chosen.said["class"]] == drawn.tolist()
    alone = [_explored(1, seed, wrong=12, right=36) for seed in range(40)]
    assert {one.reason for one in alone} == {WHY, why}


def test_a_longer_batch_begins_with_the_shorter_ones_so_that_wrappers_keep_what_was_drawn() -> None:
    longest = _explored(40, 3, wrong=12, right=36).rows.tolist()
    for n in (1, 2, 5, 10, 20):
        assert _explored(n, 3, wrong=12, right=36).rows.tolist() == longest[:n]
    rows, f = points(200, 1), np.random.default_rng(2).normal(size=(200, 1))
    time = np.random.default_rng(4).permutation(200)  # half of what is chosen lies too near to the rest
    taught, drawn = _taught(12, 36), 0
    for seed in range(30):
        given = {"embed": rows, "decision": f, "time": time, **taught}
        drawn += int((choose("time-gap(of='auto', gap=9, earlier=False)", 10, seed=seed, **given).value == 0).sum())
    assert abs(drawn - 300 * 13 / 50) < 4 * np.sqrt(300 * 13 / 50 * 37 / 50)


@pytest.mark.parametrize("shards", [1, 3])
def test_however_a_pool_is_cut_the_same_items_are_drawn_at_random(shards: int) -> None:
    taught, total = _taught(12, 36), 0
    known = View.of(taught["labelled"], ids=[f"known_{i}" for i in range(48)])
    rows = View.of({"embed": points(600, 1), "decision": points(600, 2, d=1)}, ids=[f"i{i:04}" for i in range(600)])
    view = replace(rows, labelled=known, labels=taught["labels"], targets=rows.take(np.arange(100)))
    parts = [view.take(part) for part in np.array_split(np.arange(600), shards)]
    for seed in range(20):
        survivors, _, chosen = merge.run(Auto(), parts, n=10, draw=Draw(seed), reserve=20)
        drawn, own = (
            [survivors.ids[row] for row in chosen.rows[part]] for part in (chosen.value == 0, chosen.value > 0)
        )
        order = [rows.ids[row] for row in np.argsort(-Draw(seed).uniform(rows.keys, "explored"))]
        assert drawn == [id for id in order if id not in own][: len(drawn)]
        total += len(drawn)
    assert total > 30


def test_probabilities_and_rows_without_an_answer_leave_nothing_to_chance() -> None:
    rows, p, taught = points(200, 1), chances(200, 1, c=2), _taught(40, 8)
    sure = {"embed": taught["labelled"]["embed"], "probs": chances(48, 5, c=2)}
    given = {"embed": rows, "probs": p, "labelled": sure, "labels": taught["labels"]}
    first, second = (choose(Auto(explore=on), 20, seed=0, **given).rows.tolist() for on in (True, False))
    assert first == second
    waiting = {**taught, "labels": np.full(48, -1)}
    f = np.random.default_rng(2).normal(size=(200, 1))
    assert choose("auto", 20, seed=0, embed=rows, decision=f, **waiting).reason == WHY


def test_a_part_of_a_class_that_a_stiff_model_is_sure_of_wrongly_is_found() -> None:
    """A line splits three groups on a line, and calls the third by the wrong name: nobody would ever ask there."""
    rng, found = np.random.default_rng(0), {True: 0, False: 0}
    x = np.concatenate([rng.normal(centre, 0.5, (100, 1)) for centre in (-4, 0, 8)])
    truth = np.repeat([0, 1, 0], 100)
    start = np.concatenate([np.arange(12), 100 + np.arange(12)])
    labels = np.where(np.arange(24) % 6 == 0, 1 - truth[start], truth[start])  # the two groups overlap
    rest = np.setdiff1d(np.arange(300), start)
    for explore in found:
        for seed in range(10):
            taught = {"labelled": {"embed": x[start], "decision": x[start] + 2}, "labels": labels}
            picked = choose(Auto(explore=explore), 60, seed=seed, embed=x[rest], decision=x[rest] + 2, **taught)
            found[explore] += int((rest[picked.rows] >= 200).any())
    assert found == {True: 10, False: 0}


# the guard


def _round(name: str, wrong: int, right: int, first: int = 0) -> Round:
    labels = np.array([1] * wrong + [0] * right)
    keys = np.arange(first, first + len(labels), dtype=np.uint64)
    return Round(keys, labels, np.zeros(len(labels)), name, said={"class": [0] * len(labels)})


def _guarded(*past: Round, n: int = 10, guard: bool = True, seed: int = 0) -> Selection:
    rows = View.of({"embed": points(300, 0), "probs": chances(300, 0)}, ids=[str(i) for i in range(300)])
    view = replace(rows, past=past)
    view = replace(view, targets=default_targets(view))
    rule, draw = Auto(guard=guard), Draw(seed)
    return rule.select(view, np.asarray(rule.score(view, draw)), n=n, draw=draw)


def test_picks_that_err_less_than_the_audit_s_give_way_to_random_ones_and_the_reason_says_so() -> None:
    chosen = _guarded(_round("auto", 2, 58), _round("audit", 30, 30))
    expected = "drawn at random: the model erred on 3 % of the items chosen lately, and on 50 % of the audit's"
    assert chosen.reason == expected
    assert chosen.said == {"class": [-1] * 10}
    picks = [_guarded(_round("auto", 2, 58), _round("audit", 30, 30), seed=s).rows for s in range(200)]
    counts = np.bincount(np.concatenate(picks), minlength=300)
    assert counts.max() < 25  # 200 · 10 / 300 = 6.7 each: uniform over the pool
    assert (counts > 0).mean() > 0.98


def test_a_doubt_replaces_a_share_of_the_batch_only() -> None:
    past = _round("auto", 4, 26), _round("audit", 8, 22)
    found = compare(past)
    assert found is not None
    assert -2 < found.z < -1
    chosen, plain = _guarded(*past), _guarded()
    count = int(np.ceil(found.share * 10))
    assert 0 < count < 10
    drawn = chosen.value == 0
    assert drawn.sum() == count
    assert drawn.tolist() != sorted(drawn.tolist())  # evenly among the others
    assert chosen.rows[~drawn].tolist() == plain.rows[: 10 - count].tolist()
    assert chosen.reason.startswith(f"{WHY}; some drawn at random: the model erred on")
    assert chosen.said is not None
    assert [code == -1 for code in chosen.said["class"]] == drawn.tolist()
    assert len(set(chosen.rows.tolist())) == 10


def test_a_longer_guarded_batch_begins_with_the_shorter_ones() -> None:
    past = _round("auto", 4, 26), _round("audit", 8, 22)
    longest = _guarded(*past, n=40).rows.tolist()
    for n in (1, 2, 5, 10, 20):
        assert _guarded(*past, n=n).rows.tolist() == longest[:n]


def test_the_reason_of_a_guarded_batch_tells_of_drawn_items_only_where_they_are_still_in_it() -> None:
    past = _round("auto", 2, 58), _round("audit", 30, 30)
    taught = _taught(12, 36)
    known = View.of(taught["labelled"], ids=[f"known_{i}" for i in range(48)])
    rows = View.of({"embed": points(200, 1), "decision": points(200, 2, d=1)}, ids=[str(i) for i in range(200)])
    view = replace(rows, labelled=known, labels=taught["labels"], targets=rows, past=past)
    chosen = Auto().select(view, np.asarray(Auto().score(view, Draw(3))), n=10, draw=Draw(3))
    assert chosen.reason.startswith("drawn at random: the model erred on 3 %")
    assert "contradicts" not in chosen.reason
    doubt = replace(view, past=(_round("auto", 4, 26), _round("audit", 8, 22)))
    found, seen = compare(doubt.past), set()
    assert found is not None
    turns = np.diff(np.ceil(found.share * np.arange(5))) > 0
    for seed in range(20):
        chosen = Auto().select(doubt, np.asarray(Auto().score(doubt, Draw(seed))), n=4, draw=Draw(seed))
        drawn = bool((chosen.value[~turns] == 0).any())
        assert ("contradicts" in chosen.reason) == drawn
        seen.add(drawn)
    assert seen == {True, False}


@pytest.mark.parametrize(
    "past",
    [
        (),
        (_round("auto", 30, 30), _round("audit", 2, 58)),  # harder than random ones: as it should be
        (_round("auto", 0, 60),),  # no audit
        (_round("auto", 0, 60), _round("audit", 5, 4)),  # nine audit answers say nothing
        (_round("audit", 30, 30), _round("auto", 2, 58)),  # not of one model
        (_round("auto", 0, 60), _round("audit", 0, 60)),  # a perfect model
        (replace(_round("auto", 2, 58), said=None), _round("audit", 30, 30)),
        (replace(_round("auto", 2, 58), labels=np.full(60, -1)), _round("audit", 30, 30)),
    ],
)
def test_the_guard_leaves_a_batch_alone_without_evidence_against_it(past: tuple[Round, ...]) -> None:
    chosen, plain = _guarded(*past), _guarded(guard=False)
    assert chosen.rows.tolist() == plain.rows.tolist()
    assert chosen.reason == plain.reason == WHY
    assert plain.said is None
    assert chosen.said is not None
    assert len(chosen.said["class"]) == 10


def test_random_picks_of_the_guard_do_not_count_as_chosen() -> None:
    lately = replace(_round("auto", 2, 58), said={"class": [-1] * 60})
    assert compare((lately, _round("audit", 30, 30))) is None


def test_rounds_are_compared_within_themselves() -> None:
    early = _round("auto", 30, 10), _round("audit", 3, 1)  # a poor model: both kinds err
    late = _round("auto", 1, 9), _round("audit", 1, 39)  # a good one, with many more audit items
    found = compare((*early, *late))
    assert found is not None
    weight = np.array([40 * 4 / 44, 10 * 40 / 50])
    share = (30 + 3 + 1 + 1) / (44 + 50)
    z = (weight * [0.0, 0.1 - 1 / 40]).sum() / np.sqrt(weight.sum() * share * (1 - share))
    assert found.z == pytest.approx(z)


def test_the_guard_alone_asks_for_earlier_rounds() -> None:
    assert "past" in Auto().context
    assert "past" not in Auto(guard=False).context


# the cost


@pytest.mark.parametrize("name", ["auto", "uherding", "maxherding"])
def test_the_cover_is_set_up_once_for_a_view(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    import importlib

    module, made = importlib.import_module(f"querist.strategies.{name}"), []
    cover = module.cover
    monkeypatch.setattr(module, "cover", lambda *a, **k: made.append(1) or cover(*a, **k))
    rows = View.of({"embed": points(60, 0), "probs": chances(60, 0)}, ids=[str(i) for i in range(60)])
    view = replace(rows, labelled=rows.take(np.arange(4)), labels=np.arange(4), targets=rows)
    rule, draw = resolve(name)[0], Draw(1)
    scores = np.asarray(rule.score(view, draw))
    once = rule.select(view, scores, n=9, draw=draw)
    assert len(made) == 1
    again = rule.select(replace(view), scores, n=9, draw=draw)  # a copy starts anew
    assert len(made) == 2
    assert once.rows.tolist() == again.rows.tolist()
    assert once.value.tolist() == again.value.tolist()
