"""Images, and texts where a sentence model was named, are described once before the first run, not in each of them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from querist.data import Pool
from querist.embed import encode_images, encode_pool, image_encoder, is_frozen, is_images, text_encoder
from querist.errors import BadInput
from querist.learners import resolve as resolve_learner
from querist.simulate.plan import Plan
from querist.simulate.split import Source


def described(source: Source, plan: Plan, cache: Path | None) -> Source:
    """Put features in the place of images or texts, for training and test items; other items stay as they are.

    Such an encoder is frozen, so test items decide nothing; TF-IDF is fitted in each run on its training part. So is an
    encoder of images that has a frozen base: images become what the base makes, and stay images in name. A learner that
    reads raw items gets them. Raises BadInput for an encoder where there is nothing to encode.
    """
    kind = "image" if is_images(source.pool.items) else source.pool.kind
    if plan.encoder is not None and kind not in ("image", "text"):
        raise BadInput(
            f"the encoder {plan.encoder!r} reads images or texts: {source.name!r} holds {source.pool.kind}s; "
            "leave the encoder away"
        )
    frozen = kind == "image" or (kind == "text" and is_frozen(text_encoder(plan.encoder)))
    if not frozen or resolve_learner(plan.learner)[0].eats == "raw":
        return source
    test = None if source.test is None else described(source.test, plan, cache)
    return replace(source, pool=_features(source.pool, plan.encoder, cache), test=test)


def _features(pool: Pool, encoder: str | None, cache: Path | None) -> Pool:
    if is_images(pool.items) and not is_frozen(made := image_encoder(encoder)):
        return replace(pool, items=encode_images(made.base, pool.items, cache))
    return replace(pool, items=encode_pool(pool.items, encoder, cache=cache)[1], kind="record")
