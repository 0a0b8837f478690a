"""Deep learners: what they say, what they share, and what the wrappers promise."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import norm

from querist.errors import BadInput, LearnerFailed
from querist.learners import resolve
from querist.learners.bnn import Bnn
from querist.learners.dropout import Dropout
from querist.learners.ensemble import Ensemble
from querist.learners.laplace import Laplace
from querist.learners.torch import Torch
from querist.testing.learners import check, make_sample, train

torch = pytest.importorskip("torch")
nn = torch.nn
pytestmark = pytest.mark.torch

QUICK = {"epochs": 25, "rate": 0.01}
SAMPLE = make_sample(seed=2, rows=300, features=6)


@pytest.fixture(autouse=True)
def one_thread():
    """Two threads on two busy cores wait for each other longer than they compute."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


def head_only(classes):
    layers = (nn.Linear(6, 12), nn.ReLU(), nn.Linear(12, 8), nn.ReLU(), nn.Dropout(0.4), nn.Linear(8, classes))
    return nn.Sequential(*layers)


class Jump(nn.Module):
    """Add what dropout left to what came before it: the copies do not fit together."""

    def __init__(self, classes):
        super().__init__()
        self.first, self.last = nn.Linear(6, 8), nn.Linear(8, classes)

    def forward(self, rows):
        hidden = torch.relu(self.first(rows))
        return self.last(hidden + nn.functional.dropout(hidden, 0.5, training=self.training))


class TestErrors:
    def fails(self, module, message, **options):
        with pytest.raises(BadInput, match=message):
            train(Torch(module, **QUICK, **options), SAMPLE)

    def test_no_parameters(self):
        self.fails(nn.Flatten(), r"must give 3 numbers for each item, one for each class: got \(6,\)")
        self.fails(nn.Linear(6, 3).requires_grad_(False), "has no parameters to train")

    def test_another_width(self):
        message = r"the module Linear must give 3 numbers for each item, one for each class: got \(5,\); mend its last"
        self.fails(nn.Linear(6, 5), message)

    def test_other_items(self):
        self.fails(nn.Linear(4, 3), r"the module Linear cannot take items of shape \(6,\): .* give shape=")

    def test_a_shape_that_is_none(self):
        self.fails("cnn", r"an item of shape \(1, 2, 4\) has 8 numbers: these items have 6", shape=(1, 2, 4))
        self.fails("cnn", r"cnn takes images of shape \(channels, height, width\), 4 pixels a side")

    def test_probabilities_in_place_of_logits(self):
        self.fails(
            nn.Sequential(nn.Linear(6, 3), nn.Softmax(dim=1)), "gives probabilities: leave its last softmax away"
        )

    def test_a_tuple_in_place_of_a_tensor(self):
        class Two(nn.Linear):
            def forward(self, rows):
                return super().forward(rows), rows

        self.fails(Two(6, 3), "a module must give one tensor, or an object with logits: got tuple")

    def test_a_factory_of_something_else(self):
        self.fails(lambda: 3, "must give a torch.nn.Module: got int")

    @pytest.mark.parametrize("module", ["vgg", 3])
    def test_a_module_that_is_none(self, module):
        with pytest.raises(BadInput, match=f"module must be 'mlp' or 'cnn', a torch.nn.Module, .*: got {module!r}"):
            Torch(module)

    def test_a_loss_that_is_not_a_number(self):
        class Broken(nn.Linear):
            def forward(self, rows):
                return super().forward(rows) * (float("nan") if self.training else 1.0)

        with pytest.raises(LearnerFailed, match="the loss became nan in epoch 1"):
            train(Torch(Broken(6, 3), **QUICK), SAMPLE)

    def test_wrappers_around_no_network(self):
        for kind in (Dropout, Ensemble, Bnn):
            with pytest.raises(BadInput, match=f"{kind.__name__.lower()} needs a network: base must be 'torch'"):
                kind(base="linear")
        with pytest.raises(BadInput, match="laplace needs a model that ends in a linear layer: 'sklearn:GaussianNB'"):
            Laplace(base="sklearn:GaussianNB")

    def test_wrappers_with_wrong_numbers(self):
        for kind, name in ((Dropout, "draws"), (Bnn, "draws"), (Laplace, "draws")):
            with pytest.raises(BadInput, match=f"{name} must be a whole number, 1 or more: got 0"):
                kind(**{name: 0})
        with pytest.raises(BadInput, match="members must be a whole number, 2 or more: got 1"):
            Ensemble(members=1)
        with pytest.raises(BadInput, match="rate must lie between 0 and 1: got 1"):
            Dropout(rate=1)
        with pytest.raises(BadInput, match="prior must be a positive, finite number: got 0"):
            Laplace(prior=0)

    def test_dropout_without_dropout_and_laplace_without_a_head(self):
        with pytest.raises(BadInput, match=r"the module Linear has no dropout: put a torch.nn.Dropout before"):
            train(Dropout(Torch(nn.Linear(6, 3), **QUICK)), SAMPLE)
        scaled = nn.Sequential(nn.Linear(6, 3), nn.Tanh())
        with pytest.raises(BadInput, match=r"laplace needs a module that ends in a torch.nn.Linear which makes its"):
            train(Laplace(Torch(scaled, **QUICK)), SAMPLE)


