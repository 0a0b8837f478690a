"""Answers in."""

from __future__ import annotations

from querist.web.models import AnswersGiven, AnswersTaken
from querist.web.routes import AtDesk, Who, router

routes = router("answers")


@routes.post("/answers")
def answers(desk: AtDesk, who: Who, given: AnswersGiven) -> AnswersTaken:
    """Record answers: the good ones in one transaction; when this returns, they are on the disk."""
    return desk.record(who.who, given.answers)
