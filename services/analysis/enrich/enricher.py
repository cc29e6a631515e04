"""Everything but the tone that the machine says of one post."""

from __future__ import annotations

from dataclasses import dataclass

from contracts.findings import Concern, Fact, PlaceMention
from contracts.messages import PostAnalysis, PostCollected, SentimentScore
from contracts.words import IncidentType
from kit.simplified import simplified
from language import facts, places
from language.places import place_mentions
from services.analysis.enrich import concerns, incident, keywords
from services.analysis.enrich.folding import fold
from services.analysis.enrich.story import story_of
from services.analysis.enrich.topics import TopicMatcher
from services.analysis.events.vectors import StoryEncoder, packed


@dataclass(frozen=True, slots=True)
class Enrichment:
    """What was found in one post."""

    topics: list[str]
    places: list[str]
    mentions: list[PlaceMention]
    facts: list[Fact]
    concerns: list[Concern]
    incident_type: IncidentType
    incident_confidence: float
    keywords: list[str]
    vector: str

    def with_tone(self, sentiment: SentimentScore, model: str) -> PostAnalysis:
        """Return the whole analysis of the post."""
        return PostAnalysis(
            sentiment=sentiment,
            incident_type=self.incident_type,
            incident_confidence=self.incident_confidence,
            topics=self.topics,
            places=self.places,
            mentions=self.mentions,
            facts=self.facts,
            concerns=self.concerns,
            keywords=self.keywords,
            vector=self.vector,
            model=model,
        )


def enrich(post: PostCollected, topics: TopicMatcher, encoder: StoryEncoder) -> Enrichment:
    """Find what a post is about: topics, places, facts, concerns, kind of incident, keywords, and its vector."""
    whole = f"{post.title}\n{post.text}" if post.title else post.text
    title, text = fold(post.title), fold(post.text)
    found = places.find(simplified(whole))
    guess = incident.classify(text, title)
    vector = encoder.encode(story_of(post.title, post.text))
    return Enrichment(
        topics=topics.match(title, text, found, post.channel),
        places=list(found.counties),
        mentions=place_mentions(found, title=post.title, text=post.text),
        facts=[
            *facts.find(post.title, field="title", reference=post.published_at),
            *facts.find(post.text, reference=post.published_at),
        ],
        concerns=concerns.find(post.text, post.title),
        incident_type=guess.kind,
        incident_confidence=guess.confidence,
        keywords=keywords.extract(post.text, title=post.title, also=found.counties),
        vector=packed(vector),
    )
