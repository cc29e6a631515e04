"""What follows the response (clause 六(一)): a window of days, its daily figures, and its end."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any, Final

from contracts.messages import EventUpdated
from contracts.words import CaseState, NotificationKind
from services.cases.concerns import share_answered, show_share
from services.cases.lifecycle import Duty
from services.cases.models import AftercareRow, EventRow
from services.cases.resurgence import Sample, Wave, negatives, send_back
from services.cases.service.actors import PLAN, Actor
from services.cases.service.case_file import CaseFile
from services.cases.service.desk import PASS_BATCH, Desk
from services.cases.service.duties import owed_before
from services.cases.store import aftermath as stored

_DAY: Final = timedelta(days=1)


def wave_of(row: AftercareRow) -> Wave:
    """Return what is remembered of an event in aftercare, as the domain knows it."""
    samples = tuple(Sample(datetime.fromisoformat(at), count) for at, count in row.samples)
    return Wave(row.baseline, samples, row.told, row.told_at, row.held, row.above_at)


def keep(row: AftercareRow, wave: Wave) -> None:
    """Write a wave back to its row."""
    said = asdict(wave)
    said["samples"] = [[sample.at.isoformat(), sample.negatives] for sample in wave.samples]
    for name, value in said.items():
        setattr(row, name, value)


async def begin(file: CaseFile) -> AftercareRow:
    """Begin a window at the end of the response, or go on with one that had begun.

    The event's negative posts of the last hour are the level that a resurgence is held against; as nothing was noted
    yet, they are taken as the hour's posts by the event's share. What is remembered of earlier waves stays.
    """
    since = file.row.monitoring_since or file.now
    row = await stored.aftercare(file.session, file.row.id)
    if row is not None and row.since == since and row.event_id == file.row.event_id:
        return row
    event = await event_of(file)
    if row is None:
        row = AftercareRow(case_id=file.row.id, since=since, samples=[])
    if row.since != since or row.next_at is None:
        row.days, row.ended_at, row.next_at = 0, None, min(since + _DAY, until(file))
    row.since, row.event_id = since, file.row.event_id
    total = negatives(event.metrics.posts_total, event.metrics.negative_share) if event else 0
    row.baseline = negatives(event.metrics.posts_1h, event.metrics.negative_share) if event else 0
    row.samples = [[file.now.isoformat(), total]] if event else []
    file.session.add(row)
    await file.session.flush()
    return row


async def end_response(file: CaseFile, actor: Actor) -> None:
    """Begin aftercare where a response ends. That of a case which the plan had reopened holds back the next resurgence
    until the figure rises further."""
    row = await stored.aftercare(file.session, file.row.id)
    if row is not None and row.reopened:
        row.reopened = False
        keep(row, send_back(wave_of(row)))
        file.session.add(row)
        said = f"反弹处置结束：负面信息较每小时 {row.told} 条进一步上升前，不再因反弹重新处置"
        await file.enter("resurgence_passed", said, actor, held=row.held)
    await begin(file)


@owed_before("monitor")
async def resurgence_answered(file: CaseFile) -> list[Duty]:
    """Ask for a reason before a case that the plan has reopened goes back to monitoring."""
    row = await stored.aftercare(file.session, file.row.id)
    if row is None or not row.reopened:
        return []
    zh = "本单因舆情反弹由预案重新处置，退回持续关注须说明反弹如何处理"
    return [
        Duty("resurgence_open", zh, "the plan reopened the case because its event came back: say what became of it")
    ]


async def event_of(file: CaseFile) -> EventUpdated | None:
    """Return the case's event as it was last heard of."""
    row = await file.session.get(EventRow, file.row.event_id) if file.row.event_id else None
    return EventUpdated.model_validate(row.snapshot) if row is not None else None


def until(file: CaseFile) -> datetime:
    """Return when the plan's days of monitoring at the case's level are over."""
    since = file.row.monitoring_since or file.now
    return since + timedelta(days=file.plan.aftercare.monitor[file.level].days)


class Aftercare:
    """Looks at every case in aftercare once a day, and at the end of its window."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def move_on(self) -> int:
        """Enter what is due; returns how many cases were looked at. Calling again at the same time enters nothing."""
        now = self._desk.clock.now()
        async with self._desk.database.reading() as session:
            due = await stored.cases_in_aftercare(session, now, PASS_BATCH)
        return await self._desk.move_each(due, _look_at, "aftercare")


async def _look_at(file: CaseFile) -> int:
    if file.state is not CaseState.MONITORING:
        return 0
    await _look(file, await begin(file))
    return 1


async def _look(file: CaseFile, row: AftercareRow) -> None:
    """Enter the figures of the last whole day, and the end of the window where it is reached."""
    if row.next_at is None or row.next_at > file.now:
        return
    end = until(file)
    days = (file.now - row.since) // _DAY
    if days > row.days:
        await _enter_day(file, days)
        row.days = days
    over = file.now >= end
    if over and row.ended_at is None:
        row.ended_at = file.now
        await _enter_end(file)
    # a level that was raised meanwhile lengthens the window: an end that was told does not end the looking
    row.next_at = None if over else min(row.since + _DAY * (days + 1), end)
    file.session.add(row)


async def _enter_day(file: CaseFile, day: int) -> None:
    whole = file.plan.aftercare.monitor[file.level].days
    event = await event_of(file)
    asked = show_share(share_answered(await stored.concerns(file.session, file.row.id)))
    data: dict[str, Any] = {"day": day}
    said = "未关联网上事件"
    if event is not None:
        told = event.metrics
        data |= {
            "posts_24h": told.posts_24h,
            "posts_total": told.posts_total,
            "negative_share": told.negative_share,
            "heat": told.heat,
        }
        said = (
            f"24 小时内信息 {told.posts_24h} 条，累计 {told.posts_total} 条，负面占比 {told.negative_share:.0%}，"
            f"热度 {told.heat:.1f}（截至最近一次更新）"
        )
    await file.enter("aftercare_day", f"持续关注第 {day} 天（共 {whole} 天）：{said}；{asked}", PLAN, **data)


async def _enter_end(file: CaseFile) -> None:
    days = file.plan.aftercare.monitor[file.level].days
    text = f"持续关注期满（{days} 天），建议转入总结评估"
    await file.enter("aftercare_over", text, PLAN, days=days)
    roles = file.plan.review.led_by
    await file.notify(
        NotificationKind.CASE_CHANGED,
        f"【持续关注期满】{file.row.number}",
        f"{file.row.title}\n{text}",
        also=roles,
    )
