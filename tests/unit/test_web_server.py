"""The labelling app as a real process: it trains in another one, and may be killed at any moment."""

from __future__ import annotations

import http.client
import json
import os
import signal
import socket
import subprocess
import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from web_process import COMMAND, Person, Process, alive, close_all, until
from web_site import site, texts

from querist import Study
from querist.web.training import Plan, Supervisor

pytestmark = pytest.mark.skipif(os.name != "posix", reason="kills processes the POSIX way")


@pytest.fixture(autouse=True)
def closed():
    """Close the connections of a test when it ends."""
    yield
    close_all()


def numbers(path, count, **options):
    """Make a study of numbers below and above zero."""
    rows = np.random.default_rng(0).normal(size=(count, 3))
    return Study.create(path, rows, labels=["low", "high"], strategy="margin", **options)


def decide(item):
    return "low" if item["data"]["features"][0] < 0 else "high"


def told(study):
    return [event.answer for event in study.store.events() if event.answer.kind == "label"]


class TestTraining:
    @pytest.fixture
    def films(self, tmp_path):
        with texts(tmp_path / "films.querist") as study, site(study) as made:
            yield made

    def label(self, made, client, count):
        for id in made.study.pool.ids[:count]:
            text = made.study.pool.media(id).data["text"]
            made.study.tell(id, "good" if "good" in text else "bad", "ann")

    def state(self, client):
        return client.get("/api/status").json()["training"]

    def test_happens_in_another_process_after_a_batch(self, films):
        ann = films.person("ann")
        self.label(films, ann, 3)
        until(lambda: films.server.desk.trainer_pid is not None)
        assert ann.get("/api/status").json()["round"] == 1
        self.label(films, ann, 4)
        until(lambda: ann.get("/api/status").json()["round"] == 2)
        assert films.server.desk.trainer_pid != os.getpid()
        until(lambda: self.state(ann)["state"] == "idle")
        assert self.state(ann)["message"].startswith("round 2: trained on 4 labels in ")
        assert ann.post("/api/claim", json={"n": 1}).json()["items"][0]["suggestion"]["round"] == 2

    def test_happens_on_request(self, films):
        ann = films.person("ann")
        self.label(films, ann, 2)
        assert ann.post("/api/train", json={}).json() == {"state": "running"}
        until(lambda: ann.get("/api/status").json()["round"] == 2)

    def test_begins_again_when_its_process_was_killed(self, films):
        ann = films.person("ann")
        self.label(films, ann, 2)
        ann.post("/api/train", json={})
        until(lambda: ann.get("/api/status").json()["round"] == 2)
        first = films.server.desk.trainer_pid
        os.kill(first, signal.SIGKILL)
        self.label(films, ann, 6)
        until(lambda: ann.get("/api/status").json()["round"] == 3)
        assert films.server.desk.trainer_pid != first

    def test_ends_with_the_server(self, films):
        ann = films.person("ann")
        self.label(films, ann, 2)
        ann.post("/api/train", json={})
        until(lambda: ann.get("/api/status").json()["round"] == 2)
        pid = films.server.desk.trainer_pid
        films.server.close()
        assert not alive(pid)

    def test_a_failure_is_shown_with_its_log_and_the_queue_keeps_serving(self, tmp_path):
        path = tmp_path / "films.querist"
        with texts(path) as study:
            supervisor = Supervisor(Plan(str(tmp_path / "gone.querist"), "", 4, lambda: 0))
            supervisor.start()
            supervisor.want()
            until(lambda: supervisor.state().state == "failed")
            found = supervisor.state()
            supervisor.close()
            assert "the training process died" in found.message
            assert "the earlier queue keeps serving" in found.message
            assert any("no study at" in line for line in found.log)
            assert study.ask(1, "ann")

    def test_a_failing_learner_says_why(self, tmp_path, capsys):
        from querist.web.trainer import step

        with texts(tmp_path / "films.querist") as study:
            study.tell(study.pool.ids[0], "good")
            study.step = lambda: 1 / 0
            assert step(study) == {"error": "ZeroDivisionError: division by zero"}
        assert "Traceback" in capsys.readouterr().err


class TestEvents:
    def read(self, port, cookie, stop, found):
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        connection.request("GET", "/api/events", headers={"Cookie": cookie})
        response = connection.getresponse()
        while not stop(found):
            found.append(response.readline().decode().strip())
        response.close()
        connection.close()

    def test_tell_of_labels_as_they_come(self, tmp_path):
        texts(tmp_path / "films.querist").close()
        with Process(tmp_path / "films.querist") as server:
            ann = Person(server.link)
            found = []
            over = lambda lines: any('"labelled": 1' in line for line in lines)  # noqa: E731
            reader = threading.Thread(target=self.read, args=(server.port, ann.cookie, over, found))
            reader.start()
            until(lambda: "event: progress" in found)
            ann.label(1, lambda item: "good")
            reader.join(30)
        assert found[0] == "event: model"
        assert json.loads(found[1].partition("data: ")[2]) == {"round": 1}
        assert {"event: training", "event: progress"} <= set(found)


