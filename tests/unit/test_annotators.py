"""Several people, of known quality: the consensus, their quality, and which labels are wrong."""

from __future__ import annotations

from itertools import pairwise, product

import numpy as np
import pytest

from querist.errors import BadInput
from querist.estimate.annotators import Quality, quality
from querist.estimate.consensus import OWN, SURE, accuracies, consensus, foretold, own_rows
from querist.estimate.crowdlab import crowdlab
from querist.estimate.dawid_skene import RIGHT, STRENGTH, dawid_skene
from querist.estimate.label_errors import share_of_errors, suspicion
from querist.scores.crowd import agreement
from querist.scores.votes import Votes, majority


def crowd(skill, items=400, per_item=3, classes=3, seed=0):
    """Simulate people who are right with a probability of their own, and otherwise name any other class."""
    rng = np.random.default_rng(seed)
    truth = rng.integers(classes, size=items)
    person = np.concatenate([rng.permutation(len(skill))[:per_item] for _ in range(items)])
    item = np.repeat(np.arange(items), per_item)
    right = rng.random(len(item)) < np.asarray(skill)[person]
    label = np.where(right, truth[item], (truth[item] + rng.integers(1, classes, size=len(item))) % classes)
    return truth, Votes(item, person, label, items=items, people=len(skill), classes=classes)


SKILL = np.concatenate([np.full(10, 0.95), np.full(10, 0.7), np.full(10, 0.4)])


class TestDawidSkene:
    def test_one_round_is_bayes_rule(self):
        """By hand: two items, two people, two classes, from the majority."""
        votes = Votes(np.array([0, 0, 1]), np.array([0, 1, 0]), np.array([0, 0, 1]), items=2, people=2, classes=2)
        found = dawid_skene(votes, rounds=1)
        right, other = STRENGTH * RIGHT, STRENGTH * (1 - RIGHT)
        first = np.array([[right + 1, other], [other, right + 1]]) / (STRENGTH + 1)
        second = np.array(
            [[(right + 1) / (STRENGTH + 1), other / (STRENGTH + 1)], [other / STRENGTH, right / STRENGTH]]
        )
        assert found.confusion == pytest.approx(np.array([first, second]))
        assert found.prior == pytest.approx([0.5, 0.5])
        weights = [0.5 * first[c, 0] * second[c, 0] for c in range(2)]
        assert found.probs[0] == pytest.approx(np.array(weights) / sum(weights))

    def test_its_value_is_the_posterior_summed_over_all_truths(self):
        _, votes = crowd([0.9, 0.8, 0.6], items=4, per_item=2, classes=2)
        found = dawid_skene(votes)
        total = 0.0
        for truth in product(range(2), repeat=4):
            joint = np.prod([found.prior[c] for c in truth])
            for i, p, label in zip(votes.item, votes.person, votes.label, strict=True):
                joint *= found.confusion[p, truth[i], label]
            total += joint
        right, other = STRENGTH * RIGHT, STRENGTH * (1 - RIGHT)
        pseudo = np.array([[right, other], [other, right]])
        prior = (pseudo * np.log(found.confusion)).sum() + np.log(found.prior).sum()
        assert found.log_posterior[-1] == pytest.approx(np.log(total) + prior, abs=1e-4)

    def test_it_beats_the_majority_and_comes_near_those_who_know_the_skills(self):
        truth, votes = crowd(SKILL, items=1500, per_item=5)
        log = np.zeros((votes.items, 3))
        for c in range(3):
            q = SKILL[votes.person]
            np.add.at(log[:, c], votes.item, np.log(np.where(votes.label == c, q, (1 - q) / 2)))
        best = (log.argmax(axis=1) == truth).mean()
        ours = (dawid_skene(votes).probs.argmax(axis=1) == truth).mean()
        assert ours >= 0.985 * best
        assert ours > (majority(votes).argmax(axis=1) == truth).mean() + 0.02

    def test_nobody_voted(self):
        none = np.zeros(0, np.int64)
        found = dawid_skene(Votes(none, none, none, items=2, people=1, classes=2))
        assert found.probs.tolist() == [[0.5, 0.5], [0.5, 0.5]]


