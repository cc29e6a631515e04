"""Our way of joining: the tracker as it runs, on a SQLite database of its own."""

from __future__ import annotations

import tempfile
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

import numpy as np
import sqlalchemy as sa
from numpy.typing import NDArray
from scipy.sparse import csr_array

from bench.events_parts.sets import Item
from contracts.envelope import Message
from contracts.messages import PostAnalysis, PostAnalyzed, PostCollected, SentimentScore
from contracts.words import Channel, Sentiment
from kit import migrations
from kit.bus import envelope
from kit.clock import ManualClock
from kit.ids import new_id
from kit.runtime import Runtime
from kit.simplified import simplified
from language import places
from services.analysis import models
from services.analysis.enrich.story import story_of
from services.analysis.events.vectors import SCALE, TERMS, Vector, packed, story_encoder, terms_of, weights_of
from services.analysis.models import Base, table
from services.analysis.settings import AnalysisSettings
from services.analysis.tracker import Tracker

BATCH: Final = 512
_NEUTRAL: Final = SentimentScore(
    label=Sentiment.NEUTRAL,
    score=0,
    probabilities={Sentiment.NEGATIVE: 0.0, Sentiment.NEUTRAL: 1.0, Sentiment.POSITIVE: 0.0},
)


@dataclass(frozen=True, slots=True)
class Read:
    """What joining needs of a post's text."""

    vector: Vector | None
    places: tuple[str, ...]


def read(items: Sequence[Item]) -> list[Read]:
    """Return vectors and counties, as the analysis worker finds them."""
    encoder = story_encoder()
    found = []
    for item in items:
        vector = encoder.encode(story_of(item.title, item.text))
        counties = places.find(simplified(f"{item.title}\n{item.text}" if item.title else item.text)).counties
        found.append(Read(vector, tuple(counties)))
    return found


def likeness(known: Sequence[Read]) -> NDArray[np.float32]:
    """Return how alike all pairs of texts are, by the index's measure; nothing where a text is too short."""
    said = [(number, one.vector) for number, one in enumerate(known) if one.vector is not None]
    rows = np.concatenate([np.full(len(vector), number) for number, vector in said])
    terms = np.concatenate([terms_of(vector) for _, vector in said])
    weights = np.concatenate([weights_of(vector) for _, vector in said]).astype(np.float32)
    vectors = csr_array((weights, (rows, terms)), shape=(len(known), TERMS))
    products: NDArray[np.float32] = (vectors @ vectors.T).toarray() / np.float32(SCALE**2)
    return products


@asynccontextmanager
async def tracker(folder: Path, now: datetime, alike: float | None) -> AsyncIterator[tuple[Tracker, ManualClock]]:
    """Give a tracker on a new database in `folder`; `alike` None is the threshold of the product."""
    values = {} if alike is None else {"event_likeness": alike}
    settings = AnalysisSettings.model_validate(
        {
            "data": folder,
            "database_url": f"sqlite:///{folder}/{{service}}.db",
            # nothing connects: the tracker tells by way of the outbox
            "redis_url": "redis://127.0.0.1:1/0",
            "internal_key": "of-no-use-0123456789-0123456789-01",
            **values,
        }
    )
    clock = ManualClock(now)
    await migrations.upgrade(settings.database_url_for("analysis"), "analysis", Base.metadata)
    runtime = Runtime(settings, "analysis", Base, clock=clock)
    try:
        yield Tracker(runtime, settings, lease=None), clock
    finally:
        await runtime.stop()


def message(item: Item, known: Read) -> Message:
    """Return a post as the analysis worker tells of it."""
    post = PostCollected(
        id=new_id(),
        title=item.title,
        text=item.text,
        channel=Channel.WEIBO,
        published_at=item.at,
        collected_at=item.at,
    )
    analysis = PostAnalysis(sentiment=_NEUTRAL, places=list(known.places), vector=packed(known.vector))
    return envelope("post.analyzed", post.id, PostAnalyzed(post=post, analysis=analysis), source="analysis", at=item.at)


async def clusters(items: Sequence[Item], known: Sequence[Read], alike: float | None = None) -> list[str]:
    """Return the event of each post, after all have come in batches."""
    messages = [message(item, one) for item, one in zip(items, known, strict=True)]
    posts = table(models.Post)
    with tempfile.TemporaryDirectory() as folder:
        async with tracker(Path(folder), max(item.at for item in items), alike) as (tracking, _):
            for start in range(0, len(messages), BATCH):
                await tracking.handle(messages[start : start + BATCH])
            async with tracking._runtime.database.reading() as session:
                found = await session.execute(sa.select(posts.c.id, posts.c.event_id))
                event_of = {row.id: row.event_id for row in found}
    return [event_of[one.subject] for one in messages]
