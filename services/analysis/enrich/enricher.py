"""Everything but the tone that the machine says of one post."""

from __future__ import annotations

from dataclasses import dataclass

from contracts.messages import PostAnalysis, PostCollected, SentimentScore
from contracts.words import IncidentType
from services.analysis.enrich import incident, keywords, places, signature
from services.analysis.enrich.folding import fold
from services.analysis.enrich.topics import TopicMatcher


@dataclass(frozen=True, slots=True)
class Enrichment:
    """What was found in one post."""

    topics: list[str]
    places: list[str]
    incident_type: IncidentType
    incident_confidence: float
    keywords: list[str]
    signature: list[int]

    def with_tone(self, sentiment: SentimentScore, model: str) -> PostAnalysis:
        """Return the whole analysis of the post."""
        return PostAnalysis(
            sentiment=sentiment,
            incident_type=self.incident_type,
            incident_confidence=self.incident_confidence,
            topics=self.topics,
            places=self.places,
            keywords=self.keywords,
            signature=self.signature,
            model=model,
        )


def enrich(post: PostCollected, topics: TopicMatcher) -> Enrichment:
    """Find the topics, places, kind of incident, keywords and signature of a post."""
    whole = f"{post.title}\n{post.text}" if post.title else post.text
    title, text = fold(post.title), fold(post.text)
    found = places.find(whole)
    guess = incident.classify(text, title)
    return Enrichment(
        topics=topics.match(f"{title} {text}" if title else text, found),
        places=list(found.counties),
        incident_type=guess.kind,
        incident_confidence=guess.confidence,
        keywords=keywords.extract(post.text, title=post.title, also=found.counties),
        signature=signature.sign(signature.story_of(post.title, post.text)),
    )
