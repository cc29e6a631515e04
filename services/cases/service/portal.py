"""What the portal answers: lists and texts in each form, rendered once and kept until something is published."""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final, Literal

from sqlalchemy.ext.asyncio import AsyncSession

from kit.pages import DEFAULT_LIMIT, PageRequest, bad_cursor, encode_cursor
from services.cases.models import StatementRow
from services.cases.portal import feeds, pages
from services.cases.portal.archive import Archive
from services.cases.portal.site import LIST, Site
from services.cases.portal.statements import PublicStatementOut
from services.cases.portal.wanted import Wanted
from services.cases.service.desk import Desk, missing
from services.cases.store import active_plan
from services.cases.store import portal as store

#: `chosen` is the JSON Feed at the address that is a page or a feed by the Accept header
Form = Literal["html", "chosen", "json", "rss", "atom"]

_PATHS: Final[dict[Form, str]] = {
    "html": LIST,
    "chosen": LIST,
    "json": f"{LIST}.json",
    "rss": f"{LIST}.rss",
    "atom": f"{LIST}.atom",
}
_FEEDS: Final = {"chosen": feeds.json_feed, "json": feeds.json_feed, "rss": feeds.rss, "atom": feeds.atom}
_HTML: Final = "text/html; charset=utf-8"
_MEDIA: Final[dict[Form, str]] = {
    "html": _HTML,
    "chosen": feeds.JSON_FEED,
    "json": feeds.JSON_FEED,
    "rss": f"{feeds.RSS}; charset=utf-8",
    "atom": f"{feeds.ATOM}; charset=utf-8",
}
#: bodies that are kept, and bytes of all of them together
_MOST: Final = 256
_MOST_BYTES: Final = 16 << 20
#: seconds for which it is taken for granted that no other replica has published anything; a thirtieth of the time that
#: caches outside take an answer for fresh
_TAKEN_FOR_GRANTED: Final = 1.0
_NEVER: Final = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Rendered:
    """A body as it goes out, with its strong validator (of these very bytes) and when its content last changed."""

    body: bytes
    media_type: str
    tag: str
    modified: datetime
    #: what a page's policy lets it load; none for what is no page
    policy: str = ""

    @classmethod
    def of(cls, body: bytes, media_type: str, modified: datetime, policy: str = "") -> Rendered:
        """Tag a body by its digest."""
        return cls(body, media_type, f'"{hashlib.sha256(body).hexdigest()[:32]}"', modified, policy)


class _Kept:
    """Bodies by what was asked for, each good for one stamp; those asked for longest ago go first."""

    def __init__(self) -> None:
        self._bodies: OrderedDict[tuple[str, ...], tuple[str, Rendered]] = OrderedDict()
        self._bytes = 0

    def get(self, key: tuple[str, ...], stamp: str) -> Rendered | None:
        found = self._bodies.get(key)
        if found is None or found[0] != stamp:
            return None
        self._bodies.move_to_end(key)
        return found[1]

    def put(self, key: tuple[str, ...], stamp: str, rendered: Rendered) -> None:
        if (old := self._bodies.pop(key, None)) is not None:
            self._bytes -= len(old[1].body)
        self._bodies[key] = (stamp, rendered)
        self._bytes += len(rendered.body)
        while len(self._bodies) > _MOST or (self._bytes > _MOST_BYTES and len(self._bodies) > 1):
            _, (_, gone) = self._bodies.popitem(last=False)
            self._bytes -= len(gone.body)


