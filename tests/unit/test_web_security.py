"""What the labelling app refuses: every way in that is not a person at a page of ours."""

from __future__ import annotations

import gzip
import io
import json
import os
import pickle
import struct
import zipfile
import zlib
from pathlib import Path

import numpy as np
import pytest
from web_site import TEXTS, answer, claim, site, texts, told

from querist import Study
from querist.data.images import Picture
from querist.errors import BadInput
from querist.formats import label_format
from querist.web import auth, bombs, images, uploads
from querist.web.place import Place
from querist.web.run import Options, fresh_link
from querist.web.training import Supervisor

SCRIPT = "<script>alert(1)</script>"


@pytest.fixture(autouse=True)
def no_training(monkeypatch):
    """Keep the training process out of tests of other things."""
    monkeypatch.setattr(Supervisor, "start", lambda self: None)


@pytest.fixture
def films(tmp_path):
    with texts(tmp_path / "films.querist") as study, site(study) as made:
        yield made


@pytest.fixture
def rooted(tmp_path):
    root = tmp_path / "root"
    root.mkdir()
    (tmp_path / "secret.csv").write_text("text\nsecret\n")
    with site(root=root) as made:
        yield made


def refused(found, status, text):
    assert found.status_code == status, found.text
    assert text in found.json()["error"]


class TestLinks:
    def test_work_once(self, films):
        link = films.link("ann")
        assert films.stranger().get(link).status_code == 303
        again = films.stranger().get(link)
        assert again.status_code == 401
        assert "used already" in again.text
        assert "set-cookie" not in again.headers

    def test_give_one_session_to_many_who_race(self, films):
        token = auth.mint(films.study.store, "ann")
        entered = [auth.Auth(films.study.store).enter(token) for _ in range(4)]
        assert sum(session is not None for session in entered) == 1

    def test_are_over_after_ten_minutes(self, films, monkeypatch):
        link, now = films.link("ann"), auth.milliseconds()
        monkeypatch.setattr(auth, "milliseconds", lambda: now + 1000 * auth.LINK_SECONDS)
        assert films.stranger().get(link).status_code == 401

    def test_lead_home_those_who_are_in(self, films):
        ann, link = films.person("ann"), films.link("ann")
        films.stranger().get(link)
        found = ann.get(link)
        assert (found.status_code, found.headers["location"]) == (303, "/")

    @pytest.mark.parametrize("token", ["", "x", "x" * 10_000, "\ud800".encode("utf-8", "surrogatepass"), "../../etc"])
    def test_made_up_ones_are_refused(self, films, token):
        assert films.stranger().get("/", params={"token": token}).status_code == 401

    def test_leave_no_referrer_and_a_strict_cookie(self, films):
        found = films.stranger().get(films.link("ann"))
        assert found.headers["referrer-policy"] == "no-referrer"
        assert found.headers["location"] == "/"
        cookie = found.headers["set-cookie"].lower()
        assert all(word in cookie for word in ("httponly", "samesite=strict", "path=/"))
        assert "secure" not in cookie

    def test_are_kept_as_digests_only(self, films):
        token = auth.mint(films.study.store, "ann")
        session = auth.Auth(films.study.store).enter(token)
        raw = b"".join(path.read_bytes() for path in Path(films.study.store.where).parent.glob("films.querist*"))
        assert token.encode() not in raw
        assert session.encode() not in raw

    def test_for_a_server_that_never_was_are_refused(self, films):
        with pytest.raises(BadInput, match="no server was started for this study yet: run `querist label STUDY`"):
            fresh_link(films.study.store, "ann")


class TestSessions:
    @pytest.mark.parametrize(
        "path", ["/api/session", "/api/status", "/api/export?format=csv", "/api/events", "/api/nothing"]
    )
    def test_are_needed_for_every_request(self, films, path):
        refused(films.stranger().get(path), 401, "no session")

    @pytest.mark.parametrize("cookie", ["", "x", "x" * 5_000, "ü", "null", "'; drop table blob; --"])
    def test_cannot_be_made_up(self, films, cookie):
        found = films.stranger().get("/api/session", headers={"Cookie": f"querist-8765={cookie}".encode()})
        assert found.status_code == 401

    def test_are_over_after_two_weeks(self, films, monkeypatch):
        ann, now = films.person("ann"), auth.milliseconds()
        monkeypatch.setattr(auth, "milliseconds", lambda: now + 1000 * auth.SESSION_SECONDS)
        assert ann.get("/api/session").status_code == 401

    def test_name_the_author_whatever_the_body_says(self, films):
        ann = films.person("ann")
        found = ann.post("/api/answers", json={"answers": [told(films.study.pool.ids[0], "good", who="bob")]})
        assert found.status_code == 422

    def test_the_page_itself_needs_one(self, films):
        found = films.stranger().get("/")
        assert found.status_code == 401
        assert "has no session" in found.text


