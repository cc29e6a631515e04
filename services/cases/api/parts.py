"""What the routes work with: the service's parts and callers, and If-Match."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any

from fastapi import Depends, Path, Request, Response

from kit.auth import Principal, require
from kit.etags import check_if_match, etag
from kit.pages import PageRequest
from kit.problems import Problem
from services.cases import store
from services.cases.concerns import share_answered
from services.cases.models import CaseRow
from services.cases.plan import Plan
from services.cases.schemas.cases import CaseOut
from services.cases.service.actors import Actor
from services.cases.service.aftercare import Aftercare
from services.cases.service.alerting import Alerting
from services.cases.service.backtesting import Backtesting
from services.cases.service.case_facts import CaseFacts
from services.cases.service.case_file import CaseFile
from services.cases.service.casework import Casework, next_steps
from services.cases.service.command import Command
from services.cases.service.concerns import Concerns
from services.cases.service.conferences import Conferences
from services.cases.service.consultations import Consultations
from services.cases.service.correction_reminders import CorrectionReminders
from services.cases.service.corrections import Corrections
from services.cases.service.deadlines import Deadlines
from services.cases.service.decisions import Decisions
from services.cases.service.delegations import Delegations
from services.cases.service.describing import Describing
from services.cases.service.desk import Desk, missing
from services.cases.service.grades import Grades
from services.cases.service.handovers import Handovers
from services.cases.service.information import Information
from services.cases.service.levels import Levels
from services.cases.service.matrix import Matrix
from services.cases.service.media import Media
from services.cases.service.opening import Openings
from services.cases.service.pausing import Pauses
from services.cases.service.plan_moves import PlanMoves
from services.cases.service.portal import Portal
from services.cases.service.publishing import Publishing
from services.cases.service.receipts import Receipts
from services.cases.service.reviews import Reviews
from services.cases.service.statement_approvals import StatementApprovals
from services.cases.service.statement_waiting import StatementReminders
from services.cases.service.statements import Statements
from services.cases.service.tasks import Tasks
from services.cases.service.watching import Watching
from services.cases.store import aftermath


@dataclass(frozen=True, slots=True)
class Parts:
    """The use cases, set up on one runtime."""

    desk: Desk
    alerting: Alerting
    grades: Grades
    matrix: Matrix
    backtesting: Backtesting
    receipts: Receipts
    openings: Openings
    casework: Casework
    describing: Describing
    levels: Levels
    statements: Statements
    statement_approvals: StatementApprovals
    statement_reminders: StatementReminders
    publishing: Publishing
    case_facts: CaseFacts
    plan_moves: PlanMoves
    deadlines: Deadlines
    decisions: Decisions
    delegations: Delegations
    pauses: Pauses
    command: Command
    tasks: Tasks
    consultations: Consultations
    information: Information
    media: Media
    conferences: Conferences
    handovers: Handovers
    watching: Watching
    corrections: Corrections
    correction_reminders: CorrectionReminders
    concerns: Concerns
    aftercare: Aftercare
    reviews: Reviews
    portal: Portal

    async def show(self, row: CaseRow, caller: Principal, response: Response | None = None) -> CaseOut:
        """Show a case and what the caller may do next, with its entity tag where there is a response to put it on."""
        async with self.desk.database.reading() as session:
            plan = await self.desk.plans.version(session, row.plan_version)
            pending = await store.pending_approval(session, row.id)
            steps = await next_steps(await self.desk.file(session, row), Actor.of(caller))
            asked = share_answered(await aftermath.concerns(session, row.id))
        if response is not None:
            response.headers["ETag"] = etag(row.sequence)
        return CaseOut.of(row, plan, pending, steps, asked)

    async def case(self, case_id: str) -> CaseRow:
        """Return a case; 404 where there is none."""
        async with self.desk.database.reading() as session:
            row = await store.case(session, case_id)
        if row is None:
            raise missing("case", case_id)
        return row

    async def plan_of(self, row: CaseRow) -> Plan:
        """Return the version of the plan by which a case is led."""
        async with self.desk.database.reading() as session:
            return await self.desk.plans.version(session, row.plan_version)


def _parts(request: Request) -> Parts:
    parts: Parts = request.app.state.cases
    return parts


def _seen(request: Request) -> Callable[[CaseFile], None]:
    def check(file: CaseFile) -> None:
        check_if_match(request, file.row.sequence)

    return check


def after_time_and_id(page: PageRequest) -> list[Any] | None:
    """Return the key (instant, id) that a page starts after; 400 where the cursor is of another list."""
    after = page.after_times(0)
    if after is None:
        return None
    if len(after) == 2 and isinstance(after[0], datetime) and after[0].tzinfo and isinstance(after[1], str):
        return after
    raise bad_cursor()


def bad_cursor() -> Problem:
    """Return the 400 of a cursor that is not the list's own."""
    return Problem(400, "bad-cursor", zh="cursor 参数无效", en="The cursor is not one that this list gave")


#: The id of a thing, in a path.
Id = Annotated[str, Path(max_length=64, pattern=r"^[0-9A-Za-z-]+$")]
#: The version of a plan, in a path.
Version = Annotated[str, Path(max_length=60, pattern=r"^[0-9A-Za-z._-]+$")]

PartsDep = Annotated[Parts, Depends(_parts)]
#: Refuses a caller whose If-Match names an older version of the case than the one about to be changed.
Seen = Annotated[Callable[[CaseFile], None], Depends(_seen)]

PlanReader = Annotated[Principal, require("plans.read")]
PlanWriter = Annotated[Principal, require("plans.write")]
AlertReader = Annotated[Principal, require("alerts.read")]
AlertWriter = Annotated[Principal, require("alerts.write")]
CaseReader = Annotated[Principal, require("cases.read")]
CaseWriter = Annotated[Principal, require("cases.write")]
Decider = Annotated[Principal, require("cases.decide")]
Author = Annotated[Principal, require("statements.write")]
Approver = Annotated[Principal, require("statements.approve")]

#: Documents the entity tag of a case's answers.
TAGGED: dict[int | str, dict[str, Any]] = {
    200: {"headers": {"ETag": {"schema": {"type": "string"}, "description": "version of the case, for If-Match"}}}
}
