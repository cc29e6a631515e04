"""Tasks and hand-overs over HTTP."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field, model_validator

from contracts.words import Role
from services.cases.models import CaseRow, HandoverRow, TaskRow
from services.cases.participation import body_name
from services.cases.plan import Plan
from services.cases.schemas.body import Body, Instant
from services.cases.schemas.participants import Name
from services.cases.service.tasks import Act
from services.cases.tasks import OWED, STATE_NAMES, TaskAction, TaskState

#: The id of a thing, in a body.
IdText = Annotated[str, Field(min_length=1, max_length=64, pattern=r"^[0-9A-Za-z-]+$")]


class TaskOut(BaseModel):
    """A piece of work. `after` are the keys of the case's tasks that it waits for."""

    id: str
    case_id: str
    case_number: str | None = Field(None, description="in the list across cases")
    case_title: str | None = None
    key: str
    title: str
    role: Role
    unit: str
    person: str
    owner: str = Field(description="who is to do it, as officers call them")
    clause: str
    source: str | None = Field(description="where the time allowed comes from")
    origin: Literal["playbook", "hand", "consultation", "information"]
    state: TaskState
    state_name: str
    after: list[str]
    due_at: datetime | None
    late: bool = Field(description="its time has passed, and it is still owed")
    created_at: datetime | None
    created_by: str
    accepted_at: datetime | None
    accepted_by: str | None
    done: bool
    done_at: datetime | None
    done_by: str | None
    evidence: str
    dropped_at: datetime | None
    dropped_by: str | None
    reason: str

    @classmethod
    def of(cls, row: TaskRow, plan: Plan, now: datetime, case: CaseRow | None = None) -> TaskOut:
        """Show a stored task as it stands at `now`."""
        state = TaskState(row.state)
        shown: Mapping[str, Any] = row.model_dump(exclude={"position", "seconds", "met_by"})
        return cls.model_validate(
            {
                **shown,
                "case_number": case.number if case else None,
                "case_title": case.title if case else None,
                "owner": body_name(plan, row.role, row.unit, row.person),
                "state_name": STATE_NAMES[state],
                "late": row.due_at is not None and row.due_at <= now and state in OWED,
                "done": state is TaskState.DONE,
            }
        )


class TaskIn(Body):
    """A task that is given by hand."""

    title: str = Field(min_length=1, max_length=500, examples=["调取资金拨付凭证"])
    role: Role
    unit: Name = Field("", examples=["市财政局"])
    person: Name = ""
    due_at: Instant | None = None
    after: list[IdText] = Field(default_factory=list, max_length=50, description="ids of tasks that come first")


class TaskDoneIn(Body):
    """A task is done, by `evidence`; or what it waits for changes (`after`, ids of the case's tasks)."""

    done: bool = Field(True, description="only true: a task that was done is reopened by its action")
    evidence: str | None = Field(None, min_length=1, max_length=5000, examples=["已与县应急局电话核实，记录见附件"])
    after: list[IdText] | None = Field(None, max_length=50)

    @model_validator(mode="after")
    def _one_change(self) -> TaskDoneIn:
        if (self.evidence is None) == (self.after is None):
            raise ValueError("evidence 与 after 须给且只给其一 / give evidence or after, one of them")
        return self


class TaskActionIn(Body):
    """What is done with a task. `text`: the evidence of one that is done, else the reason.

    `assign` takes `role` (default: as it is), `unit` and `person`; `complete` wants its evidence, `drop` and `reopen`
    their reason.
    """

    action: TaskAction
    text: str = Field("", max_length=5000)
    role: Role | None = None
    unit: Name = ""
    person: Name = ""

    def act(self) -> Act:
        """Return it as the use case takes it."""
        return Act(self.action, self.text, self.role, self.unit, self.person)


class BulkIn(TaskActionIn):
    """One action with many tasks, of several cases too."""

    ids: list[IdText] = Field(min_length=1, max_length=200)


class BulkItemOut(BaseModel):
    """What came of one task: 200 with its new state, or why it stayed as it was."""

    id: str
    status: int = Field(examples=[200, 409])
    state: TaskState | None = None
    rule: str | None = Field(None, examples=["case.task_blocked"])
    detail: str = ""


class BulkOut(BaseModel):
    """What came of each task, in the order given; each id once."""

    items: list[BulkItemOut]
    done: int
    failed: int


class HandoverIn(Body):
    """To whom a shift is handed over; by default to the office."""

    role: Role = Role.OFFICE
    unit: Name = ""
    person: Name = Field("", examples=["李办"])


class HandoverPatch(Body):
    """The note as it shall read."""

    text: str = Field(min_length=1, max_length=200_000)


class HandoverOut(BaseModel):
    """A hand-over with its note; without `case_id` that of the duty desk."""

    id: str
    case_id: str | None
    cases: list[str]
    text: str
    state: Literal["draft", "signed", "accepted"]
    given_by: str
    to_role: Role
    to_unit: str
    to_person: str
    created_at: datetime
    signed_at: datetime | None
    accepted_at: datetime | None
    accepted_by: str | None
    version: int

    @classmethod
    def of(cls, row: HandoverRow) -> HandoverOut:
        """Show a stored hand-over."""
        return cls.model_validate(row.model_dump(exclude={"given_by_id", "notice_id"}))
