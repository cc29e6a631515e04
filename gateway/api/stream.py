"""The live stream."""

from __future__ import annotations

from functools import partial
from typing import Annotated

from fastapi import APIRouter, Header, Query
from fastapi.responses import StreamingResponse

from gateway.api.parts import PartsDep
from gateway.hearing import audience
from gateway.live import EVENT_TYPES
from kit.auth import Principal, require
from kit.problems import Problem, problems

router = APIRouter(tags=["live"])


@router.get(
    "/api/v1/stream",
    summary="Listen to what happens",
    response_class=StreamingResponse,
    responses={**problems(400), 200: {"content": {"text/event-stream": {}}, "description": "Server-sent events"}},
)
async def stream_events(
    parts: PartsDep,
    principal: Annotated[Principal, require("stream.read")],
    last_event_id: Annotated[str | None, Header(max_length=200)] = None,
    types: Annotated[str, Query(description=f"comma-separated; all of: {', '.join(EVENT_TYPES)}")] = "",
) -> StreamingResponse:
    """Stream alerts, events, cases, clocks and notifications as they change; `Last-Event-ID` resumes.

    A department, county or expert hears of alerts, cases and clocks only where they take part, or where an alert's
    event names a place of theirs, and of notifications not at all (`/api/v1/notifications` has their own).

    Every event has an `id`; comments with an id come at least every 15 s. Browsers' `EventSource` resumes by itself, on
    any replica. Messages are kept for 15 minutes: after a longer absence the first event is `reset`, and what the page
    shows must be loaded anew. Whoever reads too slowly, loses the right or is logged out finds the stream ended.
    """
    wanted = frozenset(part.strip() for part in types.split(",") if part.strip()) or frozenset(EVENT_TYPES)
    unknown = wanted - set(EVENT_TYPES)
    if unknown:
        names = ", ".join(sorted(unknown))
        raise Problem(
            400, "unknown-event-type", zh=f"没有这种事件：{names}", en=f"There is no such event type: {names}"
        )
    return StreamingResponse(
        parts.live.listen(last_event_id, audience(principal, wanted), partial(parts.identity.welcome, principal)),
        media_type="text/event-stream",
        headers={"Cache-Control": "no-store, no-transform", "X-Accel-Buffering": "no"},
    )
