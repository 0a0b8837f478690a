"""Committee and Bayesian strategies against brute force written from their one-line definitions, in plain Python."""

from __future__ import annotations

from dataclasses import replace
from itertools import product
from math import fsum, log, log1p, sqrt

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from querist import choose, query
from querist._query import choose_from
from querist.engines import merge
from querist.errors import BadEvidence, BadInput, MissingEvidence
from querist.scores import bayes, committee
from querist.strategies.epig import Epig
from querist.strategies.gaussian_bald import GaussianBald
from querist.strategies.thompson import Thompson
from querist.testing.strategies import StrategySuite
from querist.view import Draw, View

ROWS, MEMBERS = 12, 5


class TestEpigOfFewTargets(StrategySuite):
    strategy = "epig(targets=3)"


class TestGaussianBaldOfKnownNoise(StrategySuite):
    strategy = "gaussian-bald(noise=0.5)"


def h(p):
    return -fsum(x * log(x) for x in p if x > 0)


def mean(values):
    values = list(values)
    return fsum(values) / len(values)


def variance(values):
    return mean((v - mean(values)) ** 2 for v in values)


def columns(members):
    return list(zip(*members, strict=True))


def votes(members):
    shares = [[(x == max(p)) / p.count(max(p)) for x in p] for p in members]
    return [mean(column) for column in columns(shares)]


OF_DRAWS = {
    "variation-ratio": lambda members: 1 - max(votes(members)),
    "mean-std": lambda members: mean(sqrt(variance(column)) for column in columns(members)),
    "member-std": lambda members: sqrt(fsum(variance(column) for column in columns(members))),
    "predictive-variance": lambda members: fsum(variance(column) for column in columns(members)),
}


def distribution(classes):
    """Probabilities with exact zeros and exact ties."""
    weights = st.lists(st.integers(0, 6), min_size=classes, max_size=classes).filter(any)
    return weights.map(lambda w: [x / sum(w) for x in w])


@st.composite
def committees(draw, least=1):
    classes, members = draw(st.integers(least, 4)), draw(st.integers(1, MEMBERS))
    one = st.lists(distribution(classes), min_size=members, max_size=members)
    return draw(st.lists(one, min_size=1, max_size=ROWS))


@st.composite
def functions(draw):
    """Values of a regression, [N, K, 1]."""
    members = draw(st.integers(1, MEMBERS))
    one = st.lists(st.tuples(st.floats(-9, 9)), min_size=members, max_size=members)
    return draw(st.lists(one, min_size=1, max_size=ROWS))


def check(name, expected, **evidence):
    """The values are the definition's, and the order is that of the values."""
    chosen = choose(name, len(expected), seed=1, ids=[f"item_{i:02d}" for i in range(len(expected))], **evidence)
    assert sorted(chosen.rows.tolist()) == list(range(len(expected)))
    assert np.allclose(chosen.value, np.array(expected)[chosen.rows], rtol=1e-12, atol=1e-8)
    assert (np.diff(chosen.value) <= 0).all()


# scores of a committee


@pytest.mark.parametrize("name", OF_DRAWS)
@given(draws=committees())
@settings(max_examples=40, deadline=None)
def test_scores_of_draws(name, draws):
    check(name, [OF_DRAWS[name](members) for members in draws], draws=np.array(draws))


@pytest.mark.parametrize("name", ["mean-std", "member-std", "predictive-variance"])
@given(draws=functions())
@settings(max_examples=40, deadline=None)
def test_scores_of_the_functions_of_a_regression(name, draws):
    check(name, [OF_DRAWS[name](members) for members in draws], draws=np.array(draws))


def test_deviations_are_those_of_the_population():
    """Divided by K and not by K − 1, so that one member has none."""
    draws = np.array([[[1.0], [4.0]], [[2.0], [2.0]]])
    assert choose("member-std", 1, draws=draws).value.tolist() == [1.5]
    assert choose("member-std", 1, draws=draws[:, :1]).value.tolist() == [0.0]


