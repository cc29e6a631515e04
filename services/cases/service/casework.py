"""What people do with a case: move it on, report up, watch it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from sqlalchemy.exc import IntegrityError

from contracts.words import CaseState, ClockKind, NotificationKind, Role, WatchMode
from kit.problems import Problem
from services.cases import store
from services.cases.approvals import ApprovalState
from services.cases.lifecycle import (
    STATE_NAMES,
    Circumstances,
    Lack,
    lacking,
    move,
    passed_over,
    step_between,
    steps_from,
    who_may,
)
from services.cases.models import CaseRow
from services.cases.service import tasks
from services.cases.service.actors import Actor
from services.cases.service.aftercare import end_response
from services.cases.service.case_file import CaseFile
from services.cases.service.checks import Check, must_be_open
from services.cases.service.desk import Desk, missing
from services.cases.service.duties import open_duties
from services.cases.service.levels import role_name
from services.cases.service.signatories import settle
from services.cases.service.watching import begin_by_rule, end_by_rule
from services.cases.timeline import Verdict, verify

#: Duties that end with the response.
_OF_RESPONSE: Final = (
    ClockKind.ACKNOWLEDGE,
    ClockKind.REPORT_UP,
    ClockKind.FIRST_RELEASE,
    ClockKind.PRESS_CONFERENCE,
    ClockKind.NEXT_UPDATE,
)


class Casework:
    """Changes that people make to cases."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def move(self, case_id: str, to: CaseState, reason: str, actor: Actor, check: Check) -> CaseRow:
        """Take a step of the lifecycle; 409 with the rule where it is refused."""
        async with self._desk.case(case_id) as file:
            check(file)
            await take_step(file, to, reason, actor)
            return file.row

    async def report_up(self, case_id: str, to: Role, text: str, actor: Actor, check: Check) -> int:
        """Record a report to a superior; it meets the clock `report_up`. Returns the entry's number."""
        async with self._desk.case(case_id) as file:
            check(file)
            must_be_open(file)
            met = await file.meet(ClockKind.REPORT_UP)
            name = role_name(file, to)
            ids = [clock.id for clock in met]
            number = await file.enter("reported_up", f"向{name}报告：{text}", actor, to=str(to), clocks=ids)
            await tasks.met(file, "report", f"已向{name}报告（时间线第 {number} 条）", actor)
            return number

    async def watch(self, case_id: str, mode: WatchMode, reason: str, actor: Actor, check: Check) -> CaseRow:
        """Change how closely a case is watched; nothing happens where it is so already."""
        async with self._desk.case(case_id) as file:
            check(file)
            must_be_open(file)
            if file.row.watch_mode != mode:
                await file.watch(mode, actor, reason or "人工决定")
            return file.row

    async def verify(self, case_id: str) -> Verdict:
        """Check a case's whole timeline; 404 where there is no such case."""
        async with self._desk.database.reading() as session:
            row = await store.case(session, case_id)
            if row is None:
                raise missing("case", case_id)
            length, head = row.sequence, row.head
            entries = [store.sealed(entry) for entry in await store.timeline(session, case_id)]
        # entries added after the case was read are not held against it
        return verify(case_id, entries[:length] if len(entries) > length else entries, length, head)


async def take_step(file: CaseFile, to: CaseState, reason: str, actor: Actor) -> None:
    """Move a case on; raises :class:`Refused` with everything that is missing.

    What is passed over because of the reason is named in the entry. Of a person the step asks for a role; what the plan
    or the machine does is not held against one.
    """
    came_from = file.state
    now = await _circumstances(file, step_between(came_from, to), reason, actor)
    step = move(came_from, to, now)
    over = passed_over(step, now)
    file.row.state = to
    await _AFTER[step](file)
    text = f"{STATE_NAMES[came_from]} → {STATE_NAMES[to]}" + (f"：{reason}" if reason else "")
    if over:
        text += f"（未办事项：{'；'.join(lack.zh for lack in over)}）"
    more: dict[str, Any] = {"passed_over": [lack.as_json() for lack in over]} if over else {}
    await file.enter("state_changed", text, actor, step=step, came_from=str(came_from), to=str(to), **more)
    if step == "monitor":
        await end_response(file, actor)
    if step == "reopen":
        await begin_by_rule(file, f"重新处置，{file.plan.level_name(file.level)}响应")
    await end_by_rule(file)
    await file.notify(
        NotificationKind.CASE_CHANGED, f"【{STATE_NAMES[to]}】{file.row.number}", f"{file.row.title}\n{text}"
    )


