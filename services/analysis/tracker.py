"""From analysed posts to events: one transaction a batch, and what changed is told in it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final
from urllib.parse import urlsplit

import structlog
from prometheus_client import Counter, Histogram
from sqlalchemy.ext.asyncio import AsyncSession

from contracts.envelope import Message, Publication
from contracts.messages import Counters, EventUpdated, PostAnalyzed, PostCollected, PostRecounted
from contracts.streams import EVENTS_UPDATED
from kit.bus import envelope
from kit.ids import new_id
from kit.runtime import Runtime
from services.analysis.enrich.folding import text_hash
from services.analysis.enrich.signature import SIZE, story_of
from services.analysis.events.grouping import Grouping
from services.analysis.events.state import EventState, TrackedPost, Window, newer
from services.analysis.settings import AnalysisSettings
from services.analysis.store import tracking
from services.analysis.store.prototypes import save_prototypes
from services.analysis.store.tracking import Placed, StoredCounters

LEASE: Final = "tracker"

POSTS_TRACKED: Final = Counter("huiying_analysis_posts_tracked", "Posts stored and assigned to an event")
EVENTS_CHANGED: Final = Counter("huiying_analysis_events_changed", "Events whose figures changed")
TRACKER_SECONDS: Final = Histogram("huiying_analysis_tracker_batch_seconds", "Time to track one batch")

_log = structlog.get_logger(__name__)
_COOLING_LIMIT: Final = 1000
_COOLING_MIN: Final = timedelta(minutes=10)
_COLD: Final = timedelta(days=14)

Observed = tuple[Counters, datetime]


class Tracker:
    """Stores analysed posts, groups them into events and keeps the events' figures.

    `leased`: the transaction fails unless this replica holds the tracker's lease, so that a replica that was
    paused and replaced cannot write after its successor.
    """

    def __init__(self, runtime: Runtime, settings: AnalysisSettings, *, leased: bool = True) -> None:
        self._runtime, self._settings, self._leased = runtime, settings, leased
        self._grouping = settings.grouping()

    async def handle(self, messages: Sequence[Message]) -> None:
        """Track a batch of `post.analyzed` and `post.recounted`. Raises ValidationError for a malformed payload."""
        with TRACKER_SECONDS.time():
            async with self._runtime.database.writing() as session:
                if self._leased:
                    await self._runtime.leases.confirm(session, LEASE)
                now = self._runtime.clock.now()
                fresh = await self._runtime.inbox.unseen(session, messages, now)
                placed = await self._track(session, fresh, now)
        POSTS_TRACKED.inc(len(placed))

    async def cool(self) -> int:
        """Work out the figures of events whose time windows have moved on; returns how many."""
        now = self._runtime.clock.now()
        async with self._runtime.database.writing() as session:
            states = await tracking.cooling(session, now, _COOLING_LIMIT)
            if states:
                before = {id_: state.stage for id_, state in states.items()}
                told = await self._save(session, states, (), now)
                # a falling figure alone is no news; a new stage is
                await self._tell(session, [one for one in told if one.stage is not before[one.id]], {}, now)
        return len(states)

    async def _track(self, session: AsyncSession, messages: Sequence[Message], now: datetime) -> list[Placed]:
        analyzed = [PostAnalyzed.model_validate(m.data) for m in messages if m.type == "post.analyzed"]
        recounts = latest([PostRecounted.model_validate(m.data) for m in messages if m.type == "post.recounted"])
        incoming = {one.post.id: one for one in analyzed}
        links = {
            link
            for one in analyzed
            for link in (one.post.repost_of, one.post.same_text_as, one.post.near_duplicate_of)
            if link
        }
        known = await tracking.known_posts(session, incoming.keys() | links)
        early = await tracking.early_recounts(session, incoming.keys() | recounts.keys())
        posts = [tracked(one, early.get(id_), recounts.get(id_)) for id_, one in incoming.items() if id_ not in known]
        candidates = await tracking.candidates(session, posts, known)
        grouping = Grouping(candidates, self._grouping, new_id)
        changed: dict[str, EventState] = {}
        placed: list[Placed] = []
        for post in posts:
            state = grouping.assign(post)
            changed[state.id] = state
            state.count(post, confident=self._settings.incident_confidence)
            placed.append(Placed(post, incoming[post.id], state.id))
        await tracking.save_posts(session, placed)
        await save_prototypes(session, grouping.new_prototypes, grouping.resembled, now)
        await tracking.count_distinct(session, placed, changed)

        counted = {post.id for post in posts}
        others = {id_: observed for id_, observed in recounts.items() if id_ not in counted}
        waiting = await self._recount(session, others, candidates.events, changed)
        used = counted & early.keys()
        if used or waiting:
            kept = {id_: merged(early.get(id_), observed) for id_, observed in waiting.items()}
            await tracking.replace_early_recounts(session, used, kept, now)

        told = await self._save(session, changed, placed, now)
        await self._tell(session, told, _causes(messages, placed), now)
        return placed

    async def _recount(
        self,
        session: AsyncSession,
        recounts: Mapping[str, Observed],
        loaded: Mapping[str, EventState],
        changed: dict[str, EventState],
    ) -> dict[str, Observed]:
        """Replace the counters of stored posts; returns those whose post has not come yet."""
        stored = await tracking.stored_counters(session, recounts.keys())
        standing = []
        for id_, old in stored.items():
            counters, at = merged((old.counters, old.counted_at), recounts[id_])
            if counters != old.counters or at != old.counted_at:
                standing.append(StoredCounters(id_, old.event_id, counters, at))
        await tracking.save_counters(session, standing)
        differing = [one for one in standing if one.counters != stored[one.post_id].counters]
        missing = {one.event_id for one in differing} - loaded.keys()
        events = {**loaded, **(await tracking.events(session, missing))}
        for one in differing:
            changed[one.event_id] = events[one.event_id]
            changed[one.event_id].recount(stored[one.post_id].counters, one.counters)
        return {id_: observed for id_, observed in recounts.items() if id_ not in stored}

    async def _save(
        self, session: AsyncSession, states: Mapping[str, EventState], placed: Sequence[Placed], now: datetime
    ) -> list[EventUpdated]:
        new_posts: dict[str, list[str]] = {}
        for one in placed:
            new_posts.setdefault(one.event_id, []).append(one.post.id)
        windows = await tracking.windows(session, states.keys(), now)
        rules = self._settings.events
        changed = []
        for id_, state in states.items():
            metrics = state.metrics(windows.get(id_, Window()), now, rules.heat)
            changed.append((state, state.update(metrics, rules.stage, new_posts.get(id_, []))))
        cools = {state.id: next_cooling(told.last_seen, now) for state, told in changed}
        await tracking.save_events(session, changed, now, cools)
        EVENTS_CHANGED.inc(len(changed))
        return [told for _, told in changed]

    async def _tell(
        self, session: AsyncSession, told: Sequence[EventUpdated], causes: Mapping[str, str], now: datetime
    ) -> None:
        publications = []
        for one in told:
            message = envelope("event.updated", one.id, one, source="analysis", at=now)
            if one.id in causes:
                message = message.model_copy(update={"requestid": causes[one.id]})
            publications.append(Publication(stream=EVENTS_UPDATED, message=message))
        await self._runtime.outbox.put_all(session, publications)


def _causes(messages: Sequence[Message], placed: Sequence[Placed]) -> dict[str, str]:
    """Return by event the request that brought the first of its new posts."""
    requests = {m.subject: m.requestid for m in messages if m.requestid}
    return {one.event_id: requests[one.post.id] for one in reversed(placed) if one.post.id in requests}


def next_cooling(last_seen: datetime, now: datetime) -> datetime | None:
    """Return when an event's figures should next be worked out without a new post: ever more rarely, then never."""
    age = now - last_seen
    return None if age > _COLD else now + max(_COOLING_MIN, age)


