"""Who takes part in a case, and the work that they do."""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar

import sqlalchemy as sa
from sqlmodel import Field

from kit.database import Json, UtcDateTime
from services.cases.models.base import ID, NAME, WORD, Base, of_case


class ParticipantRow(Base, table=True):
    """A body, or a person of it, that takes part in a case.

    `unit` is the unit's name as users and contacts carry it; empty where all who hold the role take part. `part` is
    "lead", "executor" or "informed". Whoever has left keeps the row, with `left_at`.
    """

    __tablename__: ClassVar[str] = "participants"
    __table_args__ = (
        sa.UniqueConstraint("case_id", "role", "unit", "person"),
        # everything that a list of one's own asks of a participant
        sa.Index(None, "role", "unit", "person", "left_at", "case_id"),
    )

    id: str = Field(sa_type=ID, primary_key=True)
    case_id: str = Field(sa_column=of_case())
    role: str = Field(sa_type=WORD)
    unit: str = Field(default="", sa_type=NAME)
    #: a person who takes part by name, such as a member of the leading group; empty for the body as a whole
    person: str = Field(default="", sa_type=NAME)
    part: str = Field(sa_type=WORD)
    duty: str = Field(default="", sa_type=NAME)
    added_at: datetime = Field(sa_type=UtcDateTime)
    added_by: str = Field(sa_type=NAME)
    #: the plan gave the part, no person: a person's choice outlasts a change of level
    by_plan: bool = Field(default=False, sa_type=sa.Boolean)
    left_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class TaskRow(Base, table=True):
    """A piece of work: copied out of the playbook, given by hand, or come of a consultation or of information passed.

    `state` is that of :mod:`services.cases.tasks`; `after` are the keys of the case's tasks that it waits for.
    `seconds` is the time allowed where it counts from when the task becomes free, else null.
    """

    __tablename__: ClassVar[str] = "tasks"
    __table_args__ = (sa.UniqueConstraint("case_id", "key"), sa.Index(None, "state", "due_at"))

    id: str = Field(sa_type=ID, primary_key=True)
    case_id: str = Field(sa_column=of_case())
    key: str = Field(sa_type=sa.String(60))
    title: str = Field(sa_type=sa.Text)
    role: str = Field(sa_type=WORD)
    unit: str = Field(default="", sa_type=NAME)
    person: str = Field(default="", sa_type=NAME)
    clause: str = Field(default="", sa_type=NAME)
    source: str | None = Field(default=None, sa_type=sa.Text)
    position: int = Field(sa_type=sa.Integer)
    #: "playbook", "hand", "consultation" or "information"
    origin: str = Field(default="playbook", sa_type=WORD)
    met_by: str | None = Field(default=None, sa_type=WORD)
    state: str = Field(default="open", sa_type=WORD)
    after: list[str] = Field(default_factory=list, sa_type=Json)
    seconds: int | None = Field(default=None, sa_type=sa.Integer)
    created_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    created_by: str = Field(default="", sa_type=NAME)
    due_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    accepted_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    accepted_by: str | None = Field(default=None, sa_type=NAME)
    done_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    done_by: str | None = Field(default=None, sa_type=NAME)
    evidence: str = Field(default="", sa_type=sa.Text)
    dropped_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    dropped_by: str | None = Field(default=None, sa_type=NAME)
    reason: str = Field(default="", sa_type=sa.Text)


class ConsultationRow(Base, table=True):
    """A consultation (会商). `units` are those called ({role, unit}), `conclusions` {number, text, task_id}."""

    __tablename__: ClassVar[str] = "consultations"

    id: str = Field(sa_type=ID, primary_key=True)
    case_id: str = Field(sa_column=of_case())
    subject: str = Field(sa_type=sa.Text)
    #: "called", "held" or "cancelled"
    state: str = Field(sa_type=WORD)
    units: list[dict[str, Any]] = Field(sa_type=Json)
    planned_at: datetime = Field(sa_type=UtcDateTime)
    place: str = Field(default="", sa_type=NAME)
    called_at: datetime = Field(sa_type=UtcDateTime)
    called_by: str = Field(sa_type=NAME)
    held_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    attended: list[str] = Field(default_factory=list, sa_type=Json)
    conclusions: list[dict[str, Any]] = Field(default_factory=list, sa_type=Json)
    recorded_by: str | None = Field(default=None, sa_type=NAME)
    reason: str = Field(default="", sa_type=sa.Text)


class InformationRow(Base, table=True):
    """Information passed to departments and counties (clause 五(二)3); each of them has a receipt of it."""

    __tablename__: ClassVar[str] = "information"

    id: str = Field(sa_type=ID, primary_key=True)
    case_id: str = Field(sa_column=of_case())
    text: str = Field(sa_type=sa.Text)
    answer_wanted: bool = Field(sa_type=sa.Boolean)
    passed_at: datetime = Field(sa_type=UtcDateTime)
    passed_by: str = Field(sa_type=NAME)
    due_at: datetime = Field(sa_type=UtcDateTime)


