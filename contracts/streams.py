"""The streams of the bus, who listens to each, and the message types each carries."""

from __future__ import annotations

from typing import Final

POSTS_COLLECTED: Final = "posts.collected"
POSTS_ANALYZED: Final = "posts.analyzed"
EVENTS_UPDATED: Final = "events.updated"
ALERTS_RAISED: Final = "alerts.raised"
CASES_CHANGED: Final = "cases.changed"
STATEMENTS_PUBLISHED: Final = "statements.published"
WATCH_CHANGED: Final = "watch.changed"
SOURCES_CHANGED: Final = "sources.changed"
PLANS_ACTIVATED: Final = "plans.activated"
UNITS_MOVED: Final = "units.moved"
NOTIFICATIONS_REQUESTED: Final = "notifications.requested"
NOTIFICATIONS_CHANGED: Final = "notifications.changed"

#: Parts into which analysed posts are dealt by the family of their topics, each tracked by one replica at a time.
ANALYZED_PARTITIONS: Final = 4


def analyzed(partition: int) -> str:
    """Return the stream of a partition of analysed posts; the first is the one that always was."""
    return f"{POSTS_ANALYZED}.{partition}" if partition else POSTS_ANALYZED


_ANALYZED: Final = tuple(analyzed(partition) for partition in range(ANALYZED_PARTITIONS))

#: Consumer groups of each stream. A stream is never trimmed past what a group named here has yet to read,
#: even while that group's service has not been started for the first time.
GROUPS: Final[dict[str, tuple[str, ...]]] = {
    POSTS_COLLECTED: ("analysis-worker",),
    **dict.fromkeys(_ANALYZED, ("analysis-tracker",)),
    EVENTS_UPDATED: ("cases",),
    ALERTS_RAISED: ("analysis", "notify"),
    CASES_CHANGED: ("analysis", "notify"),
    STATEMENTS_PUBLISHED: (),
    WATCH_CHANGED: ("ingest",),
    SOURCES_CHANGED: (),
    PLANS_ACTIVATED: ("analysis", "ingest", "notify"),
    UNITS_MOVED: ("notify",),
    NOTIFICATIONS_REQUESTED: ("notify",),
    NOTIFICATIONS_CHANGED: ("cases",),
}

#: CloudEvents `type` values, by stream. The live stream hands the same words on as server-sent event names.
TYPES: Final[dict[str, tuple[str, ...]]] = {
    POSTS_COLLECTED: ("post.collected", "post.recounted"),
    **dict.fromkeys(_ANALYZED, ("post.analyzed", "post.recounted")),
    EVENTS_UPDATED: ("event.updated",),
    ALERTS_RAISED: ("alert.raised", "alert.settled"),
    CASES_CHANGED: ("case.changed", "clock.warning", "clock.breached"),
    STATEMENTS_PUBLISHED: ("statement.published", "statement.corrected", "statement.withdrawn"),
    WATCH_CHANGED: ("watch.changed",),
    SOURCES_CHANGED: ("source.silent", "source.recovered"),
    PLANS_ACTIVATED: ("plan.activated",),
    UNITS_MOVED: ("units.moved",),
    NOTIFICATIONS_REQUESTED: ("notification.requested",),
    NOTIFICATIONS_CHANGED: ("notification.changed", "escalation.changed"),
}


def dead_letters(stream: str) -> str:
    """Return the name of the stream that holds what `stream`'s consumers gave up on."""
    return f"{stream}.dead"
