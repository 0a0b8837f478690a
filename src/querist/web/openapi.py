"""Print the OpenAPI document, from which the front end's types are generated.

Run: python -m querist.web.openapi > ui/openapi.json
"""

from __future__ import annotations

import json
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from pydantic.json_schema import models_json_schema

from querist.web.models_events import ModelEvent, ProgressEvent, TrainingEvent

EVENTS = (ModelEvent, TrainingEvent, ProgressEvent)
"""What server-sent events carry: no route returns them, so they are added by hand."""


def document(app: FastAPI) -> dict[str, Any]:
    """Describe the app; its version stays fixed, so that a release changes no type."""
    found = get_openapi(title="querist", version="1", routes=app.routes, description="The labelling app of querist.")
    _, extra = models_json_schema(
        [(model, "serialization") for model in EVENTS], ref_template="#/components/schemas/{model}"
    )
    schemas = found["components"]["schemas"]
    schemas |= extra["$defs"]
    for name in ("HTTPValidationError", "ValidationError"):
        schemas.pop(name, None)
    return found


def main() -> None:
    """Print the document, keys sorted."""
    from querist.web.app import create_app
    from querist.web.server import Server

    print(json.dumps(document(create_app(Server.closed())), indent=1, sort_keys=True, ensure_ascii=False))


if __name__ == "__main__":
    main()
