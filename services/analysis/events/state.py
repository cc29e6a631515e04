"""An event's running figures. What they come to does not depend on the order in which its posts arrived."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from contracts.messages import Counters, EventMetrics, EventUpdated
from contracts.words import IncidentType, Sentiment, Stage, Tier
from services.analysis.events.heat import HeatWeights, StageRules, growth, heat, stage

KEYWORDS: Final = 8
SUMMARY_CHARACTERS: Final = 200
TITLE_CHARACTERS: Final = 60
_SENTENCE: Final = re.compile(r"[^。!?!?…\n]+[。!?!?…]*[”」』\"]?")
_TAG: Final = re.compile(r"[##]([^##\n]+)[##]|【([^】\n]+)】")

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
    signature: tuple[int, ...] = ()
    author_hash: str | None = None
    source: str | None = None
    source_tier: Tier | None = None
    repost_of: str | None = None
    same_text_as: str | None = None
    near_duplicate_of: str | None = None

    @property
    def lead_rank(self) -> tuple[bool, datetime, str]:
        """Order in which posts qualify to speak for their event: originals before reposts, then the earliest."""
        return (self.repost_of is not None, self.published_at, self.id)


@dataclass(frozen=True, slots=True)
class Window:
    """Posts of an event within the last hour and the last 24 hours."""

    posts_1h: int = 0
    posts_24h: int = 0


@dataclass(slots=True)
class EventState:
    """An event as it is stored. `count` and `recount` change it; everything else is read off."""

    id: str
    version: int = 0
    title: str = ""
    summary: str = ""
    lead: tuple[bool, datetime, str] | None = None
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
    keywords: Tally = field(default_factory=dict)
    incidents: Tally = field(default_factory=dict)
    prototypes: int = 0

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
        for tally, words in ((self.topics, post.topics), (self.places, post.places), (self.keywords, post.keywords)):
            for word in words:
                tally[word] = tally.get(word, 0) + 1
        if post.incident_type is not IncidentType.OTHER and post.incident_confidence >= confident:
            self.incidents[post.incident_type] = self.incidents.get(post.incident_type, 0) + 1
        if self.lead is None or post.lead_rank < self.lead:
            self.lead = post.lead_rank
            self.title, self.summary = title_of(post.title, post.text), summary_of(post.text)

    def recount(self, before: Counters, after: Counters) -> None:
        """Replace the counters of a post already counted."""
        self.reads += after.reads - before.reads
        self.interactions += after.interactions - before.interactions

    def takes(self, at: datetime, window: timedelta) -> bool:
        """Tell whether a post published at `at` is near enough in time to belong to this event."""
        if self.first_seen is None or self.last_seen is None:
            return True
        return self.first_seen - window <= at <= self.last_seen + window

    def incident_type(self) -> IncidentType:
        """Return the kind of incident that most confident posts tell of."""
        if not self.incidents:
            return IncidentType.OTHER
        return IncidentType(min(self.incidents, key=lambda kind: (-self.incidents[kind], kind)))

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

    def update(self, metrics: EventMetrics, rules: StageRules, new_posts: list[str]) -> EventUpdated:
        """Raise the version, set the stage, and return what others are told."""
        first_seen, last_seen = self._span()
        self.version += 1
        self.stage = stage(metrics, rules)
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
            new_posts=new_posts,
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


def by_count(tally: Tally) -> list[str]:
    """Return the words of a tally, most frequent first, equals in code point order."""
    return sorted(tally, key=lambda word: (-tally[word], word))


def title_of(title: str, text: str) -> str:
    """Return a post's title, else its hashtag or bracketed headline, else its first sentence, at most 60 characters."""
    found = title.strip()
    if not found and (tag := _TAG.search(text)):
        found = (tag[1] or tag[2]).strip()
    if not found:
        found = next((s.strip() for s in _SENTENCE.findall(text) if s.strip()), text.strip())
    return found if len(found) <= TITLE_CHARACTERS else found[: TITLE_CHARACTERS - 1] + "…"


def summary_of(text: str) -> str:
    """Return the first sentences of a text, at most 200 characters; nothing is written that is not in it."""
    summary = ""
    for sentence in _SENTENCE.findall(text):
        sentence = " ".join(sentence.split())
        if len(summary) + len(sentence) > SUMMARY_CHARACTERS:
            break
        summary += sentence
    return summary or " ".join(text.split())[:SUMMARY_CHARACTERS]
