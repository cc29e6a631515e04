"""Writing the concerns of posts, and adding them up over an event or over a time. No statement reads an author."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from contracts.findings import Concern, ConcernKind
from services.analysis.enrich.folding import story_key, text_hash
from services.analysis.events.concern_tally import keys_of
from services.analysis.models import table
from services.analysis.models.concerns import PostConcern
from services.analysis.models.posts import Post, PostPlace, PostTopic
from services.analysis.store.statements import add_missing, rows_among

_CONCERNS: Final = table(PostConcern)
_POSTS: Final = table(Post)
#: sentences that a theme's samples are chosen from at most
CANDIDATES: Final = 30
#: posts that are looked at in one question, the newest: what bounds the work of it
NEWEST: Final = 50_000

Row = sa.Row[Any]


@dataclass(frozen=True, slots=True)
class ConcernFilter:
    """Whose concerns are wanted: those of an event, or of posts published since, by topic and place.

    Of more than NEWEST posts the newest are looked at.
    """

    event: str | None = None
    since: datetime | None = None
    topic: str | None = None
    place: str | None = None


async def save_concerns(session: AsyncSession, rows: Iterable[tuple[str, Sequence[Concern]]]) -> None:
    """Store the concerns of posts given by id; those of a post that is stored already are passed over."""
    await add_missing(
        session,
        _CONCERNS,
        [
            {
                "post_id": post_id,
                "number": number,
                "kind": concern.kind.value,
                "theme": concern.theme,
                "ask": concern.ask,
                "field": concern.field,
                "start": concern.start,
                "end": concern.end,
                "gist": text_hash(story_key(concern.quote)),
            }
            for post_id, concerns in rows
            for number, concern in enumerate(concerns)
        ],
    )


async def of_events(session: AsyncSession, events: Sequence[str]) -> dict[str, list[tuple[str, str, str]]]:
    """Return the concerns of all posts of some events, each (theme, kind, ask), by post."""
    found: dict[str, list[tuple[str, str, str]]] = {}
    statement = sa.select(_CONCERNS.c.post_id, _CONCERNS.c.theme, _CONCERNS.c.kind, _CONCERNS.c.ask).join_from(
        _CONCERNS, _POSTS, _POSTS.c.id == _CONCERNS.c.post_id
    )
    for row in await rows_among(session, statement, _POSTS.c.event_id, events):
        found.setdefault(row.post_id, []).append((row.theme, row.kind, row.ask))
    return found


async def tallied(session: AsyncSession, events: Sequence[str]) -> list[tuple[str, dict[str, int]]]:
    """Return the tally of the concerns of some events, counted from their posts."""
    if not events:
        return []
    asked = await of_events(session, events)
    tallies: dict[str, dict[str, int]] = {event: {} for event in events}
    posts = sa.select(_POSTS.c.id, _POSTS.c.event_id)
    for row in await rows_among(session, posts, _POSTS.c.event_id, events):
        for key in keys_of(asked.get(row.id, ())):
            tallies[row.event_id][key] = tallies[row.event_id].get(key, 0) + 1
    return list(tallies.items())


async def count_posts(session: AsyncSession, wanted: ConcernFilter) -> tuple[int, int]:
    """Count the posts that concerns are looked for in, and those with any."""
    posts = _posts(wanted)
    voiced = sa.exists().where(_CONCERNS.c.post_id == posts.c.id)
    statement = sa.select(sa.func.count().label("posts"), sa.func.count(sa.case((voiced, 1))).label("voiced"))
    row = (await session.execute(statement.select_from(posts))).one()
    return int(row.posts), int(row.voiced)


async def is_bounded(session: AsyncSession, wanted: ConcernFilter) -> bool:
    """Tell whether there are older posts that are not looked at."""
    older = _newest(wanted).limit(1).offset(NEWEST)
    return (await session.execute(older)).first() is not None


async def by_theme(
    session: AsyncSession, wanted: ConcernFilter, kept: Sequence[str], day_ago: datetime, before: datetime
) -> Sequence[Row]:
    """Return posts by theme and kind, first and last, and those since `day_ago` and in [before, day_ago).

    Themes that are not `kept` go together as `other`.
    """
    posts, kind = _posts(wanted), _CONCERNS.c.kind
    theme = _theme(kept).label("theme")
    each = (
        sa.select(
            theme,
            posts.c.published_at.label("at"),
            *(sa.func.max(sa.case((kind == one.value, 1), else_=0)).label(one.value) for one in ConcernKind),
        )
        .select_from(posts.join(_CONCERNS, _CONCERNS.c.post_id == posts.c.id))
        .group_by(theme, posts.c.id, posts.c.published_at)
        .subquery()
    )
    statement = sa.select(
        each.c.theme,
        sa.func.count().label("posts"),
        *(sa.func.sum(each.c[one.value]).label(one.value) for one in ConcernKind),
        sa.func.min(each.c.at).label("first_at"),
        sa.func.max(each.c.at).label("last_at"),
        sa.func.count(sa.case((each.c.at >= day_ago, 1))).label("posts_24h"),
        sa.func.count(sa.case(((each.c.at >= before) & (each.c.at < day_ago), 1))).label("posts_before"),
    ).group_by(each.c.theme)
    return (await session.execute(statement)).fetchall()


async def by_ask(session: AsyncSession, wanted: ConcernFilter) -> Sequence[Row]:
    """Return the posts of each ask inside each theme."""
    posts = _posts(wanted)
    statement: sa.Select[Any] = (
        sa.select(_CONCERNS.c.theme, _CONCERNS.c.ask, sa.func.count(sa.distinct(_CONCERNS.c.post_id)).label("posts"))
        .select_from(posts.join(_CONCERNS, _CONCERNS.c.post_id == posts.c.id))
        .group_by(_CONCERNS.c.theme, _CONCERNS.c.ask)
    )
    rows: Sequence[Row] = (await session.execute(statement)).fetchall()
    return rows


async def candidates(session: AsyncSession, wanted: ConcernFilter, kept: Sequence[str]) -> Sequence[Row]:
    """Return up to CANDIDATES different sentences a theme (those not `kept` as `other`), most repeated first.

    Rows have theme, kind, `times` (how many equal ones there are) and `quote`. Those of which
    every post is erased are left out.
    """
    posts = _posts(wanted)
    theme = _theme(kept).label("theme")
    # of the posts with a sentence the earliest whose text is not erased
    earliest = sa.func.min(sa.case((_POSTS.c.erased_at.is_(None), _CONCERNS.c.post_id)))
    alike = (
        sa.select(
            theme,
            _CONCERNS.c.gist,
            sa.func.count().label("times"),
            earliest.label("post_id"),
        )
        .select_from(posts.join(_CONCERNS, _CONCERNS.c.post_id == posts.c.id).join(_POSTS, _POSTS.c.id == posts.c.id))
        .group_by(theme, _CONCERNS.c.gist)
        .having(earliest.is_not(None))
        .subquery()
    )
    place = sa.func.row_number().over(partition_by=alike.c.theme, order_by=(alike.c.times.desc(), alike.c.gist))
    ranked = sa.select(alike, place.label("place")).subquery()
    source = sa.case((_CONCERNS.c.field == "title", _POSTS.c.title), else_=_POSTS.c.text)
    quote = sa.func.substr(source, _CONCERNS.c.start + 1, _CONCERNS.c.end - _CONCERNS.c.start)
    same = (_CONCERNS.c.post_id == ranked.c.post_id) & (_CONCERNS.c.gist == ranked.c.gist)
    statement: sa.Select[Any] = (
        sa.select(ranked.c.theme, _CONCERNS.c.kind, ranked.c.times, ranked.c.place, quote.label("quote"))
        .select_from(ranked.join(_CONCERNS, same).join(_POSTS, _POSTS.c.id == ranked.c.post_id))
        .where(ranked.c.place <= CANDIDATES, _theme(kept) == ranked.c.theme)
        .order_by(ranked.c.theme, ranked.c.place, _CONCERNS.c.number)
    )
    rows: Sequence[Row] = (await session.execute(statement)).fetchall()
    return rows


def _theme(kept: Sequence[str]) -> sa.ColumnElement[str]:
    # literals, not parameters: PostgreSQL groups only by what is the same expression to its parser
    listed = _CONCERNS.c.theme.in_([sa.literal_column(f"'{key}'") for key in kept if key.isidentifier()])
    return sa.case((listed, _CONCERNS.c.theme), else_=sa.literal_column("'other'"))


def _posts(wanted: ConcernFilter) -> sa.Subquery:
    """Return (id, published_at) of the newest posts wanted."""
    return _newest(wanted).limit(NEWEST).subquery("wanted")


def _newest(wanted: ConcernFilter) -> sa.Select[Any]:
    """Choose (id, published_at) of the posts wanted, newest first, read off one index."""
    if wanted.event is not None:
        chosen = sa.select(_POSTS.c.id, _POSTS.c.published_at).where(_POSTS.c.event_id == wanted.event)
    elif wanted.topic is not None and wanted.place is not None:
        topics, places = table(PostTopic), table(PostPlace)
        chosen = (
            sa.select(topics.c.post_id.label("id"), topics.c.published_at)
            .join(
                places,
                (places.c.post_id == topics.c.post_id)
                & (places.c.published_at == topics.c.published_at)
                & (places.c.place == wanted.place),
            )
            .where(topics.c.topic == wanted.topic, *_since(topics, wanted))
        )
    elif wanted.topic is not None or wanted.place is not None:
        one = table(PostTopic) if wanted.topic is not None else table(PostPlace)
        key = one.c.topic == wanted.topic if wanted.topic is not None else one.c.place == wanted.place
        chosen = sa.select(one.c.post_id.label("id"), one.c.published_at).where(key, *_since(one, wanted))
    else:
        chosen = sa.select(_POSTS.c.id, _POSTS.c.published_at).where(*_since(_POSTS, wanted))
    id_, at = chosen.selected_columns
    return chosen.order_by(at.desc(), id_.desc())


def _since(source: sa.Table, wanted: ConcernFilter) -> list[sa.ColumnElement[bool]]:
    return [source.c.published_at >= wanted.since] if wanted.since is not None else []
