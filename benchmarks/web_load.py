"""How fast the labelling app answers: a real server, people over HTTP, a pool of 100,000 texts, and training meanwhile.

Run: python benchmarks/web_load.py [--quick | --full] [--items N] [--people P] [--out DIR]

Every figure stands with the wall time of its part. People wait half a second between two answers, as fast labellers do;
``--full`` lets them label four times as long. With ``--label-studio``, the same number of people label with Label
Studio where benchmarks/.venvs/label_studio has it (a virtual environment made by hand, 1 GB): its own server, SQLite,
one request for the next task and one for the answer, all of them with one account.
"""

from __future__ import annotations

import argparse
import http.client
import json
import os
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import numpy as np

THINKING = 0.5
"""Seconds between two answers of a person."""
WORDS = 4_000
BATCH = 1_000
"""Items of a round: more than are labelled here, so that training begins on request only."""


def texts(count: int) -> list[str]:
    """Make texts of 30 words by Zipf's law, whose topic shows in a few of them."""
    rng = np.random.default_rng(0)
    words = np.array([f"word{i}" for i in range(WORDS)], object)
    share = 1 / np.arange(1, WORDS + 1)
    drawn = rng.choice(WORDS, size=(count, 30), p=share / share.sum())
    topic = rng.integers(0, 4, count)
    drawn[np.arange(count), rng.integers(0, 30, count)] = 200 + 20 * topic + rng.integers(0, 20, count)
    return [" ".join(words[row]) + f" topic{t}" for row, t in zip(drawn.tolist(), topic.tolist(), strict=True)]


def topic_of(text: str) -> str:
    """Answer as a person who knows."""
    return text.rpartition(" ")[2]


@contextmanager
def timed(what: str) -> Iterator[None]:
    """Print how long a part took."""
    start = time.perf_counter()
    yield
    print(f"{what:58} {time.perf_counter() - start:8.2f} s wall", flush=True)


def quantiles(what: str, seconds: list[float], wall: float) -> None:
    """Print the median, the 95 % quantile and the largest in milliseconds."""
    p50, p95 = np.quantile(seconds, [0.5, 0.95])
    print(
        f"{what:40} n {len(seconds):6}  p50 {1000 * p50:7.1f}  p95 {1000 * p95:7.1f}  max {1000 * max(seconds):7.1f} ms"
        f"  in {wall:.1f} s wall",
        flush=True,
    )


class Person:
    """A browser, as far as requests go."""

    def __init__(self, link: str) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", urlsplit(link).port, timeout=60)
        self._connection.request("GET", link[link.index("/?") :])
        response = self._connection.getresponse()
        response.read()
        self._headers = {"Cookie": (response.getheader("set-cookie") or "").partition(";")[0]}
        self._headers["X-Querist-CSRF"] = self.ask("GET", "/api/session")["csrf"]
        self.claims: list[float] = []
        self.answers: list[float] = []

    def ask(self, method: str, path: str, body: object = None) -> dict:
        """Send a request and read its answer."""
        headers = self._headers | ({"Content-Type": "application/json"} if body is not None else {})
        sent = method, path, None if body is None else json.dumps(body), headers
        try:
            self._connection.request(*sent)
            response = self._connection.getresponse()
        except (http.client.RemoteDisconnected, BrokenPipeError):  # idle for long: a browser connects again too
            self._connection.close()
            self._connection.request(*sent)
            response = self._connection.getresponse()
        found = response.read()
        if response.status != 200:
            raise RuntimeError(f"{method} {path}: {response.status} {found[:200]!r}")
        return json.loads(found)

    def label(self, until: float) -> None:
        """Label one item after the other; three are held, as the page does."""
        while time.perf_counter() < until:
            start = time.perf_counter()
            items = self.ask("POST", "/api/claim", {"n": 3})["items"]
            self.claims.append(time.perf_counter() - start)
            if items:
                item = items[0]
                said = {"uid": uuid.uuid4().hex, "item": item["id"], "kind": "label", "lease": item["lease"]}
                start = time.perf_counter()
                self.ask("POST", "/api/answers", {"answers": [{**said, "label": topic_of(item["data"]["text"])}]})
                self.answers.append(time.perf_counter() - start)
            time.sleep(THINKING)


