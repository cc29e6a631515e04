"""Assembles the cases service."""

from __future__ import annotations

from typing import Final

from fastapi import FastAPI

from kit.runtime import Runtime
from kit.service import create_app, routes_of
from services.cases import consumers
from services.cases.api import (
    alerts,
    backtests,
    case_facts,
    cases,
    clocks,
    command,
    concerns,
    conferences,
    consultations,
    corrections,
    delegations,
    grades,
    handovers,
    information,
    media_contacts,
    notices,
    plan_moves,
    plans,
    public,
    records,
    reports,
    reviews,
    statements,
    tasks,
    timeline,
    widget,
)
from services.cases.api.guard import guarded
from services.cases.api.parts import Parts
from services.cases.models import Base
from services.cases.service.aftercare import Aftercare
from services.cases.service.alerting import Alerting
from services.cases.service.backtesting import Backtesting
from services.cases.service.case_facts import CaseFacts
from services.cases.service.casework import Casework
from services.cases.service.command import Command
from services.cases.service.concerns import Concerns
from services.cases.service.conferences import Conferences
from services.cases.service.consultations import Consultations
from services.cases.service.correction_reminders import CorrectionReminders
from services.cases.service.corrections import Corrections
from services.cases.service.courses import CourseRetention
from services.cases.service.deadlines import Deadlines
from services.cases.service.decisions import Decisions
from services.cases.service.delegations import Delegations
from services.cases.service.describing import Describing
from services.cases.service.desk import Desk
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
from services.cases.service.retention import Retention
from services.cases.service.reviews import Reviews
from services.cases.service.statement_approvals import StatementApprovals
from services.cases.service.statement_waiting import StatementReminders
from services.cases.service.statements import Statements
from services.cases.service.tasks import Tasks
from services.cases.service.watching import Watching
from services.cases.settings import CasesSettings

SERVICE: Final = "cases"

_TAGS = [
    {"name": "plans", "description": "预案 · the plan as a versioned document"},
    {"name": "alerts", "description": "预警 · plan criteria met by events"},
    {"name": "cases", "description": "处置单 · responses from report to review"},
    {"name": "command", "description": "指挥协同 · who takes part, consults, is informed, speaks, and hands over"},
    {"name": "tasks", "description": "任务 · the work of a case, and one's own work across cases"},
    {"name": "corrections", "description": "更正请求 · false claims that outlets are asked to correct"},
    {"name": "concerns", "description": "诉求 · what people ask, and the answer given"},
    {"name": "reviews", "description": "总结评估 · the assessment after a case"},
    {"name": "statements", "description": "口径 · what is said with one voice"},
    {"name": "facts", "description": "已确认事实 · what the office vouches for"},
    {"name": "portal", "description": "信息公开 · what everyone may read"},
]

_ROUTES: Final = routes_of(
    guarded(
        [
            backtests.router,
            plans.router,
            notices.router,
            plan_moves.router,
            alerts.router,
            grades.router,
            cases.router,
            clocks.router,
            delegations.router,
            records.router,
            reports.router,
            command.router,
            tasks.router,
            tasks.across,
            consultations.router,
            information.router,
            media_contacts.router,
            conferences.router,
            handovers.router,
            handovers.desk,
            timeline.router,
            case_facts.router,
            corrections.router,
            concerns.router,
            reviews.router,
            reviews.plan_router,
            statements.router,
            public.router,
            widget.router,
        ]
    )
)


def build() -> FastAPI:
    """Return the service's app, set up from the environment."""
    settings = CasesSettings()
    return assemble(Runtime(settings, SERVICE, Base), settings)


def assemble(runtime: Runtime, settings: CasesSettings) -> FastAPI:
    """Return the app around a given runtime; its parts are `app.state.cases`."""
    parts = wire(runtime, settings)
    app = create_app(
        runtime,
        _ROUTES,
        title="Huiying cases",
        description="The plan in action: alerts, cases, levels, clocks, the timeline and public statements.",
        tags=_TAGS,
    )
    app.state.cases = parts
    return app


def wire(runtime: Runtime, settings: CasesSettings) -> Parts:
    """Build the service's parts and register its loops on `runtime`."""
    desk = Desk.of(runtime)
    parts = Parts(
        desk=desk,
        alerting=Alerting(desk),
        grades=Grades(desk),
        matrix=Matrix(desk),
        backtesting=Backtesting(runtime.database, runtime.clock),
        receipts=Receipts(desk),
        openings=Openings(desk),
        casework=Casework(desk),
        describing=Describing(desk),
        levels=Levels(desk),
        statements=Statements(desk),
        statement_approvals=StatementApprovals(desk),
        statement_reminders=StatementReminders(desk),
        publishing=Publishing(desk),
        case_facts=CaseFacts(desk),
        plan_moves=PlanMoves(desk),
        deadlines=Deadlines(desk),
        decisions=Decisions(desk),
        delegations=Delegations(desk),
        pauses=Pauses(desk),
        command=Command(desk),
        tasks=Tasks(desk),
        consultations=Consultations(desk),
        information=Information(desk),
        media=Media(desk),
        conferences=Conferences(desk),
        handovers=Handovers(desk),
        watching=Watching(desk),
        corrections=Corrections(desk),
        correction_reminders=CorrectionReminders(desk),
        concerns=Concerns(desk),
        aftercare=Aftercare(desk),
        reviews=Reviews(desk),
        portal=Portal(desk, settings.public_url.rstrip("/")),
    )

    async def begin() -> None:
        await desk.plans.begin(settings.plan_path())
        await parts.command.form_where_missing()

    runtime.on_start(begin)
    runtime.every(settings.clock_pass, "clocks", parts.deadlines.move_on)
    # decisions wait for minutes, so that they are looked at less often than clocks
    runtime.every(5 * settings.clock_pass, "decisions", parts.decisions.move_on)
    runtime.every(5 * settings.clock_pass, "statements", parts.statement_reminders.move_on)
    runtime.every(settings.clock_pass, "briefs", parts.watching.move_on)
    runtime.every(60, "aftercare", parts.aftercare.move_on)
    runtime.every(60, "corrections", parts.correction_reminders.move_on)
    runtime.every(3600, "retention", Retention(desk, settings.retention_days).run)
    runtime.every(60, "grading", parts.alerting.look_again)
    runtime.every(3600, "courses", CourseRetention(desk, settings.course_days).run)
    consumers.subscribe(runtime, parts.alerting, parts.receipts)
    return parts