class TestProcess:
    @pytest.fixture
    def server(self, tmp_path):
        texts(tmp_path / "films.querist").close()
        with Process(tmp_path / "films.querist") as running:
            yield running

    def test_sessions_leases_and_labels_outlive_a_kill(self, server):
        ann = Person(server.link)
        item = ann.ask("POST", "/api/claim", {"n": 1})["items"][0]
        ann.label(1, lambda item: "good", hold=1)
        held = ann.ask("POST", "/api/claim", {"n": 2})["items"]
        server.kill()
        server.start()
        assert ann.ask("GET", "/api/session")["csrf"] == ann.csrf
        assert ann.ask("GET", "/api/history?n=9")[0]["item"] == item["id"]
        assert [each["lease"] for each in ann.ask("POST", "/api/claim", {"n": 2})["items"]] == [
            each["lease"] for each in held
        ]

    def test_url_gives_a_link_to_the_running_server(self, server):
        bob = Person(server.fresh_link("bob"))
        assert bob.ask("GET", "/api/session")["who"] == "bob"

    def test_ctrl_c_ends_it_at_once_although_a_page_listens(self, server):
        ann = Person(server.link)
        connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)
        connection.request("GET", "/api/events", headers={"Cookie": ann.cookie})
        response = connection.getresponse()
        response.readline()
        server.stop()
        response.close()
        connection.close()

    def test_a_killed_server_takes_its_training_process_along(self, server):
        ann = Person(server.link)
        ann.label(4, lambda item: "good" if "good" in item["data"]["text"] else "bad")
        until(lambda: ann.ask("GET", "/api/status")["round"] == 2)
        children = subprocess.run(["pgrep", "-P", str(server.pid)], check=False, capture_output=True, text=True)
        assert children.stdout
        pids = [int(pid) for pid in children.stdout.split()]
        server.kill()
        until(lambda: not any(alive(pid) for pid in pids))

    @pytest.mark.parametrize(
        ("options", "text"),
        [
            ([], "name a study, or give --root DIR to make one in the browser"),
            (["gone.querist"], "no study at gone.querist"),
            (["--url"], "--url needs the study: querist label STUDY --url"),
            (["--root", "gone"], "--root takes a folder: got 'gone'"),
            (["--root", ".", "--host", "0.0.0.0"], "--host 0.0.0.0 can be reached from other machines"),
            (["--root", ".", "--view", "gone.js"], "there is no file 'gone.js'"),
        ],
    )
    def test_a_wrong_start_is_told(self, tmp_path, options, text):
        done = subprocess.run([*COMMAND, *options], check=False, capture_output=True, text=True, cwd=tmp_path)
        assert done.returncode == 2
        assert text in done.stderr

    def test_a_taken_port_is_told(self, server, tmp_path):
        texts(tmp_path / "other.querist").close()
        command = [*COMMAND, str(tmp_path / "other.querist"), "--no-browser", "--port", str(server.port)]
        done = subprocess.run(command, check=False, capture_output=True, text=True)
        assert done.returncode == 2
        assert f"cannot listen at 127.0.0.1:{server.port}" in done.stderr

    def test_a_notebook_opens_it_beside_itself(self, tmp_path):
        with texts(tmp_path / "nb.querist") as study, study.label(who="ann", port=0, browser=False) as running:
            ann = Person(running.url)
            ann.label(2, lambda item: "good")
            assert len(study.labels()) == 2


def work(path, people, labels, *, disturb=None, batch=100):
    """Let people label at once, and check what they did: nothing twice, nothing lost, no error of the server."""
    total = people * labels
    numbers(path, total + 20, batch=batch, reserve=total + 20).close()
    with Process(path) as server:
        links = [server.link, *(server.fresh_link(f"person {i}") for i in range(1, people))]
        everybody = [Person(link) for link in links]
        with ThreadPoolExecutor(people) as threads:
            jobs = [threads.submit(person.label, labels, decide) for person in everybody]
            if disturb is not None:
                disturb(server, lambda: sum(len(person.done) for person in everybody) / total)
            acknowledged = [pair for job in jobs for pair in job.result()]
    with Study.open(path) as study:
        kept = told(study)
    assert len(acknowledged) == total
    assert {uid for _, uid in acknowledged} <= {answer.uid for answer in kept}
    assert len({item for item, _ in acknowledged}) == total, "an item was given to two people"
    assert len({answer.uid for answer in kept}) == len(kept)
    return everybody


def kill(times):
    """Make a function that kills the server so many times, evenly over the work."""

    def disturb(server, progress):
        for number in range(times):
            until(lambda number=number: progress() > number / times, seconds=600)
            server.kill()
            server.start()

    return disturb


def test_four_people_get_no_item_twice(tmp_path):
    work(tmp_path / "s.querist", 4, 50)


def test_a_kill_loses_no_acknowledged_label(tmp_path):
    people = work(tmp_path / "s.querist", 4, 25, disturb=kill(2))
    assert sum(person.failures for person in people) > 0


def test_answers_are_not_held_back(tmp_path):
    """The listening socket names its protocol, as asyncio switches Nagle's algorithm off for such sockets only."""
    with texts(tmp_path / "nb.querist") as study, study.label(port=0, browser=False) as running:
        assert running._socket.proto == socket.IPPROTO_TCP


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_sixteen_people_get_no_item_twice(tmp_path):
    work(tmp_path / "s.querist", 16, 500)


@pytest.mark.kill
@pytest.mark.slow
@pytest.mark.timeout(900)
def test_twenty_kills_lose_no_acknowledged_label(tmp_path):
    people = work(tmp_path / "s.querist", 16, 500, disturb=kill(20))
    assert sum(person.failures for person in people) > 0
