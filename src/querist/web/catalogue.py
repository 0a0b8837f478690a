"""What there is to choose from on the new-study page, each name with one line."""

from __future__ import annotations

import inspect
from functools import cache

from querist._load import find, make, names
from querist.formats import listing
from querist.tasks import TASKS
from querist.web.models_files import Catalogue, Entry


@cache
def catalogue() -> Catalogue:
    """List tasks, learners, strategies, and the formats that carry labels."""
    return Catalogue(
        tasks=[Entry(name=name, line=_first_line(find("tasks", name))) for name in TASKS],
        learners=[Entry(name=name, line=_learner(name)) for name in names("learners")],
        strategies=[Entry(name=name, line=make("strategies", name).about.family) for name in names("strategies")],
        formats=[Entry(name=a.name, line=a.line) for a in listing() if hasattr(find("formats", a.name), "read_labels")],
    )


def _learner(name: str) -> str:
    about = getattr(find("learners", name), "about", None)
    return "from an installed package" if about is None else str(about.what)


def _first_line(thing: object) -> str:
    return (inspect.getdoc(thing) or "").partition("\n")[0].removesuffix(".")
