"""Where the server is reached, and what that demands."""

from __future__ import annotations

import socket
from dataclasses import dataclass
from ipaddress import ip_address
from urllib.parse import urlsplit

from querist.errors import BadInput

LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
PORT = 8765


@dataclass(frozen=True)
class Place:
    """An address to listen at. ``public`` is the origin that browsers see behind a proxy; raises BadInput.

    >>> Place("127.0.0.1", 8765).origin, Place("::1", 80, tls=True).origin
    ('http://127.0.0.1:8765', 'https://[::1]:80')
    """

    host: str = "127.0.0.1"
    port: int = PORT
    tls: bool = False
    public: str | None = None

    def __post_init__(self) -> None:
        if self.public is not None and not _is_origin(self.public):
            raise BadInput(
                f"--behind-proxy takes the address that browsers see, such as https://label.example.org: "
                f"got {self.public!r}"
            )
        if self.host not in LOOPBACK and not self.tls and self.public is None:
            raise BadInput(
                f"--host {self.host} can be reached from other machines, and without TLS anybody between could read "
                "the session: give --certfile and --keyfile, or --behind-proxy ORIGIN when a proxy speaks TLS"
            )

    @property
    def origin(self) -> str:
        """The address that a browser opens."""
        if self.public is not None:
            return self.public.rstrip("/")
        host = socket.gethostname() if self.host in ("0.0.0.0", "::") else self.host
        return f"{'https' if self.tls else 'http'}://{f'[{host}]' if ':' in host else host}:{self.port}"

    @property
    def secure(self) -> bool:
        """Whether browsers speak TLS with it."""
        return self.origin.startswith("https://")

    @property
    def cookie(self) -> str:
        """The session's cookie: browsers share cookies between ports, so two servers need two names."""
        return f"querist-{self.port}"

    def knows(self, host: str) -> bool:
        """Say whether a Host header names this server: a name of somebody else's could be rebound to our address."""
        name = _hostname(host)
        if name is None:
            return False
        if self.host in LOOPBACK:
            return name in LOOPBACK or name == self._public_name
        return name in {self.host, socket.gethostname(), socket.getfqdn(), self._public_name} or _is_address(name)

    @property
    def _public_name(self) -> str | None:
        return None if self.public is None else urlsplit(self.public).hostname

    def sent(self, origin: str, host: str) -> bool:
        """Say whether an Origin header is of a page of ours, given the Host header beside it."""
        return origin == self.origin or origin == f"{'https' if self.secure else 'http'}://{host}"


def _is_origin(text: str) -> bool:
    try:
        parts = urlsplit(text)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and parts.path in ("", "/")
    except ValueError:
        return False


def _hostname(host: str) -> str | None:
    try:
        return urlsplit(f"//{host}").hostname
    except ValueError:
        return None


def _is_address(name: str | None) -> bool:
    try:
        ip_address(name or "")
    except ValueError:
        return False
    return True
