"""Cases over HTTP: the case, its lifecycle, levels and approvals."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from contracts.messages import Reason
from contracts.words import CaseState, IncidentType, Level, Role, WatchMode
from services.cases.approvals import ApprovalState, ProposalKind, Signature
from services.cases.concerns import Share
from services.cases.lifecycle import STATE_NAMES, steps_from
from services.cases.models import ApprovalRow, CaseRow
from services.cases.plan import Plan
from services.cases.schemas.body import Body, Instant
from services.cases.schemas.concerns import ShareOut
from services.cases.service.casework import NextStep
from services.cases.service.signatories import wait_of
from services.cases.waiting import stand_ins


class ChainOut(BaseModel):
    """The chain of command at the case's level."""

    lead: list[Role]
    executors: list[Role]
    informed: list[Role]
    text: str


class LackOut(BaseModel):
    """Something that a step still lacks. `by_reason`: giving a reason makes up for it."""

    rule: str = Field(examples=["nothing_released"])
    text: str = Field(examples=["尚未对外发布信息；确无需发布的，须说明理由"])
    text_en: str
    by_reason: bool


class NextStepOut(BaseModel):
    """A step that the lifecycle allows next. `allowed`: the caller may take it, given a reason where asked."""

    to: CaseState
    name: str = Field(examples=["持续关注"])
    step: str = Field(examples=["monitor"])
    allowed: bool
    needs_reason: bool
    roles: list[Role] = Field(description="who may take it at the case's level")
    missing: list[LackOut]

    @classmethod
    def of(cls, step: NextStep) -> NextStepOut:
        """Show a step."""
        return cls.model_validate(
            {
                "to": step.to,
                "name": STATE_NAMES[step.to],
                "step": step.step,
                "allowed": step.allowed,
                "needs_reason": any(lack.by_reason for lack in step.lacks),
                "roles": sorted(step.roles),
                "missing": [lack.as_json() for lack in step.lacks],
            }
        )


class CaseOut(BaseModel):
    """One response. `level_active` is false until the level's approval chain has activated it."""

    id: str
    number: str = Field(examples=["YQ-2026-0001"])
    title: str
    summary: str
    state: CaseState
    state_name: str = Field(examples=["研判"])
    next_states: list[CaseState] = Field(description="states that the lifecycle allows next")
    next_steps: list[NextStepOut] | None = Field(
        None, description="each step that the lifecycle allows next, with what the caller still lacks; not in lists"
    )
    level: Level
    level_name: str = Field(examples=["Ⅱ级（重大或较大）"])
    level_active: bool
    pending_level: Level | None = Field(description="a proposed level that awaits its decision")
    chain: ChainOut
    event_id: str | None
    alert_id: str | None
    incident_type: IncidentType
    plan_version: str
    automatic: bool = Field(description="opened by the plan itself, for triage")
    opened_by: str
    watch_mode: WatchMode
    drill: bool
    detected_at: datetime
    opened_at: datetime
    updated_at: datetime
    monitoring_since: datetime | None
    concerns: ShareOut | None = Field(None, description="what people ask, and the share answered; not in lists")
    version: int = Field(description="number of the last timeline entry; the entity tag")

    @classmethod
    def of(
        cls,
        row: CaseRow,
        plan: Plan,
        pending: ApprovalRow | None,
        steps: Sequence[NextStep] | None = None,
        asked: Share | None = None,
    ) -> CaseOut:
        """Show a stored case by its plan."""
        level, state = Level(row.level), CaseState(row.state)
        chain = plan.levels[level].chain
        shown = row.model_dump(exclude={"open_event_id", "resurged_at", "sequence", "head"})
        return cls.model_validate(
            {
                **shown,
                "state_name": STATE_NAMES[state],
                "next_states": steps_from(state),
                "next_steps": None if steps is None else [NextStepOut.of(step) for step in steps],
                "concerns": None if asked is None else ShareOut.of(asked),
                "level_name": plan.level_name(level),
                "pending_level": pending.to_level if pending else None,
                "chain": {
                    "lead": list(chain.lead),
                    "executors": list(chain.executors),
                    "informed": list(chain.informed),
                    "text": plan.levels[level].text,
                },
                "version": row.sequence,
            }
        )


class CaseIn(Body):
    """A new case: from an event, from an alert, or by hand (then with a title and a level)."""

    event_id: str | None = Field(None, max_length=64)
    alert_id: str | None = Field(None, max_length=64)
    title: str | None = Field(None, min_length=1, max_length=500, examples=["景谷县移民安置点补偿款发放迟缓"])
    summary: str = Field("", max_length=5000)
    level: Level | None = None
    incident_type: IncidentType = IncidentType.OTHER
    reason: str = Field("", max_length=2000, examples=["电话举报，网上尚未传开"])
    detected_at: Instant | None = Field(None, description="when it became known; default: now")
    drill: bool = False

    @model_validator(mode="after")
    def _one_origin(self) -> CaseIn:
        if self.event_id and self.alert_id:
            raise ValueError("event_id 与 alert_id 只能给其一 / give event_id or alert_id, not both")
        if not self.event_id and not self.alert_id and (not self.title or self.level is None):
            raise ValueError("手工建立处置单须给 title 和 level / a case by hand needs its title and level")
        return self


