"""The loop: ask, tell, step."""

from querist.study.facts import Query, Status, Step
from querist.study.loop import Oracle, Study

__all__ = ["Oracle", "Query", "Status", "Step", "Study"]
