"""Statements: drafted, submitted, approved by another person, published with one voice."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from contracts.messages import StatementPublished as StatementTold
from contracts.streams import STATEMENTS_PUBLISHED
from contracts.words import CaseState, ClockKind, NotificationKind
from kit.ids import new_id
from kit.problems import Problem
from services.cases import store
from services.cases.approvals import Decision
from services.cases.lifecycle import OPEN_STATES, Refused
from services.cases.models import StatementRow
from services.cases.roles import list_roles
from services.cases.service.actors import Actor
from services.cases.service.case_file import CaseFile
from services.cases.service.casework import Check
from services.cases.service.desk import Desk, missing

STATE_NAMES: Final = {
    "draft": "草稿",
    "submitted": "待审批",
    "approved": "已批准",
    "published": "已发布",
    "withdrawn": "已撤回",
}


class Statements:
    """The statements of cases."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def draft(self, case_id: str, title: str, text: str, actor: Actor, check: Check) -> StatementRow:
        """Write the next version of a case's statement."""
        async with self._desk.case(case_id) as file:
            check(file)
            if file.state not in OPEN_STATES:
                raise Refused("case_settled", "处置单已结束，不能起草口径", f"The case is {file.state}")
            last = await store.statements(file.session, case_id)
            number = last[0].number + 1 if last else 1
            plan = file.plan.disclosure
            row = StatementRow(
                id=new_id(),
                case_id=case_id,
                number=number,
                title=title,
                text=text,
                state="draft",
                author_id=actor.id or "",
                author=actor.name,
                disclosure={
                    "index_number": f"{plan.index_prefix}{file.row.number}-{number}",
                    "catalogue": plan.catalogue,
                    "subject_words": plan.subject_words,
                    "publisher": plan.publisher,
                    "document_number": f"{plan.document_prefix}{file.row.number}" if plan.document_prefix else "",
                },
                created_at=file.now,
            )
            file.session.add(row)
            await file.session.flush()
            text = f"起草口径第 {number} 版《{title}》"
            await file.enter("statement_drafted", text, actor, statement_id=row.id, version=number)
            return row

    async def submit(self, case_id: str, statement_id: str, actor: Actor, check: Check) -> StatementRow:
        """Hand a draft in for approval."""
        async with self._changing(case_id, statement_id, check, "draft") as (file, row):
            row.state, row.submitted_at = "submitted", file.now
            text = f"提交口径第 {row.number} 版审批"
            await file.enter("statement_submitted", text, actor, statement_id=row.id, version=row.number)
            deciders = sorted(file.plan.deciders(file.level))
            await file.notify(
                NotificationKind.STATEMENT_SUBMITTED,
                f"【口径待审】{file.row.number} 第 {row.number} 版",
                f"{row.title}\n起草：{row.author}",
                also=deciders,
            )
            return row

    async def decide(
        self, case_id: str, statement_id: str, decision: Decision, comment: str, actor: Actor, check: Check
    ) -> StatementRow:
        """Approve a submitted version, or send it back to its author with the reason.

        403 where the actor holds none of the roles that decide at the case's level; 409 where the actor wrote it.
        """
        async with self._changing(case_id, statement_id, check, "submitted") as (file, row):
            deciders = file.plan.deciders(file.level)
            if not actor.roles & deciders:
                raise Problem(
                    403,
                    "statement.role",
                    zh=f"{file.level} 级口径须由以下角色审批：{list_roles(deciders)}",
                    en=f"A statement at level {file.level} is approved by: {', '.join(sorted(deciders))}",
                    roles=sorted(deciders),
                )
            if actor.id == row.author_id:
                raise Refused("two_people", "起草人不能审批自己的口径", "The author cannot approve their own text")
            if decision == "reject" and not comment.strip():
                raise Refused("comment_missing", "退回须说明理由", "A rejection needs its reason")
            row.decided_at, row.decided_by, row.comment = file.now, actor.name, comment
            row.state = "approved" if decision == "approve" else "draft"
            said = "批准" if decision == "approve" else "退回"
            text = f"{said}口径第 {row.number} 版" + (f"：{comment}" if comment else "")
            kind = "statement_approved" if decision == "approve" else "statement_returned"
            await file.enter(kind, text, actor, statement_id=row.id, version=row.number)
            return row

    async def publish(self, case_id: str, statement_id: str, actor: Actor, check: Check) -> StatementRow:
        """Publish an approved version: it meets `first_release`, and `next_update` starts anew."""
        async with self._changing(case_id, statement_id, check, "approved") as (file, row):
            newer = [
                other
                for other in await store.statements(file.session, case_id)
                if other.number > row.number and other.published_at is not None
            ]
            if newer:
                raise Refused(
                    "newer_published",
                    f"第 {newer[0].number} 版已发布，不能再发布较旧的版本",
                    f"Version {newer[0].number} has been published; an older one cannot follow it",
                )
            row.state, row.published_at, row.published_by = "published", file.now, actor.name
            met = [*await file.meet(ClockKind.FIRST_RELEASE), *await file.meet(ClockKind.NEXT_UPDATE)]
            if file.state in (CaseState.REPORTED, CaseState.ASSESSING, CaseState.RESPONDING):
                await file.start([ClockKind.NEXT_UPDATE], file.now)
            await file.enter(
                "statement_published",
                f"发布口径第 {row.number} 版《{row.title}》",
                actor,
                statement_id=row.id,
                version=row.number,
                clocks=[clock.id for clock in met],
            )
            await self._tell(file, row, "statement.published")
            await file.notify(
                NotificationKind.STATEMENT_PUBLISHED,
                f"【已发布】{file.row.number} 第 {row.number} 版",
                f"{row.title}\n{row.text}",
            )
            return row

    async def withdraw(self, case_id: str, statement_id: str, reason: str, actor: Actor, check: Check) -> StatementRow:
        """Take a published version off the portal; it stays in the case with the reason."""
        async with self._changing(case_id, statement_id, check, "published") as (file, row):
            row.state, row.withdrawn_at, row.comment = "withdrawn", file.now, reason
            text = f"撤回口径第 {row.number} 版：{reason}"
            await file.enter("statement_withdrawn", text, actor, statement_id=row.id, version=row.number)
            await self._tell(file, row, "statement.withdrawn")
            return row

    async def _tell(self, file: CaseFile, row: StatementRow, type_: str) -> None:
        if file.row.drill:
            return  # a drill has no outside effect
        payload = StatementTold(
            statement_id=row.id,
            case_id=row.case_id,
            version=row.number,
            title=row.title,
            published_at=row.published_at or file.now,
        )
        await file.tell(STATEMENTS_PUBLISHED, type_, row.id, payload)

    @asynccontextmanager
    async def _changing(
        self, case_id: str, statement_id: str, check: Check, wanted: str
    ) -> AsyncIterator[tuple[CaseFile, StatementRow]]:
        async with self._desk.case(case_id) as file:
            check(file)
            row = await file.session.get(StatementRow, statement_id)
            if row is None or row.case_id != case_id:
                raise missing("statement", statement_id)
            if row.state != wanted:
                raise Refused(
                    "statement_state",
                    f"口径为“{STATE_NAMES[row.state]}”，此操作要求“{STATE_NAMES[wanted]}”",
                    f"The statement is {row.state}; this step needs it {wanted}",
                )
            yield file, row
            row.version += 1
            file.session.add(row)
            await file.session.flush()