class TestOrigins:
    @pytest.mark.parametrize(
        "header", [{}, {"X-Querist-CSRF": ""}, {"X-Querist-CSRF": "0" * 32}, {"X-Querist-CSRF": "ü"}]
    )
    @pytest.mark.parametrize(
        ("method", "path"),
        [
            ("POST", "/api/claim"),
            ("POST", "/api/answers"),
            ("PUT", "/api/guidelines"),
            ("POST", "/api/upload"),
            ("POST", "/api/train"),
            ("DELETE", "/api/session"),
        ],
    )
    def test_changes_need_the_csrf_token(self, films, method, path, header):
        ann = films.person("ann")
        del ann.headers["X-Querist-CSRF"]
        headers = {name: value.encode() for name, value in header.items()}
        refused(ann.request(method, path, json={"n": 1}, headers=headers), 403, "X-Querist-CSRF")

    def test_another_person_s_token_is_none(self, films):
        ann, bob = films.person("ann"), films.person("bob")
        found = ann.post("/api/claim", json={"n": 1}, headers={"X-Querist-CSRF": bob.headers["X-Querist-CSRF"]})
        refused(found, 403, "X-Querist-CSRF")

    @pytest.mark.parametrize("body", ["", "x", "{}", '{"csrf": 1}', '{"csrf": "x"}', "[" * 10_000, '{"items": null}'])
    def test_a_beacon_needs_it_in_its_body(self, films, body):
        ann = films.person("ann")
        claim(ann)
        del ann.headers["X-Querist-CSRF"]
        found = ann.post("/api/release", content=body, headers={"Content-Type": "text/plain"})
        assert found.status_code == 403
        assert films.study.store.leases()

    @pytest.mark.parametrize(
        "origin", ["http://evil.example", "null", "http://127.0.0.1:9999", "https://127.0.0.1:8765"]
    )
    def test_other_pages_are_refused(self, films, origin):
        ann = films.person("ann")
        refused(ann.post("/api/claim", json={"n": 1}, headers={"Origin": origin}), 403, "not of this server")

    def test_a_page_of_ours_is_let_in(self, films):
        ann = films.person("ann")
        headers = {"Origin": "http://127.0.0.1:8765", "Sec-Fetch-Site": "same-origin"}
        assert ann.post("/api/claim", json={"n": 1}, headers=headers).status_code == 200

    @pytest.mark.parametrize("site", ["cross-site", "same-site"])
    @pytest.mark.parametrize("method", ["GET", "POST"])
    def test_other_sites_are_refused(self, films, method, site):
        found = films.person("ann").request(method, "/api/status", headers={"Sec-Fetch-Site": site})
        refused(found, 403, "another site")

    @pytest.mark.parametrize(
        "host",
        [
            "evil.example",
            "evil.example:8765",
            "127.0.0.1.evil.example",
            "192.168.1.5",
            "",
            "[::1",
            "127.0.0.1@evil.example",
        ],
    )
    def test_a_wrong_host_is_refused(self, films, host):
        found = films.person("ann").get("/api/session", headers={"Host": host})
        refused(found, 403, "this server is not called")

    @pytest.mark.parametrize("host", ["127.0.0.1:8765", "localhost:8765", "LOCALHOST", "[::1]:8765"])
    def test_our_own_names_are_let_in(self, films, host):
        assert films.person("ann").get("/api/session", headers={"Host": host}).status_code == 200


