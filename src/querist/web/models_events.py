"""What the server tells browsers while they are open: one model for each kind of event."""

from __future__ import annotations

from typing import Literal, TypeAlias

from querist.web.models import Said


class ModelEvent(Said):
    """The event ``model``: a new round is published."""

    round: int


class TrainingEvent(Said):
    """The event ``training``."""

    state: Literal["idle", "running", "failed"]
    message: str


class ProgressEvent(Said):
    """The event ``progress``."""

    labelled: int
    remaining: int


Event: TypeAlias = ModelEvent | TrainingEvent | ProgressEvent
