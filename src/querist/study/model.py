"""The model of a round: a cache that the log can rebuild."""

from __future__ import annotations

import json
from collections.abc import Set
from dataclasses import dataclass
from hashlib import blake2b

from querist.errors import LearnerFailed, MissingEvidence, QueristError
from querist.learners.calibration import Tempered, tempered
from querist.learners.protocol import Items, Learner, Predictor
from querist.study.items import Encoded
from querist.study.known import Known
from querist.study.lineage import Stage
from querist.study.settings import Settings
from querist.view import Draw, Evidence, Need


@dataclass(frozen=True, eq=False)
class Model:
    """A predictor, the log position and the number of items that it was trained at, and how it reads items."""

    position: int
    items: int
    predictor: Predictor
    encoded: Encoded
    line: tuple[Stage, ...]
    """When it was trained, behind when those were that it goes on from."""

    def predict(self, raw: Items, needs: Set[Need]) -> Evidence:
        """Predict items in the pool's raw form; raises MissingEvidence."""
        self._check(needs)
        return self.predictor.predict(self.encoded.encode(raw), needs)

    def predict_encoded(self, needs: Set[Need]) -> Evidence:
        """Predict the pool that the model was trained beside; raises MissingEvidence."""
        self._check(needs)
        return self.predictor.predict(self.encoded.features, needs)

    def _check(self, needs: Set[Need]) -> None:
        missing = sorted(needs - self.predictor.provides)
        if missing:
            given = ", ".join(sorted(self.predictor.provides))
            raise MissingEvidence(f"the learner gives {given}: it cannot give {', '.join(missing)}")


def train(learner: Learner, settings: Settings, known: Known, encoded: Encoded, warm: Model | None = None) -> Model:
    """Train on what is known; the same log position, items, seed and model to go on from give the same model.

    Raises LearnerFailed.
    """
    rows, features = known.labelled, encoded.features
    rng = Draw(settings.seed, known.position).rng("fit")
    before = {} if warm is None else {"warm": warm.predictor}
    try:
        predictor = learner.fit(
            features[rows], known.targets(), classes=known.task.classes, rng=rng, pool=features, **before
        )
    except QueristError:
        raise
    except (ArithmeticError, RuntimeError, ValueError) as error:
        where = f"{settings.learner_text} on {len(rows)} labels of {known.classes_seen()} classes"
        raise LearnerFailed(f"training failed: {where}: {error}") from error
    own = Stage(known.position, features.shape[0])
    return Model(*own, predictor, encoded, (own,) if warm is None else (*warm.line, own))


def calibrated(learner: Learner, model: Model, known: Known, *, seed: int) -> Tempered:
    """Give the model with tempered probabilities, for a strategy that asks for them; costs five fits."""
    features, rng = model.encoded.features, Draw(seed, known.position).rng("calibrate")
    labelled = (features[known.labelled], known.targets())
    return tempered(learner, model.predictor, labelled, pool=features, classes=known.task.classes, rng=rng)


def digest(settings: Settings, line: tuple[Stage, ...]) -> str:
    """Digest what decides a model, for the log: learner, seed, log position, items, version, what it goes on from."""
    *before, own = line
    parts = [settings.learner_text, settings.seed, *own, settings.version, *before]
    return blake2b(json.dumps(parts).encode(), digest_size=16).hexdigest()