class App:
    """`querist label` as a process of its own; ``seconds`` from its start to its first page."""

    def __init__(self, study: Path) -> None:
        self._study = study
        command = [sys.executable, "-c", "from querist.cli import main; main()", "label", str(study)]
        start = time.perf_counter()
        self._process = subprocess.Popen(
            [*command, "--no-browser", "--port", "0"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        )
        assert self._process.stdout is not None
        link = self._process.stdout.readline().strip()
        self.first = Person(link)
        self.first.ask("POST", "/api/claim", {"n": 3})
        self.seconds = time.perf_counter() - start

    def person(self, who: str) -> Person:
        """Let one more person in."""
        from querist.store import open_store
        from querist.web.run import fresh_link

        store = open_store(self._study)
        try:
            return Person(fresh_link(store, who))
        finally:
            store.close()

    def train(self) -> None:
        """Train once, and wait for the round."""
        before = self.first.ask("GET", "/api/status")["round"]
        self.first.ask("POST", "/api/train", {})
        while self.first.ask("GET", "/api/status")["round"] == before:
            time.sleep(0.1)

    def close(self) -> None:
        """Stop it."""
        self._process.terminate()
        self._process.wait(30)


def import_rows(folder: Path, items: list[str]) -> Path:
    """Bring rows into a study from a CSV file, and say how long that took, and how long the first queue of all did."""
    from querist import Study, load

    data, first = folder / "texts.csv", folder / "first.csv"
    lines = [f"t{i},{text}\n" for i, text in enumerate(items)]
    data.write_text("id,text\n" + "".join(lines))
    first.write_text("id,text\n" + "".join(lines[:1_000]))
    study = folder / "texts.querist"
    labels = [f"topic{i}" for i in range(4)]
    with Study.create(study, load(first, text="text"), labels=labels, strategy="margin", batch=BATCH) as made:
        with timed(f"import {len(items):,} rows from CSV"):
            made.add(data, text="text")
        with timed(f"encode them and draw the first queue from {len(items):,}"):
            made.step()
    return study


def publish(path: Path) -> None:
    """Say how long a queue drawn from all items takes to publish, and the longest pause of a writer meanwhile."""
    from querist.store import Ranked, Ranking, open_store

    store = open_store(path)
    ids = store.items()
    rows = [Ranked(id, 1 / (1 + at), None, "benchmark") for at, id in enumerate(ids)]
    with timed(f"publish a ranking of all {len(ids):,} items"):
        store.rank(Ranking(0, rows, {"batch": 20, "benchmark": "all"}))
    with timed(f"publish a queue of 1,020 drawn from {len(ids):,}"):
        best = sorted(rows, key=lambda row: -row.value)[:1_020]
        store.rank(Ranking(0, best, {"batch": 20, "benchmark": "queue"}))
    store.close()


def train_all_the_time(person: Person, until: float) -> int:
    """Ask for training again and again; gives how many rounds were made."""
    first = person.ask("GET", "/api/status")["round"]
    while time.perf_counter() < until:
        person.ask("POST", "/api/train", {})
        time.sleep(0.5)
    return person.ask("GET", "/api/status")["round"] - first


def label(app: App, people: int, seconds: float, *, training: bool) -> None:
    """Let people label for some seconds, and print the quantiles of their requests."""
    everybody = [app.person(f"person {i}") for i in range(people)]
    until = time.perf_counter() + seconds
    with ThreadPoolExecutor(people + 1) as threads:
        jobs = [threads.submit(person.label, until) for person in everybody]
        rounds = threads.submit(train_all_the_time, app.first, until) if training else None
        for job in jobs:
            job.result()
    when = f"{rounds.result()} rounds trained meanwhile" if rounds is not None else "no training"
    for name in ("claims", "answers"):
        values = [value for person in everybody for value in getattr(person, name)]
        quantiles(f"{name}, {people} people, {when}", values, seconds)


def ours(folder: Path, items: list[str], *, people: int, seconds: float) -> None:
    """Measure our own app."""
    study = import_rows(folder, items)
    copy = folder / "publish.querist"
    copy.write_bytes(study.read_bytes())
    publish(copy)
    app = App(study)
    print(f"{'start to the first page with its items':58} {app.seconds:8.2f} s wall", flush=True)
    try:
        label(app, people, seconds, training=False)
        with timed("the first training, with reading and encoding all items"):
            app.train()
        label(app, people, seconds, training=True)
        print(f"{'peak memory of the server':58} {peak(app):8.0f} MiB")
    finally:
        app.close()


def theirs(items: list[str], *, people: int, seconds: float) -> None:
    """Measure Label Studio."""
    import web_load_label_studio as studio

    if not studio.COMMAND.exists():
        print(f"Label Studio is not measured: there is no {studio.COMMAND.relative_to(Path(__file__).parent)}")
        return
    took, claims, answers = studio.measure(items, people=people, seconds=seconds, thinking=THINKING)
    print(f"{f'Label Studio: import {len(items):,} texts':58} {took:8.2f} s wall")
    quantiles(f"Label Studio: next task, {people} people", claims, seconds)
    quantiles(f"Label Studio: answers, {people} people", answers, seconds)


def peak(app: App) -> float:
    """Give the largest memory of the server process in MiB, where the system tells."""
    status = Path(f"/proc/{app._process.pid}/status")
    if not status.exists():
        return float("nan")
    return float(status.read_text().partition("VmHWM:")[2].split()[0]) / 1024


def main() -> None:
    """Run all parts."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--quick", action="store_true", help="20,000 items, 15 seconds")
    parser.add_argument("--full", action="store_true", help="100,000 items, 120 seconds")
    parser.add_argument("--items", type=int)
    parser.add_argument("--people", type=int, default=8)
    parser.add_argument("--seconds", type=float)
    parser.add_argument("--out", type=Path, help="a folder on a local disk for the studies; default: a temporary one")
    parser.add_argument("--label-studio", action="store_true", help="measure Label Studio too")
    options = parser.parse_args()
    count = options.items or (20_000 if options.quick else 100_000)
    seconds = options.seconds or (15.0 if options.quick else 120.0 if options.full else 30.0)
    start = time.perf_counter()
    print(f"{count:,} items, {options.people} people, {os.cpu_count()} cores", flush=True)
    with tempfile.TemporaryDirectory(dir=options.out) as folder:
        ours(Path(folder), texts(count), people=options.people, seconds=seconds)
    if options.label_studio:
        theirs(texts(count), people=options.people, seconds=seconds)
    print(f"{time.perf_counter() - start:.0f} s wall in all")


if __name__ == "__main__":
    main()
