"""Use cases of ingest: take a push in, keep the sources, hear what cases want watched."""

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import structlog
from prometheus_client import Counter

from contracts.envelope import Message, Publication
from contracts.messages import Counters, PostCollected, PostRecounted, WatchChanged
from contracts.streams import POSTS_COLLECTED
from contracts.words import Channel, Tier
from kit.bus import envelope
from kit.ids import new_id
from kit.problems import Problem
from kit.runtime import Runtime
from services.ingest import store
from services.ingest.intake import Candidate, Intake
from services.ingest.registry import Outlet, Registry
from services.ingest.schemas import Pushed, Rejected
from services.ingest.settings import IngestSettings

_log = structlog.get_logger(__name__)
_POSTS = Counter("huiying_ingest_posts", "Pushed posts by what became of them", ["outcome"])


class Ingest:
    """Takes posts in. A push is answered once everything accepted, and the messages that tell of it, are committed."""

    def __init__(self, runtime: Runtime, settings: IngestSettings) -> None:
        self._runtime, self._settings = runtime, settings
        self._built_in = Registry.built_in()
        self._intake = Intake(settings.author_key.get_secret_value(), self._built_in)
        self._backlog = (0.0, 0)

    async def load_sources(self) -> None:
        """Let intake know the sources that users have made."""
        async with self._runtime.database.reading() as session:
            rows = await store.sources(session)
        known = [(Outlet(row.name, Tier(row.tier), Channel(row.channel), row.id), row.url) for row in rows]
        key = self._settings.author_key.get_secret_value()
        self._intake = Intake(key, self._built_in.with_sources(known))

    async def push(self, items: Sequence[Any], *, chinese: bool) -> Pushed:
        """Take posts in; raises 503 while more are waiting to be analysed than the limit allows."""
        await self._check_backlog()
        now = self._runtime.clock.now()
        candidates, bad = self._intake.candidates(items, now, chinese=chinese)
        accepted = 0
        if candidates:
            async with self._runtime.database.writing() as session:
                known = await store.by_identity(session, sorted({one.identity for one in candidates}))
                fresh: dict[str, Candidate] = {}
                repeats: list[Candidate] = []
                for one in candidates:
                    if one.identity in known or one.identity in fresh:
                        repeats.append(one)
                    else:
                        fresh[one.identity] = one
                rows = await self._rows(session, list(fresh.values()))
                new = await store.add_posts(session, rows)
                # a post that another replica added in between is a repeat after all
                repeats += [one for id_, one in fresh.items() if id_ not in new]
                rows = [row for row in rows if row["identity"] in new]
                accepted = len(rows)
                told = [self._tell(_collected(row)) for row in rows]
                told += await self._recount(session, repeats)
                await self._runtime.outbox.put_all(session, told)
        duplicates = len(candidates) - accepted
        for outcome, count in (("accepted", accepted), ("duplicate", duplicates), ("rejected", len(bad))):
            _POSTS.labels(outcome).inc(count)
        return Pushed(
            accepted=accepted,
            duplicates=duplicates,
            rejected=[Rejected(index=index, reason=reason) for index, reason in bad],
        )

    async def _rows(self, session: Any, fresh: list[Candidate]) -> list[dict[str, Any]]:
        now = self._runtime.clock.now()
        originals = await store.first_with_text(session, sorted({one.text_key for one in fresh}))
        wanted = sorted({one.repost_identity for one in fresh if one.repost_identity})
        reposted = {identity: row.id for identity, row in (await store.by_identity(session, wanted)).items()}
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
                    "author_hash": one.author_hash,
                    "published_at": one.published_at,
                    "collected_at": now,
                    **one.counters.model_dump(),
                    "same_text_as": originals.get(one.text_key),
                    "repost_of": reposted.get(one.repost_identity) if one.repost_identity else None,
                    "purged": False,
                }
            )
            originals.setdefault(one.text_key, id_)
            reposted.setdefault(one.identity, id_)
        return rows

    async def _recount(self, session: Any, repeats: list[Candidate]) -> list[Publication]:
        """Raise the counters of posts that were seen again; returns what is to be told of it."""
        if not repeats:
            return []
        stored = await store.by_identity(session, sorted({one.identity for one in repeats}))
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
        for id_, counters in latest.items():
            await store.recount(session, id_, counters.model_dump())
            recounted = PostRecounted(id=id_, counters=counters, observed_at=self._runtime.clock.now())
            told.append(self._tell(recounted))
        return told

    def _tell(self, payload: PostCollected | PostRecounted) -> Publication:
        type_ = "post.collected" if isinstance(payload, PostCollected) else "post.recounted"
        message = envelope(type_, payload.id, payload, source="ingest", at=self._runtime.clock.now())
        return Publication(stream=POSTS_COLLECTED, message=message)

    async def _check_backlog(self) -> None:
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

    async def hear_watches(self, messages: Sequence[Message]) -> None:
        """Keep what cases want watched; the newest word of a case stands."""
        async with self._runtime.database.writing() as session:
            now = self._runtime.clock.now()
            for message in await self._runtime.inbox.unseen(session, messages, now):
                watch = WatchChanged.model_validate(message.data)
                await store.put_watch(session, {**watch.model_dump(), "mode": watch.mode.value, "changed_at": now})

    async def purge(self) -> None:
        """Blank texts older than the retention period; counts and identities stay."""
        before = self._runtime.clock.now() - timedelta(days=self._settings.retention_days)
        async with self._runtime.database.writing() as session:
            count = await store.purge(session, before)
        if count:
            _log.info("retention.purged", posts=count, collected_before=before.isoformat())


def _collected(row: dict[str, Any]) -> PostCollected:
    counters = Counters(**{name: row[name] for name in ("reads", "likes", "comments", "reposts")})
    return PostCollected.model_validate({**row, "counters": counters})