class TestPlace:
    def test_other_machines_need_tls_or_a_proxy(self):
        with pytest.raises(BadInput, match=r"--host 0.0.0.0 can be reached from other machines, and without TLS"):
            Place("0.0.0.0")
        assert Place("0.0.0.0", tls=True).secure
        assert Place("0.0.0.0", public="https://label.example.org").origin == "https://label.example.org"

    @pytest.mark.parametrize("public", ["label.example.org", "ftp://x", "https://x/y", "https://", "http://[x"])
    def test_a_proxy_s_address_is_an_origin(self, public):
        with pytest.raises(BadInput, match="--behind-proxy takes the address that browsers see"):
            Place(public=public)

    def test_tls_needs_both_files(self, tmp_path):
        with pytest.raises(BadInput, match="TLS needs both --certfile and --keyfile"):
            Options(certfile=tmp_path / "c.pem")

    def test_behind_a_proxy_its_name_is_known_and_the_cookie_secure(self, tmp_path):
        from web_site import Site

        from querist.web.server import Server

        server = Server(Place(public="https://label.example.org"))
        stranger = Site(server).stranger()
        found = stranger.get(Site(server).link("ann"), headers={"Host": "label.example.org"})
        assert "secure" in found.headers["set-cookie"].lower()
        assert not server.place.knows("evil.example")


class TestHeaders:
    @pytest.mark.parametrize("path", ["/", "/api/session", "/api/nothing", "/static/nothing.js", "/nothing"])
    def test_every_answer_has_them(self, films, path):
        headers = films.person("ann").get(path).headers
        policy = headers["content-security-policy"]
        assert "default-src 'self'" in policy
        assert "unsafe" not in policy
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["x-frame-options"] == "DENY"
        assert headers["referrer-policy"] == "no-referrer"

    def test_answers_are_never_kept(self, films):
        assert films.person("ann").get("/api/status").headers["cache-control"] == "no-store"

    def test_a_page_for_developers_is_not_there(self, films):
        for path in ("/docs", "/redoc", "/openapi.json"):
            assert films.person("ann").get(path).status_code == 404


class TestLeases:
    def test_a_forged_one_opens_nothing(self, films):
        ann, bob = films.person("ann"), films.person("bob")
        item = claim(ann)[0]
        bob.post("/api/release", json={"items": [item["id"]]})
        assert [lease.who for lease in films.study.store.leases()] == ["ann"]
        answer(bob, told(item["id"], kind="skip", lease="forged"))
        assert [lease.who for lease in films.study.store.leases()] == ["ann"]

    def test_a_foreign_one_does_not_answer_for_another(self, films):
        ann, bob = films.person("ann"), films.person("bob")
        item = claim(ann)[0]
        answer(bob, told(item["id"], "bad", lease=item["lease"]))
        answer(ann, told(item["id"], "good", lease=item["lease"]))
        said = {(event.answer.who, event.answer.label) for event in films.study.store.events()}
        assert said == {("bob", "bad"), ("ann", "good")}
        assert films.study.labels() == {item["id"]: "good"}

    def test_the_uid_of_another_is_refused_not_taken_over(self, films):
        ann, bob = films.person("ann"), films.person("bob")
        sent = told(films.study.pool.ids[0], "good")
        answer(ann, sent)
        found = answer(bob, {**sent, "label": "bad"})
        assert "belongs to another answer" in found["refused"][0]["error"]
        assert films.study.labels() == {films.study.pool.ids[0]: "good"}


