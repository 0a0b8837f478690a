"""The map of the pool: places, what colours them, and what lies at a place."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Query, Response

from querist.web.models_map import MapFound, MapInfo, MapItems, MapRequest
from querist.web.routes import AtDesk, Who, router

routes = router("map")
_BYTES: dict[int | str, dict[str, Any]] = {
    200: {"content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}}}
}
BYTES = "application/octet-stream"


@routes.get("/map")
def map_info(desk: AtDesk) -> MapInfo:
    """Say which map is there, and how old it is."""
    return desk.atlas.info()


@routes.post("/map")
def draw_map(desk: AtDesk) -> MapInfo:
    """Let the training process draw the map now, and with each step from now on."""
    return desk.atlas.want(desk.wish.map)


@routes.get("/map/places", response_class=Response, responses=_BYTES)
def map_places(desk: AtDesk) -> Response:
    """Give x and y of each item as float32, little-endian; the version stands in the header X-Querist-Version."""
    version, data = desk.atlas.places()
    return Response(data, media_type=BYTES, headers={"X-Querist-Version": version})


@routes.get("/map/columns", response_class=Response, responses=_BYTES)
def map_columns(desk: AtDesk) -> Response:
    """Give what colours the items: int16 label, int16 predicted, uint16 round, uint8 uncertainty, uint8 flags."""
    return Response(desk.atlas.columns(), media_type=BYTES)


@routes.post("/map/items")
def map_items(desk: AtDesk, who: Who, wanted: MapRequest) -> MapItems:
    """Tell of some rows what they are, what is known of them, and what this person said of them."""
    return MapItems(items=desk.atlas.items(wanted.rows, who.who))


@routes.get("/map/search")
def map_search(desk: AtDesk, q: Annotated[str, Query(min_length=1, max_length=200)]) -> MapFound:
    """Find the rows whose id or text holds what is sought."""
    return desk.atlas.search(q)
