"""The targets of expected error and variance: rows that nobody has been asked about yet."""

from __future__ import annotations

import numpy as np

from querist.strategies._coverage import targets_of
from querist.view import View


def unasked_targets(view: View) -> View:
    """Give the targets that are not among the rows already asked: U, or the sample of it that the view carries.

    Raises MissingEvidence when the view has no targets.

    >>> rows = View.of({}, ids=["a", "b"])
    >>> from dataclasses import replace
    >>> list(unasked_targets(replace(rows, targets=rows, labelled=rows.take(np.array([0])))).ids)
    ['b']
    """
    targets = targets_of(view)
    if view.labelled is None or len(view.labelled) == 0:
        return targets
    return targets.take(np.flatnonzero(~np.isin(targets.keys, view.labelled.keys)))
