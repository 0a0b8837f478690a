"""apricot: facility location by its lazy greedy optimiser, on cosines (its own "cosine" is the square of one)."""

from __future__ import annotations

import numpy as np
from apricot import FacilityLocationSelection
from sklearn.metrics.pairwise import cosine_similarity

from speed.peers import Call, Inputs


def _facility_location(inputs: Inputs) -> Call:
    rows = np.array(inputs["embed"])

    def call() -> list[int]:
        similar = cosine_similarity(rows)
        np.maximum(similar, 0, out=similar)
        rule = FacilityLocationSelection(inputs.n, metric="precomputed", optimizer="lazy")
        return rule.fit(similar).ranking.tolist()

    return call


TASKS = {"facility-location": _facility_location}
