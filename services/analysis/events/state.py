"""An event's running figures. What they come to does not depend on the order in which its posts arrived."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final

from contracts.findings import PlaceMention
from contracts.messages import Counters, EventMetrics, EventUpdated
from contracts.words import Channel, IncidentType, Sentiment, Stage, Tier
from services.analysis.events.concern_tally import themes_of
from services.analysis.events.heat import HeatWeights, growth, heat
from services.analysis.events.linking import Order
from services.analysis.events.vectors import Vector

KEYWORDS: Final = 8
#: share of an event's confident posts that must tell of one kind of incident for the event to be of it
FAIR_SHARE: Final = 0.25

Tally = dict[str, int]


@dataclass(frozen=True, slots=True)
class TrackedPost:
    """What grouping and figures need to know of a post."""

    id: str
    title: str
    text: str
    published_at: datetime
    counters: Counters
    counted_at: datetime
    sentiment: Sentiment
    incident_type: IncidentType
    incident_confidence: float
    topics: tuple[str, ...]
    places: tuple[str, ...]
    keywords: tuple[str, ...]
    story_hash: int
    #: what its concerns are counted by (:mod:`concern_tally`)
    concerns: tuple[str, ...] = ()
    channel: Channel = Channel.OTHER
    #: townships with their county, as 墨江县联珠镇
    townships: tuple[str, ...] = ()
    vector: Vector | None = None
    #: where its story is (:mod:`whereabouts`); as the vector, the same for every post with this text
    where: int = 0
    author_hash: str | None = None
    source: str | None = None
    source_tier: Tier | None = None
    repost_of: str | None = None
    same_text_as: str | None = None
    near_duplicate_of: str | None = None

    @property
    def order(self) -> Order:
        """Return the post's place in the order of publication."""
        return (self.published_at, self.id)

    @property
    def repeats(self) -> str | None:
        """Return the id of the post that this one says to repeat, or was found to: by a text that says something."""
        same = self.same_text_as if self.vector is not None else None
        return self.repost_of or same or self.near_duplicate_of


@dataclass(frozen=True, slots=True)
class Window:
    """Posts of an event within the last hour and the last 24 hours."""

    posts_1h: int = 0
    posts_24h: int = 0


