"""Taking posts in: checked, masked, known or new, stored and told of in one transaction."""

from __future__ import annotations

import asyncio
import time
from collections import Counter as Counts
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import structlog
from prometheus_client import Counter
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncSession

from contracts.envelope import Publication
from contracts.messages import Counters, PostCollected, PostRecounted
from contracts.streams import POSTS_COLLECTED
from contracts.words import Channel, Tier
from kit.bus import envelope
from kit.ids import new_id
from kit.problems import Problem
from kit.runtime import Runtime
from services.ingest import store
from services.ingest.author import AuthorKeys
from services.ingest.collecting.store import came_in
from services.ingest.dedup.repeats import Repeats
from services.ingest.intake import Candidate, Intake
from services.ingest.registry import Outlet, Registry
from services.ingest.schemas import Pushed, Rejected
from services.ingest.settings import IngestSettings
from services.ingest.store import Row

_log = structlog.get_logger(__name__)
#: times that a transaction is tried again which the database rolled back for the sake of another
_RETRIES: Final = 2
_POSTS = Counter("huiying_ingest_posts", "Pushed posts by what became of them", ["outcome"])


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of items. `posts`: of each that was taken, by its index, the post's id and whether it is new."""

    posts: dict[int, tuple[str, bool]]
    rejected: list[tuple[int, str]]

    @property
    def accepted(self) -> int:
        """Return how many new posts there are."""
        return sum(new for _, new in self.posts.values())

    @property
    def duplicates(self) -> int:
        """Return how many items were posts that are known."""
        return len(self.posts) - self.accepted


#: What a caller wants written in the transaction that stores its items.
Also = Callable[[AsyncSession, Taken], Awaitable[None]]