class TestTorch:
    def test_the_given_module_is_not_touched(self):
        module = head_only(3)
        before = [weight.clone() for weight in module.parameters()]
        train(Torch(module, **QUICK), SAMPLE)
        assert all(torch.equal(a, b) for a, b in zip(before, module.parameters(), strict=True))
        assert not module[5]._forward_pre_hooks

    def test_the_head_on_the_embedding_makes_the_probabilities(self):
        model = train(Torch(head_only, **QUICK), SAMPLE)
        found = model.predict(SAMPLE.pool, {"probs", "embed", "head"})
        assert found["embed"].shape == (300, 8)
        logits = found["embed"] @ found["head"].weight.T + found["head"].bias
        expected = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
        np.testing.assert_allclose(found["probs"], expected, atol=1e-6)

    def test_log_probabilities_are_as_good_as_logits(self):
        model = train(Torch(nn.Sequential(nn.Linear(6, 3), nn.LogSoftmax(dim=1)), **QUICK), SAMPLE)
        assert model.provides == {"probs", "embed", "head", "draws"}

    def test_a_module_without_a_head_gives_less(self):
        scaled = train(Torch(nn.Sequential(nn.Linear(6, 3), nn.Tanh()), **QUICK), SAMPLE)
        assert scaled.provides == {"probs", "embed"}
        bare = train(Torch(nn.Sequential(nn.Unflatten(1, (6, 1)), nn.Conv1d(6, 3, 1), nn.Flatten()), **QUICK), SAMPLE)
        assert bare.provides == {"probs"}

    @pytest.mark.parametrize("wrap", [lambda base: base, Dropout, lambda base: Bnn(base, draws=3, snapshots=3)])
    def test_blocks_change_nothing_to_the_bit(self, wrap):
        model = train(wrap(Torch(head_only, **QUICK)), SAMPLE)
        whole = model.predict(SAMPLE.pool, {"draws", "probs", "embed"})
        for rows in (slice(0, 1), slice(7, 290)):
            part = model.predict(SAMPLE.pool[rows], {"draws", "probs", "embed"})
            for need in ("embed", "draws", "probs"):
                np.testing.assert_allclose(part[need], whole[need][rows], rtol=0, atol=1e-12 if need != "embed" else 0)

    def test_it_does_not_matter_in_which_order_labels_come(self):
        order = np.random.default_rng(0).permutation(len(SAMPLE.rows))
        learner = Torch(head_only, **QUICK)

        def probs(rows):
            rng = np.random.default_rng(0)
            items, codes = SAMPLE.pool[SAMPLE.rows[rows]], SAMPLE.codes[rows]
            model = learner.fit(items, codes, classes=3, rng=rng, pool=SAMPLE.pool)
            return model.predict(SAMPLE.pool, {"probs"})["probs"]

        np.testing.assert_array_equal(probs(order), probs(np.arange(len(order))))

    def test_images_come_as_rows_or_as_arrays(self):
        rng = np.random.default_rng(0)
        codes = np.arange(60) % 2
        images = rng.random((60, 1, 8, 8), dtype=np.float32)
        images[codes == 1, :, :4] += 1.0
        found = []
        for items, learner in ((images, Torch("cnn", **QUICK)), (images.reshape(60, 64), Torch("cnn", **QUICK))):
            model = learner.fit(items[:40], codes[:40], classes=2, rng=np.random.default_rng(0), pool=items)
            check(model.predict(items, model.provides), 60)
            found.append(model.predict(items, {"probs"})["probs"])
        np.testing.assert_array_equal(*found)
        assert (found[0][40:].argmax(axis=1) == codes[40:]).mean() > 0.9

    def test_balanced_classes_count_the_same(self):
        """Nine labels of class 0 to one of class 1, at the same place: half and half when classes are balanced."""
        items, codes = np.ones((100, 2)), (np.arange(100) % 10 == 0).astype(np.int64)
        shares = []
        for balanced in (False, True):
            learner = Torch(nn.Linear(2, 2), balanced=balanced, epochs=300, rate=0.02, standardise=False)
            model = learner.fit(items, codes, classes=2, rng=np.random.default_rng(0))
            shares.append(float(model.predict(items[:1], {"probs"})["probs"][0, 1]))
        assert shares == pytest.approx([0.1, 0.5], abs=0.03)

    def test_a_warm_start_begins_where_the_other_ended(self):
        learner = Torch(head_only, epochs=60, rate=0.01)
        old = train(learner, SAMPLE)
        one = {"epochs": 1, "rate": 1e-9, "decay": 0.0}
        cold, warm = (train(Torch(head_only, warm_start=w, **one), SAMPLE, warm=old) for w in (False, True))
        truth = old.predict(SAMPLE.pool, {"probs"})["probs"]
        np.testing.assert_allclose(warm.predict(SAMPLE.pool, {"probs"})["probs"], truth, atol=1e-4)
        assert np.abs(cold.predict(SAMPLE.pool, {"probs"})["probs"] - truth).max() > 0.1

    def test_the_spec_builds_it_again_and_an_object_has_none(self):
        spec = "dropout(base=\"torch(epochs=5, module='cnn')\", draws=7)"
        assert resolve(spec)[1] == spec
        assert resolve(Torch(head_only))[1] is None
        assert resolve(Dropout(Torch(head_only)))[1] is None


