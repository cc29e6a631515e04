"""The schema of an emergency plan. docs/plan.md describes every part in words."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Final, Literal

from pydantic import AfterValidator, ConfigDict, Field, WithJsonSchema

from contracts.words import CaseState, ChannelName, ClockKind, IncidentType, Level, NotificationKind, Role
from services.cases.plan.aftermath import MARKS, Corrections, Marks, Reopening
from services.cases.plan.criteria import Grading
from services.cases.plan.disclosure import Disclosure
from services.cases.plan.figures import Duration, Limit, Sourced, Strict
from services.cases.plan.pausing import PauseRule
from services.cases.plan.statements import StatementTemplate
from services.cases.plan.steps import StepRule
from services.cases.plan.waiting import Delegation, Deputies, Waiting
from services.cases.plan.work import NO_CONFERENCE_RULE, RECEIPT, Concerns, ConferenceRule, DueFrom, Evidence

#: The form of the plan file that this program reads.
SCHEMA: Final = 1


def _known_schema(number: int) -> int:
    if number != SCHEMA:
        raise ValueError(
            f"本程序只读第 {SCHEMA} 版格式（schema: {SCHEMA}），此文件为第 {number} 版 / "
            f"this program reads plans of schema {SCHEMA}, not {number}"
        )
    return number


#: The number of the form, of which there is one.
Form = Annotated[int, AfterValidator(_known_schema), WithJsonSchema({"const": SCHEMA})]


class Meta(Strict):
    """Which plan this is, with the disclosure metadata of its publication."""

    name: str = Field(min_length=1)
    version: str = Field(min_length=1, max_length=60, pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$")
    issuer: str
    publisher: str = ""
    index_number: str = ""
    catalogue: str = ""
    subject_words: str = ""
    document_number: str = ""
    published_on: date | None = None
    purpose: str = ""


class Place(Strict):
    """A county or district of the area, and what else it is called."""

    name: str
    aliases: tuple[str, ...] = ()


class Topic(Strict):
    """What is watched: a boolean keyword query, which counts only beside one of `places` (all, where left out)."""

    key: str = Field(pattern=r"^[a-z][a-z0-9_-]*$", max_length=60)
    name: str
    query: str = Field(min_length=1, max_length=2000)
    places: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()


class Scope(Strict):
    """Whom and what the plan is for."""

    clause: str
    text: str
    area: str
    places: tuple[Place, ...] = Field(min_length=1)
    incident_types: dict[IncidentType, str]
    topics: tuple[Topic, ...] = Field(min_length=1)


class Principle(Strict):
    """A principle of work, in the plan's own words."""

    key: str
    title: str
    clause: str
    text: str


class RoleHolder(Strict):
    """A role of the plan, who holds it, and what it is charged with. `told: false`: needs no notices."""

    role: Role
    name: str
    held_by: str = ""
    duties: str = ""
    clause: str = ""
    told: bool = True


class Unit(Strict):
    """A body that takes part; with `concerns`, in the cases that these are about.

    A department with `by_default` takes part in the cases that concern no department by its own account.
    """

    key: str
    name: str
    role: Role
    duties: str = ""
    concerns: Concerns | None = None
    by_default: bool = False


class Organisation(Strict):
    """The leading group and everyone else who has a part."""

    text: str
    clause: str
    roles: tuple[RoleHolder, ...] = Field(min_length=1)
    units: tuple[Unit, ...] = ()


class Chain(Strict):
    """The chain of command at a level."""

    lead: tuple[Role, ...] = Field(min_length=1)
    executors: tuple[Role, ...] = Field(min_length=1)
    informed: tuple[Role, ...] = ()


class ApprovalStep(Strict):
    """One step of an approval chain: a request (请示) or the decision, by any one holder of `roles`."""

    kind: Literal["request", "decide"]
    roles: tuple[Role, ...]
    deputies: Deputies | None = None


class Approval(Strict):
    """Who starts or changes to a level. With `two_people`, nobody decides on what they proposed or requested."""

    steps: tuple[ApprovalStep, ...]
    informed: tuple[Role, ...] = ()
    two_people: bool = True
    waiting: Waiting = Waiting()


class LevelSpec(Strict):
    """One response level."""

    name: str
    colour: str
    clause: str
    text: str
    chain: Chain
    approval: Approval


class WarnAt(Sourced):
    """Shares of a clock's time at which it warns."""

    shares: tuple[float, ...] = Field(min_length=1)


class EscalationStep(Sourced):
    """Whom to tell how long after a clock ran out."""

    after: Duration
    roles: tuple[Role, ...] = Field(min_length=1)


class Clocks(Strict):
    """Deadlines by level, when they warn, and who hears of a breach."""

    warn_at: WarnAt
    limits: dict[Level, dict[ClockKind, Limit]]
    escalation: dict[Level, tuple[EscalationStep, ...]] = Field(default_factory=dict)
    pause: tuple[PauseRule, ...] = ()


class Opening(Sourced):
    """Levels of which an alert opens a case by itself, for triage; a person may dismiss it again."""

    levels: tuple[Level, ...]
    clause: str = ""