class ReceiptRow(Base, table=True):
    """One unit's receipt of information: when it acknowledged, and what it answered. `task_id` holds its time."""

    __tablename__: ClassVar[str] = "information_receipts"
    __table_args__ = (sa.UniqueConstraint("information_id", "role", "unit"),)

    id: str = Field(sa_type=ID, primary_key=True)
    information_id: str = Field(
        sa_column=sa.Column(ID, sa.ForeignKey("information.id", ondelete="CASCADE"), nullable=False)
    )
    case_id: str = Field(sa_column=of_case())
    role: str = Field(sa_type=WORD)
    unit: str = Field(default="", sa_type=NAME)
    task_id: str = Field(sa_type=ID)
    notice_id: str = Field(sa_type=ID, index=True)
    acknowledged_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    acknowledged_by: str | None = Field(default=None, sa_type=NAME)
    #: "link" or "api" where notify told of it, "case" where it was given on the case itself
    acknowledged_via: str | None = Field(default=None, sa_type=WORD)
    answer: str = Field(default="", sa_type=sa.Text)
    answered_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    answered_by: str | None = Field(default=None, sa_type=NAME)


class MediaContactRow(Base, table=True):
    """A talk with an outlet (clause 五(三)2): which, whom by office, how, what was said, what came of it."""

    __tablename__: ClassVar[str] = "media_contacts"

    id: str = Field(sa_type=ID, primary_key=True)
    case_id: str = Field(sa_column=of_case())
    outlet: str = Field(sa_type=NAME)
    office: str = Field(sa_type=NAME)
    way: str = Field(sa_type=WORD)
    said: str = Field(sa_type=sa.Text)
    outcome: str = Field(default="", sa_type=sa.Text)
    correction_id: str | None = Field(default=None, sa_type=ID)
    at: datetime = Field(sa_type=UtcDateTime)
    recorded_by: str = Field(sa_type=NAME)


class ConferenceRow(Base, table=True):
    """A press conference (clause 五(三)3), from the decision to the record.

    `questions` is the Q&A paper: {number, question, answer, written_by, written_by_id, approved_by, concern_id}.
    """

    __tablename__: ClassVar[str] = "press_conferences"

    id: str = Field(sa_type=ID, primary_key=True)
    case_id: str = Field(sa_column=of_case())
    #: "decided", "announced", "held", "not_held" or "cancelled"
    state: str = Field(sa_type=WORD)
    reason: str = Field(default="", sa_type=sa.Text)
    decided_at: datetime = Field(sa_type=UtcDateTime)
    decided_by: str = Field(sa_type=NAME)
    #: whether the decision not to hold one ended the clock
    waived: bool = Field(default=False, sa_type=sa.Boolean)
    spokesperson: str = Field(default="", sa_type=NAME)
    spokesperson_office: str = Field(default="", sa_type=NAME)
    designated_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    designated_by: str | None = Field(default=None, sa_type=NAME)
    questions: list[dict[str, Any]] = Field(default_factory=list, sa_type=Json)
    planned_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    place: str = Field(default="", sa_type=NAME)
    announced_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    announced_by: str | None = Field(default=None, sa_type=NAME)
    held_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    record: str = Field(default="", sa_type=sa.Text)
    recorded_by: str | None = Field(default=None, sa_type=NAME)


class HandoverRow(Base, table=True):
    """A hand-over at a change of shift, of one case or, without `case_id`, of the duty desk's open cases (`cases`)."""

    __tablename__: ClassVar[str] = "handovers"

    id: str = Field(sa_type=ID, primary_key=True)
    case_id: str | None = Field(
        default=None, sa_column=sa.Column(ID, sa.ForeignKey("cases.id", ondelete="CASCADE"), index=True)
    )
    cases: list[str] = Field(sa_type=Json)
    text: str = Field(sa_type=sa.Text)
    #: "draft", "signed" or "accepted"
    state: str = Field(sa_type=WORD)
    given_by_id: str = Field(sa_type=ID)
    given_by: str = Field(sa_type=NAME)
    given_by_login: str = Field(sa_type=NAME)
    to_role: str = Field(sa_type=WORD)
    to_unit: str = Field(default="", sa_type=NAME)
    to_person: str = Field(default="", sa_type=NAME)
    created_at: datetime = Field(sa_type=UtcDateTime)
    signed_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    accepted_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    accepted_by: str | None = Field(default=None, sa_type=NAME)
    notice_id: str | None = Field(default=None, sa_type=ID, index=True)
    version: int = Field(default=1, sa_type=sa.Integer)


class WatchRow(Base, table=True):
    """A case in surge watch: when the next situation brief is due, and what the last one counted from."""

    __tablename__: ClassVar[str] = "surge_watches"

    case_id: str = Field(sa_column=sa.Column(ID, sa.ForeignKey("cases.id", ondelete="CASCADE"), primary_key=True))
    since: datetime = Field(sa_type=UtcDateTime)
    started_by: str = Field(sa_type=NAME)
    #: the plan began it, no person: it ends by rule where the level no longer starts one
    by_plan: bool = Field(default=False, sa_type=sa.Boolean)
    next_brief_at: datetime = Field(sa_type=UtcDateTime, index=True)
    #: the event's figures at the last brief, or at the start of the watch
    figures: dict[str, Any] = Field(sa_type=Json)
    figures_at: datetime = Field(sa_type=UtcDateTime)
    briefs: int = Field(default=0, sa_type=sa.Integer)
