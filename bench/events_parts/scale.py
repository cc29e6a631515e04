"""What a post costs as the stream goes on: the tracker on SQLite, and the index alone."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Final

import psutil
import sqlalchemy as sa

from bench.events_parts.ours import BATCH, message, tracker
from bench.events_parts.scores import BCubed, b_cubed
from bench.events_parts.stream import BEGIN, Stream
from bench.sentiment_parts.tables import progress
from kit.garbage import collect_rarely
from services.analysis import models
from services.analysis.events.index import StoryIndex, Text
from services.analysis.models import table
from services.analysis.settings import AnalysisSettings
from services.analysis.tracker import Tracker

#: posts over which the present cost is taken
STRETCH: Final = 10_000
_DAY: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Stretch:
    """The stream after `posts` posts, and the last :data:`STRETCH` of them.

    Seconds are of the processor; those of the batches in which the index was loaded anew stand apart. `yardstick`: how
    long a piece of work that is always the same took meanwhile, seconds of the processor: what else runs on the
    machine makes even these more.
    """

    posts: int
    events: int
    texts: int
    seconds: float
    wall: float
    loading: float
    yardstick: float
    memory: int
    database: int


@dataclass(frozen=True, slots=True)
class Course:
    """How a stream went."""

    stretches: Sequence[Stretch]
    judged: BCubed


async def course(data: Path, posts: int, seconds: float) -> Course:
    """Put a stream through the tracker until it ends or `seconds` have passed."""
    stream = Stream(data)
    collect_rarely()  # as every service does
    stretches: list[Stretch] = []
    began = time.monotonic()
    process = psutil.Process()
    # what is needed at the end alone is not to count as memory
    with tempfile.TemporaryDirectory() as folder, tempfile.TemporaryFile("w+", encoding="utf-8") as told:
        async with tracker(Path(folder), BEGIN, None) as (tracking, clock):
            base = process.memory_info().rss
            spent, wall, loading, standard = 0.0, 0.0, 0.0, 0.0
            plain, measured = 0, 0
            for batch in stream.batches(posts, BATCH):
                messages = [message(item, known) for item, known in batch]
                told.writelines(f"{one.subject} {item.story}\n" for one, (item, _) in zip(messages, batch, strict=True))
                clock.advance(batch[-1][0].at - clock.now())
                loads = clock.now() - tracking._loaded_at >= _DAY
                started, at = time.process_time(), time.monotonic()
                await tracking.handle(messages)
                took = time.process_time() - started
                if loads:
                    loading += took
                else:
                    spent, wall, plain = spent + took, wall + time.monotonic() - at, plain + len(batch)
                standard, measured = standard + _yardstick(), measured + 1
                if stream.posts // STRETCH > (stream.posts - len(batch)) // STRETCH:
                    stretches.append(
                        Stretch(
                            stream.posts // STRETCH * STRETCH,
                            await _events(tracking),
                            len(tracking._index or ()),
                            spent / plain,
                            wall / plain,
                            loading,
                            standard / measured,
                            process.memory_info().rss - base,
                            _size(Path(folder)),
                        )
                    )
                    progress(str(stretches[-1]))
                    spent, wall, loading, standard, plain, measured = 0.0, 0.0, 0.0, 0.0, 0, 0
                    if time.monotonic() - began > seconds:
                        break
            chosen = table(models.Post)
            async with tracking._runtime.database.reading() as session:
                event_of = {
                    row.id: row.event_id for row in await session.execute(sa.select(chosen.c.id, chosen.c.event_id))
                }
        told.seek(0)
        known = [line.split() for line in told]
    return Course(stretches, b_cubed([story for _, story in known], [event_of[id_] for id_, _ in known], noise=True))


def _yardstick() -> float:
    """Return the processor time of counting up 20,000 words in a dictionary."""
    started = time.thread_time()
    counts: dict[str, int] = {}
    for number in range(20_000):
        word = str(number * number)
        counts[word] = counts.get(word, 0) + 1
    return time.thread_time() - started


def _size(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.iterdir())


async def _events(tracking: Tracker) -> int:
    events = table(models.Event)
    statement = sa.select(sa.func.count()).select_from(events).where(events.c.merged_into.is_(None))
    async with tracking._runtime.database.reading() as session:
        return int(await session.scalar(statement) or 0)


def index_alone(data: Path, sizes: Sequence[int], asked: int = 2_048) -> list[tuple[int, float, float, int]]:
    """Return for each size of the index: seconds to ask about a text and to add one, and bytes a text.

    Texts are those of the stream, of its constant rate; beyond what memory of :data:`AnalysisSettings` holds (some
    300,000 at this rate) the sizes say what a longer memory would cost.
    """
    alike = AnalysisSettings.model_fields["event_likeness"].default
    process = psutil.Process()
    base = process.memory_info().rss
    index, stream = StoryIndex(), Stream(data, seed=2)
    rows: list[tuple[int, float, float, int]] = []
    adding, added, asking, answered = 0.0, 0, 0.0, 0
    for batch in stream.batches(2 * max(sizes), BATCH):
        texts = {
            number: (Text(hash(item.text), known.vector), item.at)
            for number, (item, known) in enumerate(batch)
            if known.vector is not None and hash(item.text) not in index
        }
        fresh = {text.story: (text, at) for text, at in texts.values()}
        target = sizes[len(rows)]
        if target - asked <= len(index) < target and fresh:
            started = time.process_time()
            index.alike([text for text, _ in fresh.values()], alike)
            asking, answered = asking + time.process_time() - started, answered + len(fresh)
        started = time.process_time()
        index.add((text, at.timestamp()) for text, at in fresh.values())
        adding, added = adding + time.process_time() - started, added + len(fresh)
        if len(index) >= target:
            memory = (process.memory_info().rss - base) // len(index)
            rows.append((target, asking / max(answered, 1), adding / added, memory))
            progress(f"index of {target:,} texts")
            adding, added, asking, answered = 0.0, 0, 0.0, 0
            if len(rows) == len(sizes):
                break
    return rows
