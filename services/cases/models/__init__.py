"""The tables of cases."""

from services.cases.models.aftermath import AftercareRow, ConcernRow, CorrectionRow, ReviewMarkRow, ReviewRow
from services.cases.models.approvals import ApprovalRow, LeaveRow
from services.cases.models.base import Base
from services.cases.models.grading import CoursePoint, StandingRow
from services.cases.models.places import EventPlaceRow
from services.cases.models.plans import ActivationRow, PlanMoveRow
from services.cases.models.records import (
    AlertRow,
    CaseNumber,
    CaseRow,
    ClockRow,
    EventRow,
    NoticeRow,
    PlanRow,
    TimelineRow,
)
from services.cases.models.speech import CaseFactRow, NumberSeriesRow, StatementRow, StatementVersionRow
from services.cases.models.work import (
    ConferenceRow,
    ConsultationRow,
    HandoverRow,
    InformationRow,
    MediaContactRow,
    ParticipantRow,
    ReceiptRow,
    TaskRow,
    WatchRow,
)

__all__ = [
    "ActivationRow",
    "AftercareRow",
    "AlertRow",
    "ApprovalRow",
    "Base",
    "CaseFactRow",
    "CaseNumber",
    "CaseRow",
    "ClockRow",
    "ConcernRow",
    "ConferenceRow",
    "ConsultationRow",
    "CorrectionRow",
    "CoursePoint",
    "EventPlaceRow",
    "EventRow",
    "HandoverRow",
    "InformationRow",
    "LeaveRow",
    "MediaContactRow",
    "NoticeRow",
    "NumberSeriesRow",
    "ParticipantRow",
    "PlanMoveRow",
    "PlanRow",
    "ReceiptRow",
    "ReviewMarkRow",
    "ReviewRow",
    "StandingRow",
    "StatementRow",
    "StatementVersionRow",
    "TaskRow",
    "TimelineRow",
    "WatchRow",
]