def test_variances_far_from_zero_lose_no_digits():
    """The mean of squares less the square of the mean would leave nothing of them."""
    draws = np.array([[[1e9], [1e9 + 2]]])
    assert bayes.predictive_variance(draws).tolist() == [1.0]
    assert committee.mean_std(draws).tolist() == [1.0]


def test_the_variation_ratio_does_not_depend_on_the_order_of_undecided_classes():
    draws = np.array([[[0.5, 0.5], [0.3, 0.7]]])
    assert committee.variation_ratio(draws).tolist() == committee.variation_ratio(draws[..., ::-1]).tolist() == [0.25]


@pytest.mark.parametrize(
    "name",
    ["bald", "vote-entropy", "consensus-entropy", "kl-consensus", "variation-ratio", "batchbald", "epig", "min-margin"],
)
def test_the_values_of_a_regression_are_no_probabilities(name):
    with pytest.raises(BadEvidence) as caught:
        query(name, 1, draws=np.array([[[2.5], [3.5]], [[2.5], [0.5]]]))
    assert str(caught.value) == (
        "draws of one column hold the values of a regression, and this strategy compares probabilities of classes: "
        "use member-std, qbc-std, predictive-variance or thompson"
    )


# gaussian-bald


@given(rows=st.lists(st.tuples(st.floats(-9, 9), st.floats(0, 9)), min_size=1, max_size=ROWS), noise=st.floats(0.1, 9))
@settings(max_examples=60, deadline=None)
def test_information_of_a_real_label(rows, noise):
    expected = [0.5 * log1p(v / noise**2) for _, v in rows]
    check(f"gaussian-bald(noise={noise!r})", expected, mean_var=np.array(rows))


def test_the_noise_is_the_typical_deviation_unless_given():
    mean_var = np.array([[0.0, 1.0], [5.0, 4.0], [2.0, 9.0]])
    assert choose("gaussian-bald", 3, mean_var=mean_var).value == pytest.approx(
        [0.5 * log(1 + v / 4) for v in (9, 4, 1)]
    )
    targets = {"mean_var": np.array([[0.0, 9.0]])}
    assert choose("gaussian-bald", 1, mean_var=mean_var, targets=targets).value == pytest.approx([0.5 * log(2)])


def test_a_pool_of_certain_functions_has_a_noise_too():
    assert choose("gaussian-bald", 2, mean_var=np.zeros((2, 2))).value.tolist() == [0.0, 0.0]


def test_12_the_unit_of_the_label_plays_no_part():
    """With a noise fixed at 1, metres and millimetres would score differently."""
    metres = np.random.default_rng(0).uniform(0.1, 2.0, (9, 2))
    millimetres = metres * [1e3, 1e6]
    first, second = choose("gaussian-bald", 5, mean_var=metres), choose("gaussian-bald", 5, mean_var=millimetres)
    assert first.rows.tolist() == second.rows.tolist()
    assert first.value == pytest.approx(second.value, rel=1e-12)


@pytest.mark.parametrize("noise", [0, -1.0, float("inf"), float("nan"), "a"])
def test_a_noise_that_cannot_be(noise):
    with pytest.raises(BadInput) as caught:
        GaussianBald(noise=noise)
    assert str(caught.value) == f"noise must be a positive number, or None to take it from the data: got {noise!r}"
    if not isinstance(noise, str):
        with pytest.raises(BadInput, match=r"^noise must be a positive number: got"):
            bayes.gaussian_bald(np.ones((1, 2)), noise=noise)


def test_targets_without_predictions_say_so():
    with pytest.raises(MissingEvidence) as caught:
        query("gaussian-bald", 1, mean_var=np.ones((2, 2)), labelled={"embed": np.ones((1, 1))})
    assert str(caught.value) == ("gaussian-bald measures noise on the targets: give them mean_var too, or set noise=…")


# epig


def information(p, q):
    """The mutual information of two labels, from their joint distribution."""
    joint = {
        (c, d): mean(a[c] * b[d] for a, b in zip(p, q, strict=True))
        for c, d in product(range(len(p[0])), range(len(q[0])))
    }
    first = [mean(column) for column in columns(p)]
    second = [mean(column) for column in columns(q)]
    return fsum(v * log(v / (first[c] * second[d])) for (c, d), v in joint.items() if v > 0)


