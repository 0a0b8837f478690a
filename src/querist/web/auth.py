"""Who may come in: a link that works once becomes a session; the store keeps digests only."""

from __future__ import annotations

import hmac
import json
import secrets
from dataclasses import dataclass
from hashlib import sha256

from querist.store import Store
from querist.store.rules import milliseconds

LINK_SECONDS = 600
SESSION_SECONDS = 14 * 24 * 3600
LONGEST_TOKEN = 200
"""Characters of a token that somebody sends; ours have 43."""


@dataclass(frozen=True)
class Visitor:
    """A person with a session. ``csrf`` proves that a request comes from a page of ours, ``digest`` names the session.

    ``expires`` is in milliseconds since 1970.
    """

    who: str
    csrf: str
    digest: str
    expires: int

    def proves(self, csrf: str) -> bool:
        """Say whether a token is this session's, in constant time."""
        return hmac.compare_digest(csrf.encode(), self.csrf.encode())


def mint(store: Store, who: str) -> str:
    """Make a link's token for a person: it works once, for ten minutes. Whoever can write the study may do so."""
    token = secrets.token_urlsafe(32)
    store.put(_link(token), _facts(who, LINK_SECONDS))
    return token


class Auth:
    """The sessions of one server, kept in a store so that they outlive it.

    >>> from querist.store import MemoryStore
    >>> auth = Auth(store := MemoryStore())
    >>> token = mint(store, "ann")
    >>> session = auth.enter(token)
    >>> auth.visitor(session).who, auth.enter(token)
    ('ann', None)
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._known: dict[str, Visitor] = {}

    def enter(self, token: str) -> str | None:
        """Exchange a link's token for a session's, once; None when it is unknown, used or too old."""
        if len(token) > LONGEST_TOKEN:
            return None
        name = _link(token)
        facts = _valid(self._store.get(name))
        # the lock is the test that only one of many passes; it outlives the link, and is never given back
        if facts is None or not self._store.hold(name, secrets.token_hex(8), 2 * LINK_SECONDS):
            return None
        session = secrets.token_urlsafe(32)
        self._store.put(_session(_digest(session)), _facts(facts[0], SESSION_SECONDS))
        return session

    def visitor(self, session: str) -> Visitor | None:
        """Say whose session it is; None when it is unknown or over."""
        if not session or len(session) > LONGEST_TOKEN:
            return None
        digest = _digest(session)
        known = self._known.get(digest)
        if known is None:
            facts = _valid(self._store.get(_session(digest)))
            if facts is None:
                return None
            known = self._known[digest] = Visitor(facts[0], _digest("csrf " + session)[:32], digest, facts[1])
        return known if known.expires > milliseconds() else None

    def end(self, visitor: Visitor) -> None:
        """End a session."""
        self._store.put(_session(visitor.digest), b"null")
        self._known.pop(visitor.digest, None)

    def move(self, store: Store) -> None:
        """Take the sessions that were used here along to another store: a study has been made."""
        for visitor in self._known.values():
            facts = {"who": visitor.who, "expires": visitor.expires}
            store.put(_session(visitor.digest), json.dumps(facts).encode())
        self._store = store


def _digest(token: str) -> str:
    return sha256(token.encode("utf-8", "replace")).hexdigest()


def _link(token: str) -> str:
    return f"web/link/{_digest(token)}"


def _session(digest: str) -> str:
    return f"web/session/{digest}"


def _facts(who: str, seconds: int) -> bytes:
    return json.dumps({"who": who, "expires": milliseconds() + 1000 * seconds}).encode()


def _valid(raw: bytes | None) -> tuple[str, int] | None:
    """Read who and until when; None when there is nothing, or its time is over."""
    facts = json.loads(raw) if raw else None
    if facts is None or facts["expires"] <= milliseconds():
        return None
    return facts["who"], facts["expires"]