@dataclass(slots=True)
class EventState:
    """An event as it is stored. `count` and `recount` change it; everything else is read off.

    `incidents` counts confident posts by kind.
    """

    id: str
    founder_id: str
    partition: int = 0
    version: int = 0
    title: str = ""
    summary: str = ""
    merged_into: str | None = None
    #: publication of the last text that title and summary rest on, once there are enough
    described_until: datetime | None = None
    first_seen: datetime | None = None
    last_seen: datetime | None = None
    posts_total: int = 0
    negatives: int = 0
    reads: int = 0
    interactions: int = 0
    voices: int = 0
    sources: int = 0
    top_tier: Tier | None = None
    stage: Stage = Stage.LATENT
    topics: Tally = field(default_factory=dict)
    places: Tally = field(default_factory=dict)
    townships: Tally = field(default_factory=dict)
    keywords: Tally = field(default_factory=dict)
    incidents: Tally = field(default_factory=dict)
    concerns: Tally = field(default_factory=dict)
    #: channel -> [posts, first publication (ISO 8601), id of that post]
    channels: dict[str, list[Any]] = field(default_factory=dict)
    #: what erased posts counted for and their rows no longer tell: "voices", "townships" and "keywords" by word
    frozen: dict[str, Tally] = field(default_factory=dict)

    def clear(self) -> None:
        """Forget every figure, so that all posts can be counted anew; identity, words, stage and `frozen` stay."""
        blank = EventState(id=self.id, founder_id=self.founder_id)
        for name in (
            *("first_seen", "last_seen", "posts_total", "negatives", "reads", "interactions", "voices", "sources"),
            *("described_until", "top_tier", "topics", "places", "townships", "keywords", "incidents", "concerns"),
            "channels",
        ):
            setattr(self, name, getattr(blank, name))

    def freeze(self, *, voices: int = 0, townships: Sequence[str] = (), keywords: Sequence[str] = ()) -> None:
        """Keep what is about to be erased counted: the figures stay, also when all posts are counted anew."""
        for name, words in (("voices", ["voices"] * voices), ("townships", townships), ("keywords", keywords)):
            _add(self.frozen.setdefault(name, {}), dict(Counter(words)))

    def thaw(self, frozen: Mapping[str, Tally]) -> None:
        """Count what erased posts counted for: of this event, or of one that has gone up in it."""
        self.voices += sum(frozen.get("voices", {}).values())
        _add(self.townships, frozen.get("townships", {}))
        _add(self.keywords, frozen.get("keywords", {}))

    def count(self, post: TrackedPost, *, confident: float) -> None:
        """Add a post not counted before (its voice and source are counted apart, since they may be known)."""
        self.posts_total += 1
        self.negatives += post.sentiment is Sentiment.NEGATIVE
        self.reads += post.counters.reads
        self.interactions += post.counters.interactions
        at = post.published_at
        self.first_seen = at if self.first_seen is None else min(self.first_seen, at)
        self.last_seen = at if self.last_seen is None else max(self.last_seen, at)
        tier = post.source_tier
        if tier is not None and (self.top_tier is None or tier.rank > self.top_tier.rank):
            self.top_tier = tier
        for tally, words in (
            (self.topics, post.topics),
            (self.places, post.places),
            (self.townships, post.townships),
            (self.keywords, post.keywords),
            (self.concerns, post.concerns),
        ):
            _add(tally, dict.fromkeys(words, 1))
        if post.incident_confidence >= confident:
            self.incidents[post.incident_type] = self.incidents.get(post.incident_type, 0) + 1
        self._spread(post)

    def _spread(self, post: TrackedPost) -> None:
        stamp = post.published_at.astimezone(UTC).isoformat(timespec="microseconds")
        count, first, first_id = self.channels.get(post.channel, [0, stamp, post.id])
        first, first_id = min((first, first_id), (stamp, post.id))
        self.channels[post.channel] = [count + 1, first, first_id]

    def recount(self, before: Counters, after: Counters) -> None:
        """Replace the counters of a post already counted."""
        self.reads += after.reads - before.reads
        self.interactions += after.interactions - before.interactions

    def incident_type(self) -> IncidentType:
        """Return the kind of incident that most confident posts tell of, where a fair share of them tells of any.

        Much that is said about an incident does not tell of it: :data:`FAIR_SHARE` of the posts are enough.
        """
        kinds = {kind: count for kind, count in self.incidents.items() if kind != IncidentType.OTHER}
        if not kinds:
            return IncidentType.OTHER
        best = min(kinds, key=lambda kind: (-kinds[kind], kind))
        return IncidentType(best) if kinds[best] >= FAIR_SHARE * sum(self.incidents.values()) else IncidentType.OTHER

    def _span(self) -> tuple[datetime, datetime]:
        if self.first_seen is None or self.last_seen is None:
            raise ValueError("an event has at least one post")
        return self.first_seen, self.last_seen

    def metrics(self, window: Window, now: datetime, weights: HeatWeights) -> EventMetrics:
        """Return the event's figures as of `now`."""
        first_seen, last_seen = self._span()
        figures = EventMetrics(
            posts_total=self.posts_total,
            posts_1h=window.posts_1h,
            posts_24h=window.posts_24h,
            growth=growth(window.posts_1h, window.posts_24h),
            negative_share=round(self.negatives / self.posts_total, 4) if self.posts_total else 0.0,
            reads=self.reads,
            interactions=self.interactions,
            voices=self.voices,
            sources=self.sources,
            top_tier=self.top_tier,
            places=by_count(self.places),
            duration_hours=round((last_seen - first_seen).total_seconds() / 3600, 2),
        )
        figures.heat = heat(figures, last_seen, now, weights)
        return figures

    def update(self, metrics: EventMetrics, new_posts: Sequence[str]) -> EventUpdated:
        """Raise the version and return what others are told."""
        self.version += 1
        return self.told(metrics, new_posts)

    def told(self, metrics: EventMetrics, new_posts: Sequence[str] = ()) -> EventUpdated:
        """Return what others are told of the event as it stands."""
        first_seen, last_seen = self._span()
        return EventUpdated(
            id=self.id,
            version=self.version,
            title=self.title,
            summary=self.summary,
            first_seen=first_seen,
            last_seen=last_seen,
            stage=self.stage,
            incident_type=self.incident_type(),
            topics=sorted(self.topics),
            places=metrics.places,
            keywords=by_count(self.keywords)[:KEYWORDS],
            metrics=metrics,
            new_posts=list(new_posts),
            merged_into=self.merged_into,
            concerns=themes_of(self.concerns),
        )


def newer(stored: Counters, stored_at: datetime, seen: Counters, seen_at: datetime) -> Counters:
    """Return the counters that stand: the later observation; of two at one instant the larger figures."""
    if seen_at != stored_at:
        return seen if seen_at > stored_at else stored
    return Counters(
        reads=max(stored.reads, seen.reads),
        likes=max(stored.likes, seen.likes),
        comments=max(stored.comments, seen.comments),
        reposts=max(stored.reposts, seen.reposts),
    )


def _add(tally: Tally, more: Mapping[str, int]) -> None:
    for word, times in more.items():
        tally[word] = tally.get(word, 0) + times


def by_count(tally: Tally) -> list[str]:
    """Return the words of a tally, most frequent first, equals in code point order."""
    return sorted(tally, key=lambda word: (-tally[word], word))


def townships_of(mentions: Sequence[PlaceMention]) -> tuple[str, ...]:
    """Return the townships that a post names, each once, with their county."""
    return tuple(dict.fromkeys(f"{one.county}{one.township}" for one in mentions if one.township))
