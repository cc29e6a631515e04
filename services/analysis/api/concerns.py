"""GET /api/v1/events/{id}/concerns and /api/v1/concerns."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Annotated, Any, Final, Literal

from fastapi import APIRouter, Depends, Query, Request
from sqlalchemy.ext.asyncio import AsyncSession

from contracts.findings import ConcernKind
from kit.auth import Principal, require
from kit.inputs import Instant, Plain
from kit.problems import FieldError, Problem, problems
from kit.runtime import Runtime
from kit.service import RuntimeDep
from language.places import county_of
from services.analysis.api.events import standing
from services.analysis.concern_schemas import AskView, Concerns, ConcernSample, ConcernTheme
from services.analysis.enrich.concerns import samples, themes
from services.analysis.recent import TERM, Recent
from services.analysis.store import concerns, topics
from services.analysis.store.concerns import ConcernFilter

router = APIRouter(prefix="/api/v1", tags=["events"])

Reader = Annotated[Principal, require("posts.read")]
RecentConcerns = Recent[ConcernFilter, Concerns]


def _recent_of(request: Request) -> RecentConcerns:
    recent: RecentConcerns = request.app.state.concerns
    return recent


RecentDep = Annotated[RecentConcerns, Depends(_recent_of)]

_MOST: Final = 8
_SAMPLES: Final = 3
_KEYWORDS: Final = 6
_DAY: Final = timedelta(days=1)
_LONGEST: Final = timedelta(days=31)
#: a trend needs this many posts in the greater day, and this many times those of the other
_TELLING, _TIMES = 3, 1.5


@router.get("/events/{event_id}/concerns", responses=problems(404, 409), summary="事件中的诉求")
async def get_event_concerns(runtime: RuntimeDep, recent: RecentDep, event_id: Plain, _principal: Reader) -> Concerns:
    """Group what people ask, complain of or want done in an event, with counts and sample sentences.

    The newest 50,000 posts are looked at. An answer may be up to 30 seconds old.
    """
    async with runtime.database.reading() as session:
        await standing(session, event_id)
    return await _recently(runtime, recent, ConcernFilter(event=event_id))


@router.get("/concerns", responses=problems(422), summary="诉求汇总")
async def get_concerns(
    runtime: RuntimeDep,
    recent: RecentDep,
    _principal: Reader,
    since: Annotated[Instant | None, Query(description="default: 24 hours ago; at most 31 days")] = None,
    place: Annotated[Plain | None, Query(max_length=32, description="county, by full or short name")] = None,
    topic: Annotated[Plain | None, Query(max_length=64, description="key of a topic")] = None,
) -> Concerns:
    """Group the concerns of all posts published since, of a county or a topic where one is given.

    The newest 50,000 posts are looked at. An answer may be up to 30 seconds old, and `since` counts by half minutes.
    """
    now = runtime.clock.now()
    start = since or now - _DAY
    if not timedelta(0) <= now - start <= _LONGEST:
        days = _LONGEST.days
        raise _bad("since", f"since 须在此前 {days} 天之内", f"since must lie within the past {days} days")
    county = county_of(place) if place else None
    if place and county is None:
        raise _bad("place", f"没有名为“{place}”的县(区)", f"No county is called “{place}”")
    async with runtime.database.reading() as session:
        if topic and topic not in await topics.names(session, [topic]):
            raise _bad("topic", f"没有“{topic}”这个专题", f"There is no topic “{topic}”")
    return await _recently(runtime, recent, ConcernFilter(since=_rounded(start), topic=topic, place=county))


async def _recently(runtime: Runtime, recent: RecentConcerns, wanted: ConcernFilter) -> Concerns:
    async def work() -> Concerns:
        async with runtime.database.reading() as session:
            return await grouped(session, wanted, runtime.clock.now())

    return await recent.get(wanted, work)


def _rounded(at: datetime) -> datetime:
    """Return the half minute that `at` lies in, so that all who ask in it ask the same."""
    return at - (at - datetime.min.replace(tzinfo=at.tzinfo)) % TERM


async def grouped(session: AsyncSession, wanted: ConcernFilter, now: datetime) -> Concerns:
    """Return the concerns wanted in at most eight themes."""
    asked = await concerns.by_ask(session, wanted)
    kept = _greatest(asked)
    posts, voiced = await concerns.count_posts(session, wanted)
    bounded = posts == concerns.NEWEST and await concerns.is_bounded(session, wanted)
    rows = await concerns.by_theme(session, wanted, kept, now - _DAY, now - 2 * _DAY)
    sentences: dict[str, list[samples.Sentence]] = {}
    for row in await concerns.candidates(session, wanted, kept):
        sentences.setdefault(row.theme, []).append(samples.Sentence(row.quote, row.kind, row.times))
    ordered = sorted(rows, key=lambda row: (row.theme == themes.OTHER, -row.posts, row.theme))
    return Concerns(
        as_of=now,
        posts=posts,
        posts_with_concerns=voiced,
        bounded=bounded,
        themes=[
            _theme(row, posts, [ask for ask in asked if ask.theme == row.theme], sentences.get(row.theme, []))
            for row in ordered
        ],
    )


def _greatest(asked: Sequence[Any]) -> list[str]:
    """Return the themes that stand for themselves: all where they are few, else the greatest."""
    sums: dict[str, int] = {}
    for row in asked:
        sums[row.theme] = sums.get(row.theme, 0) + row.posts
    named = sorted(sums.keys() - {themes.OTHER}, key=lambda key: (-sums[key], key))
    return named if len(sums) <= _MOST else named[: _MOST - 1]


def _theme(row: Any, posts: int, asked: Sequence[Any], sentences: Sequence[samples.Sentence]) -> ConcernTheme:
    return ConcernTheme(
        key=row.theme,
        name=themes.theme_name(row.theme),
        posts=row.posts,
        share=round(row.posts / posts, 4),
        by_kind={kind: int(row._mapping[kind.value]) for kind in ConcernKind},
        first_at=row.first_at,
        last_at=row.last_at,
        posts_24h=row.posts_24h,
        posts_before=row.posts_before,
        trend=_trend(row.posts_24h, row.posts_before),
        asks=[
            AskView(key=ask.ask, name=themes.ask_name(ask.theme, ask.ask), posts=ask.posts)
            for ask in sorted(asked, key=lambda ask: (-ask.posts, ask.ask))
            if ask.ask
        ],
        keywords=samples.keywords(sentences, _KEYWORDS),
        samples=[
            ConcernSample(kind=ConcernKind(each.kind), text=each.text, times=each.times)
            for each in samples.choose(sentences, _SAMPLES)
        ],
    )


def _trend(last: int, before: int) -> Literal["rising", "steady", "falling"]:
    if last >= _TELLING and last >= _TIMES * before:
        return "rising"
    return "falling" if before >= _TELLING and before >= _TIMES * last else "steady"


def _bad(field: str, zh: str, en: str) -> Problem:
    return Problem(
        422, "concerns.filter", zh=zh, en=en, errors=[FieldError(pointer=f"query.{field}", detail=en, zh=zh)]
    )
