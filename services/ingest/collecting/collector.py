"""The collector: takes due sources, lets their adapters look, stores what they bring, and plans the next look."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

import structlog
from prometheus_client import Counter, Gauge
from pydantic import ValidationError
from sqlalchemy.ext.asyncio import AsyncSession

from kit.clock import SystemClock
from kit.field_words import in_chinese
from kit.ids import new_id
from kit.problems import Problem
from kit.runtime import Runtime
from kit.transient import brief, passes
from services.ingest import store
from services.ingest.adapters import adapters
from services.ingest.adapters.protocol import Collected, Draft, OutOfTime
from services.ingest.collecting import store as schedules
from services.ingest.collecting.around import Around, Fetches
from services.ingest.collecting.cadence import adapted, first_wait, wait
from services.ingest.collecting.drafts import evidence_rows, item, outlet_of, ranking_row, spec
from services.ingest.collecting.problems import safe, safe_url
from services.ingest.collecting.store import Outcome, Row
from services.ingest.evidence import Archive, Record
from services.ingest.fetching.page import FetchFailed
from services.ingest.folding import storable
from services.ingest.intake import Candidate
from services.ingest.service import Ingest, Taken
from services.ingest.settings import IngestSettings
from services.ingest.watching import surge_of

_log = structlog.get_logger(__name__)
_PASSES = Counter("huiying_ingest_passes", "Passes over sources by what became of them", ["outcome"])
_RUNNING = Gauge("huiying_ingest_passes_running", "Passes over sources under way")
#: seconds that a replica holds a source without renewing; so long a source rests when its replica dies
_TERM: Final = 60.0
#: seconds that an adapter has to return what it found when the time of its pass is up
_GRACE: Final = 60.0
#: posts stored in one transaction
_AT_ONCE: Final = 200


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a pass failed."""

    problem: str
    detail: str
    retry_after: float | None = None