class TestQuality:
    @pytest.mark.parametrize("per_item", [3, 6])
    def test_intervals_cover_the_known_skills(self, per_item):
        hits = []
        for seed in range(12):
            _, votes = crowd(SKILL, items=500, per_item=per_item, seed=seed)
            found = quality(votes, dawid_skene(votes), confidence=0.9)
            hits += [one.low <= skill <= one.high for one, skill in zip(found, SKILL, strict=True)]
        assert np.mean(hits) >= 0.85

    def test_someone_alone_has_no_quality(self):
        votes = Votes(np.arange(50), np.zeros(50, np.int64), np.arange(50) % 2, items=50, people=2, classes=2)
        alone, silent = quality(votes, dawid_skene(votes))
        assert (alone.value, alone.low, alone.high, alone.votes) == (None, 0.0, 1.0, 50)
        assert alone.sentence == "not enough yet: 50 answers, and hardly any that others checked"
        assert (silent.value, silent.votes) == (None, 0)

    def test_facts_hold_the_sentence(self):
        assert Quality(0, 0.5, 0.2, 0.8, 9, 8.0).facts()["sentence"].startswith("right in 50.0 %")


class TestCrowdlab:
    def test_the_model_decides_where_people_are_few(self):
        truth, votes = crowd(SKILL, items=1500, per_item=2)
        rng = np.random.default_rng(1)
        model = np.full((1500, 3), 0.05)
        said = np.where(rng.random(1500) < 0.9, truth, (truth + 1) % 3)
        model[np.arange(1500), said] = 0.9
        found = crowdlab(votes, model)
        ours = (found.probs.argmax(axis=1) == truth).mean()
        assert ours > (majority(votes).argmax(axis=1) == truth).mean() + 0.1
        assert ours >= 0.88
        assert found.people[:10].min() > found.people[20:].max()
        assert found.probs.sum(axis=1) == pytest.approx(np.ones(1500))

    def test_by_hand(self):
        """Two items, three people; person 2 always disagrees."""
        votes = Votes(
            np.repeat([0, 1], 3), np.tile([0, 1, 2], 2), np.array([0, 0, 1, 1, 1, 0]), items=2, people=3, classes=2
        )
        model = np.array([[0.8, 0.2], [0.3, 0.7]])
        found = crowdlab(votes, model)
        assert agreement(votes).tolist() == [0.5, 0.5, 0.0]
        # the commonest class is wrong on half of the votes, so base = 0.5, and the weights are 1 - 0.5/0.5 and less
        assert found.people == pytest.approx([1e-6, 1e-6, 1e-6])
        assert found.model == pytest.approx(3**0.5)
        assert found.probs == pytest.approx(model, abs=1e-5)

    def test_without_shared_items_all_weigh_the_same(self):
        votes = Votes(np.array([0]), np.array([0]), np.array([1]), items=2, people=1, classes=2)
        found = crowdlab(votes, np.array([[0.6, 0.4], [0.6, 0.4]]))
        assert found.probs.tolist() == [pytest.approx([0.45, 0.55]), pytest.approx([0.6, 0.4])]


class TestLabelErrors:
    def test_wrong_labels_are_the_most_suspicious(self):
        rng = np.random.default_rng(0)
        truth = rng.integers(3, size=600)
        probs = rng.dirichlet(np.ones(3), 600) * 0.3
        probs[np.arange(600), truth] += 0.7
        wrong = rng.random(600) < 0.1
        labels = np.where(wrong, (truth + 1) % 3, truth)
        worst = np.argsort(-suspicion(labels, probs))[: wrong.sum()]
        assert wrong[worst].mean() > 0.95
        assert share_of_errors(labels, probs) == pytest.approx(wrong.mean(), abs=0.02)

    def test_nothing_is_no_share(self):
        assert share_of_errors(np.zeros(0, np.int64), np.empty((0, 2))) is None


