"""An event's words and figures, worked out from what is stored: described, stored, told."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final

from prometheus_client import Counter
from sqlalchemy.ext.asyncio import AsyncSession

from contracts.envelope import Publication
from contracts.messages import EventUpdated
from contracts.streams import EVENTS_UPDATED
from kit.bus import envelope
from kit.runtime import Runtime
from services.analysis.events.description import OPENING, READ, Story, quotes, title_and_summary, title_of_words
from services.analysis.events.series import RECENT_HOURS, HourlySeries
from services.analysis.events.stage import needs_hours, stage
from services.analysis.events.state import EventState, TrackedPost, Window, by_count
from services.analysis.settings import AnalysisSettings
from services.analysis.store import buckets, event_states

EVENTS_CHANGED: Final = Counter("huiying_analysis_events_changed", "Events whose figures changed")

_COOLING_MIN: Final = timedelta(minutes=10)
_COLD: Final = timedelta(days=14)


class Figures:
    """Works out events within the caller's transaction."""

    def __init__(self, runtime: Runtime, settings: AnalysisSettings) -> None:
        self._runtime, self._settings = runtime, settings

    async def describe(
        self, session: AsyncSession, states: Mapping[str, EventState], new: Mapping[str, Sequence[TrackedPost]]
    ) -> None:
        """Give events the titles and summaries of their first texts; `new`: the posts that an event gained."""
        asked: list[str] = []
        for id_, state in states.items():
            gained = new.get(id_, ())
            if len(gained) == state.posts_total == 1:
                post = gained[0]
                alone = Story(post.order, post.title, post.text[:OPENING], post.vector)
                state.title, state.summary = title_and_summary([alone])
            elif state.described_until is None or any(post.published_at <= state.described_until for post in gained):
                asked.append(id_)
        await self._describe_by_texts(session, {id_: states[id_] for id_ in asked})

    async def describe_what_is_left(
        self, session: AsyncSession, states: Mapping[str, EventState], erased: Mapping[str, Sequence[tuple[str, str]]]
    ) -> None:
        """Describe events of which posts, (title, text), have just been erased by the texts that are left.

        Where none is left the summary goes, and the title too unless a post had it for its own.
        """
        for id_, state in states.items():
            if quotes(state.title, erased[id_]):
                state.title = ""
        await self._describe_by_texts(session, states, quoted=False)

    async def _describe_by_texts(
        self, session: AsyncSession, states: Mapping[str, EventState], *, quoted: bool = True
    ) -> None:
        """`quoted`: whether the title of an event may still be of texts that it has no more."""
        found = await event_states.stories(session, states)
        for id_, state in states.items():
            texts = found.get(id_, [])
            state.described_until = texts[-1].order[0] if len(texts) == READ else None
            if texts:
                state.title, state.summary = title_and_summary(texts)
                continue
            # with its last texts gone to another event, the words of these must not stay behind either
            if not state.title or (quoted and state.summary):
                state.title = title_of_words(by_count(state.keywords), by_count(state.places))
            state.summary = ""

    async def save(
        self,
        session: AsyncSession,
        states: Mapping[str, EventState],
        new_posts: Mapping[str, Sequence[str]],
        now: datetime,
    ) -> list[EventUpdated]:
        """Work out the figures of events, store them, and return what others are told of each."""
        windows = await buckets.windows(session, states.keys(), now)
        rules = self._settings.events
        told_by_hours = [id_ for id_, state in states.items() if needs_hours(state.posts_total, rules.stage)]
        recent = await buckets.recent_hours(session, told_by_hours, now)
        changed = []
        for id_, state in states.items():
            metrics = state.metrics(windows.get(id_, Window()), now, rules.heat)
            series = HourlySeries(recent.get(id_) or [0] * RECENT_HOURS, now)
            state.stage = stage(series, metrics, rules.stage)
            changed.append((state, state.update(metrics, new_posts.get(id_, ()))))
        cools = {state.id: next_cooling(told.last_seen, now) for state, told in changed}
        await event_states.save_events(session, changed, now, cools)
        EVENTS_CHANGED.inc(len(changed))
        return [told for _, told in changed]

    async def tell(
        self, session: AsyncSession, told: Sequence[EventUpdated], causes: Mapping[str, str], now: datetime
    ) -> None:
        """Put what others are told into the outbox; `causes`: the request that brought it about, by event."""
        publications = []
        for one in told:
            message = envelope("event.updated", one.id, one, source="analysis", at=now)
            if one.id in causes:
                message = message.model_copy(update={"requestid": causes[one.id]})
            publications.append(Publication(stream=EVENTS_UPDATED, message=message))
        await self._runtime.outbox.put_all(session, publications)


def next_cooling(last_seen: datetime, now: datetime) -> datetime | None:
    """Return when an event's figures should next be worked out without a new post: ever more rarely, then never."""
    age = now - last_seen
    return None if age > _COLD else now + max(_COOLING_MIN, age)
