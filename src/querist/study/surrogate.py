"""The errors that a second model expects of the current one: they sharpen the audit's accuracy and choose nothing.

A model that is wrong is often sure of it, so that its own doubt tells little of its errors. A random forest, trained on
the same labels (never the audit's), is wrong elsewhere. Whatever it says, the estimate stays valid, because it has not
seen an answer of the audit: it only shortens the interval, where it can (``estimate.powered.powered_apart``).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from querist._arrays import Floats, Rows, to_numpy
from querist.estimate.protocol import Codes
from querist.learners.protocol import Items
from querist.tasks.classification import predicted, probabilities
from querist.view import Draw, Need

if TYPE_CHECKING:
    from querist.study.known import Known
    from querist.study.model import Model

TREES = 50
MOST = 2_000
"""Most labels that the forest is trained on: a keyed sample of them where there are more."""


def expected_errors(known: Known, model: Model, rows: Rows, *, seed: int) -> Floats | None:
    """Give the 0/1 loss expected of some rows, by the model's own doubt and by a forest; [n, 1 or 2], in [0, 1].

    Formula: 1 − p₍₁₎ of the model, and 1 − P_forest(the class that the model names). The forest has 50 trees with 2
    labels or more in a leaf, on at most 2,000 labels. It is left out while the labels are of one class, or where items
    are no numbers and the model has no embedding. None where the model gives no probabilities. Cost: a forest on
    min(L, 2,000) labels, .05 to 1 s, and one prediction of the rows, by both. Source: a surrogate other than the model,
    Kossen et al. 2021; random forests, Breiman 2001.
    """
    needs: frozenset[Need] = model.predictor.provides & {"probs", "decision", "draws"}
    said = model.predictor.predict(model.encoded.features[rows], needs)
    probs = probabilities(said)
    if probs is None:
        return None
    own, forest = 1 - probs.max(axis=1), _forest(known, model, seed)
    if forest is None:
        return np.asarray(own[:, None])
    named: Codes = np.minimum(predicted(said), known.task.classes - 1)
    return np.column_stack([own, doubted(forest, _numbers(model, rows), named)])


def _forest(known: Known, model: Model, seed: int) -> Any:
    """Train the forest on the labels that the model was trained on; None where there is nothing to train it on."""
    draw, rows = Draw(seed, known.position), known.labelled
    if len(rows) > MOST:
        rank = draw.uniform(known.pool.keys[rows], "surrogate")
        rows = np.sort(rows[np.argpartition(rank, MOST)[:MOST]])
    codes, items = known.codes[rows], _numbers(model, rows)
    if items is None or len(np.unique(codes)) < 2:
        return None
    return grown(items, codes, draw.rng("surrogate"))


def grown(items: Items, codes: Codes, rng: np.random.Generator) -> Any:
    """Train the forest on items and their class codes; the same generator, the same forest."""
    from sklearn.ensemble import RandomForestClassifier

    state = int(rng.integers(2**31))
    return RandomForestClassifier(TREES, min_samples_leaf=2, random_state=state, n_jobs=1).fit(items, codes)


def doubted(forest: Any, items: Items, said: Codes) -> Floats:
    """Give the forest's probability that the class which a model names is wrong; [n]."""
    shares = np.zeros((items.shape[0], max(int(said.max(initial=0)), int(forest.classes_.max())) + 1))
    shares[:, forest.classes_] = forest.predict_proba(items)
    return np.asarray(1 - shares[np.arange(len(said)), said])


def _numbers(model: Model, rows: Rows) -> Items | None:
    """Give some rows as a matrix of numbers: what the model eats, or else its embedding; None where there is none."""
    items = model.encoded.features[rows]
    if hasattr(items, "tocsr"):
        return items
    if isinstance(items, np.ndarray) and items.ndim == 2 and items.dtype.kind in "fiub":
        return items
    if "embed" not in model.predictor.provides:
        return None
    return np.asarray(to_numpy(model.predictor.predict(items, frozenset[Need]({"embed"}))["embed"]))
