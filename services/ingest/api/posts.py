"""Pushing posts."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Request

from kit.auth import Principal, require
from kit.problems import Problem, prefers_chinese, problems
from services.ingest.schemas import Push, Pushed
from services.ingest.service import Ingest

router = APIRouter(tags=["posts"])


def ingest_of(request: Request) -> Ingest:
    """Return the ingest of the app that serves `request`."""
    ingest: Ingest = request.app.state.ingest
    return ingest


IngestDep = Annotated[Ingest, Depends(ingest_of)]


def _within_limit(request: Request) -> None:
    limit: int = request.app.state.runtime.settings.max_body
    length = request.headers.get("content-length", "")
    if length.isdigit() and int(length) > limit:
        raise Problem(
            413,
            "too-large",
            zh=f"一次推送不得超过 {limit // 2**20} MiB，请分批",
            en=f"A push is at most {limit // 2**20} MiB; send it in parts",
        )


@router.post(
    "/api/v1/posts",
    status_code=202,
    summary="Push posts",
    responses=problems(400, 413, 503),
    dependencies=[Depends(_within_limit)],
)
async def push_posts(
    push: Push, request: Request, ingest: IngestDep, _: Annotated[Principal, require("posts.push")]
) -> Pushed:
    """Take 1 to 1000 posts in. What is accepted is on disk before the answer is sent; one bad post loses no other.

    Personal numbers are masked and the author's handle becomes a keyed hash before anything is stored. A post that was
    pushed before (same address, or same text where there is none) counts as a duplicate and raises its counters.
    """
    return await ingest.push(push.posts, chinese=prefers_chinese(request.headers.get("accept-language")))