class TestSkorch:
    def net(self, criterion, *last):
        skorch = pytest.importorskip("skorch")
        module = nn.Sequential(nn.Linear(6, 12), nn.ReLU(), nn.Dropout(0.3), nn.Linear(12, 3), *last)
        options = {"max_epochs": 40, "lr": 0.05, "train_split": None, "batch_size": 32}
        return skorch.NeuralNetClassifier(module, criterion=criterion, **options)

    @pytest.mark.parametrize(("criterion", "last"), [(nn.CrossEntropyLoss, ()), (nn.NLLLoss, (nn.Softmax(dim=-1),))])
    def test_a_net_learns_and_is_left_as_it_was(self, criterion, last, capsys):
        net, state = self.net(criterion, *last), torch.random.get_rng_state()
        model = train(Torch(net), SAMPLE)
        found = model.predict(SAMPLE.pool, model.provides)
        check(found, 300)
        assert model.provides == {"probs", "embed", "head", "draws"}
        assert (found["probs"][SAMPLE.rows].argmax(axis=1) == SAMPLE.codes).mean() > 0.9
        assert torch.equal(torch.random.get_rng_state(), state)
        assert not hasattr(net, "module_")
        assert capsys.readouterr().out == ""
        again = train(Torch(net), SAMPLE).predict(SAMPLE.pool, {"probs"})["probs"]
        np.testing.assert_array_equal(again, found["probs"])

    def test_a_net_can_be_wrapped(self):
        model = train(Dropout(Torch(self.net(nn.NLLLoss, nn.Softmax(dim=-1))), draws=5), SAMPLE)
        check(model.predict(SAMPLE.pool, model.provides), 300)

    def test_another_criterion_is_named(self):
        with pytest.raises(BadInput, match=r"must learn by torch.nn.CrossEntropyLoss .* got MSELoss"):
            train(Torch(self.net(nn.MSELoss)), SAMPLE)


