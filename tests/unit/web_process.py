"""A real server process, and people who label over HTTP and try again when it does not answer."""

from __future__ import annotations

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
import uuid
from urllib.parse import urlsplit

COMMAND = [sys.executable, "-c", "from querist.cli import main; main()", "label"]


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as listening:
        return listening.getsockname()[1]


class Process:
    """`querist label STUDY --no-browser`, which can be killed and started again at the same port."""

    def __init__(self, study, *options):
        self.study, self.options, self.port = str(study), options, free_port()
        self.start()

    def start(self):
        command = [*COMMAND, self.study, "--no-browser", "--port", str(self.port), *self.options]
        self._process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.link = self._process.stdout.readline().strip()
        assert self.link.startswith("http://"), self._process.stderr.read()
        self._errors = threading.Thread(target=self._process.stderr.read, daemon=True)
        self._errors.start()
        return self

    @property
    def pid(self):
        return self._process.pid

    def fresh_link(self, who):
        command = [*COMMAND, self.study, "--url", "--who", who]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()

    def kill(self):
        self._process.send_signal(signal.SIGKILL)
        self._end()

    def stop(self):
        self._process.send_signal(signal.SIGINT)
        self._end()

    def _end(self):
        self._process.wait(30)
        self._errors.join()
        self._process.stdout.close()
        self._process.stderr.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self._process.poll() is None:
            self.kill()


PEOPLE = []
"""Everybody who has entered, so that a test may close their connections when it ends."""


def close_all():
    """Close every connection."""
    while PEOPLE:
        PEOPLE.pop().close()


class Person:
    """A browser, as far as requests go: it enters by a link, keeps the cookie, and sends again what got no answer."""

    def __init__(self, link):
        self.port = urlsplit(link).port
        self._connection = None
        self.failures = 0
        self.done = []
        PEOPLE.append(self)
        response = self._once("GET", link.partition(str(self.port))[2])
        self.cookie = response.getheader("set-cookie").partition(";")[0]
        response.read()
        self.csrf = self.ask("GET", "/api/session")["csrf"]

    def _once(self, method, path, body=None):
        if self._connection is None:
            self._connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        headers = {"Cookie": getattr(self, "cookie", ""), "X-Querist-CSRF": getattr(self, "csrf", "")}
        if body is not None:
            headers["Content-Type"] = "application/json"
        self._connection.request(method, path, body, headers)
        return self._connection.getresponse()

    def close(self):
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def ask(self, method, path, body=None):
        """Ask until there is an answer; an error of the server is one."""
        give_up = time.monotonic() + 120
        while True:
            try:
                response = self._once(method, path, None if body is None else json.dumps(body))
                found = response.read()
                break
            except (OSError, http.client.HTTPException):
                self.close()
                self.failures += 1
                assert time.monotonic() < give_up, "the server does not come back"
                time.sleep(0.05)
        assert response.status == 200, (response.status, found)
        return json.loads(found)

    def label(self, count, decide, *, hold=5):
        """Label so many items, and give what was acknowledged: pairs of item and uid."""
        done = self.done = []
        while len(done) < count:
            items = self.ask("POST", "/api/claim", {"n": min(hold, count - len(done))})["items"]
            if not items:
                time.sleep(0.1)
                continue
            answers = [
                {"uid": uuid.uuid4().hex, "item": i["id"], "kind": "label", "label": decide(i), "lease": i["lease"]}
                for i in items
            ]
            for answer in answers:
                found = self.ask("POST", "/api/answers", {"answers": [answer]})
                assert found["refused"] == []
                done.append((answer["item"], answer["uid"]))
        return done


def alive(pid):
    """Say whether a process runs, one that only waits to be buried left aside."""
    try:
        os.kill(pid, 0)
        with open(f"/proc/{pid}/stat") as stat:
            return stat.read().rpartition(")")[2].split()[0] != "Z"
    except (ProcessLookupError, FileNotFoundError):
        return False


def until(condition, seconds=60):
    """Wait for a condition."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it never came"
        time.sleep(0.05)
