"""What networks of centres find in an image: calibrated probabilities and boxes, of one network, several, or draws.

This file imports PyTorch, so it is imported inside the functions that need it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray

from querist._arrays import Floats
from querist.learners._heatmap import CentreNet, Peaks, cells_of, one_thread, peaks_of
from querist.learners._scenes import Plan, Scene, train_net
from querist.learners._training import Tensor
from querist.view import Evidence, Need, Ragged

UNCUT = 0.3
"""The probability at which a candidate is as good as not where no label tells: networks of this loss say too little."""
WORTH = 150.0
"""The objects for which those learnt from count at most beside those held out, when the threshold is chosen."""

Near = Callable[[Floats], NDArray[np.bool_]]
"""Given boxes [P, 4], which of them mean the same object, [P, P]."""


class Found(NamedTuple):
    """Of one image: probabilities [M, K, 1 + C] with "nothing" first, boxes [M, K, 4] in its pixels, features [E]."""

    probs: Floats
    boxes: Floats
    pooled: NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Limits:
    """What counts as a candidate: the ``most`` of an image, from a probability on, no two of which are ``near``.

    ``tile`` is the longest side that goes through the network at once.
    """

    most: int
    least: float
    near: Near
    tile: int = 512


@dataclass(frozen=True, eq=False)
class Centres:
    """Trained networks, their masks of dropout, and what is taken off the logit of each class [C].

    After that, a candidate of probability ½ is the last one that is better said than left away.
    """

    nets: tuple[CentreNet, ...]
    masks: tuple[Tensor | None, ...]
    limits: Limits
    cut: Floats

    def found(self, image: NDArray[np.float32]) -> Found:
        """Find the candidates of an image [channels, H, W], the likeliest first."""
        with torch.inference_mode(), one_thread():
            cells = [cells_of(net, image, tile=self.limits.tile) for net in self.nets]
            peaks = peaks_of(self.nets, cells, most=self.limits.most, masks=self.masks)
        probs = probabilities(peaks, self.cut)
        there = 1.0 - probs[:, :, 0].mean(axis=1)
        order = np.argsort(-there, kind="stable")
        order = order[there[order] >= self.limits.least]
        kept = order[first_of_each(self.limits.near(peaks.boxes[order].mean(axis=1)))]
        return Found(probs[kept], peaks.boxes[kept], cells[0].pooled)

    def uncut(self) -> Centres:
        """Give every candidate, with the probabilities as the networks say them."""
        return replace(self, cut=np.zeros_like(self.cut), limits=replace(self.limits, least=0.0))


def probabilities(peaks: Peaks, cut: Floats) -> Floats:
    """Turn logits [P, K, C] into probabilities of nothing and of each class, [P, K, 1 + C].

    As odds against nothing: with one class that is the sigmoid; with several no two of them can be certain at once.

    >>> probabilities(Peaks(np.zeros((1, 1, 1)), np.zeros((1, 1, 4))), np.zeros(1)).tolist()
    [[[0.5, 0.5]]]
    """
    logits = np.clip(peaks.logits - cut, -30.0, 30.0)
    odds = np.exp(np.concatenate([np.zeros((*logits.shape[:2], 1)), logits], axis=2))
    return np.asarray(odds / odds.sum(axis=2, keepdims=True))


def first_of_each(near: NDArray[np.bool_]) -> NDArray[np.intp]:
    """Keep the rows, the best first, that are near none that was kept.

    >>> first_of_each(np.array([[1, 1, 0], [1, 1, 1], [0, 1, 1]], bool)).tolist()
    [0, 2]
    """
    left = np.ones(len(near), bool)
    for row in range(len(near)):
        if left[row]:
            left[row + 1 :] &= ~near[row, row + 1 :]
    return np.flatnonzero(left)


def best_cut(thresholds: Floats, right: NDArray[Any], said: NDArray[Any], there: float) -> float:
    """Give the logit of the threshold with the best F1, half-way to the next one.

    Shapes: thresholds [T] fall, right and said count the candidates from each of them on [T]. Without anything to be
    found, or anything right, the logit of ``UNCUT``.

    >>> round(best_cut(np.array([0.9, 0.8, 0.4]), np.array([1, 2, 2]), np.array([1, 2, 3]), 2), 3)
    0.405
    """
    if there == 0 or not right.any():
        return _logit(UNCUT)
    f1 = 2 * right / (said + there)
    at = int(f1.argmax())
    following = thresholds[at + 1] if at + 1 < len(thresholds) else thresholds[at]
    return _logit(float(thresholds[at] + following) / 2)


class Curve(NamedTuple):
    """What is right at every threshold: thresholds [T] falling, right [T], said [T], and how much is there."""

    thresholds: Floats
    right: NDArray[Any]
    said: NDArray[Any]
    there: float


def joined(held: Curve, learnt: Curve) -> Curve:
    """Put the curve of what was learnt from under that of what was held out: it counts for ``WORTH`` objects at most.

    What was held out tells the truth, but with few labels it is one image or two, and the best threshold on them jumps.
    What was learnt from flatters the network, but it is more. So many labels are decided by what was held out.

    >>> one = np.ones(1)
    >>> [part.tolist() for part in joined(Curve(0.8 * one, one, one, 2), Curve(0.9 * one, one, one, 1))[:3]]
    [[0.9, 0.8], [1.0, 2.0], [1.0, 2.0]]
    """
    weight = min(1.0, WORTH / max(1.0, learnt.there))
    thresholds = np.concatenate([held.thresholds, learnt.thresholds])
    order = np.argsort(-thresholds, kind="stable")
    counts = [
        np.concatenate([np.diff(of_held, prepend=0), weight * np.diff(of_learnt, prepend=0)])[order].cumsum()
        for of_held, of_learnt in ((held.right, learnt.right), (held.said, learnt.said))
    ]
    last = np.flatnonzero(np.diff(thresholds[order], append=-np.inf))
    right, said = (count[last] for count in counts)
    return Curve(thresholds[order][last], right, said, held.there + weight * learnt.there)


def _logit(chance: float) -> float:
    chance = min(max(chance, 1e-6), 1 - 1e-6)
    return float(np.log(chance / (1 - chance)))


class Team(NamedTuple):
    """How many networks are trained, how many draws of dropout each gives (0: none), where, and from what they start.

    ``states`` are the weights of networks trained before, None for new ones.
    """

    members: int
    draws: int
    device: str | None
    states: Sequence[Any] | None = None


def trained(
    scenes: Sequence[Scene], team: Team, *, make: Callable[[], CentreNet], plan: Plan, rng: np.random.Generator
) -> tuple[tuple[CentreNet, ...], tuple[Tensor | None, ...]]:
    """Train networks on scenes, each from a generator of its own, and draw the masks of dropout."""
    nets, masks = [], []
    for at, own in enumerate(rng.spawn(team.members)):
        start = None if team.states is None else team.states[at % len(team.states)]
        net = train_net(new_net(make, own, start), scenes, plan=plan, device=team.device, rng=own)
        nets.append(net)
        masks.append(masks_of(net, team.draws, own) if team.draws else None)
    return tuple(nets), tuple(masks)


def new_net(make: Callable[[], CentreNet], rng: np.random.Generator, start: Any) -> CentreNet:
    """Make a network with new weights, or with those of one that was trained on the same kind of images."""
    from querist.learners._training import own_generator

    with own_generator(rng, torch.device("cpu")):
        net = make()
    if start is not None and _fits(net, start):
        net.load_state_dict(start)
    return net


def _fits(net: CentreNet, state: Any) -> bool:
    return {name: value.shape for name, value in net.state_dict().items()} == {
        name: value.shape for name, value in state.items()
    }


def masks_of(net: CentreNet, draws: int, rng: np.random.Generator) -> Tensor:
    """Draw which features K draws leave away, [K, F]; those that stay are scaled up. One mask holds for all images."""
    rate, width = net.dropout.p, net.hidden.in_channels
    kept = rng.random((draws, width)) >= rate
    return torch.from_numpy(kept / (1.0 - rate)).float().to(next(net.parameters()).device)


def evidence_of(found: Sequence[Found], needs: Any, *, places: Callable[[Floats], Floats]) -> Evidence:
    """Put the candidates of images together as evidence; of a single opinion the axis of members goes away."""
    starts = np.concatenate([[0], np.cumsum([len(each.probs) for each in found])]).astype(np.int64)
    out: dict[Need, Any] = {}
    if "elements" in needs:
        out["elements"] = Ragged(_plain(np.concatenate([each.probs for each in found])), starts)
    if "places" in needs:
        boxes = [places(each.boxes) for each in found]
        out["places"] = Ragged(np.concatenate(boxes), starts)
    if "embed" in needs:
        out["embed"] = np.stack([each.pooled for each in found])
    if "cost" in needs:
        # the boxes to expect, one at least: an image without any is looked at too
        out["cost"] = np.array([max(1.0, float((1.0 - each.probs[:, :, 0].mean(axis=1)).sum())) for each in found])
    return out


def _plain(values: Floats) -> Floats:
    return values[:, 0] if values.shape[1] == 1 else values
