"""bmdal_reg: its selection methods in feature space; gradients as a product of two kernels, never written out."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

vars(np).update(Inf=np.inf)

import torch  # noqa: E402
from bmdal_reg.bmdal import selection  # noqa: E402
from bmdal_reg.bmdal.feature_data import ListFeatureData, TensorFeatureData  # noqa: E402
from bmdal_reg.bmdal.feature_maps import IdentityFeatureMap, ProductFeatureMap  # noqa: E402
from bmdal_reg.bmdal.features import Features  # noqa: E402

from speed.peers import Call, Inputs  # noqa: E402


def _features(rows: np.ndarray) -> Features:
    values = torch.from_numpy(np.array(rows))
    return Features(IdentityFeatureMap(values.shape[1]), TensorFeatureData(values))


def _method(method: Any, *, with_train: bool) -> Callable[[Inputs], Call]:
    def prepare(inputs: Inputs) -> Call:
        pool, train = _features(inputs["embed"]), _features(inputs["labelled_embed"])
        return _run(method, pool, train, with_train=with_train, inputs=inputs)

    return prepare


def _run(method: Any, pool: Features, train: Features, *, with_train: bool, inputs: Inputs) -> Call:
    extra = inputs.options.get("bmdal", {})

    def call() -> Any:
        np.random.seed(inputs.seed)  # noqa: NPY002 (the package draws from it)
        torch.manual_seed(inputs.seed)
        known = pool.precompute(), train.precompute()
        return method(*known, sel_with_train=with_train, verbosity=0, **extra).select(inputs.n).tolist()

    return call


def _badge(inputs: Inputs) -> Call:
    probs, embed = np.array(inputs["probs"]), np.array(inputs["embed"])
    probs[np.arange(len(probs)), probs.argmax(axis=1)] -= 1
    maps = [IdentityFeatureMap(probs.shape[1]), IdentityFeatureMap(embed.shape[1])]
    parts = [TensorFeatureData(torch.from_numpy(part)) for part in (probs, embed)]
    pool = Features(ProductFeatureMap(maps), ListFeatureData(parts))
    return _run(selection.KmeansppSelectionMethod, pool, pool, with_train=False, inputs=inputs)


TASKS = {
    "k-center": _method(selection.MaxDistSelectionMethod, with_train=True),
    "max-dist": _method(selection.MaxDistSelectionMethod, with_train=True),
    "kmeanspp": _method(selection.KmeansppSelectionMethod, with_train=True),
    "lcmd": _method(selection.LargestClusterMaxDistSelectionMethod, with_train=True),
    "max-det": _method(selection.MaxDetSelectionMethod, with_train=False),
    "badge": _badge,
}
