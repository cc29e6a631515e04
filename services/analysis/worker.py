"""The analysis worker: stateless, any number of them. Posts in, analysed posts out."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence

from fastapi import FastAPI
from prometheus_client import Counter, Histogram

from contracts.envelope import Message, Publication
from contracts.messages import PostAnalyzed, PostCollected
from contracts.streams import POSTS_COLLECTED, analyzed
from kit.bus import envelope
from kit.runtime import Runtime
from kit.service import create_app
from services.analysis.enrich.enricher import enrich
from services.analysis.enrich.topics import TopicMatcher
from services.analysis.events.vectors import story_encoder
from services.analysis.models import Base
from services.analysis.partitions import RECOUNTS, partition_of_post
from services.analysis.sentiment import Engine, Scorer, load_scorer
from services.analysis.settings import AnalysisSettings
from services.analysis.topic_watch import TopicWatch

GROUP = "analysis-worker"

POSTS_ANALYSED = Counter("huiying_analysis_posts_analysed", "Posts scored and enriched")
BATCH_SECONDS = Histogram("huiying_analysis_batch_seconds", "Time to analyse one batch of posts")


class Worker:
    """Scores and enriches posts. Writes no rows: what it returns is published with the acknowledgement."""

    def __init__(self, runtime: Runtime, topics: TopicWatch, engine: Engine) -> None:
        self._runtime, self._topics, self._engine = runtime, topics, engine
        self._encoder = story_encoder()

    async def close(self) -> None:
        """Answer what is being scored, and end."""
        await self._engine.close()

    async def handle(self, messages: Sequence[Message]) -> list[Publication]:
        """Return one publication a message, in order, under the message's own id.

        A post delivered twice thus makes the same result twice, and the tracker counts one of them.
        `post.recounted` is passed on as it is.
        """
        collected = [m for m in messages if m.type == "post.collected"]
        posts = [PostCollected.model_validate(m.data) for m in collected]
        began = time.perf_counter()
        topics = self._topics.matcher
        analysed = await self._analysed(posts, topics) if posts else []
        if posts:
            BATCH_SECONDS.observe(time.perf_counter() - began)
            POSTS_ANALYSED.inc(len(posts))
        results = dict(zip((m.id for m in collected), analysed, strict=True))
        return [self._publication(message, results.get(message.id), topics) for message in messages]

    async def _analysed(self, posts: Sequence[PostCollected], topics: TopicMatcher) -> list[PostAnalyzed]:
        texts = [f"{post.title}\n{post.text}" if post.title else post.text for post in posts]
        # in threads both, side by side, so that the claim on the batch is kept up while they work
        scores, enriched = await asyncio.gather(
            self._engine.score(texts, patient=True),
            asyncio.to_thread(lambda: [enrich(post, topics, self._encoder) for post in posts]),
        )
        model = f"{self._engine.scorer.name} {self._engine.scorer.version}"
        return [
            PostAnalyzed(post=post, analysis=found.with_tone(score, model))
            for post, found, score in zip(posts, enriched, scores, strict=True)
        ]

    def _publication(self, message: Message, result: PostAnalyzed | None, topics: TopicMatcher) -> Publication:
        partition = RECOUNTS
        if result is not None:
            partition = partition_of_post(result.analysis.topics, topics.families)
            told = envelope(
                "post.analyzed",
                message.subject,
                result,
                source=self._runtime.service,
                at=self._runtime.clock.now(),
                id_=message.id,
            )
            message = told.model_copy(update={"requestid": message.requestid, "traceparent": message.traceparent})
        return Publication(stream=analyzed(partition), message=message)


def build(settings: AnalysisSettings | None = None) -> FastAPI:
    """Assemble one worker; its app answers /livez, /readyz and /metrics alone.

    Raises :class:`ModelError` where its sentiment model cannot be used.
    """
    settings = settings or AnalysisSettings()
    scorer = load_scorer(settings.sentiment_model)
    runtime = Runtime(settings, "analysis", Base, owns_database=False)
    return assemble(runtime, settings, scorer)


def assemble(runtime: Runtime, settings: AnalysisSettings, scorer: Scorer) -> FastAPI:
    """Put a worker on `runtime`."""
    topics = TopicWatch(runtime)
    worker = Worker(runtime, topics, Engine(scorer, settings.engine_rules()))
    runtime.on_start(topics.refresh)
    runtime.on_stop(worker.close)
    runtime.every(settings.topics_poll, "topics", topics.refresh, leased=False)
    runtime.subscribe(POSTS_COLLECTED, GROUP, worker.handle, batch=settings.worker_batch)
    app = create_app(runtime, [], title="Huiying analysis worker")
    app.state.topics = topics
    return app
