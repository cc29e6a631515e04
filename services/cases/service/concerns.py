"""Concerns (诉求) of a case, taken from its event or entered by hand, and the answer given to each."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from contracts.findings import ConcernKind
from contracts.messages import EventConcern, EventUpdated, Recipient
from contracts.words import NotificationKind, Role
from kit.ids import new_id
from services.cases import store
from services.cases.concerns import ConcernState, Origin, check_answer, share_answered, show_share
from services.cases.lifecycle import Refused
from services.cases.models import ConcernRow, StatementRow, TaskRow
from services.cases.service.actors import MACHINE, Actor
from services.cases.service.case_file import CaseFile
from services.cases.service.changing import changing
from services.cases.service.checks import Check, must_be_open
from services.cases.service.desk import Desk, missing
from services.cases.store import aftermath as stored


async def take_in(desk: Desk, session: AsyncSession, events: Sequence[EventUpdated]) -> None:
    """Bring the concerns of open cases up to date with their events."""
    by_id = {event.id: event for event in events if event.concerns and event.merged_into is None}
    if not by_id:
        return
    for case_id in await stored.open_cases_of(session, list(by_id)):
        row = await store.lock_case(session, case_id)
        if row is not None and row.open_event_id in by_id:
            await note(await desk.file(session, row), by_id[row.open_event_id])


async def note(file: CaseFile, event: EventUpdated) -> None:
    """Take an event's themes into its case: figures are brought up to date, new themes are entered.

    Figures never fall: posts that went to another event were asked all the same.
    """
    known = {row.theme: row for row in await stored.concerns(file.session, file.row.id) if row.theme}
    fresh: list[EventConcern] = []
    for told in event.concerns:
        row = known.get(told.theme)
        if row is None:
            fresh.append(told)
        elif told.posts > row.posts:
            row.posts, row.kind = told.posts, told.kind
            row.by_kind, row.asks = _tallies(told)
            file.session.add(row)
    for told in fresh:
        by_kind, asks = _tallies(told)
        file.session.add(
            ConcernRow(
                id=new_id(),
                case_id=file.row.id,
                theme=told.theme,
                name=told.name,
                kind=told.kind,
                origin=Origin.EVENT,
                posts=told.posts,
                by_kind=by_kind,
                asks=asks,
                state=ConcernState.OPEN,
                created_at=file.now,
                created_by=MACHINE.name,
            )
        )
    await file.session.flush()
    if fresh:
        names = "、".join(f"{told.name}（{told.posts} 条）" for told in fresh)
        await file.enter(
            "concerns_raised", f"网上出现新的诉求：{names}", MACHINE, themes={told.theme: told.posts for told in fresh}
        )


def _tallies(told: EventConcern) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    by_kind = {str(kind): count for kind, count in told.by_kind.items()}
    return by_kind, [ask.model_dump() for ask in told.asks]


class Concerns:
    """What people do with the concerns of a case."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def add(
        self,
        case_id: str,
        *,
        name: str,
        kind: ConcernKind,
        origin: Origin,
        detail: str,
        people: int,
        actor: Actor,
        check: Check,
    ) -> ConcernRow:
        """Enter a concern that came by another way than the event: a hotline, a county, a visit."""
        async with self._desk.case(case_id) as file:
            check(file)
            must_be_open(file)
            row = ConcernRow(
                id=new_id(),
                case_id=case_id,
                name=name,
                kind=kind,
                origin=origin,
                detail=detail,
                posts=people,
                by_kind={str(kind): people},
                asks=[],
                state=ConcernState.OPEN,
                created_at=file.now,
                created_by=actor.name,
            )
            file.session.add(row)
            await file.session.flush()
            text = f"登记诉求“{name}”（{people} 人次）"
            await file.enter("concern_added", text, actor, concern_id=row.id, origin=str(origin))
            return row

    async def answer(
        self,
        case_id: str,
        concern_id: str,
        *,
        text: str,
        statement_id: str | None,
        task_id: str | None,
        actor: Actor,
        check: Check,
    ) -> ConcernRow:
        """Record the answer that was given; 409 where what is given answers nothing.

        A concern that was answered may be answered again: the newer answer stands, both stay in the timeline.
        """
        wanted = (ConcernState.OPEN, ConcernState.ANSWERED, ConcernState.PASSED)
        async with self._changing(case_id, concern_id, check, *wanted) as (file, row):
            published, task_done = await _evidence(file, statement_id, task_id)
            check_answer(text, published=published, task_done=task_done)
            rows = await stored.concerns(file.session, case_id)
            row.state, row.answer, row.statement_id, row.task_id = ConcernState.ANSWERED, text, statement_id, task_id
            row.answered_posts, row.settled_at, row.settled_by, row.passed_to = row.posts, file.now, actor.name, ""
            said = f"：{text}" if text else ""
            where = "，见已发布口径" if statement_id else "，见已完成任务" if task_id and not text else ""
            await file.enter(
                "concern_answered",
                f"答复诉求“{row.name}”{said}{where}。{show_share(share_answered(rows))}",
                actor,
                concern_id=row.id,
                statement_id=statement_id,
                task_id=task_id,
            )
            return row

    async def pass_on(
        self, case_id: str, concern_id: str, *, unit: str, role: Role, reason: str, actor: Actor, check: Check
    ) -> ConcernRow:
        """Pass a concern to the body whose it is to answer; it counts as passed, not as answered."""
        async with self._changing(case_id, concern_id, check, ConcernState.OPEN) as (file, row):
            row.state, row.passed_to = ConcernState.PASSED, unit
            row.settled_at, row.settled_by = file.now, actor.name
            row.answer = ""
            said = f"不属本单位职责，已转{unit}" + (f"：{reason}" if reason else "")
            rows = await stored.concerns(file.session, case_id)
            await file.enter(
                "concern_passed",
                f"诉求“{row.name}”{said}。{show_share(share_answered(rows))}",
                actor,
                concern_id=row.id,
                unit=unit,
            )
            await file.notify(
                NotificationKind.INFORMATION_PASSED,
                f"【诉求转办】{file.row.number} {row.name}",
                f"{file.row.title}\n诉求：{row.name}（{row.posts} 条）\n{row.detail}\n{said}".replace("\n\n", "\n"),
                only=[Recipient(role=role, unit=unit)],
                receipt=True,
            )
            return row

    async def reopen(self, case_id: str, concern_id: str, reason: str, actor: Actor, check: Check) -> ConcernRow:
        """Take a concern up again, because it is asked again or the answer did not hold."""
        async with self._changing(
            case_id, concern_id, check, ConcernState.ANSWERED, ConcernState.PASSED, ConcernState.MERGED
        ) as (file, row):
            row.state, row.merged_into, row.settled_at, row.settled_by = ConcernState.OPEN, None, None, ""
            rows = await stored.concerns(file.session, case_id)
            text = f"重新受理诉求“{row.name}”：{reason}。{show_share(share_answered(rows))}"
            await file.enter("concern_reopened", text, actor, concern_id=row.id)
            return row

    async def merge(self, case_id: str, concern_id: str, into_id: str, actor: Actor, check: Check) -> ConcernRow:
        """Merge a concern into another of the case that asks the same; its posts count for that one."""
        wanted = (ConcernState.OPEN, ConcernState.ANSWERED, ConcernState.PASSED)
        async with self._changing(case_id, concern_id, check, *wanted) as (file, row):
            into = await stored.concern(file.session, case_id, into_id)
            if into is None:
                raise missing("concern", into_id)
            if into.id == row.id or into.state == ConcernState.MERGED:
                raise Refused("merge_target", "不能并入自身或已被合并的诉求", "It cannot be merged into that one")
            row.state, row.merged_into = ConcernState.MERGED, into.id
            row.settled_at, row.settled_by = file.now, actor.name
            text = f"诉求“{row.name}”并入“{into.name}”"
            await file.enter("concern_merged", text, actor, concern_id=row.id, into=into.id)
            return row

    def _changing(
        self, case_id: str, concern_id: str, check: Check, *wanted: ConcernState
    ) -> AbstractAsyncContextManager[tuple[CaseFile, ConcernRow]]:
        async def find(file: CaseFile) -> ConcernRow:
            check(file)
            row = await stored.concern(file.session, case_id, concern_id)
            if row is None:
                raise missing("concern", concern_id)
            return row

        def refusal(row: ConcernRow) -> Refused:
            zh = "诉求现处的状态不能作此操作，已合并的请先重新受理"
            return Refused("concern_state", zh, f"The concern is {row.state}")

        return changing(self._desk, case_id, find, wanted, refusal)


async def _evidence(file: CaseFile, statement_id: str | None, task_id: str | None) -> tuple[bool | None, bool | None]:
    """Return whether the statement that is named is public, and whether the task that is named is done."""
    published = done = None
    if statement_id:
        said = await file.session.get(StatementRow, statement_id)
        if said is None or said.case_id != file.row.id:
            raise missing("statement", statement_id)
        published = said.state == "published"
    if task_id:
        task = await file.session.get(TaskRow, task_id)
        if task is None or task.case_id != file.row.id:
            raise missing("task", task_id)
        done = task.done_at is not None
    return published, done
