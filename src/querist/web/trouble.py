"""Errors as the browser gets them: a status code, and one sentence."""

from __future__ import annotations

import json
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import Response

from querist.errors import BadInput, LearnerFailed, MissingExtra, QueristError, StudyExists, UnknownItem

_STATUS: dict[type[QueristError], int] = {
    UnknownItem: 404,
    StudyExists: 409,
    BadInput: 400,
    MissingExtra: 409,
    LearnerFailed: 409,
}


class Trouble(Exception):
    """A request that cannot be served: its status code, and one sentence that says what to do."""

    def __init__(self, status: int, sentence: str) -> None:
        super().__init__(sentence)
        self.status = status


class Json(Response):
    """JSON in ASCII: half a character (a lone surrogate) in what somebody sent cannot break an answer."""

    media_type = "application/json"

    def render(self, content: Any) -> bytes:
        """Write the content."""
        return json.dumps(content, allow_nan=False, separators=(",", ":")).encode()


def problem(status: int, sentence: str) -> Json:
    """Answer with an error."""
    return Json({"error": sentence}, status)


def status_of(error: QueristError) -> int:
    """Say which status code an error of the library is: 503 where the store refuses, and trying again may help."""
    return next((code for kind, code in _STATUS.items() if isinstance(error, kind)), 503)


def handle(app: FastAPI) -> None:
    """Let every error be answered in the same form."""
    app.add_exception_handler(Trouble, _trouble)
    app.add_exception_handler(QueristError, _querist)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(RequestValidationError, _invalid)


async def _trouble(_: Request, error: Exception) -> Json:
    assert isinstance(error, Trouble)
    return problem(error.status, str(error))


async def _querist(_: Request, error: Exception) -> Json:
    assert isinstance(error, QueristError)
    return problem(status_of(error), str(error))


async def _http(request: Request, error: Exception) -> Json:
    assert isinstance(error, HTTPException)
    said = {404: f"nothing is at {request.url.path}", 405: f"{request.method} is not possible at {request.url.path}"}
    return problem(error.status_code, said.get(error.status_code, str(error.detail)))


async def _invalid(_: Request, error: Exception) -> Json:
    assert isinstance(error, RequestValidationError)
    first = error.errors()[0]
    where = ".".join(str(part) for part in first["loc"] if part != "body") or "the body"
    return problem(422, f"{where}: {first['msg']}; send what /api/openapi.json describes")