@dataclass(frozen=True, slots=True)
class NextStep:
    """A step that the lifecycle allows next, who may take it, and what the caller would still lack without a reason."""

    to: CaseState
    step: str
    roles: frozenset[Role]
    lacks: list[Lack]

    @property
    def allowed(self) -> bool:
        """Tell whether the step can be taken now, given a reason where one is asked for."""
        return all(lack.by_reason for lack in self.lacks)


async def next_steps(file: CaseFile, actor: Actor) -> list[NextStep]:
    """Return every step that a case could take next, with what the caller lacks for it."""
    found: list[NextStep] = []
    for to in steps_from(file.state):
        step = step_between(file.state, to)
        now = await _circumstances(file, step, "", actor)
        found.append(NextStep(to, step, who_may(step, file.level, file.plan.lifecycle), lacking(step, now)))
    return found


async def _circumstances(file: CaseFile, step: str, reason: str, actor: Actor) -> Circumstances:
    row = file.row
    days = file.plan.aftercare.monitor[file.level].days
    pending = await store.pending_approval(file.session, row.id)
    said = await store.statements(file.session, row.id)
    return Circumstances(
        reason=reason.strip(),
        level_active=row.level_active,
        release_settled=any(statement.published_at for statement in said),
        aftercare_over=row.monitoring_since is not None and file.now >= row.monitoring_since + timedelta(days=days),
        proposal_pending=pending is not None,
        open_duties=await open_duties(file, step),
        roles=actor.roles if actor.kind == "person" else None,
        level=file.level,
        rules=file.plan.lifecycle,
    )


async def _nothing(_file: CaseFile) -> None:
    """Taking up the assessment or the response changes nothing else."""


async def _dismissed(file: CaseFile) -> None:
    await file.cancel()
    await _drop_proposal(file)
    file.row.open_event_id = None


async def _monitored(file: CaseFile) -> None:
    await file.cancel(_OF_RESPONSE)
    file.row.monitoring_since = file.now


async def _reviewed(file: CaseFile) -> None:
    """Start the review's clock with the review: aftercare may be longer than the time that the review has."""
    await file.start([ClockKind.REVIEW], file.now)


async def _closed(file: CaseFile) -> None:
    await file.meet(ClockKind.REVIEW)
    await file.cancel()
    file.row.open_event_id = None


async def _reopened(file: CaseFile) -> None:
    row = file.row
    row.monitoring_since, row.open_event_id = None, row.event_id
    file.session.add(row)
    try:
        await file.session.flush()
    except IntegrityError:
        raise Problem(
            409, "case.exists", zh="该事件已有另一处置单", en="The event has another open case already"
        ) from None
    await file.cancel([ClockKind.REVIEW])
    said = any(statement.published_at for statement in await store.statements(file.session, row.id))
    release = ClockKind.NEXT_UPDATE if said else ClockKind.FIRST_RELEASE
    await file.start([ClockKind.REPORT_UP, release], file.now)


_AFTER: Final = {
    "assess": _nothing,
    "respond": _nothing,
    "monitor": _monitored,
    "review": _reviewed,
    "close": _closed,
    "dismiss": _dismissed,
    "reopen": _reopened,
}


async def _drop_proposal(file: CaseFile) -> None:
    pending = await store.pending_approval(file.session, file.row.id)
    if pending is not None:
        settle(pending, ApprovalState.SUPERSEDED, file.now)
        file.session.add(pending)
