"""The whole front end over made-up answers of the server: for tests of its pages alone."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from views_stage import ORIGIN, POLICY, STATIC, Stage, open_stage

if TYPE_CHECKING:
    from playwright.sync_api import Route

Reply = Any | Callable[[Any], Any]
AXE = STATIC.parents[3] / "ui" / "node_modules" / "axe-core" / "axe.min.js"

STUDY = {
    "name": "messages",
    "task": {"type": "classification", "labels": ["ham", "spam"]},
    "view": "text",
    "view_url": None,
    "guidelines": "",
    "suggestions": True,
    "overlap": 1,
    "batch": 20,
}
SESSION = {"who": "ann", "csrf": "c", "version": "0", "study": STUDY, "root": True}
EMPTY_STATUS = {
    "sentence": "5,574 items, none labelled yet.",
    "items": 5574,
    "labelled": 0,
    "aside": 0,
    "leased": 0,
    "remaining": 5574,
    "classes": {},
    "people": [],
    "per_minute": 0.0,
    "round": 0,
    "model": None,
    "models": [],
    "behind": 0,
    "estimate": None,
    "curve": [],
    "saved": None,
    "stop": None,
    "training": {"state": "idle", "since": 0, "message": "", "log": []},
}
CATALOGUE = {
    "tasks": [
        {"name": "classification", "line": "One class for each item."},
        {"name": "multilabel", "line": "Any number of labels for each item."},
        {"name": "spans", "line": "Marked stretches of a text, each with a type."},
    ],
    "learners": [{"name": "logistic", "line": "Logistic regression on words and numbers."}],
    "strategies": [{"name": "margin", "line": "Asks where two classes are closest."}],
    "formats": [
        {"name": "csv", "line": "A table with one answer a row; opens in a spreadsheet."},
        {"name": "jsonl", "line": "One JSON object a line: everything, and reads back equal."},
    ],
}


def full_status(now: int) -> dict[str, Any]:
    """Give the status of a study well under way; ``now`` in milliseconds since 1970."""
    steps = [(20, 0.66, 0.2), (60, 0.78, 0.13), (100, 0.85, 0.09), (160, 0.89, 0.065), (240, 0.912, 0.04)]
    rounds = [
        {"round": n + 1, "labels": 20 * (n + 1), "seconds": 0.8 + n, "at": now - 60_000 * (12 - n)} for n in range(5)
    ]
    models = [{**one, "learner": "logistic", "strategy": "auto" if n < 3 else "margin"} for n, one in enumerate(rounds)]
    classes = {"ham": 198, "spam": 41, "a class with a rather long name that does not fit": 1}
    sentence = "Accuracy 91.2 % (95 % interval 87.5–94.1, from 160 random items)."
    return {
        **EMPTY_STATUS,
        "sentence": "240 of 5,574 items are labelled.",
        "labelled": 240,
        "aside": 12,
        "leased": 9,
        "remaining": 5334,
        "classes": classes,
        "people": [{"who": "ann", "n": 151}, {"who": "bo", "n": 89}],
        "per_minute": 14.2,
        "round": 5,
        "model": models[-1],
        "models": models,
        "behind": 7,
        "estimate": {
            **{"metric": "accuracy", "value": 0.912, "low": 0.875, "high": 0.941, "n": 160, "confidence": 0.95},
            "sentence": sentence,
        },
        "curve": [
            {"labels": at, "value": value, "low": value - by, "high": min(1, value + by * 0.7), "n": at * 2 // 3}
            for at, value, by in steps
        ],
        "saved": {
            **{"factor": 2.3, "low": 1.6, "high": 3.1},
            "sentence": "About 2.3 × fewer labels than random so far (1.6–3.1).",
        },
        "stop": {"stop": True, "sentence": "The next 50 labels are worth about +0.4 points: you can stop."},
        "training": {
            "state": "idle",
            "since": now - 60_000,
            "message": "",
            "log": ["round 5: fitted 240 labels in 1.2 s"],
        },
    }


@dataclass
class App(Stage):
    """A page of the app; ``replies`` are the server's answers by method and path, ``sent`` what it was told."""

    replies: dict[str, Reply] = field(default_factory=dict)
    sent: list[tuple[str, Any]] = field(default_factory=list)

    def answer(self, route: Route) -> None:
        """Answer a request of the app."""
        request = route.request
        path = request.url.split("//", 1)[1].partition("/")[2].partition("?")[0]
        if path == "":
            html = (STATIC / "index.html").read_text(encoding="utf-8")
            return route.fulfill(content_type="text/html", body=html, headers={"Content-Security-Policy": POLICY})
        if not path.startswith("api/"):
            return Stage.answer(self, route)
        self.asked.append(request.url)
        return self._reply(route, f"{request.method} /{path}")

    def _reply(self, route: Route, call: str) -> None:
        if call == "GET /api/events":
            return route.fulfill(content_type="text/event-stream", body="retry: 60000\n\n")
        body = route.request.post_data_buffer if call == "POST /api/upload" else route.request.post_data
        given = body if isinstance(body, bytes) or body is None else json.loads(body)
        if route.request.method != "GET":
            self.sent.append((call, given))
        reply = self.replies.get(call, {"error": f"no answer to {call} was made up"})
        said = reply(given) if callable(reply) else reply
        status = 400 if isinstance(said, dict) and set(said) == {"error"} else 200
        return route.fulfill(status=status, content_type="application/json", body=json.dumps(said))

    def open(self, screen: str) -> None:
        """Open a screen by its hash."""
        self.page.goto("about:blank")
        self.page.goto(f"{ORIGIN}/{screen}")
        self.page.wait_for_selector("h1")

    def axe(self) -> list[str]:
        """Run axe on the page: one line for each rule that is broken, with the first place."""
        self.page.evaluate(AXE.read_text(encoding="utf-8"))
        found = self.page.evaluate("axe.run().then((said) => said.violations)")
        return [f"{one['id']}: {one['help']} at {one['nodes'][0]['html']}" for one in found]


@contextmanager
def open_app(**options: Any) -> Iterator[App]:
    """Start a browser with the app on one page."""
    with open_stage(**options) as stage:
        app = App(stage.page)
        app.asked = stage.asked
        stage.page.unroute("**/*")
        stage.page.route("**/*", app.answer)
        app.replies = {
            "GET /api/session": SESSION,
            "GET /api/status": EMPTY_STATUS,
            "GET /api/catalogue": CATALOGUE,
            "GET /api/files": {"entries": []},
            "GET /api/history": [],
            "POST /api/claim": {"items": [], "state": "waiting", "free": 0, "message": ""},
        }
        yield app
