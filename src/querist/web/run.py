"""Starting the server: for the command line until somebody stops it, or beside a notebook."""

from __future__ import annotations

import contextlib
import json
import os
import socket
import threading
import time
import webbrowser
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import FrameType, TracebackType
from urllib.parse import quote

import uvicorn

from querist.errors import BadInput
from querist.store import Store
from querist.study import Study
from querist.web.app import create_app
from querist.web.auth import mint
from querist.web.desk import AS_IT_IS, Desk, Wish
from querist.web.place import PORT, Place
from querist.web.server import Server

PORTS_TRIED = 20
ADDRESS = "web/server"
"""Where a study keeps the address of its server, so that another process can make a link to it."""
IDLE = 75
"""Seconds that a connection is kept for the next request: people think."""
GRACE = 2
"""Seconds that open requests have when the server is stopped."""


@dataclass(frozen=True)
class Options:
    """How to serve. ``port`` None: 8765, or the next free one."""

    host: str = "127.0.0.1"
    port: int | None = None
    who: str = ""
    public: str | None = None
    certfile: Path | None = None
    keyfile: Path | None = None
    root: Path | None = None
    wish: Wish = AS_IT_IS

    def __post_init__(self) -> None:
        if (self.certfile is None) != (self.keyfile is None):
            raise BadInput("TLS needs both --certfile and --keyfile: got one of them")
        for file in (self.certfile, self.keyfile, self.wish.view):
            if file is not None and not file.is_file():
                raise BadInput(f"there is no file {str(file)!r}: check its name and its folder")
        if self.root is not None and not self.root.is_dir():
            raise BadInput(f"--root takes a folder: got {str(self.root)!r}")

    def place(self, port: int) -> Place:
        """Say where the server is reached."""
        return Place(self.host, port, self.certfile is not None, self.public)


class Running:
    """A server in a thread: ``url`` is a link that works once, ``close`` stops it."""

    def __init__(self, study: Study | None, name: str, options: Options) -> None:
        options.place(options.port or PORT)  # refuses an unsafe host before anything is opened
        self._socket = _listen(options.host, options.port)
        place = options.place(self._socket.getsockname()[1])
        desk = None if study is None else Desk(study, name, options.wish)
        self.server = Server(place, desk=desk, root=options.root, wish=options.wish)
        if study is not None:
            study.store.put(ADDRESS, json.dumps({"origin": place.origin}).encode())
        self._who = options.who
        self._thread: threading.Thread | None = None
        self._uvicorn = _Uvicorn(self.server, options)

    @property
    def url(self) -> str:
        """A fresh link for the person who started the server."""
        return _link(self.server.place.origin, mint(self.server.store, self._who))

    @property
    def origin(self) -> str:
        """The address without a token."""
        return self.server.place.origin

    def run(self) -> None:
        """Serve until somebody stops it: Ctrl-C is how that is done, and no error."""
        with contextlib.suppress(KeyboardInterrupt):
            self._uvicorn.run(sockets=[self._socket])

    def start(self) -> Running:
        """Serve in a thread, and return when requests are answered."""
        self._thread = threading.Thread(target=self.run, daemon=True, name="querist label")
        self._thread.start()
        self._until_started()
        return self

    def when_started(self, call: Callable[[], object]) -> None:
        """Call something, in a thread, as soon as requests are answered and Ctrl-C stops the server."""
        threading.Thread(target=self._then, args=(call,), daemon=True).start()

    def _then(self, call: Callable[[], object]) -> None:
        self._until_started()
        call()

    def _until_started(self) -> None:
        while not self._uvicorn.started:
            time.sleep(0.01)

    def close(self) -> None:
        """Stop serving; the study stays open."""
        self.server.over = self._uvicorn.should_exit = True
        if self._thread is not None:
            self._thread.join()

    def __enter__(self) -> Running:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<labelling at {self.origin}>"


class _Uvicorn(uvicorn.Server):
    """Uvicorn that lets the streams of events end first: they would keep it from stopping."""

    def __init__(self, server: Server, options: Options) -> None:
        self._querist = server
        tls = {"ssl_certfile": options.certfile, "ssl_keyfile": options.keyfile} if options.certfile else {}
        super().__init__(
            uvicorn.Config(
                create_app(server),
                log_level="warning",
                access_log=False,
                server_header=False,
                proxy_headers=False,
                timeout_graceful_shutdown=GRACE,
                timeout_keep_alive=IDLE,
                **tls,  # type: ignore[arg-type]
            )
        )

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Stop on a signal."""
        self._querist.over = True
        super().handle_exit(sig, frame)


def _listen(host: str, port: int | None) -> socket.socket:
    wanted = range(PORT, PORT + PORTS_TRIED) if port is None else [port]
    refused = ""
    for number in wanted:
        try:
            return _bound(host, number)
        except OSError as error:
            refused = error.strerror or str(error)
    where = f"{host}:{port}" if port is not None else f"{host}, ports {wanted[0]} to {wanted[-1]}"
    raise BadInput(f"cannot listen at {where}: {refused}; choose another --port") from None


def _bound(host: str, port: int) -> socket.socket:
    # The protocol is named, as socket.create_server does not: only then does asyncio switch off Nagle's algorithm,
    # which would hold each answer back for 40 ms.
    listening = socket.socket(
        socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP
    )
    try:
        if os.name == "posix":  # elsewhere this would let two servers share a port
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind((host, port))
        listening.listen(128)
    except OSError:
        listening.close()
        raise
    return listening


def serve(study: Study | None, name: str, options: Options) -> Running:
    """Make a server ready; ``run`` it, or ``start`` it in a thread."""
    return Running(study, name, options)


def label(study: Study, *, who: str = "", port: int | None = None, browser: bool = True, **wish: object) -> Running:
    """Open the labelling app on a study, beside whatever runs; the result's ``close`` stops it.

    ``view``, ``hide_suggestions`` and ``map`` as in ``querist label``.
    """
    where = str(getattr(study.store, "where", "in memory"))
    running = serve(study, study_name(where), Options(port=port, who=who, wish=Wish(**wish)))  # type: ignore[arg-type]
    running.start()
    if browser:
        webbrowser.open(running.url)
    return running


def study_name(where: str) -> str:
    """Give the name that people know a study by: of a database the name only, as its URL may hold a password.

    >>> study_name("data/cells.querist"), study_name("postgresql://ann:secret@host/cells")
    ('cells', 'cells')
    """
    return Path(where.partition("?")[0]).stem


def fresh_link(store: Store, who: str) -> str:
    """Make a link to the server of a study; raises BadInput when none was started."""
    raw = store.get(ADDRESS)
    if raw is None:
        raise BadInput("no server was started for this study yet: run `querist label STUDY`, then ask for a link")
    return _link(json.loads(raw)["origin"], mint(store, who))


def _link(origin: str, token: str) -> str:
    return f"{origin}/?token={quote(token, safe='')}"