class TestDropout:
    @pytest.mark.parametrize(("module", "together"), [(head_only, True), (Jump, False)])
    def test_each_draw_is_one_network(self, module, together):
        """The masks by hand: a unit is left away on every row or on none."""
        model = train(Dropout(Torch(module, **QUICK), draws=6), SAMPLE)
        assert model.opinions.together is together
        masks = model.opinions.masks[0].numpy()
        network = model.network
        rate = 0.4 if together else 0.5
        assert set(np.unique(masks.round(6))) == {0.0, np.float32(1 / (1 - rate)).round(6)}
        embed, head = network.outputs(SAMPLE.pool)[1], network.head
        if together:
            logits = (embed[:, None] * masks) @ head.weight.T + head.bias
        else:
            hidden = embed / 2.0  # without dropout, what enters the last layer is hidden + hidden
            logits = (hidden[:, None] * (1 + masks)) @ head.weight.T + head.bias
        expected = np.exp(logits) / np.exp(logits).sum(axis=-1, keepdims=True)
        found = model.predict(SAMPLE.pool, {"draws", "probs"})
        np.testing.assert_allclose(found["draws"], expected, atol=1e-5)
        np.testing.assert_allclose(found["probs"], expected.mean(axis=1), atol=1e-5)

    def test_the_trunk_runs_once(self):
        """Rows that pass the first layer: as many as there are (and their padding), not K times as many."""
        model = train(Dropout(Torch(head_only, **QUICK), draws=50), SAMPLE)
        passed = []
        model.network.module[0].register_forward_hook(lambda _, inputs, __: passed.append(len(inputs[0])))
        model.predict(SAMPLE.pool, {"draws"})
        assert 300 <= sum(passed) < 2 * 300

    def test_whole_channels_go_where_the_layer_says_so(self):
        layers = (nn.Conv2d(1, 4, 3, padding=1), nn.Dropout2d(0.5), nn.Flatten(), nn.LazyLinear(2))
        items = np.random.default_rng(0).normal(size=(30, 1, 4, 4))
        codes = (items.mean(axis=(1, 2, 3)) > 0).astype(np.int64)
        learner = Dropout(Torch(lambda: nn.Sequential(*layers), **QUICK), draws=9)
        model = learner.fit(items, codes, classes=2, rng=np.random.default_rng(0))
        assert tuple(model.opinions.masks[0].shape) == (9, 4, 1, 1)

    def test_another_rate(self):
        model = train(Dropout(Torch(head_only, **QUICK), draws=400, rate=0.1), SAMPLE)
        assert float((model.opinions.masks[0] == 0).float().mean()) == pytest.approx(0.1, abs=0.02)


class TestEnsemble:
    def test_members_differ_and_the_mean_is_theirs(self):
        model = train(Ensemble(Torch(head_only(3), **QUICK), members=3), SAMPLE)
        found = model.predict(SAMPLE.pool, {"draws", "probs", "embed"})
        assert found["draws"].shape == (300, 3, 3)
        assert np.abs(np.diff(found["draws"], axis=1)).max(axis=(0, 2)).min() > 1e-3
        np.testing.assert_allclose(found["draws"].mean(axis=1), found["probs"])
        first = [tuple(n.module[0].weight[0, :2].tolist()) for n in model.opinions.networks]
        assert len(set(first)) == 3

    @pytest.mark.slow
    def test_processes_give_the_same_to_the_bit(self):
        options = {"base": "torch(epochs=10, rate=0.01)", "members": 3}
        here, there = (train(Ensemble(**options, processes=p), SAMPLE) for p in (0, 2))
        a, b = (model.predict(SAMPLE.pool, {"draws"})["draws"] for model in (here, there))
        np.testing.assert_array_equal(a, b)