class TestPaths:
    WAYS = ("../secret.csv", "/etc/passwd", "..", "a/../../secret.csv", "..\\secret.csv", "\0", "link.csv", "x" * 4_000)

    @pytest.fixture
    def linked(self, rooted):
        (rooted.server.root / "link.csv").symlink_to(rooted.server.root.parent / "secret.csv")
        return rooted

    @pytest.mark.parametrize("path", WAYS)
    def test_nothing_outside_the_root_is_listed(self, linked, path):
        found = linked.person("ann").get("/api/files", params={"path": path})
        assert found.status_code in (403, 404)

    @pytest.mark.parametrize("path", WAYS)
    @pytest.mark.parametrize("request_path", ["/api/preview", "/api/studies"])
    def test_nothing_outside_the_root_is_read(self, linked, path, request_path):
        given = {"path": path, "text": "text", **({"name": "x", "labels": ["a"]} if "studies" in request_path else {})}
        found = linked.person("ann").post(request_path, json=given)
        assert found.status_code in (403, 404)
        assert "secret\n" not in found.text

    @pytest.mark.parametrize("name", ["../x", "a/b", "a\\b", "..", ".hidden", "x\0", "x\ny", "", " ", "-x", "x" * 81])
    def test_a_study_s_name_is_no_path(self, linked, name):
        found = linked.person("ann").post("/api/studies", json={"path": "x.csv", "name": name, "labels": ["a"]})
        assert found.status_code in (400, 422)
        assert not list(linked.server.root.parent.rglob("*.querist"))

    @pytest.mark.parametrize(
        "path",
        [
            "/static/../web/auth.py",
            "/static/..%2fauth.py",
            "/static/%2e%2e/auth.py",
            "/views/../auth.py",
            "/views/..%2f..%2fetc%2fpasswd",
            "/static//etc/passwd",
        ],
    )
    def test_files_are_served_from_their_folder_only(self, films, path):
        assert films.person("ann").get(path).status_code in (404, 401)

    def test_an_upload_s_name_is_no_path(self, rooted):
        ann = rooted.person("ann")
        found = ann.post("/api/upload", content=b"text\nx\n", headers={"X-Filename": "..%2F..%2Fx%2F..%5Ca%00b.csv"})
        assert found.status_code == 200
        path = rooted.server.uploads.path(found.json()["upload"])
        assert path.name == "a_b.csv"
        assert path.parent.parent.name.startswith("querist-")

    def test_uploads_go_with_the_server(self, tmp_path):
        with site(root=tmp_path) as made:
            sent = made.person("ann").post("/api/upload", content=b"text\nx\n", headers={"X-Filename": "a.csv"}).json()
            path = made.server.uploads.path(sent["upload"])
            assert path.exists()
        assert not path.exists()


class TestScript:
    """The server sends text as JSON; that the page shows it as text is tested in the browser."""

    def test_in_items_and_labels_is_text(self, tmp_path):
        with Study.create(tmp_path / "s.querist", [SCRIPT, "b"], labels=[SCRIPT, "b"]) as study, site(study) as made:
            ann = made.person(SCRIPT)
            found = ann.post("/api/claim", json={"n": 2})
            assert found.headers["content-type"] == "application/json"
            assert SCRIPT in {item["data"]["text"] for item in found.json()["items"]}
            assert ann.get("/api/session").json()["who"] == SCRIPT
            assert answer(ann, told(study.pool.ids[0], SCRIPT))["refused"] == []

    def test_in_an_error_is_text(self, films):
        found = films.person("ann").get(f"/api/items/{SCRIPT}")
        assert found.headers["content-type"] == "application/json"
        assert SCRIPT in found.json()["error"]

    def test_in_file_names_is_text(self, rooted):
        (rooted.server.root / "<img src=x onerror=alert(1)>.csv").write_text("text\na\n")
        found = rooted.person("ann").get("/api/files")
        assert found.json()["entries"][0]["name"].startswith("<img")
        assert found.headers["content-type"] == "application/json"

    def test_half_a_character_breaks_nothing(self, films):
        body = b'{"answers": [{"uid": "u", "item": "\\ud800", "kind": "label", "label": "\\ud800"}]}'
        found = films.person("ann").post("/api/answers", content=body, headers={"Content-Type": "application/json"})
        assert found.status_code in (200, 422)
        assert films.study.store.events() == []

    @pytest.mark.parametrize("form", ["jsonl", "csv"])
    def test_an_export_is_a_file_not_a_page(self, films, form):
        found = films.person("ann").get(f"/api/export?format={form}")
        assert found.headers["content-type"] == "application/octet-stream"
        assert found.headers["content-disposition"].startswith("attachment")

    def test_formulas_are_escaped_in_csv_and_read_back(self, tmp_path):
        evil = ['=cmd|" /C calc"!A0', "+1", "-1", "@x", "\t=1", "'=1"]
        with Study.create(tmp_path / "s.querist", evil, labels=["=1+1", "b"]) as study, site(study) as made:
            ann = made.person("=HYPERLINK(1)")
            answer(ann, *(told(id, "=1+1") for id in study.pool.ids))
            text = ann.get("/api/export?format=csv").text
        cells = [cell for line in text.splitlines() for cell in line.split(",")]
        assert not [cell for cell in cells if cell.lstrip('"')[:1] in tuple("=+@\t")]
        read = label_format("csv").read_rows(io.StringIO(text, newline=""))
        assert {row.answers[0].label for row in read} == {"=1+1"}
        assert {row.answers[0].who for row in read} == {"=HYPERLINK(1)"}
        assert {row.data["text"] for row in read} == set(evil)


