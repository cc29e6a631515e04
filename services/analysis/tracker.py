"""From analysed posts to events: one transaction a batch, and what changed is told in it."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Final
from urllib.parse import urlsplit

import structlog
from prometheus_client import Counter, Gauge, Histogram
from sqlalchemy.ext.asyncio import AsyncSession

from contracts.envelope import Message
from contracts.messages import PostAnalyzed, PostCollected, PostRecounted
from kit.runtime import Runtime
from services.analysis.enrich.folding import text_hash
from services.analysis.enrich.story import story_of
from services.analysis.events import description
from services.analysis.events.concern_tally import keys_of
from services.analysis.events.index import StoryIndex, Text
from services.analysis.events.linking import LinkKind
from services.analysis.events.state import EventState, TrackedPost, newer, townships_of
from services.analysis.events.vectors import unpacked
from services.analysis.events.whereabouts import where_of
from services.analysis.figures import Figures
from services.analysis.joining import CrossingError, Joined, Joining
from services.analysis.settings import AnalysisSettings
from services.analysis.store import buckets, counters, event_states, tracking
from services.analysis.store.counters import Observed, StoredCounters
from services.analysis.store.tracking import Placed

POSTS_TRACKED: Final = Counter("huiying_analysis_posts_tracked", "Posts stored and assigned to an event")
TRACKER_SECONDS: Final = Histogram("huiying_analysis_tracker_batch_seconds", "Time to track one batch")
STORIES: Final = Gauge("huiying_analysis_stories", "Texts that new posts are compared with", ["partition"])

_log = structlog.get_logger(__name__)
_COOLING_LIMIT: Final = 1000
_RELOAD: Final = timedelta(days=1)


class Tracker:
    """Stores analysed posts of one partition, joins them to events and keeps the events' figures.

    Any number of replicas may have one: the row of the partition is locked for each batch, and its revision tells
    whether another replica has written since, in which case the index of texts is loaded anew. `lease`: the
    transaction fails unless this replica holds that lease, so that a replica that was paused and replaced cannot
    write after its successor.
    """

    def __init__(self, runtime: Runtime, settings: AnalysisSettings, partition: int = 0, *, lease: str | None) -> None:
        self._runtime, self._settings, self._lease = runtime, settings, lease
        self.partition = partition
        self._figures = Figures(runtime, settings)
        self._index: StoryIndex | None = None
        self._revision = -1
        #: whether to lock every partition: the last batch had to, and the next is likely to
        self._alone = False
        self._loaded_at = datetime.min.replace(tzinfo=UTC)

    async def handle(self, messages: Sequence[Message]) -> None:
        """Track a batch of `post.analyzed` and `post.recounted`. Raises ValidationError for a malformed payload."""
        await self._load()
        with TRACKER_SECONDS.time():
            try:
                index, placed = await self._batch(messages)
            except CrossingError:
                self._alone = True
                index, placed = await self._batch(messages)
            # not before the commit: what is in the index is stored
            texts = [
                (Text(one.post.story_hash, one.post.vector, one.post.where), one.post.published_at.timestamp())
                for one in placed
                if one.post.vector is not None
            ]
            await asyncio.to_thread(index.add, texts)
            self._revision += 1
            await self._settle(messages)
        STORIES.labels(self.partition).set(len(index))
        POSTS_TRACKED.inc(len(placed))

    async def _batch(self, messages: Sequence[Message]) -> tuple[StoryIndex, list[Placed]]:
        """Track a batch in a transaction of its own; returns the index as it was before, and what was stored."""
        async with self._runtime.database.writing() as session:
            if self._lease:
                await self._runtime.leases.confirm(session, self._lease)
            index = await self._index_as_of(session)
            now = self._runtime.clock.now()
            fresh = await self._runtime.inbox.unseen(session, messages, now)
            placed = await self._track(session, index, fresh, now)
            await tracking.raise_revision(session, self.partition)
        return index, placed

    async def _settle(self, messages: Sequence[Message]) -> None:
        """Apply counters that crossed with their post, each on its way through another partition.

        Neither transaction sees the other; but the one that ends last finds both here.
        """
        async with self._runtime.database.reading() as session:
            crossed = await counters.have_crossed(session, {message.subject for message in messages})
        if crossed:
            await self.cool(0)

    async def cool(self, limit: int = _COOLING_LIMIT) -> int:
        """Work out the figures of up to `limit` events whose time windows have moved on; returns how many.

        So it does for events of which counters have crossed with their posts.
        """
        now = self._runtime.clock.now()
        # two transactions: each takes the rows of its events at once and in order, so that none waits for another
        async with self._runtime.database.writing() as session:
            crossed = await counters.overtaken_recounts(session, _COOLING_LIMIT)
            recounted: dict[str, EventState] = {}
            if crossed:
                await self._recount(session, crossed, {}, recounted)
                await counters.replace_early_recounts(session, crossed.keys(), {}, now)
                await self._figures.tell(session, await self._figures.save(session, recounted, {}, now), {}, now)
        async with self._runtime.database.writing() as session:
            states = await event_states.cooling(session, now, limit)
            if states:
                before = {id_: state.stage for id_, state in states.items()}
                told = await self._figures.save(session, states, {}, now)
                # a falling figure alone is no news; a new stage is
                await self._figures.tell(session, [one for one in told if one.stage is not before[one.id]], {}, now)
        return len(states | recounted)

    async def _load(self) -> None:
        """Load the index where there is none yet or it is a day old, before anything is locked."""
        now = self._runtime.clock.now()
        if self._index is not None and now - self._loaded_at < _RELOAD:
            return
        self._index = None  # so that two of them are never held
        async with self._runtime.database.reading() as session:
            revision = await tracking.revision_of(session, self.partition)
            await self._load_from(session, revision, now)

    async def _load_from(self, session: AsyncSession, revision: int, now: datetime) -> StoryIndex:
        description.forget()  # once a day, so that no text outlives its row by more
        since = now - timedelta(days=self._settings.event_memory_days)
        index = self._index = await tracking.load_index(session, self.partition, since)
        self._revision, self._loaded_at = revision, now
        _log.info("tracker.loaded", partition=self.partition, texts=len(index))
        return index

    async def _index_as_of(self, session: AsyncSession) -> StoryIndex:
        """Return the index as the partition's last batch left it; it is loaded anew where that batch was another's."""
        if self._alone:
            revision = (await tracking.take_all_partitions(session))[self.partition]
        else:
            revision = await tracking.take_partition(session, self.partition)
        if self._index is None or revision != self._revision:
            self._index = None
            return await self._load_from(session, revision, self._runtime.clock.now())
        return self._index

    async def _track(
        self, session: AsyncSession, index: StoryIndex, messages: Sequence[Message], now: datetime
    ) -> list[Placed]:
        analyzed = [PostAnalyzed.model_validate(m.data) for m in messages if m.type == "post.analyzed"]
        recounts = latest([PostRecounted.model_validate(m.data) for m in messages if m.type == "post.recounted"])
        incoming = {one.post.id: one for one in analyzed}
        known = await tracking.known_posts(session, incoming.keys())
        early = await counters.early_recounts(session, incoming.keys() | recounts.keys())
        posts = [tracked(one, early.get(id_), recounts.get(id_)) for id_, one in incoming.items() if id_ not in known]
        joining = Joining(session, index, self.partition, self._settings.joining(), posts, alone=self._alone)
        joined = await joining.run()
        self._alone = joining.crossed
        placed = [
            Placed(post, incoming[post.id], joined.event_of[post.id], joined.links.get(post.id)) for post in posts
        ]
        changed = await self._count(session, placed, joined, now)

        counted = {post.id for post in posts}
        others = {id_: observed for id_, observed in recounts.items() if id_ not in counted}
        waiting = await self._recount(session, others, changed, changed)
        used = counted & early.keys()
        if used or waiting:
            kept = {id_: merged(early.get(id_), observed) for id_, observed in waiting.items()}
            await counters.replace_early_recounts(session, used, kept, now)

        told = await self._figures.save(session, changed, new_posts(placed), now)
        told += await event_states.updates(session, joined.merged)
        await self._figures.tell(session, told, _causes(messages, placed), now)
        return placed

    async def _count(
        self, session: AsyncSession, placed: Sequence[Placed], joined: Joined, now: datetime
    ) -> dict[str, EventState]:
        """Store the posts and count them into their events; returns the events that changed."""
        concerned = set(joined.event_of.values()) | joined.rebuilt - joined.merged.keys()
        states = await event_states.events(session, concerned - joined.founded.keys())
        for event, founder in joined.founded.items():
            if event in concerned:
                states[event] = EventState(id=event, founder_id=founder, partition=self.partition)
        for event in joined.revived:
            states[event].merged_into = None
        await tracking.save_posts(session, placed, self.partition)
        await tracking.save_vectors(session, (one.post for one in placed), self.partition, now)
        stored = {id_: link for id_, link in joined.links.items() if id_ not in joined.event_of}
        await tracking.relink(session, stored, joined.moved)
        await event_states.close_merged(session, joined.merged, now)
        anew = {id_: state for id_, state in states.items() if id_ in joined.rebuilt}
        added = [(one.post, one.event_id) for one in placed if one.event_id not in anew]
        for post, event in added:
            states[event].count(post, confident=self._settings.incident_confidence)
        await event_states.count_distinct(session, added, states)
        await event_states.count_anew(session, anew, confident=self._settings.incident_confidence)
        await buckets.count(session, placed)
        await buckets.rebuild(session, joined.rebuilt)
        new: defaultdict[str, list[TrackedPost]] = defaultdict(list)
        for one in placed:
            # a text that an earlier post of the event had says nothing new of it
            if one.link is None or one.link.kind is not LinkKind.TEXT:
                new[one.event_id].append(one.post)
        described = {id_: state for id_, state in states.items() if id_ in new or id_ in joined.rebuilt}
        await self._figures.describe(session, described, new)
        return states

    async def _recount(
        self,
        session: AsyncSession,
        recounts: Mapping[str, Observed],
        loaded: Mapping[str, EventState],
        changed: dict[str, EventState],
    ) -> dict[str, Observed]:
        """Replace the counters of stored posts; returns those whose post has not come yet."""
        stored = await counters.stored_counters(session, recounts.keys())
        standing = []
        for id_, old in stored.items():
            figures, at = merged((old.counters, old.counted_at), recounts[id_])
            if figures != old.counters or at != old.counted_at:
                standing.append(StoredCounters(id_, old.event_id, figures, at))
        await counters.save_counters(session, standing)
        differing = [one for one in standing if one.counters != stored[one.post_id].counters]
        missing = {one.event_id for one in differing} - loaded.keys()
        events = {**loaded, **(await event_states.events(session, missing))}
        for one in differing:
            changed[one.event_id] = events[one.event_id]
            changed[one.event_id].recount(stored[one.post_id].counters, one.counters)
        return {id_: observed for id_, observed in recounts.items() if id_ not in stored}


def new_posts(placed: Sequence[Placed]) -> dict[str, list[str]]:
    """Return the ids of a batch's posts by their event."""
    found: dict[str, list[str]] = {}
    for one in placed:
        found.setdefault(one.event_id, []).append(one.post.id)
    return found


def _causes(messages: Sequence[Message], placed: Sequence[Placed]) -> dict[str, str]:
    """Return by event the request that brought the first of its new posts."""
    requests = {m.subject: m.requestid for m in messages if m.requestid}
    return {one.event_id: requests[one.post.id] for one in reversed(placed) if one.post.id in requests}


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
    story, vector = story_of(post.title, post.text), unpacked(analysis.vector)
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
        townships=townships_of(analysis.mentions),
        keywords=tuple(dict.fromkeys(analysis.keywords)),
        story_hash=text_hash(story),
        concerns=keys_of((one.theme, one.kind, one.ask) for one in analysis.concerns),
        channel=post.channel,
        vector=vector,
        # of the story, not of the post: its title and the handles that it names differ from copy to copy
        where=where_of(story) if vector is not None else 0,
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
