"""Blind spots: sources that have gone silent are told of before anyone asks, and when they are heard again."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Final

import structlog

from contracts.envelope import Publication
from contracts.messages import NotificationRequested, Recipient, SourceChanged
from contracts.streams import NOTIFICATIONS_REQUESTED, SOURCES_CHANGED
from contracts.words import Channel, NotificationKind, Role
from kit.bus import envelope
from kit.ids import new_id
from kit.runtime import Runtime
from services.ingest.collecting import store as schedules
from services.ingest.collecting.health import SHORTEST_QUIET, Habit, Silence, judge
from services.ingest.collecting.store import Row

_log = structlog.get_logger(__name__)
#: days within which passes are looked at
_LOOK_BACK: Final = timedelta(days=7)
_NO_HABIT: Final = Habit({}, 0, 0)
#: sources named in one notification
_NAMED: Final = 20

REASONS: Final[dict[Silence, str]] = {
    Silence.FETCH: "抓取连续失败",
    Silence.EXTRACTION: "能打开，但提取不到正文",
    Silence.QUIET: "能打开，但久无新内容",
}


class SilenceWatch:
    """Judges every enabled source; tells once when one goes silent, and once when it is heard again."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime

    async def look(self) -> None:
        """Judge every source; write down what changed and tell of it, in one transaction."""
        changes = await self._judged()
        if not changes:
            return
        now = self._runtime.clock.now()
        told: list[Publication] = []
        fallen: list[tuple[Row, Silence]] = []
        async with self._runtime.database.writing() as session:
            for row, silence in changes:
                since = row.silent_since or now if silence else None
                values = {"silence": silence, "silent_since": since}
                # another replica may have looked as well: who writes first tells
                if not await schedules.change_silence(session, row.id, row.silence, values):
                    continue
                if silence is None or row.silence is None:
                    told.append(self._tell(row, silence))
                    if silence is not None:
                        fallen.append((row, silence))
            if fallen:
                told.append(self._notify(fallen))
            await self._runtime.outbox.put_all(session, told)
        for row, silence in fallen:
            _log.warning("source.silent", source=row.name, why=silence.value, detail=row.detail)

    async def _judged(self) -> list[tuple[Row, Silence | None]]:
        """Return the sources whose silence has begun, ended or changed its reason, with what it is now."""
        now = self._runtime.clock.now()
        quiet = now - timedelta(hours=SHORTEST_QUIET)
        async with self._runtime.database.reading() as session:
            rows = await schedules.both(session)
            passes = await schedules.newest_passes(session, [row.id for row in rows], now - _LOOK_BACK)
            waiting = {row.id: row.created_at for row in rows if row.last_post_at and row.last_post_at <= quiet}
            habits = await schedules.habits(session, waiting, now)
        changes: list[tuple[Row, Silence | None]] = []
        for row in rows:
            silence = judge(
                [schedules.seen(one) for one in passes.get(row.id, ())],
                habits.get(row.id, _NO_HABIT),
                now=now,
                last_post_at=row.last_post_at,
                last_success_at=row.last_success_at,
                interval=timedelta(seconds=row.interval),
            )
            if silence != row.silence:
                changes.append((row, silence))
        return changes

    def _tell(self, row: Row, silence: Silence | None) -> Publication:
        now = self._runtime.clock.now()
        payload = SourceChanged(
            source_id=row.id,
            name=row.name,
            channel=Channel(row.channel),
            silence=silence or row.silence,
            detail=row.detail or "",
            last_success_at=row.last_success_at,
            last_post_at=row.last_post_at,
            at=now,
        )
        type_ = "source.silent" if silence else "source.recovered"
        message = envelope(type_, row.id, payload, source="ingest", at=now)
        return Publication(stream=SOURCES_CHANGED, message=message)

    def _notify(self, fallen: list[tuple[Any, Silence]]) -> Publication:
        """Return one notification to the office for all that fell silent in one look."""
        now = self._runtime.clock.now()
        lines = [f"· {row.name}：{REASONS[silence]}" for row, silence in fallen[:_NAMED]]
        if len(fallen) > _NAMED:
            lines.append(f"……等共 {len(fallen)} 个")
        names = "、".join(row.name for row, _ in fallen[:3])
        request = NotificationRequested(
            id=new_id(),
            kind=NotificationKind.SOURCE_SILENT,
            subject=f"监测点失声：{names}{'等' if len(fallen) > 3 else ''}",
            body="以下监测点可能已成盲区，请查看信源健康情况：\n" + "\n".join(lines),
            recipients=[Recipient(role=Role.OFFICE)],
            requested_at=now,
        )
        message = envelope("notification.requested", request.id, request, source="ingest", at=now)
        return Publication(stream=NOTIFICATIONS_REQUESTED, message=message)