class Collector:
    """Looks at sources when they are due. Any number of replicas may run one: each source is held by one at a time."""

    def __init__(
        self, runtime: Runtime, settings: IngestSettings, ingest: Ingest, fetcher: Fetches, archive: Archive
    ) -> None:
        self._runtime, self._settings, self._ingest = runtime, settings, ingest
        self._fetcher, self._archive = fetcher, archive
        self._holder = settings.replica_name()
        self._running: dict[str, asyncio.Task[None]] = {}
        self._renewed = 0.0
        self.wake = asyncio.Event()

    async def start(self) -> None:
        """Give every source a schedule, and take up what this replica held when it was cut off."""
        async with self._runtime.database.writing() as session:
            await schedules.let_go(session, self._holder)
            await schedules.schedule(session, [self.first(row) for row in await schedules.unscheduled(session)])

    def first(self, row: Any) -> dict[str, Any]:
        """Return the first schedule of a source."""
        cadence = row.cadence_minutes * 60.0
        soon = timedelta(seconds=first_wait(cadence, row.id))
        return {
            "source_id": row.id,
            "next_at": self._runtime.clock.now() + soon,
            "interval": cadence,
            "state": {},
            "passes": 0,
            "failures": 0,
        }

    async def tick(self) -> None:
        """Renew what is held, and take as many due sources as there is room for."""
        await self._renew()
        room = self._settings.collect_sources - len(self._running)
        if room <= 0 or self._runtime.stopping.is_set():
            return
        try:
            await self._ingest.check_backlog()
        except Problem as problem:
            _log.warning("collect.waits", why=problem.en)
            return
        wall = SystemClock().now()
        now = self._runtime.clock.now()
        async with self._runtime.database.writing() as session:
            rows = await schedules.claim(
                session,
                now,
                holder=self._holder,
                wall=wall,
                until=wall + timedelta(seconds=_TERM),
                adapters=list(adapters()),
                limit=room,
            )
            watches = await store.watches(session) if rows else []
        for row in rows:
            self._running[row.id] = asyncio.create_task(self._guarded(row, watches), name=f"collect {row.id}")
        _RUNNING.set(len(self._running))

    async def stop(self) -> None:
        """Break off what is under way; it is taken up again at the next start, or by another replica."""
        tasks = list(self._running.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        try:
            async with self._runtime.database.writing() as session:
                await schedules.let_go(session, self._holder)
        except Exception as error:
            if not passes(error):
                raise
            _log.warning("collect.not_let_go", error=brief(error))
        await asyncio.to_thread(self._archive.close)

    async def idle(self) -> None:
        """Wait until no pass is under way."""
        while self._running:
            await asyncio.gather(*self._running.values(), return_exceptions=True)

    async def _renew(self) -> None:
        if not self._running or time.monotonic() - self._renewed < _TERM / 3:
            return
        until = SystemClock().now() + timedelta(seconds=_TERM)
        running = dict(self._running)
        async with self._runtime.database.writing() as session:
            kept = await schedules.keep_hold(session, list(running), holder=self._holder, until=until)
        self._renewed = time.monotonic()
        for source_id in running.keys() - kept:
            # a pass that has just ended gave up its hold itself
            if self._running.get(source_id) is running[source_id]:
                _log.warning("collect.lost_hold", source=source_id)
                running[source_id].cancel()

    async def _guarded(self, row: Row, watches: Sequence[Row]) -> None:
        try:
            await self._pass(row, watches)
        except Exception as error:
            if passes(error):
                _log.warning("collect.waits", source=row.id, error=brief(error))
            else:
                _log.exception("collect.broke", source=row.id)
            await self._give_up(row, Failure("storage" if passes(error) else "defect", type(error).__name__))
        finally:
            self._running.pop(row.id, None)
            _RUNNING.set(len(self._running))
            self.wake.set()

    async def _give_up(self, row: Row, failure: Failure) -> None:
        """Write down a pass that broke, so that the next comes later; where that fails too, the hold runs out."""
        try:
            outcome = self._outcome(row, failure, Taken({}, []), 0, 0.0, surge=False)
            async with self._runtime.database.writing() as session:
                await schedules.finish(session, row, self._holder, outcome)
        except Exception as error:
            if not passes(error):
                raise
            _log.warning("collect.waits", source=row.id, error=brief(error))

    async def _pass(self, row: Row, watches: Sequence[Row]) -> None:
        now, began = self._runtime.clock.now(), time.perf_counter()
        surge = surge_of(row.topics, watches, now)
        around = Around(
            self._fetcher,
            self._runtime.database,
            spec(row),
            state=row.state,
            now=now,
            limit=self._settings.collect_posts,
            seconds=self._settings.collect_seconds,
            keep=self._archive.write,
            keywords=surge.keywords,
        )
        found = await look(row.adapter, row.config, around, seconds=self._settings.collect_seconds + _GRACE)
        taken = Taken({}, [])
        if isinstance(found, Collected):
            taken = await self._store(row, found, around)
        outcome = self._outcome(row, found, taken, around.fetched, time.perf_counter() - began, surge.active)
        async with self._runtime.database.writing() as session:
            held = await schedules.finish(session, row, self._holder, outcome)
        self._running.pop(row.id, None)
        if not held:
            _log.warning("collect.lost_hold", source=row.id)
        _PASSES.labels(outcome.passed["problem"] or ("new" if taken.accepted else "nothing_new")).inc()

    async def _store(self, row: Row, found: Collected, around: Around) -> Taken:
        """Store what a pass found, each new post with the page that shows it."""
        posts: dict[int, tuple[str, bool]] = {}
        rejected: list[tuple[int, str]] = []
        for start in range(0, len(found.drafts), _AT_ONCE):
            drafts = found.drafts[start : start + _AT_ONCE]
            items = [item(draft, row) for draft in drafts]
            candidates, bad = await asyncio.to_thread(self._ingest.look, items, chinese=True, outlet=outlet_of(row))
            records = await self._write(candidates, drafts, around)

            async def also(session: AsyncSession, taken: Taken, drafts: Any = drafts, records: Any = records) -> None:
                await store.add_evidence(session, evidence_rows(taken, drafts, records, around))

            taken = await self._ingest.keep(candidates, bad, also=also)
            posts |= {start + index: what for index, what in taken.posts.items()}
            rejected += [(start + index, reason) for index, reason in taken.rejected]
        if found.rankings:
            async with self._runtime.database.writing() as session:
                await schedules.rank(session, [ranking_row(row.id, one) for one in found.rankings])
        return Taken(posts, rejected)

    async def _write(
        self, candidates: Sequence[Candidate], drafts: Sequence[Draft], around: Around
    ) -> dict[str, Record]:
        """Write the pages that show posts not yet stored to the archive; returns their records by digest."""
        async with self._runtime.database.reading() as session:
            known = await store.stored(session, sorted({one.identity for one in candidates}))
        wanted = {drafts[one.index].evidence for one in candidates if one.identity not in known}
        shown = {digest: one for digest, one in around.shown.items() if digest in wanted}
        if not shown:
            return {}

        def write() -> dict[str, Record]:
            records = {digest: one.kept(self._archive.write) for digest, one in shown.items()}
            self._archive.flush(*records.values())
            return records

        return await asyncio.to_thread(write)

    def _outcome(
        self, row: Row, found: Collected | Failure, taken: Taken, pages: int, seconds: float, surge: bool
    ) -> Outcome:
        now = self._runtime.clock.now()
        failure = found if isinstance(found, Failure) else None
        cadence = row.cadence_minutes * 60.0
        failures = row.failures + 1 if failure else 0
        # how often a source is looked at in surge says nothing of how often it changes
        still = failure is not None or surge
        interval = row.interval if still else adapted(row.interval, cadence, fresh=taken.accepted > 0)
        pause = wait(
            interval,
            cadence,
            failures=failures,
            key=f"{row.id}/{row.passes}",
            surge=self._settings.surge_minutes * 60 if surge else None,
            retry_after=failure.retry_after if failure else None,
        )
        values: dict[str, Any] = {
            "next_at": now + timedelta(seconds=pause),
            "interval": interval,
            "passes": row.passes + 1,
            "last_pass_at": now,
            "failures": failures,
            "problem": failure.problem if failure else None,
            "detail": failure.detail if failure else None,
        }
        misses: Sequence[Any] = ()
        if isinstance(found, Collected):
            misses = found.misses
            values |= {"state": storable(found.state), "last_success_at": now}
        passed = {
            "id": new_id(),
            "began_at": now - timedelta(seconds=seconds),
            "seconds": round(seconds, 3),
            "pages": pages,
            "seen": found.seen if isinstance(found, Collected) else 0,
            "accepted": taken.accepted,
            "duplicates": taken.duplicates,
            "rejected": len(taken.rejected),
            "missed": len(misses),
            "problem": values["problem"],
            "detail": values["detail"]
            or (safe(f"{safe_url(misses[0].url)}: {misses[0].reason_zh}") if misses else None),
        }
        return Outcome(values, passed)


async def look(adapter: str, config: Mapping[str, Any], around: Around, *, seconds: float) -> Collected | Failure:
    """Let an adapter look at its source; whatever goes wrong is a :class:`Failure`."""
    try:
        settings = adapters()[adapter].config.model_validate(config)
        async with asyncio.timeout(seconds):
            return await adapters()[adapter].collect(settings, around)
    except FetchFailed as failed:
        return Failure(failed.problem.value, safe(failed.detail), failed.retry_after)
    except ValidationError as error:
        first = error.errors()[0]
        return Failure("config", safe(f"{'.'.join(map(str, first['loc']))}: {in_chinese(first)}"))
    except (TimeoutError, OutOfTime):
        return Failure("timeout", "规定时间内未完成 / not done in time")
    except Exception as error:  # an adapter's defect must not stop the other sources; it is logged and shown
        _log.exception("collect.adapter_broke", source=around.source.id, adapter=adapter)
        return Failure("defect", safe(f"{type(error).__name__}: {error}"))
