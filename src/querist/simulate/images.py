"""Images of a simulation are described once, before the first run, and not in each of them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from querist.data import Pool
from querist.embed import encode_pool, is_images
from querist.errors import BadInput
from querist.learners import resolve as resolve_learner
from querist.simulate.plan import Plan
from querist.simulate.split import Source


def described(source: Source, plan: Plan, cache: Path | None) -> Source:
    """Put features in the place of images, for training and test items; other items stay as they are.

    An encoder of images is frozen, so test items decide nothing. A learner that reads images itself gets the images.
    Raises BadInput for an encoder where there are no images.
    """
    if not is_images(source.pool.items):
        if plan.encoder is not None:
            raise BadInput(
                f"the encoder {plan.encoder!r} reads images: {source.name!r} holds {source.pool.kind}s; "
                "leave the encoder away"
            )
        return source
    if resolve_learner(plan.learner)[0].eats == "raw":
        return source
    test = None if source.test is None else described(source.test, plan, cache)
    return replace(source, pool=_features(source.pool, plan.encoder, cache), test=test)


def _features(pool: Pool, encoder: str | None, cache: Path | None) -> Pool:
    return replace(pool, items=encode_pool(pool.items, encoder, cache=cache)[1], kind="record")