@given(draws=committees(), data=st.data())
@settings(max_examples=40, deadline=None)
def test_information_on_targets(draws, data):
    one = st.lists(distribution(len(draws[0][0])), min_size=len(draws[0]), max_size=len(draws[0]))
    targets = data.draw(st.lists(one, min_size=1, max_size=6))
    expected = [mean(information(p, q) for q in targets) for p in draws]
    assert bayes.epig(np.array(draws), np.array(targets)) == pytest.approx(expected, abs=1e-12)
    chosen = choose("epig", len(draws), draws=np.array(draws), targets={"draws": np.array(targets)}, seed=0)
    assert chosen.value == pytest.approx(sorted(expected, reverse=True), abs=1e-12)


def test_information_on_a_copy_of_itself_with_certain_members_is_bald():
    draws = np.eye(3)[np.random.default_rng(0).integers(0, 3, (6, 4))]
    for row in draws:
        assert bayes.epig(row[None], row[None])[0] == pytest.approx(bayes.bald(row[None])[0])


def test_targets_are_sampled_by_key_and_not_by_position():
    rng = np.random.default_rng(0)
    draws, targets = rng.dirichlet(np.ones(3), (8, 4)), rng.dirichlet(np.ones(3), (30, 4))
    view, others = (
        View.of({"draws": draws}, ids=list("abcdefgh")),
        View.of({"draws": targets}, ids=[str(i) for i in range(30)]),
    )
    turned = others.take(np.arange(30)[::-1])
    rule, scores = Epig(targets=5), {}
    for name, part in (("straight", others), ("turned", turned)):
        scores[name] = rule.score(replace(view, targets=part), Draw(0))
    kept = [i for i in range(30) if i in np.argsort(Draw(0).uniform(others.keys, "epig"))[:5]]
    assert scores["straight"] == pytest.approx(bayes.epig(draws, targets[kept]), rel=1e-12)
    assert scores["turned"] == pytest.approx(scores["straight"], rel=1e-12)
    assert rule.score(replace(view, targets=others), Draw(1)) != pytest.approx(scores["straight"], rel=1e-6)


def test_13_single_precision_is_estimated_in_double():
    """Information is a small difference of entropies."""
    draws = np.full((1, 4, 3), 1 / 3) + np.array([[1e-5, 0, -1e-5]]) * np.array([[1], [-1], [1], [-1]])
    exact = mean(information(draws[0].tolist(), draws[0].tolist()) for _ in range(1))
    assert exact < 1e-17
    assert abs(bayes.epig(draws.astype(np.float32), draws.astype(np.float32))[0]) < 1e-14


def test_11_targets_without_draws_say_so():
    with pytest.raises(MissingEvidence) as caught:
        query("epig", 1, draws=np.full((2, 3, 2), 0.5), labelled={"embed": np.ones((1, 1))})
    assert str(caught.value) == ("epig compares each row with the targets: give them draws too, of the same members")


@pytest.mark.parametrize("targets", [0, -3, 1.5, "all"])
def test_a_number_of_targets_that_cannot_be(targets):
    with pytest.raises(BadInput) as caught:
        Epig(targets=targets)
    assert str(caught.value) == f"targets must be a whole number, 1 or more: got {targets!r}"


# thompson


def by_hand(utility, members, ties):
    """Choose for one member after the other, and count the members that would have chosen the same."""
    left, rows, chances = set(range(len(utility))), [], []
    for member in members:
        best = [max(utility[i][k] for i in left) for k in range(len(utility[0]))]
        leaders = [[i for i in sorted(left) if utility[i][k] == best[k]] for k in range(len(utility[0]))]
        row = max(leaders[member], key=lambda i: ties[i])
        rows.append(row)
        chances.append(mean((row in tied) / len(tied) for tied in leaders))
        left.remove(row)
    return rows, chances


