"""GET /api/v1/posts, /api/v1/posts/counts and /api/v1/posts/{id}."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Final, Literal

from fastapi import APIRouter, Depends, Query

from contracts.messages import Counters, SentimentScore
from contracts.words import Channel, IncidentType, Sentiment
from kit.auth import Principal, require
from kit.inputs import Instant, Plain
from kit.pages import Page, PageParams, PageRequest, bad_cursor, encode_cursor
from kit.problems import FieldError, Problem, problems
from kit.runtime import Runtime
from kit.service import RuntimeDep
from services.analysis.enrich.query import Node, QueryError
from services.analysis.enrich.query.gazetteer import place_named
from services.analysis.post_schemas import AnalysisView, PostCounts, PostHighlight, PostView, Snippet
from services.analysis.search import asking
from services.analysis.search.highlights import highlights, snippet
from services.analysis.search.wanted import PostFilter
from services.analysis.service import not_found
from services.analysis.store import search
from services.analysis.store.search import Row

router = APIRouter(prefix="/api/v1/posts", tags=["posts"])

Reader = Annotated[Principal, require("posts.read")]
Sort = Literal["-published_at", "-relevance"]

_QUERY: Final = (
    "words that must all occur, or a query as topics have it: AND OR NOT 且 或 非, brackets, “phrases”, near/5, "
    "title: place: channel:"
)


def post_filter(
    q: Annotated[Plain | None, Query(max_length=asking.MAX_LENGTH, description=_QUERY)] = None,
    topic: Annotated[Plain | None, Query(max_length=64, description="key of a topic")] = None,
    sentiment: Sentiment | None = None,
    incident_type: IncidentType | None = None,
    place: Annotated[
        Plain | None, Query(max_length=32, description="county, district or township, by full or short name")
    ] = None,
    channel: Channel | None = None,
    source: Annotated[Plain | None, Query(max_length=200, description="id or name of a source")] = None,
    event: Annotated[Plain | None, Query(max_length=36, description="id of an event")] = None,
    since: Annotated[Instant | None, Query(description="published at or after")] = None,
    until: Annotated[Instant | None, Query(description="published before")] = None,
) -> PostFilter:
    """Return the filter that the query string asks for."""
    words = q if q and q.strip() else None
    return PostFilter(words, topic, sentiment, incident_type, named(place), channel, source, event, since, until)


def named(place: str | None) -> str | None:
    """Return the gazetteer's name of a place, or what was given where it has none."""
    return (place_named(place) or place) if place else None


Wanted = Annotated[PostFilter, Depends(post_filter)]


@router.get("", responses=problems(400), summary="信息列表")
async def list_posts(
    runtime: RuntimeDep,
    wanted: Wanted,
    page: PageParams,
    _principal: Reader,
    sort: Annotated[Sort, Query(description="-relevance: of the newest 300 hits of q, those that answer it best")] = (
        "-published_at"
    ),
) -> Page[PostView]:
    """List posts, latest published first. A page of a search may be short, and is the last only without a cursor."""
    if sort == "-relevance":
        return await _best_page(runtime, wanted, page)
    return await posts_page(runtime, wanted, page)


@router.get("/counts", responses=problems(), summary="信息分类计数")
async def count_posts(runtime: RuntimeDep, wanted: Wanted, _principal: Reader) -> PostCounts:
    """Count the newest posts found by sentiment, channel, incident type and topic: at most 10,000 of them."""
    _node(wanted)
    async with runtime.database.reading() as session:
        counted = await search.counts(session, wanted)
    return PostCounts(
        posts=counted.posts,
        bounded=counted.bounded,
        by_sentiment={Sentiment(key): count for key, count in counted.by["sentiment"].items()},
        by_channel={Channel(key): count for key, count in counted.by["channel"].items()},
        by_incident_type={IncidentType(key): count for key, count in counted.by["incident_type"].items()},
        by_topic=dict(counted.by["topics"]),
    )


@router.get("/{post_id}", responses=problems(404), summary="一条信息")
async def get_post(runtime: RuntimeDep, post_id: Plain, _principal: Reader) -> PostView:
    """Return a post with its analysis."""
    async with runtime.database.reading() as session:
        row = await search.post(session, post_id)
    if row is None:
        raise not_found("信息", "post")
    return view(row)


async def posts_page(runtime: Runtime, wanted: PostFilter, page: PageRequest) -> Page[PostView]:
    """Return one page of posts, latest published first."""
    node = _node(wanted)
    match page.after_times(0):
        case None:
            after = None
        case [datetime() as at, str(id_)]:
            after = (at, id_)
        case _:
            raise bad_cursor()
    async with runtime.database.reading() as session:
        found = await search.posts(session, wanted, page.limit, after)
    return Page(
        items=await _views(found.rows, node),
        next_cursor=encode_cursor(*found.after) if found.after is not None else None,
    )


async def _best_page(runtime: Runtime, wanted: PostFilter, page: PageRequest) -> Page[PostView]:
    node = _node(wanted)
    if node is None:
        zh, en = "按相关度排序须给出检索词 q", "sorting by relevance needs a q"
        raise Problem(422, "posts.sort", zh=zh, en=en, errors=[FieldError(pointer="query.sort", detail=en, zh=zh)])
    match page.after:
        case None:
            after = None
        case [int(newest), int() | float() as told, int(position)]:
            after = (newest, float(told), position)
        case _:
            raise bad_cursor()
    async with runtime.database.reading() as session:
        found = await search.best_posts(session, wanted, page.limit, after)
    return Page(
        items=await _views(found.rows, node),
        next_cursor=encode_cursor(*found.after) if found.after is not None else None,
    )


async def _views(rows: Sequence[Row], node: Node | None) -> list[PostView]:
    """Return posts as they are shown; where words are to be marked, in a thread, for long texts take their time."""
    if node is None:
        return [view(row) for row in rows]
    return await asyncio.to_thread(lambda: [view(row, node) for row in rows])


def view(row: Row, node: Node | None = None) -> PostView:
    """Return a stored post as it is shown; with a query, where its words stand."""
    stored = row._asdict()
    shown = {name: stored[name] for name in PostView.model_fields if name in stored}
    if node is not None:
        marked = highlights(node, row.title, row.text)
        start, end = snippet(row.text, marked)
        shown["highlights"] = [PostHighlight(field=one.field, start=one.start, end=one.end) for one in marked]
        shown["snippet"] = Snippet(text=row.text[start:end], start=start, end=end)
    return PostView(
        **shown,
        metrics=Counters(reads=row.reads, likes=row.likes, comments=row.comments, reposts=row.reposts),
        analysis=AnalysisView(
            sentiment=SentimentScore(
                label=row.sentiment,
                score=row.score,
                probabilities={label: stored[label.value] for label in Sentiment},
            ),
            **{name: stored[name] for name in AnalysisView.model_fields if name != "sentiment"},
        ),
    )


def _node(wanted: PostFilter) -> Node | None:
    if wanted.q is None:
        return None
    try:
        return asking.read(wanted.q).node
    except QueryError as error:
        wrong = FieldError(pointer="query.q", detail=error.en, zh=error.zh)
        raise Problem(
            422,
            "posts.query",
            zh=f"检索式有误：{error.zh}",
            en=f"The query cannot be read: {error.en}",
            errors=[wrong],
            position=error.position,
        ) from None
