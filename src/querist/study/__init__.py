"""The loop: ask, tell, step."""

from querist.study.facts import Query, Status, Step
from querist.study.loop import Study
from querist.study.oracle import Oracle

__all__ = ["Oracle", "Query", "Status", "Step", "Study"]
