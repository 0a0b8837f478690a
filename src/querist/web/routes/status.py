"""Where the study stands, and training on request."""

from __future__ import annotations

from fastapi import Request
from fastapi.responses import StreamingResponse

from querist.web.live import stream
from querist.web.models import StatusInfo, TrainState
from querist.web.models_figures import DashboardInfo
from querist.web.routes import AtDesk, AtServer, router

routes = router("status")


@routes.get("/status")
def status(desk: AtDesk) -> StatusInfo:
    """Say where the study stands."""
    return desk.status()


@routes.get("/dashboard")
def dashboard(desk: AtDesk) -> DashboardInfo:
    """Give the figures of the dashboard: by class, calibration, forecast, speed, agreement."""
    return desk.dashboard()


@routes.post("/train")
def train(desk: AtDesk) -> TrainState:
    """Train now, in the other process."""
    return TrainState(state=desk.train())


@routes.get("/events", response_class=StreamingResponse, responses={200: {"content": {"text/event-stream": {}}}})
async def events(server: AtServer, request: Request) -> StreamingResponse:
    """Tell of new rounds (``model``), training (``training``) and labels (``progress``) as they come."""
    return StreamingResponse(stream(server, request), media_type="text/event-stream")
