"""The same people with Label Studio: its own server and SQLite, the next task and its answer as its page asks for them.

Run by benchmarks/web_load.py where benchmarks/.venvs/label_studio has Label Studio.
"""

from __future__ import annotations

import http.client
import json
import os
import socket
import subprocess
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

COMMAND = Path(__file__).parent / ".venvs" / "label_studio" / "bin" / "label-studio"
TOKEN = "0123456789abcdef0123456789abcdef01234567"
CONFIG = (
    '<View><Text name="text" value="$text"/><Choices name="label" toName="text">'
    + "".join(f'<Choice value="topic{i}"/>' for i in range(4))
    + "</Choices></View>"
)
QUIET = {
    "COLLECT_ANALYTICS": "false", "SENTRY_DSN": "", "FRONTEND_SENTRY_DSN": "", "LATEST_VERSION_CHECK": "false",
    "LABEL_STUDIO_ENABLE_LEGACY_API_TOKEN": "true",
}  # fmt: skip
PIECE = 5_000


class Studio:
    """A running Label Studio with one project."""

    def __init__(self, folder: str) -> None:
        with socket.create_server(("127.0.0.1", 0)) as listening:
            self.port = listening.getsockname()[1]
        options = ["--port", str(self.port), "--internal-host", "127.0.0.1", "--no-browser", "--data-dir", folder]
        people = ["--username", "a@b.example", "--password", "benchmark1", "--user-token", TOKEN]
        self._process = subprocess.Popen(
            [str(COMMAND), "start", *options, *people, "--enable-legacy-api-token"],
            env={**os.environ, **QUIET},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        self._wait()
        self.project = self.ask("POST", "/api/projects/", {"title": "benchmark", "label_config": CONFIG})["id"]

    def _wait(self) -> None:
        end = time.monotonic() + 300
        while True:
            try:
                self.ask("GET", "/api/projects/")
                return
            except (OSError, RuntimeError, http.client.HTTPException):
                if time.monotonic() > end:
                    raise
                time.sleep(1)

    def ask(self, method: str, path: str, body: object = None) -> dict:
        """Send a request and read its answer."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=300)
        headers = {"Authorization": f"Token {TOKEN}", "Content-Type": "application/json"}
        connection.request(method, path, None if body is None else json.dumps(body), headers)
        response = connection.getresponse()
        found = response.read()
        connection.close()
        if response.status >= 400:
            raise RuntimeError(f"{method} {path}: {response.status} {found[:200]!r}")
        return json.loads(found) if found else {}

    def add(self, texts: list[str]) -> None:
        """Import texts."""
        for start in range(0, len(texts), PIECE):
            rows = [{"text": text} for text in texts[start : start + PIECE]]
            self.ask("POST", f"/api/projects/{self.project}/import", rows)

    def close(self) -> None:
        """Stop it."""
        self._process.terminate()
        self._process.wait(30)


def label(studio: Studio, until: float, thinking: float) -> tuple[list[float], list[float]]:
    """Label one task after the other; gives the seconds of each request for a task, and of each answer."""
    claims, answers = [], []
    while time.perf_counter() < until:
        start = time.perf_counter()
        task = studio.ask("GET", f"/api/projects/{studio.project}/next")
        claims.append(time.perf_counter() - start)
        said = {"from_name": "label", "to_name": "text", "type": "choices"}
        result = [{**said, "value": {"choices": [task["data"]["text"].rpartition(" ")[2]]}}]
        start = time.perf_counter()
        studio.ask("POST", f"/api/tasks/{task['id']}/annotations/?project={studio.project}", {"result": result})
        answers.append(time.perf_counter() - start)
        time.sleep(thinking)
    return claims, answers


def measure(
    texts: list[str], *, people: int, seconds: float, thinking: float
) -> tuple[float, list[float], list[float]]:
    """Give the seconds of the import, and those of all requests for a task and of all answers."""
    with tempfile.TemporaryDirectory() as folder:
        studio = Studio(folder)
        try:
            start = time.perf_counter()
            studio.add(texts)
            took = time.perf_counter() - start
            until = time.perf_counter() + seconds
            with ThreadPoolExecutor(people) as threads:
                done = list(threads.map(lambda _: label(studio, until, thinking), range(people)))
        finally:
            studio.close()
    return took, [s for claims, _ in done for s in claims], [s for _, answers in done for s in answers]