@given(draws=functions(), seed=st.integers(0, 9))
@settings(max_examples=60, deadline=None)
def test_12_one_function_is_drawn_for_the_whole_pool(draws, seed):
    """Not a member per candidate, and not the first candidate's column for all."""
    draw, ids = Draw(seed), [f"item_{i}" for i in range(len(draws))]
    view = View.of({"draws": np.array(draws)}, ids=ids)
    members = draw.rng("thompson").integers(len(draws[0]), size=len(draws)).tolist()
    utility = [[value for (value,) in row] for row in draws]
    chosen = choose_from(Thompson(), view, n=len(draws), draw=draw)
    if all(abs(a - b) > 1e-6 or a == b for k in columns(utility) for a in k for b in k):
        rows, chances = by_hand(utility, members, draw.uniform(view.keys, "ties"))
        assert chosen.rows.tolist() == rows
        assert chosen.propensity == pytest.approx(chances)
        assert chosen.value.tolist() == [utility[i][k] for i, k in zip(rows, members, strict=True)]
    assert Thompson().score(view, draw).tolist() == [row[members[0]] for row in utility]


def test_12_a_row_that_no_function_puts_first_is_never_first():
    draws = np.array([[[10.0], [0.0]], [[0.0], [10.0]], [[9.0], [9.0]]])
    first = [query("thompson", 1, draws=draws, seed=seed).tolist()[0] for seed in range(60)]
    assert set(first) == {0, 1}


def test_propensities_are_the_frequencies():
    draws = np.random.default_rng(0).normal(size=(5, 8, 1))
    runs = [choose("thompson", 1, draws=draws, seed=seed) for seed in range(400)]
    for row in range(5):
        times = [run.propensity[0] for run in runs if run.rows[0] == row]
        share = (draws[:, :, 0].argmax(axis=0) == row).mean()
        assert len(times) / 400 == pytest.approx(share, abs=3 * sqrt(share * (1 - share) / 400) + 1e-9)
        assert all(chance == pytest.approx(share) for chance in times)


def test_a_model_of_classes_seeks_what_it_is_unsure_of_itself():
    draws = np.array([[[0.5, 0.5], [1.0, 0.0]], [[1.0, 0.0], [0.6, 0.4]], [[0.0, 1.0], [0.0, 1.0]]])
    found = {(c.rows[0], round(c.value[0], 4)) for c in (choose("thompson", 1, draws=draws, seed=s) for s in range(30))}
    assert found == {(0, 0.6931), (1, 0.673)}


def test_of_mean_and_variance_a_function_is_drawn_for_every_pick():
    mean_var = np.tile([5.0, 4.0], (4000, 1))
    values = choose("thompson", 4000, mean_var=mean_var, seed=0).value
    assert values[0] > 5 + 2 * 3
    certain = np.array([[1.0, 0.0], [3.0, 0.0], [2.0, 0.0]])
    assert choose("thompson", 3, mean_var=certain, seed=0).value.tolist() == [3.0, 2.0, 1.0]
    scores = Thompson().score(View.of({"mean_var": mean_var}, ids=[str(i) for i in range(4000)]), Draw(3))
    assert scores.mean() == pytest.approx(5.0, abs=0.13)
    assert scores.std() == pytest.approx(2.0, abs=0.1)


@pytest.mark.parametrize("kind", ["draws", "mean_var"])
@pytest.mark.parametrize("shards", [1, 2, 3, 7])
def test_shards_give_the_same_picks_although_each_draws_for_itself(kind, shards):
    rng = np.random.default_rng(1)
    evidence = {"draws": rng.normal(size=(30, 4, 1))} if kind == "draws" else {"mean_var": rng.uniform(1, 2, (30, 2))}
    view = View.of(evidence, ids=[f"item_{i}" for i in range(30)])
    view = view.take(np.argsort(view.keys))
    parts = [view.take(rows) for rows in np.array_split(np.arange(30), shards)]
    survivors, _, chosen = merge.run(Thompson(), parts, n=8, draw=Draw(2))
    whole = choose_from(Thompson(), view, n=8, draw=Draw(2))
    assert [survivors.ids[i] for i in chosen.rows] == [view.ids[i] for i in whole.rows]


def test_the_reason_of_a_model_drawn():
    assert (
        choose("thompson", 1, mean_var=np.ones((2, 2))).reason == "the best row of one model drawn from the posterior"
    )
