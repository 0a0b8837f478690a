"""apricot: facility location by its lazy greedy optimiser."""

from __future__ import annotations

import numpy as np
from apricot import FacilityLocationSelection

from speed.peers import Call, Inputs


def _facility_location(inputs: Inputs) -> Call:
    rows, metric = np.array(inputs["embed"]), inputs.options.get("apricot_metric", "euclidean")

    def call() -> list[int]:
        return FacilityLocationSelection(inputs.n, metric=metric, optimizer="lazy").fit(rows).ranking.tolist()

    return call


TASKS = {"facility-location": _facility_location}
