"""One scorer, shared by all who ask in a process: batches, a memory of what was scored, and a bounded queue.

Callers' texts are cleaned, repeats and what was scored lately are answered at once, and the rest waits in a queue
from which one batch after the other is taken, a share of every caller's in turn, so that a small request never waits
behind a large one. What is scored runs in a thread. Nothing is lost on the way out: `close` answers what waits.
"""

from __future__ import annotations

import asyncio
import hashlib
import math
import time
from collections import OrderedDict, deque
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from typing import Final, TypeVar

import structlog
from prometheus_client import Counter, Gauge, Histogram

from contracts.messages import SentimentScore
from services.analysis.sentiment.explain import CLAUSES, Span, explain
from services.analysis.sentiment.scorer import Scorer, as_score, undecided

_log = structlog.get_logger(__name__)

TEXTS = Counter("huiying_sentiment_texts", "Texts asked for, by where the answer came from", ["answer"])
BATCH_SECONDS = Histogram("huiying_sentiment_batch_seconds", "Time to score one batch of texts")
WAITING = Gauge("huiying_sentiment_waiting_characters", "Characters accepted and not yet scored")

T = TypeVar("T")
Row = tuple[float, float, float]
#: texts that a caller has in one batch before the next caller's turn
_SHARE: Final = 32
#: a key longer than this is remembered by its hash
_KEY: Final = 200
#: texts from which cleaning is moved off the event loop
_MANY: Final = 32


class Overloaded(Exception):
    """The queue is full; `retry_after` says in how many whole seconds there should be room."""

    def __init__(self, retry_after: int) -> None:
        super().__init__(f"the sentiment queue is full; try again in {retry_after} s")
        self.retry_after = retry_after


@dataclass(frozen=True, slots=True)
class EngineRules:
    """Bounds of an engine. Characters are of cleaned texts."""

    #: characters that may wait; a caller beyond them is refused, or waits where it is patient
    waiting: int = 4_000_000
    #: characters scored in one batch, at least one text
    batch: int = 16_000
    #: seconds that an idle engine waits for companions of a text: the latency cap of batching
    linger: float = 0.002
    #: scores remembered
    remembered: int = 50_000


@dataclass(slots=True)
class _Asked:
    """One caller's texts that still have to be scored."""

    texts: deque[str]
    results: dict[str, Row] = field(default_factory=dict)
    error: Exception | None = None
    missing: int = 0
    done: asyncio.Event = field(default_factory=asyncio.Event)

    def told(self, text: str, row: Row | None, error: Exception | None) -> None:
        if row is not None:
            self.results[text] = row
        self.error = self.error or error
        self.missing -= 1
        if not self.missing:
            self.done.set()