class Portal:
    """The published statements of a site, as everyone may read them."""

    def __init__(self, desk: Desk, public_url: str) -> None:
        self._desk, self._base = desk, public_url
        self._kept = _Kept()
        self._archive: tuple[str, Archive] | None = None
        self._changed: tuple[str, datetime] | None = None
        self._known: tuple[datetime, Site, str] | None = None
        self._changes = 0

    async def site(self) -> Site:
        """Return the site by the plan in force."""
        return (await self._now())[0]

    async def list(self, form: Form, wanted: Wanted, page: PageRequest, *, large: bool = False) -> Rendered:
        """Return a page of the list; 400 where the cursor is not one of it. Searches for words are not kept."""
        after, back = _place(page)
        where = repr(after) if after else ""
        key = ("list", form, str(large), str(page.limit), where, str(back), repr(wanted.given))
        site, stamp = await self._now()
        if not wanted.words and (kept := self._kept.get(key, stamp)) is not None:
            return kept
        async with self._desk.database.reading() as session:
            rows = await store.page(session, wanted, page.limit, after, back=back)
            more, rows = len(rows) > page.limit, rows[: page.limit]
            if back:
                rows.reverse()
            items = await _shown(session, rows, site)
            modified = await self._last_change(session, stamp)
            archive = await self._archived(session, stamp) if form == "html" else Archive((), ())
        query = [*wanted.given, *([("limit", str(page.limit))] if page.limit != DEFAULT_LIMIT else [])]

        def at(row: StatementRow, *direction: str) -> list[tuple[str, str]]:
            return [*query, ("cursor", encode_cursor(row.published_at, row.id, *direction))]

        following = at(rows[-1]) if rows and (back or more) else None
        previous = at(rows[0], "back") if rows and (more if back else after is not None) else None
        if form == "html":
            looks = [("text", "large")] if large else []
            body, policy = pages.list_page(
                pages.ListPage(
                    site=site,
                    wanted=wanted,
                    items=items,
                    archive=archive,
                    large=large,
                    next_href=site.href(LIST, [*following, *looks]) if following else None,
                    previous_href=site.href(LIST, [*previous, *looks]) if previous else None,
                )
            )
        else:
            own = [*query, *([("cursor", _cursor(after, back))] if after else [])]
            path = _PATHS[form]
            shown = feeds.FeedPage(
                site=site,
                items=items,
                modified=modified,
                own_url=site.url(path, own),
                first_url=site.url(path, query),
                html_url=site.url(LIST, wanted.given),
                next_url=site.url(path, following) if following else None,
                previous_url=site.url(path, previous) if previous else None,
            )
            body, policy = _FEEDS[form](shown), ""
        rendered = Rendered.of(body, _MEDIA[form], modified, policy)
        if not wanted.words:
            self._kept.put(key, stamp, rendered)
        return rendered

    async def one(self, form: Literal["html", "json"], statement_id: str, *, large: bool = False) -> Rendered:
        """Return a text; 404 where it was not published, or in a drill."""
        key = ("one", form, str(large), statement_id)
        site, stamp = await self._now()
        if (kept := self._kept.get(key, stamp)) is not None:
            return kept
        async with self._desk.database.reading() as session:
            row = (await store.some(session, [statement_id])).get(statement_id)
            if row is None:
                raise missing("statement", statement_id)
            linked = await _linked(session, [row])
            changed = await self._last_change(session, stamp)
        shown = PublicStatementOut.of(row, site, linked)
        if form == "json":
            rendered = Rendered.of(shown.model_dump_json().encode(), "application/json", shown.modified_at)
        else:
            others = {one.id: PublicStatementOut.of(one, site, {}) for one in linked.values()}
            body, policy = pages.statement_page(site, shown, others, large=large)
            rendered = Rendered.of(body, _HTML, changed, policy)
        self._kept.put(key, stamp, rendered)
        return rendered

    def look_again(self) -> None:
        """Take nothing for granted any more: this replica has just published, corrected or withdrawn something."""
        self._changes += 1
        self._known = None

    async def _now(self) -> tuple[Site, str]:
        """Return the site, and what changes with every answer that the portal could give."""
        now, changes = self._desk.clock.now(), self._changes
        if self._known is not None and abs((now - self._known[0]).total_seconds()) < _TAKEN_FOR_GRANTED:
            return self._known[1:]
        async with self._desk.database.reading() as session:
            plan = await self._desk.plans.in_force(session)
            site, stamp = Site.of(plan, self._base), f"{plan.version} {await store.stamp(session)}"
        if changes == self._changes:
            self._known = (now, site, stamp)
        return site, stamp

    async def _last_change(self, session: AsyncSession, stamp: str) -> datetime:
        """Return when a public text or the plan changed last: a page names its site and what became of other texts."""
        if self._changed is None or self._changed[0] != stamp:
            plan = await active_plan(session)
            times = (await store.last_change(session), plan.activated_at if plan is not None else None)
            self._changed = (stamp, max((at for at in times if at is not None), default=_NEVER))
        return self._changed[1]

    async def _archived(self, session: AsyncSession, stamp: str) -> Archive:
        if self._archive is None or self._archive[0] != stamp:
            self._archive = (stamp, Archive.of(await store.overview(session)))
        return self._archive[1]


def _place(page: PageRequest) -> tuple[tuple[datetime, str] | None, bool]:
    after = page.after_times(0)
    match after:
        case None:
            return None, False
        case [datetime() as at, str() as id_]:
            return (at, id_), False
        case [datetime() as at, str() as id_, "back"]:
            return (at, id_), True
    raise bad_cursor()


def _cursor(after: tuple[datetime, str], back: bool) -> str:
    return encode_cursor(*after, *(["back"] if back else []))


async def _linked(session: AsyncSession, rows: Iterable[StatementRow]) -> dict[str, StatementRow]:
    ids = {id_ for row in rows for id_ in (row.corrects, row.corrected_by) if id_}
    return await store.some(session, sorted(ids))


async def _shown(session: AsyncSession, rows: list[StatementRow], site: Site) -> list[PublicStatementOut]:
    linked = await _linked(session, rows)
    return [PublicStatementOut.of(row, site, linked) for row in rows]
