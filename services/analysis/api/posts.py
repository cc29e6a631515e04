"""GET /api/v1/posts and /api/v1/posts/{id}."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Query
from pydantic import AwareDatetime

from contracts.messages import Counters, SentimentScore
from contracts.words import Channel, IncidentType, Sentiment
from kit.auth import Principal, require
from kit.pages import Page, PageParams, PageRequest, page_of
from kit.problems import problems
from kit.runtime import Runtime
from kit.service import RuntimeDep
from services.analysis.enrich.places import county_of
from services.analysis.schemas import AnalysisView, PostView
from services.analysis.service import not_found
from services.analysis.store import search
from services.analysis.store.search import PostFilter, Row

router = APIRouter(prefix="/api/v1/posts", tags=["posts"])


def post_filter(
    q: Annotated[str | None, Query(max_length=100, description="words that the title or text contains")] = None,
    topic: Annotated[str | None, Query(max_length=64, description="key of a topic")] = None,
    sentiment: Sentiment | None = None,
    incident_type: IncidentType | None = None,
    place: Annotated[str | None, Query(max_length=32, description="county, by full or short name")] = None,
    channel: Channel | None = None,
    source: Annotated[str | None, Query(max_length=200, description="id or name of a source")] = None,
    event: Annotated[str | None, Query(max_length=36, description="id of an event")] = None,
    since: Annotated[AwareDatetime | None, Query(description="published at or after")] = None,
    until: Annotated[AwareDatetime | None, Query(description="published before")] = None,
) -> PostFilter:
    """Return the filter that the query string asks for."""
    county = (county_of(place) or place) if place else None
    return PostFilter(q, topic, sentiment, incident_type, county, channel, source, event, since, until)


@router.get("", responses=problems(400), summary="信息列表")
async def list_posts(
    runtime: RuntimeDep,
    wanted: Annotated[PostFilter, Depends(post_filter)],
    page: PageParams,
    _principal: Annotated[Principal, require("posts.read")],
) -> Page[PostView]:
    """List posts, latest published first."""
    return await posts_page(runtime, wanted, page)


@router.get("/{post_id}", responses=problems(404), summary="一条信息")
async def get_post(
    runtime: RuntimeDep, post_id: str, _principal: Annotated[Principal, require("posts.read")]
) -> PostView:
    """Return a post with its analysis."""
    async with runtime.database.reading() as session:
        row = await search.post(session, post_id)
    if row is None:
        raise not_found("信息", "post")
    return view(row)


async def posts_page(runtime: Runtime, wanted: PostFilter, page: PageRequest) -> Page[PostView]:
    """Return one page of posts."""
    key = page.after_times(0)
    after: tuple[datetime, str] | None = (key[0], str(key[1])) if key is not None else None
    async with runtime.database.reading() as session:
        rows = await search.posts(session, wanted, page.limit, after)
    return page_of(list(rows), page, lambda row: (row.published_at, row.id), view)


def view(row: Row) -> PostView:
    """Return a stored post as it is shown."""
    return PostView(
        **{name: row._mapping[name] for name in PostView.model_fields if name not in {"metrics", "analysis"}},
        metrics=Counters(reads=row.reads, likes=row.likes, comments=row.comments, reposts=row.reposts),
        analysis=AnalysisView(
            sentiment=SentimentScore(
                label=row.sentiment,
                score=row.score,
                probabilities={label: row._mapping[label.value] for label in Sentiment},
            ),
            **{name: row._mapping[name] for name in AnalysisView.model_fields if name != "sentiment"},
        ),
    )