class Engine:
    """Scores texts with `scorer` for any number of callers on one event loop."""

    def __init__(self, scorer: Scorer, rules: EngineRules | None = None) -> None:
        self.scorer, self._rules = scorer, rules or EngineRules()
        self._thread = ThreadPoolExecutor(1, "sentiment-engine")
        self._remembered: OrderedDict[str, Row] = OrderedDict()
        #: callers that wait for a text which is being scored or waits to be
        self._wanted: dict[str, list[_Asked]] = {}
        self._turns: deque[_Asked] = deque()
        self._waiting = 0
        self._pace = 50_000.0  # characters a second, as lately measured
        self._work, self._room = asyncio.Event(), asyncio.Condition()
        self._runner: asyncio.Task[None] | None = None
        self._closing = False

    async def score(self, texts: Sequence[str], *, patient: bool = False) -> list[SentimentScore]:
        """Return one score a text, in order; any string is accepted.

        Raises :class:`Overloaded` where the queue is full (a `patient` caller waits for room instead) or the engine
        closes, and what the scorer raises on one of the texts.
        """
        prepared = await self._prepared(texts)
        rows, missing = self._known(prepared)
        if missing:
            rows |= await self._scored(missing, patient=patient)
        return [as_score(*rows[text]) if text else undecided() for text in prepared]

    async def explain(self, texts: Sequence[str]) -> list[tuple[SentimentScore, list[Span]]]:
        """Return each text's score and the spans that moved it, in order. Raises :class:`Overloaded`."""
        found = []
        for text in texts:
            size = len(text) * (CLAUSES + 1)
            async with self._room:
                await self._wait_for_room(size, patient=False)
                self._count(size)
            try:
                row, spans = await self._threaded(partial(explain, self.scorer, text))
            finally:
                await self._leave(size)
            found.append((undecided() if row is None else as_score(*row.tolist()), spans))
        return found

    async def close(self) -> None:
        """Take nothing more, answer what waits, and end."""
        self._closing = True
        self._work.set()
        if self._runner is not None:
            await self._runner
        self._thread.shutdown()

    # a caller's way

    async def _prepared(self, texts: Sequence[str]) -> list[str]:
        def clean() -> list[str]:
            return [self.scorer.prepare(text) for text in texts]

        return clean() if len(texts) < _MANY else await asyncio.to_thread(clean)

    def _known(self, prepared: Sequence[str]) -> tuple[dict[str, Row], list[str]]:
        """Return the rows that are remembered, and the distinct texts that are not."""
        rows: dict[str, Row] = {}
        missing: dict[str, None] = {}
        for text in prepared:
            if not text:
                TEXTS.labels("nothing to read").inc()
            elif text in rows or text in missing:
                TEXTS.labels("repeat").inc()
            elif (row := self._remembered.get(_key(text))) is not None:
                self._remembered.move_to_end(_key(text))
                rows[text] = row
                TEXTS.labels("memory").inc()
            else:
                missing[text] = None
                TEXTS.labels("model").inc()
        return rows, list(missing)

    async def _wait_for_room(self, size: int, *, patient: bool) -> None:
        """Return when `size` more characters may wait; called with the lock held.

        Where nothing waits, a caller is let in whatever its size.
        """
        while self._closing or (self._waiting and self._waiting + size > self._rules.waiting):
            if self._closing or not patient:
                raise Overloaded(max(1, math.ceil(self._waiting / self._pace)))
            await self._room.wait()

    def _count(self, size: int) -> None:
        self._waiting += size
        WAITING.set(self._waiting)

    async def _leave(self, size: int) -> None:
        async with self._room:
            self._count(-size)
            self._room.notify_all()

    async def _scored(self, texts: list[str], *, patient: bool) -> dict[str, Row]:
        asked = _Asked(deque(), missing=len(texts))
        async with self._room:
            await self._wait_for_room(sum(map(len, texts)), patient=patient)
            for text in texts:
                if text in self._wanted:
                    self._wanted[text].append(asked)
                else:
                    self._wanted[text] = [asked]
                    asked.texts.append(text)
            self._count(sum(map(len, asked.texts)))
        if self._runner is None:
            self._runner = asyncio.create_task(self._run())
        self._turns.append(asked)
        self._work.set()
        try:
            await asked.done.wait()
        except asyncio.CancelledError:
            await asyncio.shield(self._given_up(asked))
            raise
        if asked.error is not None:
            raise asked.error
        return asked.results

    async def _given_up(self, asked: _Asked) -> None:
        """Take what nobody else waits for out of the queue."""
        kept = deque(text for text in asked.texts if len(self._wanted[text]) > 1)
        dropped = [text for text in asked.texts if len(self._wanted[text]) == 1]
        asked.texts = kept
        for text in dropped:
            del self._wanted[text]
        await self._leave(sum(map(len, dropped)))

    # the engine's way

    async def _run(self) -> None:
        while True:
            if not self._turns:
                if self._closing:
                    return
                self._work.clear()
                await self._work.wait()
                if self._rules.linger and not self._closing:
                    await asyncio.sleep(self._rules.linger)
            batch = self._take()
            if batch:
                await self._answer(batch)

    def _take(self) -> list[str]:
        """Take the next batch: a share of each caller's texts in turn."""
        batch: list[str] = []
        size = 0
        while self._turns and size < self._rules.batch:
            asked = self._turns.popleft()
            for _ in range(min(_SHARE, len(asked.texts))):
                if batch and size + len(asked.texts[0]) > self._rules.batch:
                    self._turns.appendleft(asked)
                    return batch
                text = asked.texts.popleft()
                batch.append(text)
                size += len(text)
            if asked.texts:
                self._turns.append(asked)
        return batch

    async def _answer(self, batch: list[str]) -> None:
        began = time.perf_counter()
        try:
            rows: list[Row | None] = list(await self._threaded(partial(self._rows, batch)))
            errors: list[Exception | None] = [None] * len(batch)
        except Exception as failure:
            _log.exception("sentiment.batch_failed", texts=len(batch))
            rows, errors = await self._one_by_one(batch, failure)
        seconds = time.perf_counter() - began
        BATCH_SECONDS.observe(seconds)
        self._pace += 0.2 * (sum(map(len, batch)) / max(seconds, 1e-6) - self._pace)
        for text, row, error in zip(batch, rows, errors, strict=True):
            if row is not None:
                self._remembered[_key(text)] = row
            for asked in self._wanted.pop(text):
                asked.told(text, row, error)
        for _ in range(len(self._remembered) - self._rules.remembered):
            self._remembered.popitem(last=False)
        await self._leave(sum(map(len, batch)))

    async def _one_by_one(self, batch: list[str], error: Exception) -> tuple[list[Row | None], list[Exception | None]]:
        """Score a failed batch text by text, so that one that cannot be scored takes no other with it."""
        if len(batch) == 1:
            return [None], [error]
        rows: list[Row | None] = []
        errors: list[Exception | None] = []
        for text in batch:
            try:
                rows += await self._threaded(partial(self._rows, [text]))
                errors.append(None)
            except Exception as own:
                rows.append(None)
                errors.append(own)
        return rows, errors

    def _rows(self, batch: list[str]) -> list[Row]:
        rows = [(row[0], row[1], row[2]) for row in self.scorer.probabilities(batch).tolist()]
        if len(rows) != len(batch):
            raise RuntimeError(f"{self.scorer.name} gave {len(rows)} rows for {len(batch)} texts")
        return rows

    async def _threaded(self, work: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._thread, work)


def _key(text: str) -> str:
    if len(text) <= _KEY:
        return text
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()