class TestBnn:
    def test_draws_are_the_published_formula(self):
        from querist.learners._swag import _path

        seen = torch.randn(7, 5, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
        path = _path(seen)
        drawn = torch.stack([path.weights(seed) for seed in range(5000)])
        running = torch.stack([seen[: i + 1].mean(0) for i in range(7)])
        off = seen - running
        expected = 0.5 * torch.diag(seen.var(0, correction=0)) + off.T @ off / (2 * 6)
        torch.testing.assert_close(drawn.mean(0), seen.mean(0), atol=0.06, rtol=0)
        torch.testing.assert_close(torch.cov(drawn.T), expected, atol=0.1, rtol=0.1)

    def test_statistics_of_batches_are_those_of_each_draw(self):
        module = nn.Sequential(nn.Linear(6, 8), nn.BatchNorm1d(8), nn.ReLU(), nn.Linear(8, 3))
        model = train(Bnn(Torch(module, **QUICK), draws=3, snapshots=4), SAMPLE)
        means = [buffers["1.running_mean"] for buffers in model.opinions.buffers]
        assert not torch.equal(means[0], means[1])
        check(model.predict(SAMPLE.pool, model.provides), 300)
        path, lesson = model.opinions.path, np.sort(SAMPLE.rows)
        weights = path.weights(model.opinions.seeds[0])
        rows = (SAMPLE.pool[lesson] - SAMPLE.pool.mean(0)) / SAMPLE.pool.std(0)
        hidden = rows @ weights[:48].view(8, 6).numpy().T + weights[48:56].numpy()
        np.testing.assert_allclose(means[0].numpy(), hidden.mean(0), atol=2e-2)

    def test_a_walk_that_runs_away_is_named(self):
        with pytest.raises(LearnerFailed, match=r"the loss became|the walk ran away"):
            train(Bnn(Torch(head_only, **QUICK), rate=1e6, snapshots=5), SAMPLE)


class TestLaplace:
    def test_around_linear_it_is_the_posterior_of_linear(self):
        """Means of many draws agree: the same posterior, drawn twice."""
        own = train(resolve("linear(draws=4000)")[0], SAMPLE)
        other = train(Laplace("linear", draws=4000), SAMPLE)
        a, b = (np.asarray(m.predict(SAMPLE.pool[:40], {"draws"})["draws"]) for m in (own, other))
        np.testing.assert_allclose(a.mean(axis=1), b.mean(axis=1), atol=0.02)
        np.testing.assert_allclose(a.std(axis=1), b.std(axis=1), atol=0.02)

    def test_the_prior_is_the_one_under_which_the_head_is_likeliest(self):
        posterior = train(Laplace(Torch(head_only, **QUICK)), SAMPLE).posterior
        weights = np.concatenate([np.ravel(posterior.head.weight), np.ravel(posterior.head.bias)])
        tried = posterior.precision * np.array([0.9, 1.0, 1.1])
        likelihood = [norm.logpdf(weights, scale=prior**-0.5).sum() for prior in tried]
        assert np.argmax(likelihood) == 1

    def test_a_network_that_is_sure_of_its_labels_stays_of_use(self):
        """The evidence would choose the widest prior here, and the mean of the draws would say next to nothing."""
        model = train(Laplace(Torch(head_only, **QUICK)), SAMPLE)
        net, drawn = (m.predict(SAMPLE.pool, {"probs"})["probs"] for m in (model.model, model))
        assert (np.argmax(net, axis=1) == np.argmax(drawn, axis=1)).mean() > 0.97
        assert np.max(drawn, axis=1).mean() > 0.8 * np.max(net, axis=1).mean()

    def test_a_prior_may_be_a_whole_number(self):
        whole, real = (train(Laplace(Torch(head_only, **QUICK), prior=p), SAMPLE) for p in (100, 100.0))
        np.testing.assert_array_equal(*(m.predict(SAMPLE.pool, {"probs"})["probs"] for m in (whole, real)))


class TestTheHeldOutShare:
    """By its default settings a network holds out a fifth of the labels, from 20 held-out ones on."""

    def noisy(self, count):
        """Half of the labels tell nothing: what is learnt by heart of them is wrong."""
        rng = np.random.default_rng(5)
        items = rng.normal(size=(count + 2000, 20)).astype(np.float32)
        codes = (items[:, 0] > 0).astype(np.int64) + 1
        guess = rng.integers(0, 3, len(codes))
        return items, np.where(rng.random(len(codes)) < 0.5, guess, codes)

    def fitted(self, count, **settings):
        (items, codes), seen = self.noisy(count), []
        learner = Torch("mlp", progress=seen.append, **settings)
        rng = np.random.default_rng(0)
        model = learner.fit(items[:count], codes[:count], classes=3, rng=rng, pool=items)
        probs = model.predict(items[count:], {"probs"})["probs"]
        return seen, -np.log(np.asarray(probs)[np.arange(2000), codes[count:]]).mean()

    def test_a_hundred_labels_say_when_to_stop(self):
        seen, loss = self.fitted(100)
        held = [epoch.held_out for epoch in seen]
        assert len(seen) == int(np.argmin(held)) + 1 + 20 < 200
        whole, loss_of_all = self.fitted(100, held_out=0.0)
        assert len(whole) == 200
        assert loss < loss_of_all - 0.2

    def test_fewer_are_all_learnt_from_to_the_end(self):
        seen, _ = self.fitted(95)
        assert len(seen) == 200
        assert {epoch.held_out for epoch in seen} == {None}