def latest(recounts: Sequence[PostRecounted]) -> dict[str, Observed]:
    """Return the observation that stands for each post of a batch."""
    standing: dict[str, Observed] = {}
    for one in recounts:
        standing[one.id] = merged(standing.get(one.id), (one.counters, one.observed_at))
    return standing


def merged(one: Observed | None, other: Observed) -> Observed:
    """Return which of two observations stands."""
    return other if one is None else (newer(*one, *other), max(one[1], other[1]))


def tracked(message: PostAnalyzed, *later: Observed | None) -> TrackedPost:
    """Return what tracking needs of an analysed post, with the newest of the counters observed of it."""
    post, analysis = message.post, message.analysis
    observed: Observed = (post.counters, post.collected_at)
    for one in later:
        if one is not None:
            observed = merged(observed, one)
    return TrackedPost(
        id=post.id,
        title=post.title,
        text=post.text,
        published_at=post.published_at,
        counters=observed[0],
        counted_at=observed[1],
        sentiment=analysis.sentiment.label,
        incident_type=analysis.incident_type,
        incident_confidence=analysis.incident_confidence,
        topics=tuple(dict.fromkeys(analysis.topics)),
        places=tuple(dict.fromkeys(analysis.places)),
        keywords=tuple(dict.fromkeys(analysis.keywords)),
        story_hash=text_hash(story_of(post.title, post.text)),
        signature=tuple(analysis.signature) if len(analysis.signature) == SIZE else (),
        author_hash=post.author_hash,
        source=source_of(post),
        source_tier=post.source_tier,
        repost_of=post.repost_of,
        same_text_as=post.same_text_as,
        near_duplicate_of=post.near_duplicate_of,
    )


def source_of(post: PostCollected) -> str | None:
    """Return what a post's source is counted by: its id, else its name, else the host of its address."""
    if post.source_id or post.source_name:
        return post.source_id or post.source_name
    return urlsplit(post.url).hostname if post.url else None
