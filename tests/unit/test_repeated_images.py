"""Every image five times, with a little noise: rules that look at the batch keep their curve, the top of BALD does not.

The protocol of Kirsch et al. 2019 at a small size, on real digits and a linear head with its Laplace posterior.
"""

from __future__ import annotations

import gzip

import numpy as np
import pytest

import querist
from querist.learners.linear import Linear

COUNT, TEST = 500, 500
NEEDS = {"bald": {"draws"}, "batchbald": {"draws"}, "badge": {"probs", "embed"}}


@pytest.fixture(scope="module")
def digits(data_folder):
    """The first digits of MNIST, pixels 0 … 1, and their classes."""
    images, labels = (data_folder / f"train-{name}-ubyte.gz" for name in ("images-idx3", "labels-idx1"))
    many = COUNT + TEST
    with gzip.open(images) as file:
        pixels = np.frombuffer(file.read(16 + 784 * many)[16:], np.uint8)
    with gzip.open(labels) as file:
        codes = np.frombuffer(file.read(8 + many)[8:], np.uint8)
    return pixels.reshape(many, 784).astype(np.float32) / 255, codes.astype(np.int64)


@pytest.fixture(scope="module")
def data_folder(request):
    return request.getfixturevalue("data") / "image_mnist"


def played(digits, rule, *, times):
    """Label 40 in batches of 10: accuracy after each, and how many different images each batch held; two seeds."""
    images, codes = digits
    x = np.tile(images[:COUNT], (times, 1))
    if times > 1:
        x += np.random.default_rng(0).normal(scale=0.1 * images.std(), size=x.shape).astype(np.float32)
    y = np.tile(codes[:COUNT], times)
    curves, different = [], []
    for seed in range(2):
        order = np.random.default_rng(seed).permutation(COUNT)
        rows = np.concatenate([order[y[order] == code][:2] for code in range(10)])
        for batch in range(5):
            learner = Linear(C=1.0, standardise=False)
            model = learner.fit(x[rows], y[rows], classes=10, rng=np.random.default_rng(batch), pool=x)
            right = model.predict(images[COUNT:], {"probs"})["probs"].argmax(axis=1) == codes[COUNT:]
            curves.append(right.mean())
            if batch == 4:
                break
            free = np.setdiff1d(np.arange(len(x)), rows)
            evidence = model.predict(x[free], NEEDS[rule])
            picked = free[querist.query(rule, 10, seed=seed, ids=free.tolist(), **evidence)]
            different.append(len(np.unique(picked % COUNT)))
            rows = np.concatenate([rows, picked])
    return np.reshape(curves, (2, 5)).mean(axis=0), np.array(different)


@pytest.mark.parametrize("rule", ["batchbald", "badge"])
def test_rules_that_look_at_the_batch_keep_their_curve(digits, rule):
    once, _ = played(digits, rule, times=1)
    often, different = played(digits, rule, times=5)
    assert different.min() >= 9, "of ten items, at most one is a copy of another"
    assert once.mean() - often.mean() < 0.02
    assert once[-1] - often[-1] < 0.03


def test_the_best_rows_of_bald_are_copies_of_one_another(digits):
    once, single = played(digits, "bald", times=1)
    often, different = played(digits, "bald", times=5)
    assert single.min() == 10
    assert different.mean() < 7.5, "a quarter of each batch and more is thrown away"
    assert once[-1] - often[-1] > 0.03