class CasePatch(Body):
    """What is changed of a case; what is left out stays. An unknown field is refused, not passed over."""

    model_config = ConfigDict(extra="forbid")

    title: str | None = Field(None, min_length=1, max_length=500, examples=["景谷县移民安置点补偿款发放情况"])
    summary: str | None = Field(None, max_length=5000)
    incident_type: IncidentType | None = None
    reason: str = Field("", max_length=2000, examples=["原标题为网民原话"])

    @model_validator(mode="after")
    def _something(self) -> CasePatch:
        given = {"title": self.title, "summary": self.summary, "incident_type": self.incident_type}
        if empty := [name for name in self.model_fields_set & given.keys() if given[name] is None]:
            raise ValueError(f"{'、'.join(sorted(empty))} 不能为空值 / {', '.join(sorted(empty))} cannot be null")
        if not self.model_fields_set & given.keys():
            raise ValueError("须给 title、summary 或 incident_type / give a title, summary or incident_type")
        return self


class TransitionIn(Body):
    """A step of the lifecycle."""

    to: CaseState
    reason: str = Field("", max_length=2000, examples=["情况属实，转入处置"])


class LevelIn(Body):
    """A level that is proposed."""

    level: Level
    reason: str = Field(min_length=1, max_length=2000, examples=["省级媒体已转载"])


class SignatureOut(BaseModel):
    """One person's act at one step of an approval chain."""

    step: int
    person: str
    role: Role
    decision: Literal["approve", "reject"]
    at: datetime
    comment: str
    on_behalf_of: str | None = Field(description="for whom a delegate signed (代)")
    deputy: bool = Field(description="whether the role stood in for those of the step")
    signed: str = Field(examples=["李副局长（代赵局长）"])

    @classmethod
    def of(cls, signature: Signature) -> SignatureOut:
        """Show a signature."""
        return cls(
            step=signature.step,
            person=signature.person,
            role=signature.role,
            decision=signature.decision,
            at=datetime.fromisoformat(signature.at),
            comment=signature.comment,
            on_behalf_of=signature.holder,
            deputy=signature.deputy,
            signed=signature.signed,
        )


class StepOut(BaseModel):
    """A step of an approval chain. `deputies` may sign it once they are called."""

    kind: Literal["request", "decide"]
    roles: list[Role]
    deputies: list[Role]


class ApprovalOut(BaseModel):
    """A proposed level and what has become of it. `step` is the step of `steps` that it stands at.

    While it is pending, `may_sign` are the roles that may sign that step: its own, deputies that have been called, and
    higher roles to which it has gone.
    """

    id: str
    case_id: str
    kind: ProposalKind
    from_level: Level
    to_level: Level
    state: ApprovalState
    steps: list[StepOut]
    step: int
    may_sign: list[Role]
    waiting_since: datetime | None
    two_people: bool
    proposer: str
    by_machine: bool
    reason: str
    reasons: list[Reason]
    signatures: list[SignatureOut]
    proposed_at: datetime
    decided_at: datetime | None

    @classmethod
    def of(cls, row: ApprovalRow, plan: Plan) -> ApprovalOut:
        """Show a stored proposal with its chain."""
        approval = plan.levels[Level(row.chain_level)].approval
        hidden = {"chain_level", "seat", "proposer_id", "told", "climbed", "next_at", "signatures"}
        shown: dict[str, Any] = row.model_dump(exclude=hidden)
        steps = [
            {"kind": s.kind, "roles": list(s.roles), "deputies": list(s.deputies.roles) if s.deputies else []}
            for s in approval.steps
        ]
        may_sign: list[Role] = []
        if row.state == ApprovalState.PENDING:
            step, wait = approval.steps[row.step], wait_of(row)
            may_sign = [*step.roles, *stand_ins(wait, step, wait.since)]
        return cls.model_validate(
            {
                **shown,
                "steps": steps,
                "may_sign": may_sign,
                "two_people": approval.two_people,
                "by_machine": row.proposer_id is None,
                "signatures": [SignatureOut.of(Signature.of_json(item)) for item in row.signatures],
            }
        )


class DecisionIn(Body):
    """A decision; a rejection needs its reason."""

    decision: Literal["approve", "reject"]
    comment: str = Field("", max_length=2000)


class ReportIn(Body):
    """A report to a superior."""

    to: Role = Field(examples=["group_leader"])
    text: str = Field(min_length=1, max_length=20_000, examples=["初报：……"])


class WatchIn(Body):
    """How closely a case is watched."""

    mode: WatchMode
    reason: str = Field("", max_length=2000)


class RecordedOut(BaseModel):
    """The timeline entry that was made."""

    case_id: str
    sequence: int