class TestRefusals:
    @pytest.mark.parametrize(
        ("call", "text"),
        [
            (
                lambda one: Votes(one, one, one + 5, items=1, people=1, classes=2),
                "label must lie between 0 and 1: got 5",
            ),
            (lambda one: Votes(one, one[:0], one, items=1, people=1, classes=2), "person has 0 entries"),
            (
                lambda one: Votes(np.repeat(one, 2), np.repeat(one, 2), np.array([0, 1]), items=1, people=1, classes=2),
                "a person has one label for an item: keep the latest of each pair",
            ),
            (
                lambda one: crowdlab(Votes(one, one, one, items=1, people=1, classes=2), np.ones((2, 2))),
                "probs must be [1, 2], a row for each item: got (2, 2)",
            ),
            (lambda one: suspicion(one, np.ones((2, 2))), "probs must be [L, C] with a row for each of the 1 labels"),
            (lambda one: suspicion(one + 3, np.ones((1, 2))), "labels must lie between 0 and 1: got 3 to 3"),
        ],
    )
    def test_a_message_says_what_where_and_got(self, call, text):
        with pytest.raises(BadInput) as caught:
            call(np.zeros(1, np.int64))
        assert text in str(caught.value)


def confusing(items, people=20, per_item=5, seed=0):
    """Simulate people who are each at home in one class and guess in the other."""
    rng = np.random.default_rng(seed)
    truth = rng.integers(2, size=items)
    person = np.concatenate([rng.permutation(people)[:per_item] for _ in range(items)])
    item = np.repeat(np.arange(items), per_item)
    knows = np.where(truth[item] == person % 2, 0.97, 0.55)
    label = np.where(rng.random(len(item)) < knows, truth[item], 1 - truth[item])
    return truth, Votes(item, person, label, items=items, people=people, classes=2)


class TestConsensus:
    def test_few_answers_by_people_of_one_accuracy_each(self):
        gained = []
        for seed in range(4):
            truth, votes = crowd(np.linspace(0.4, 0.99, 30), items=200, classes=6, seed=seed)
            plain, found = ((fit(votes).probs.argmax(axis=1) == truth).mean() for fit in (dawid_skene, consensus))
            gained.append(found - plain)
        assert np.mean(gained) > 0.01

    def test_people_who_confuse_one_class_only_keep_their_rows(self):
        truth, votes = confusing(800)
        assert foretold(votes) < -SURE
        found, plain = consensus(votes), dawid_skene(votes)
        assert found.probs.tolist() == plain.probs.tolist()
        own = dawid_skene(votes, pseudo=own_rows(votes))
        assert (own.probs.argmax(axis=1) == truth).mean() < (plain.probs.argmax(axis=1) == truth).mean()

    def test_accuracies_are_those_of_the_people(self):
        skill = np.linspace(0.4, 0.99, 30)
        _, votes = crowd(skill, items=2000, per_item=5)
        assert accuracies(votes) == pytest.approx(skill, abs=0.06)

    def test_the_prior_gives_each_row_its_answers(self):
        _, votes = crowd([0.9, 0.6], items=30, per_item=2)
        rows = own_rows(votes)
        assert rows.sum(axis=2) == pytest.approx(np.full((2, 3), OWN))
        assert rows[:, 0, 0] / OWN == pytest.approx(accuracies(votes))

    def test_the_fit_rises_under_any_prior(self):
        _, votes = crowd(SKILL, items=100)
        risen = dawid_skene(votes, pseudo=own_rows(votes)).log_posterior
        assert all(b >= a - 1e-9 for a, b in pairwise(risen))

    def test_too_few_answers_take_the_plain_prior(self):
        _, votes = crowd([0.9, 0.6], items=10, per_item=2)
        assert foretold(votes) == 0.0
        assert consensus(votes).probs.tolist() == dawid_skene(votes).probs.tolist()
