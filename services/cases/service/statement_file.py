"""A statement opened for change, with the rules on its state that every step shares."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Final

from services.cases.lifecycle import Refused
from services.cases.models import StatementRow, StatementVersionRow
from services.cases.service.actors import Actor
from services.cases.service.case_file import CaseFile
from services.cases.service.checks import Check
from services.cases.service.desk import Desk, missing
from services.cases.store import speech

STATE_NAMES: Final = {
    "draft": "草稿",
    "submitted": "待审批",
    "approved": "已批准",
    "published": "已发布",
    "withdrawn": "已撤回",
    "corrected": "已更正",
}


@dataclass(frozen=True, slots=True)
class StatementFile:
    """A statement and its newest version, held inside the transaction of its case."""

    case: CaseFile
    row: StatementRow
    version: StatementVersionRow

    def say(self, kind: str, text: str, actor: Actor) -> None:
        """Let a comment stay with the newest version."""
        said = {"kind": kind, "text": text, "by": actor.name, "at": self.case.now.isoformat()}
        self.version.comments = [*self.version.comments, said]


@asynccontextmanager
async def changing(
    desk: Desk, case_id: str, statement_id: str, check: Check, *wanted: str
) -> AsyncIterator[StatementFile]:
    """Give a statement to change; 404 where there is none, 409 where it is in none of the `wanted` states."""
    async with desk.case(case_id) as file:
        check(file)
        row = await speech.statement(file.session, case_id, statement_id)
        version = await speech.version(file.session, statement_id, row.revision) if row is not None else None
        if row is None or version is None:
            raise missing("statement", statement_id)
        if row.state not in wanted:
            allowed = "或".join(f"“{STATE_NAMES[state]}”" for state in wanted)
            raise Refused(
                "statement_state",
                f"口径为“{STATE_NAMES[row.state]}”，此操作要求{allowed}",
                f"The statement is {row.state}; this step needs it {' or '.join(wanted)}",
            )
        yield StatementFile(file, row, version)
        row.version += 1
        file.session.add(row)
        file.session.add(version)
        await file.session.flush()