class TestBodies:
    def test_a_gigabyte_is_refused_before_it_is_read(self, films):
        ann = films.person("ann")
        headers = {"X-Filename": "a.csv", "Content-Length": str(2**30)}
        refused(ann.post("/api/upload", content=b"x", headers=headers), 413, "an upload may have 512 MiB")

    def test_a_gigabyte_that_announces_nothing_is_cut_off(self, films, monkeypatch):
        films.server.uploads = uploads.Uploads(largest=2**20)
        seen = 0

        def endless():
            nonlocal seen
            for _ in range(1024):
                seen += 2**20
                yield b"x" * 2**20

        refused(
            films.person("ann").post("/api/upload", content=endless(), headers={"X-Filename": "a.csv"}), 413, "1 MiB"
        )
        assert not list(films.server.uploads._files)

    def test_json_has_a_limit(self, films):
        ann = films.person("ann")
        refused(
            ann.put("/api/guidelines", content=b" " * (5 * 2**20), headers={"Content-Type": "application/json"}),
            413,
            "may have",
        )

    @pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", ""])
    def test_only_json_is_json(self, films, kind):
        found = films.person("ann").post("/api/claim", content=b'{"n": 1}', headers={"Content-Type": kind})
        refused(found, 415, "application/json")

    @pytest.mark.parametrize(
        "body", [b"", b"{", b"[" * 100_000, b'{"n": NaN}', b'{"n": 1e999}', b"\xff\xfe", b'{"n": 1, "x": 1}', b"null"]
    )
    def test_broken_json_is_told(self, films, body):
        found = films.person("ann").post("/api/claim", content=body, headers={"Content-Type": "application/json"})
        assert found.status_code in (400, 415, 422)
        assert found.json()["error"]

    def test_nan_is_no_label(self, films):
        body = json.dumps({"answers": [told(films.study.pool.ids[0], float("nan"))]})
        found = films.person("ann").post("/api/answers", content=body, headers={"Content-Type": "application/json"})
        assert found.status_code in (200, 422)
        assert films.study.store.events() == []


