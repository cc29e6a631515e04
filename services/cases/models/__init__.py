"""The tables of cases."""

from services.cases.models.base import Base
from services.cases.models.records import (
    AlertRow,
    ApprovalRow,
    CaseNumber,
    CaseRow,
    ClockRow,
    EventRow,
    NoticeRow,
    PlanRow,
    StatementRow,
    TaskRow,
    TimelineRow,
)
from services.cases.models.work import ParticipantRow

__all__ = [
    "AlertRow",
    "ApprovalRow",
    "Base",
    "CaseNumber",
    "CaseRow",
    "ClockRow",
    "EventRow",
    "NoticeRow",
    "ParticipantRow",
    "PlanRow",
    "StatementRow",
    "TaskRow",
    "TimelineRow",
]
