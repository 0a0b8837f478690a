"""A page that shows one view of an item, without a server: for tests of the views alone."""

from __future__ import annotations

import mimetypes
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import ConsoleMessage, Page, Route

ROOT = Path(__file__).parents[2]
STATIC = ROOT / "src" / "querist" / "web" / "static"
ORIGIN = "http://localhost"
POLICY = (
    "default-src 'self'; img-src 'self' blob: data:; style-src 'self'; script-src 'self'; "
    "frame-ancestors 'none'; base-uri 'none'; form-action 'self'; object-src 'none'"
)
SHELL = """<!doctype html><html lang="en"><head><meta charset="utf-8"><title>view</title>
<link rel="stylesheet" href="/static/style.css"></head>
<body><main><div id="host"></div></main></body></html>"""
MOUNT = """async ([url, props]) => {
    const view = await import(url);
    window.changes = [];
    window.heard = [];
    document.addEventListener("keydown", (event) => window.heard.push(event.key));
    const host = document.getElementById("host");
    host.style.height = "560px";
    window.mounted = view.mount(host, { ...props, onChange: (label) => window.changes.push(label) });
}"""


def chromium() -> str:
    """Give the browser to test with, or skip the test and say why."""
    path = os.environ.get("QUERIST_CHROMIUM", "/usr/bin/chromium")
    if not Path(path).exists():
        pytest.skip(f"NO BROWSER at {path}: no view is tested. Install chromium, or set QUERIST_CHROMIUM")
    return path


@dataclass
class Stage:
    """A browser page that mounts views; what the page asks for comes from the built front end or from ``files``."""

    page: Page
    files: dict[str, tuple[str, bytes]] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    def answer(self, route: Route) -> None:
        """Answer one request of the page."""
        path = route.request.url.removeprefix(ORIGIN).partition("?")[0]
        self.asked.append(route.request.url)
        if path in self.files:
            kind, body = self.files[path]
            return route.fulfill(content_type=kind, body=body)
        if path == "/":
            return route.fulfill(content_type="text/html", body=SHELL, headers={"Content-Security-Policy": POLICY})
        file = STATIC / path.removeprefix("/static/")
        if not path.startswith("/static/") or not file.is_file():
            return route.fulfill(status=404, body="")
        kind = mimetypes.guess_type(file.name)[0] or "application/octet-stream"
        return route.fulfill(content_type=kind, body=file.read_bytes())

    def show(self, view: str, data: Mapping[str, Any], **props: Any) -> None:
        """Mount a view (its name, or the address of its module) on a fresh page."""
        item = {"id": "item-1", "data": dict(data), "suggestion": props.pop("suggestion", None)}
        given = {"item": item, "label": None, "schema": {"labels": []}, **props}
        self.page.goto(f"{ORIGIN}/")
        url = view if view.startswith("/") else f"/static/views/{view}.js"
        self.page.evaluate(MOUNT, [url, given])

    @property
    def changes(self) -> list[Any]:
        """What the view said the answer is, one after the other."""
        return list(self.page.evaluate("window.changes"))

    def press(self, *keys: str) -> None:
        """Press keys one after the other."""
        for key in keys:
            self.page.keyboard.press(key)


def is_fault(message: ConsoleMessage) -> bool:
    """Tell whether a page complained of more than an answer that refuses something."""
    return message.type == "error" and "the server responded with a status of 4" not in message.text


@contextmanager
def open_stage(**options: Any) -> Iterator[Stage]:
    """Start a browser with one page; closing checks that nothing failed in it and no request left its origin."""
    path = chromium()
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        page = browser.new_page(**{"viewport": {"width": 1000, "height": 700}, **options})
        stage = Stage(page)
        failed: list[str] = []
        page.on("pageerror", lambda error: failed.append(str(error)))
        page.on("console", lambda message: failed.append(message.text) if is_fault(message) else None)
        page.route("**/*", stage.answer)
        yield stage
        browser.close()
    assert not failed, failed
    assert all(url.startswith((ORIGIN, "data:", "blob:")) for url in stage.asked), stage.asked