class TestFiles:
    def upload(self, made, name, data):
        return made.person("ann").post("/api/upload", content=data, headers={"X-Filename": name})

    @pytest.mark.parametrize(
        "name", ["x.pkl", "x.pickle", "x.joblib", "x.pt", "x.exe", "x.html", "x.svg", "x", "x.csv.exe", ".gz"]
    )
    def test_other_kinds_are_refused(self, films, name):
        refused(self.upload(films, name, pickle.dumps({"a": 1})), 415, "is not of a kind that is read")

    def test_a_pickle_in_an_npz_is_refused_and_never_loaded(self, films, tmp_path):
        class Evil:
            def __reduce__(self):
                return (os.mkdir, (str(tmp_path / "ran"),))

        sink = io.BytesIO()
        np.savez(sink, x=np.array([Evil(), None], dtype=object))
        (tmp_path / "ran").rmdir() if (tmp_path / "ran").exists() else None
        refused(self.upload(films, "x.npz", sink.getvalue()), 415, "pickled objects, which can run code")
        assert not (tmp_path / "ran").exists()

    def test_a_pickle_by_another_name_is_no_data(self, rooted):
        (rooted.server.root / "x.csv").write_bytes(pickle.dumps(TEXTS))
        found = rooted.person("ann").post("/api/preview", json={"path": "x.csv"})
        assert found.status_code == 400

    def test_a_gzip_bomb_is_refused(self, films, monkeypatch):
        monkeypatch.setattr(bombs, "UNPACKED", 2**22)
        refused(self.upload(films, "x.csv.gz", gzip.compress(b"a," * 2**22)), 413, "unpacks to more than")

    def test_a_gzip_bomb_under_the_root_is_refused(self, rooted, monkeypatch):
        monkeypatch.setattr(bombs, "UNPACKED", 2**22)
        (rooted.server.root / "x.csv.gz").write_bytes(gzip.compress(b"a," * 2**22))
        refused(rooted.person("ann").post("/api/preview", json={"path": "x.csv.gz"}), 413, "unpacks to more than")

    @pytest.mark.parametrize("name", ["x.npz", "x.zip"])
    def test_a_zip_bomb_is_refused(self, films, monkeypatch, name):
        monkeypatch.setattr(bombs, "UNPACKED", 2**22)
        sink = io.BytesIO()
        with zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("a.npy", b"\0" * 2**23)
        refused(self.upload(films, name, sink.getvalue()), 413, "unpacks to more than")

    def test_an_array_that_claims_more_than_it_holds_is_refused(self, films):
        header = b"{'descr': '<f8', 'fortran_order': False, 'shape': (1000000000000,), }".ljust(117) + b"\n"
        array = b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header
        sink = io.BytesIO()
        with zipfile.ZipFile(sink, "w") as archive:
            archive.writestr("x.npy", array)
        refused(self.upload(films, "x.npz", sink.getvalue()), 400, "claims more than it holds")

    def test_a_parquet_of_too_many_rows_is_refused(self, films, monkeypatch, tmp_path):
        import pyarrow as pa
        from pyarrow import parquet

        monkeypatch.setattr(bombs, "MOST_ROWS", 1_000)
        sink = io.BytesIO()
        parquet.write_table(pa.table({"text": ["a"] * 2_000}), sink)
        refused(self.upload(films, "x.parquet", sink.getvalue()), 413, "unpacks to more than")

    @pytest.mark.parametrize("name", ["x.npz", "x.zip", "x.csv.gz", "x.parquet"])
    @pytest.mark.parametrize("data", [b"nonsense", b"PK\x03\x04", b"\x1f\x8b", b"PAR1PAR1"])
    def test_damaged_files_are_told(self, films, name, data):
        found = self.upload(films, name, data)
        assert found.status_code in (400, 415), found.text

    def test_an_empty_file_is_told(self, films):
        refused(self.upload(films, "x.csv", b""), 400, "x.csv is empty")

    def test_an_upload_that_never_was_is_told(self, films):
        found = films.person("ann").post("/api/import", json={"upload": "../x", "format": "csv"})
        refused(found, 404, "no upload is called '../x'")


def png(width, height):
    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    rows = zlib.compress(b"\0" * ((width // 8 + 1) * min(height, 100)))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


class TestPictures:
    def test_a_pixel_bomb_is_not_drawn(self):
        bomb = Picture(png(60_000, 60_000), "image/png", 60_000, 60_000)
        with pytest.raises(BadInput, match=r"the image cannot be drawn: Image size \(3600000000 pixels\)"):
            images.shown(bomb, 100)

    @pytest.mark.filterwarnings("ignore:Image size:PIL.Image.DecompressionBombWarning")
    def test_a_pixel_bomb_that_lies_of_its_size_is_not_drawn(self):
        bomb = Picture(png(10_000, 10_000), "image/gif", 10, 10)
        with pytest.raises(BadInput, match=r"the image has 10000 × 10000 pixels, the limit is"):
            images.shown(bomb, None)

    def test_nonsense_is_told(self):
        with pytest.raises(BadInput, match="the image cannot be drawn: "):
            images.shown(Picture(b"nonsense", "image/bmp", 10, 10), None)

    @pytest.mark.parametrize("kind", ["image/svg+xml", "text/html", "image/gif", "image/bmp"])
    def test_other_kinds_are_drawn_again_as_png(self, kind):
        from PIL import Image

        sink = io.BytesIO()
        Image.new("P", (20, 10)).save(sink, "GIF")
        found = images.shown(Picture(sink.getvalue(), kind, 20, 10), None)
        assert found.kind == "image/png"
        assert found.data.startswith(b"\x89PNG")

    def test_a_smaller_one_is_no_wider_than_asked(self):
        from PIL import Image

        sink = io.BytesIO()
        Image.new("RGB", (200, 100), "red").save(sink, "JPEG")
        found = images.shown(Picture(sink.getvalue(), "image/jpeg", 200, 100), 50)
        assert Image.open(io.BytesIO(found.data)).size == (50, 25)
