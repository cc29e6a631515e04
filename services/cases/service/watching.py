"""The 24-hour watch (clause 五(一)2): its situation briefs, and how it ends by rule."""

from __future__ import annotations

from typing import Final

from contracts.words import CaseState, NotificationKind, WatchMode
from services.cases.briefs import brief, figures_of, next_at
from services.cases.labels import STATE_NAMES
from services.cases.lifecycle import WORKING, Refused
from services.cases.models import EventRow, WatchRow
from services.cases.plan.criteria import PlanFact
from services.cases.service.actors import PLAN, Actor
from services.cases.service.case_file import CaseFile
from services.cases.service.checks import Check, must_be_open
from services.cases.service.desk import PASS_BATCH, Desk
from services.cases.store import work

_ORDER: Final = tuple(CaseState)


class Watching:
    """The briefs of all cases in surge watch."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def move_on(self) -> int:
        """Write every brief that is due; returns how many.

        Each case is its own transaction and looks again, under its lock, at what is due: any number of replicas may
        run the pass, and hours that were missed make one brief, not several.
        """
        async with self._desk.database.reading() as session:
            due = await work.cases_with_due_briefs(session, self._desk.clock.now(), PASS_BATCH)
        return await self._desk.move_each(due, _brief_if_due, "briefs")

    async def brief_now(self, case_id: str, remark: str, actor: Actor, check: Check) -> int:
        """Write a brief by hand, with what the duty officer adds; the next counts from now. Returns its entry."""
        async with self._desk.case(case_id) as file:
            check(file)
            must_be_open(file)
            row = await _watch_of(file)
            if row is None:
                raise Refused("not_in_surge", "本单不在24小时监控中", "The case is not in surge watch")
            row.next_brief_at = file.now
            return await _brief(file, row, actor, remark)


async def begin_by_rule(file: CaseFile, reason: str) -> None:
    """Begin the 24-hour watch where the plan asks for it at the case's level, and the case is still worked on.

    A mass incident on the ground asks for it at any level (`surge.mass_incident`).
    """
    worked_on = file.state in WORKING and _ORDER.index(file.state) < _ORDER.index(file.plan.surge.ends_in)
    if not worked_on or file.row.watch_mode == WatchMode.SURGE:
        return
    if file.level in file.plan.surge.levels:
        await file.watch(WatchMode.SURGE, PLAN, reason)
    elif await _mass_incident(file):
        await file.watch(WatchMode.SURGE, PLAN, "现场发生群体性事件")


async def end_by_rule(file: CaseFile) -> None:
    """End the 24-hour watch where the plan says so: its end state is reached, or its level no longer starts one.

    A mass incident on the ground keeps it on whatever the level is (`surge.mass_incident`), as does a person who
    started it; they end it by hand.
    """
    if file.row.watch_mode != WatchMode.SURGE:
        return
    if _ORDER.index(file.state) >= _ORDER.index(file.plan.surge.ends_in):
        await file.watch(WatchMode.ROUTINE, PLAN, f"处置单转为{STATE_NAMES[file.state]}")
        return
    row = await _watch_of(file)
    if file.level in file.plan.surge.levels or row is None or not row.by_plan:
        return
    if await _mass_incident(file):
        return
    await file.watch(WatchMode.ROUTINE, PLAN, f"响应级别降为{file.plan.level_name(file.level)}")


async def _mass_incident(file: CaseFile) -> bool:
    """Tell whether the plan asks for the watch because of a mass incident that a person established."""
    event = await file.session.get(EventRow, file.row.event_id) if file.row.event_id else None
    established = event is not None and event.human_facts.get(PlanFact.MASS_INCIDENT) is True
    return file.plan.surge.mass_incident and established


async def _watch_of(file: CaseFile) -> WatchRow | None:
    return await file.session.get(WatchRow, file.row.id)


async def _brief_if_due(file: CaseFile) -> int:
    row = await _watch_of(file)
    if row is None or row.next_brief_at > file.now:
        return 0
    await _brief(file, row, PLAN, "")
    return 1


async def _brief(file: CaseFile, row: WatchRow, actor: Actor, remark: str) -> int:
    event = await file.session.get(EventRow, file.row.event_id) if file.row.event_id else None
    figures = figures_of(event.snapshot) if event is not None else {}
    text = brief(row.briefs + 1, row.figures, row.figures_at, figures, file.now)
    if remark:
        text += f"值班补充：{remark}"
    since = row.figures_at
    row.briefs += 1
    row.next_brief_at = next_at(row.next_brief_at, file.plan.surge.brief_every, file.now)
    row.figures, row.figures_at = figures, file.now
    file.session.add(row)
    await file.session.flush()
    number = await file.enter(
        "situation_brief", text, actor, number=row.briefs, since=since.isoformat(), figures=figures, remark=remark
    )
    await file.notify(
        NotificationKind.CASE_CHANGED, f"【情况快报】{file.row.number} 第 {row.briefs} 期", f"{file.row.title}\n{text}"
    )
    return number