class NoticeRow(Strict):
    """A row of the notification matrix: at these levels, things of these kinds are told to these roles.

    Empty `channels` means each person's own order of channels. With `on_duty`, of those who hold the roles only whoever
    is on duty by the roster is told (all of them, where nobody is).
    """

    kinds: tuple[NotificationKind, ...] = Field(min_length=1)
    levels: tuple[Level, ...] = Field(min_length=1)
    roles: tuple[Role, ...] = Field(min_length=1)
    channels: tuple[ChannelName, ...] = ()
    requires_acknowledgement: bool = False
    on_duty: bool = False
    clause: str = ""


class PlaybookTask(Strict):
    """A piece of work that a case gets when its response starts; `due` counts from then. No types: all of them.

    The response ends with a `mandatory` one undone only where a reason is given. It waits for the tasks that `after`
    names; with `due_from: free` its time counts from when they are done. `met_by` names the record that is evidence.
    """

    key: str = Field(max_length=60)
    title: str
    levels: tuple[Level, ...] = Field(min_length=1)
    incident_types: tuple[IncidentType, ...] = ()
    role: Role
    due: Limit | None = None
    clause: str = ""
    mandatory: bool = False
    after: tuple[str, ...] = ()
    due_from: DueFrom = "opening"
    met_by: Evidence | None = None


class SurgeWatch(Sourced):
    """The round-the-clock watch: which levels start it, how often things are looked at, which state ends it."""

    levels: tuple[Level, ...]
    mass_incident: bool = True
    poll_every: Duration
    brief_every: Duration
    ends_in: CaseState = CaseState.MONITORING
    keywords: tuple[str, ...] = ()
    clause: str = ""


class MonitorDays(Sourced):
    """Days for which an event is followed after the response has ended."""

    days: int = Field(ge=0, le=365)


class Resurgence(Sourced):
    """When an event in aftercare counts as come back: negative posts within one hour, and what happens then."""

    negative_posts_1h: int = Field(ge=1)
    rise: float = Field(1.5, ge=1)
    """It must also be this many times what it was when the response ended, or when a person last let it pass."""
    reopen: Reopening = "automatic"


class Aftercare(Strict):
    """What follows the response."""

    clause: str
    text: str
    monitor: dict[Level, MonitorDays]
    resurgence: Resurgence


class Review(Strict):
    """The assessment after the case."""

    clause: str
    text: str
    led_by: tuple[Role, ...] = Field(min_length=1)
    invited: tuple[Role, ...] = ()
    sections: tuple[str, ...] = Field(min_length=1)
    marks: Marks = MARKS
    required_at: tuple[Level, ...] = tuple(Level)
    """A case at one of these levels is closed only once its review is final."""


class Guarantee(Strict):
    """A standing duty that keeps the plan workable (clause 七)."""

    key: str
    title: str
    clause: str
    text: str


class Mechanism(Strict):
    """A working mechanism in the plan's own words (clause 五)."""

    key: str
    title: str
    clause: str
    text: str


class Plan(Strict):
    """A whole emergency plan (预案). docs/plan.md describes every part in words."""

    model_config = ConfigDict(validate_by_alias=True, serialize_by_alias=True)

    form: Form = Field(SCHEMA, alias="schema")
    """The form of this file, not the version of the plan."""
    meta: Meta
    scope: Scope
    policy: str
    principles: tuple[Principle, ...]
    organisation: Organisation
    levels: dict[Level, LevelSpec]
    grading: Grading
    opening: Opening
    clocks: Clocks
    notices: tuple[NoticeRow, ...]
    playbook: tuple[PlaybookTask, ...]
    mechanisms: tuple[Mechanism, ...] = ()
    surge: SurgeWatch
    aftercare: Aftercare
    review: Review
    guarantees: tuple[Guarantee, ...] = ()
    disclosure: Disclosure
    lifecycle: tuple[StepRule, ...] = ()
    delegation: Delegation = Delegation()
    information: Limit = RECEIPT
    """Within what time information that was passed to a unit is acknowledged (clause 五(二)3)."""
    press_conference: ConferenceRule = NO_CONFERENCE_RULE
    corrections: Corrections = Corrections()
    statement_templates: tuple[StatementTemplate, ...] = ()
    """Drafts of statements (clause 二(三)); none: the project's own."""

    @property
    def version(self) -> str:
        """Return the plan's own version."""
        return self.meta.version

    def level_name(self, level: Level) -> str:
        """Return a level as officers write it, such as `Ⅱ级（重大或较大）`."""
        return f"{ROMAN[level]}级（{self.levels[level].name}）"

    def limit(self, level: Level, kind: ClockKind) -> Limit | None:
        """Return the limit of a kind of clock at a level, or None where there is none."""
        return self.clocks.limits.get(level, {}).get(kind)

    def notices_for(self, level: Level, kind: NotificationKind) -> list[NoticeRow]:
        """Return the rows of the notification matrix that apply."""
        return [row for row in self.notices if level in row.levels and kind in row.kinds]

    def tasks_for(self, level: Level, incident_type: IncidentType) -> list[PlaybookTask]:
        """Return the playbook's tasks for a level and an incident type."""
        return [
            task
            for task in self.playbook
            if level in task.levels and (not task.incident_types or incident_type in task.incident_types)
        ]

    def deciders(self, level: Level) -> frozenset[Role]:
        """Return the roles that decide at a level (those of the last step of its approval chain)."""
        return frozenset(self.levels[level].approval.steps[-1].roles)


#: Levels as the seed prints them.
ROMAN: Final = {Level.I: "Ⅰ", Level.II: "Ⅱ", Level.III: "Ⅲ", Level.IV: "Ⅳ"}
