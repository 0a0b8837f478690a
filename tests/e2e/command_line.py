"""What the command-line tests share: the result of a command, and answers to what it asked."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, NamedTuple


class Result(NamedTuple):
    """What a command did."""

    code: int
    out: str
    err: str

    @property
    def facts(self) -> Any:
        """The JSON document on standard output."""
        return json.loads(self.out)

    @property
    def lines(self) -> list[Any]:
        """The JSON Lines on standard output."""
        return [json.loads(line) for line in self.out.splitlines()]


Cli = Callable[..., Result]


def right(id: str) -> str:
    """Give the class of a flower."""
    return "abc"[int(id[1:]) % 3]


def answers(queries: list[dict[str, Any]]) -> str:
    """Answer what was asked, as JSON Lines."""
    return "".join(json.dumps({**query, "label": right(query["id"])}) + "\n" for query in queries)