class Ingest:
    """Takes posts in. A push is answered once everything accepted, and the messages that tell of it, are committed."""

    def __init__(self, runtime: Runtime, settings: IngestSettings) -> None:
        self._runtime, self._settings = runtime, settings
        self._built_in = Registry.built_in()
        self._keys = AuthorKeys(settings.author_key.get_secret_value(), settings.author_key_days)
        self._intake = Intake(self._keys, self._built_in)
        self._repeats = Repeats(runtime, settings)
        runtime.on_start(self._repeats.refresh)
        self._backlog = (0.0, 0)

    async def load_sources(self) -> None:
        """Let intake know the sources that users have made."""
        async with self._runtime.database.reading() as session:
            rows = await store.sources(session)
        known = [(Outlet(row.name, Tier(row.tier), Channel(row.channel), row.id), row.url) for row in rows]
        self._intake = Intake(self._keys, self._built_in.with_sources(known))

    async def push(self, items: Sequence[Any], *, chinese: bool, also: Also | None = None) -> Pushed:
        """Take posts in; raises 503 while more are waiting to be analysed than the limit allows.

        `also` writes in the same transaction.
        """
        await self.check_backlog()
        taken = await self.take(items, chinese=chinese, also=also)
        return Pushed(
            accepted=taken.accepted,
            duplicates=taken.duplicates,
            rejected=[Rejected(index=index, reason=reason) for index, reason in taken.rejected],
        )

    def look(
        self, items: Sequence[Any], *, chinese: bool, outlet: Outlet | None = None
    ) -> tuple[list[Candidate], list[tuple[int, str]]]:
        """Return what items would be stored as, and for each other its index and why not; nothing is stored.

        `outlet`: the source that all of them come from, where it is known.
        """
        return self._intake.candidates(items, self._runtime.clock.now(), chinese=chinese, outlet=outlet)

    async def take(self, items: Sequence[Any], *, chinese: bool, also: Also | None = None) -> Taken:
        """Store what is new of `items`, raise the counters of what is known, and tell of both."""
        # masking a hostile text can take seconds, in which others want their answers
        candidates, bad = await asyncio.to_thread(self.look, items, chinese=chinese)
        return await self.keep(candidates, bad, also=also)

    async def keep(self, candidates: list[Candidate], bad: list[tuple[int, str]], *, also: Also | None = None) -> Taken:
        """Do the same for what :meth:`look` returned of them.

        Where the database rolls back for the sake of another transaction it is tried again, `also` with it.
        """
        await self._repeats.refresh()
        for attempt in range(_RETRIES + 1):
            try:
                async with self._runtime.database.writing() as session:
                    taken, rows = await self._store(session, candidates, bad)
                    if also is not None:
                        await also(session, taken)
                break
            except DBAPIError as error:
                if attempt == _RETRIES or not _gave_way(error):
                    raise
                _log.info("ingest.tried_again", attempt=attempt + 1, posts=len(candidates))
        await self._repeats.take_in(rows)
        for outcome, count in (("accepted", taken.accepted), ("duplicate", taken.duplicates), ("rejected", len(bad))):
            _POSTS.labels(outcome).inc(count)
        return taken

    async def _store(
        self, session: AsyncSession, candidates: list[Candidate], bad: list[tuple[int, str]]
    ) -> tuple[Taken, list[dict[str, Any]]]:
        """Return what became of candidates, and the rows that are new."""
        known = await store.by_identity(session, sorted({one.identity for one in candidates}))
        fresh: dict[str, Candidate] = {}
        repeats: list[Candidate] = []
        for one in candidates:
            if one.identity in known or one.identity in fresh:
                repeats.append(one)
            else:
                fresh[one.identity] = one
        rows = await self._rows(session, list(fresh.values()))
        await self._repeats.link(rows)
        new = await store.add_posts(session, rows)
        # a post that another replica added in between is a repeat after all
        repeats += [one for id_, one in fresh.items() if id_ not in new]
        stored = known | await store.by_identity(session, sorted({one.identity for one in repeats} - known.keys()))
        unstored = {row["id"]: stored[row["identity"]] for row in rows if row["identity"] not in new}
        rows = [row for row in rows if row["identity"] in new]
        for id_, links in _relinked(rows, unstored).items():
            await store.relink(session, id_, links)
        told = [self._tell(_collected(row)) for row in rows]
        told += await self._recount(session, repeats, stored)
        await self._runtime.outbox.put_all(session, told)
        by_source = Counts(row["source_id"] for row in rows if row["source_id"])
        for source_id, count in sorted(by_source.items()):
            await came_in(session, source_id, self._runtime.clock.now(), count)
        ids = {row["identity"]: row["id"] for row in rows}
        posts = {one.index: (ids[one.identity], True) for one in fresh.values() if one.identity in ids}
        posts |= {one.index: (stored[one.identity].id, False) for one in repeats if one.identity in stored}
        return Taken(posts, bad), rows

    async def _rows(self, session: AsyncSession, fresh: list[Candidate]) -> list[dict[str, Any]]:
        now = self._runtime.clock.now()
        originals = await store.first_with_text(session, sorted({one.text_key for one in fresh}))
        wanted = sorted({one.repost_identity for one in fresh if one.repost_identity})
        reposted = await store.stored(session, wanted)
        rows: list[dict[str, Any]] = []
        for one in fresh:
            id_ = new_id()
            rows.append(
                {
                    "id": id_,
                    "identity": one.identity,
                    "text_key": one.text_key,
                    "url": one.url,
                    "title": one.title,
                    "text": one.text,
                    "channel": one.channel,
                    "source_id": one.source_id,
                    "source_name": one.source_name,
                    "source_tier": one.source_tier,
                    "outlet": one.outlet,
                    "author_hash": one.author_hash,
                    "published_at": one.published_at,
                    "collected_at": now,
                    **one.counters.model_dump(),
                    "same_text_as": originals.get(one.text_key),
                    "repost_of": reposted.get(one.repost_identity) if one.repost_identity else None,
                    "near_duplicate_of": None,
                    "signature": None,
                    "purged": False,
                }
            )
            originals.setdefault(one.text_key, id_)
            reposted.setdefault(one.identity, id_)
        return rows

    async def _recount(
        self, session: AsyncSession, repeats: list[Candidate], stored: Mapping[str, Row]
    ) -> list[Publication]:
        """Raise the counters of posts that were seen again; returns what is to be told of it."""
        told: list[Publication] = []
        latest: dict[str, Counters] = {}
        for one in repeats:
            row = stored.get(one.identity)
            if row is None:
                continue
            before = latest.get(row.id) or Counters(
                reads=row.reads, likes=row.likes, comments=row.comments, reposts=row.reposts
            )
            # platforms now and then show an older figure; totals since publication only grow
            after = Counters(
                reads=max(before.reads, one.counters.reads),
                likes=max(before.likes, one.counters.likes),
                comments=max(before.comments, one.counters.comments),
                reposts=max(before.reposts, one.counters.reposts),
            )
            if after != before:
                latest[row.id] = after
        for id_ in sorted(latest):
            await store.recount(session, id_, latest[id_].model_dump())
        for id_, counters in latest.items():
            recounted = PostRecounted(id=id_, counters=counters, observed_at=self._runtime.clock.now())
            told.append(self._tell(recounted))
        return told

    def _tell(self, payload: PostCollected | PostRecounted) -> Publication:
        type_ = "post.collected" if isinstance(payload, PostCollected) else "post.recounted"
        message = envelope(type_, payload.id, payload, source="ingest", at=self._runtime.clock.now())
        return Publication(stream=POSTS_COLLECTED, message=message)

    async def check_backlog(self) -> None:
        checked, waiting = self._backlog
        if time.monotonic() - checked > 1:
            waiting = await self._runtime.outbox.waiting()
            try:
                waiting += await self._runtime.bus.backlog(POSTS_COLLECTED)
            except Exception as error:  # without the bus the outbox alone says how much is waiting
                _log.warning("ingest.backlog_unknown", error=str(error).split("\n")[0])
            self._backlog = (time.monotonic(), waiting)
        if waiting >= self._settings.max_backlog:
            raise Problem(
                503,
                "backlog",
                zh=f"待分析的信息过多（{waiting}），请稍后再推送",
                en=f"{waiting} posts are waiting to be analysed; push again later",
                headers={"Retry-After": "5"},
            )


def _gave_way(error: DBAPIError) -> bool:
    """Tell whether PostgreSQL rolled back for a deadlock or a serialisation failure: SQLSTATE class 40."""
    return str(getattr(error.orig, "sqlstate", None) or "").startswith("40")


def _relinked(rows: Sequence[dict[str, Any]], unstored: Mapping[str, Row]) -> dict[str, dict[str, str | None]]:
    """Link rows to the stored post where they are linked to one that was not stored for it; returns what changed."""
    changed: dict[str, dict[str, str | None]] = {}
    for row in rows:
        links: dict[str, str | None] = {}
        for name in ("same_text_as", "near_duplicate_of", "repost_of"):
            there = unstored.get(row[name])
            if there is not None:
                # a chain of repeats is linked to its root
                links[name] = (None if name == "repost_of" else getattr(there, name)) or there.id
        if links:
            row.update(links)
            changed[row["id"]] = links
    return changed


def _collected(row: dict[str, Any]) -> PostCollected:
    counters = Counters(**{name: row[name] for name in ("reads", "likes", "comments", "reposts")})
    return PostCollected.model_validate({**row, "counters": counters})
