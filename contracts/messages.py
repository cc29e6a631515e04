"""What each bus message says (the `data` of its envelope). Consumers ignore fields they do not know."""

from __future__ import annotations

from collections.abc import Set
from datetime import datetime
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from contracts.findings import Concern, ConcernKind, Fact, PlaceMention
from contracts.words import (
    AlertStatus,
    CaseState,
    Channel,
    ClockKind,
    DeliveryState,
    EscalationState,
    IncidentType,
    Level,
    NotificationKind,
    Role,
    Sentiment,
    Stage,
    Tier,
    WatchMode,
)


class Payload(BaseModel):
    """Base of all message data: unknown fields are ignored, so that senders may add some."""

    model_config = ConfigDict(extra="ignore")


class Counters(Payload):
    """Public counters of one post; all are totals since publication."""

    reads: int = Field(0, ge=0)
    likes: int = Field(0, ge=0)
    comments: int = Field(0, ge=0)
    reposts: int = Field(0, ge=0)

    @property
    def interactions(self) -> int:
        """Likes, comments and reposts together (reads are not interactions)."""
        return self.likes + self.comments + self.reposts


class PostCollected(Payload):
    """A post as ingest stored it: personal numbers masked, its author only as a keyed hash."""

    id: str
    url: str | None = None
    title: str = ""
    text: str
    channel: Channel = Channel.OTHER
    source_id: str | None = None
    source_name: str | None = None
    source_tier: Tier | None = None
    #: where the page says its text is from (来源：…), where that is not the source
    outlet: str | None = None
    author_hash: str | None = None
    published_at: datetime
    collected_at: datetime
    counters: Counters = Field(default_factory=Counters)
    #: id of the first post with the same folded text at another address
    same_text_as: str | None = None
    #: id of the first post whose text this one repeats nearly (cut, prefixed, with other signs), within some weeks
    near_duplicate_of: str | None = None
    #: id of the post that this one repeats or answers, where it is known
    repost_of: str | None = None


class PostRecounted(Payload):
    """New counters of a post that was seen again (`post.recounted`)."""

    id: str
    counters: Counters
    observed_at: datetime


class SentimentScore(Payload):
    """Tone of a text. `score` = P(positive) - P(negative), in -1..1; `probabilities` sum to 1."""

    label: Sentiment
    score: float = Field(ge=-1, le=1)
    probabilities: dict[Sentiment, float]


class PostAnalysis(Payload):
    """What the machine says of a post."""

    sentiment: SentimentScore
    incident_type: IncidentType = IncidentType.OTHER
    #: confidence in the incident type, 0..1
    incident_confidence: float = 0.0
    #: keys of the topics that the post matches
    topics: list[str] = Field(default_factory=list)
    #: names of the counties and districts that the post speaks of
    places: list[str] = Field(default_factory=list)
    #: where it names them, and their townships
    mentions: list[PlaceMention] = Field(default_factory=list)
    facts: list[Fact] = Field(default_factory=list)
    concerns: list[Concern] = Field(default_factory=list)
    keywords: list[str] = Field(default_factory=list)
    #: what the text is about, as a vector that is compared with others: base64 of its model's number and signed bytes;
    #: empty for short texts
    vector: str = ""
    #: name and version of the sentiment model
    model: str = ""


class PostAnalyzed(Payload):
    """A post together with its analysis (`post.analyzed`)."""

    post: PostCollected
    analysis: PostAnalysis


class EventMetrics(Payload):
    """Figures of an event, as of its last change. Shares are 0..1, durations hours."""

    posts_total: int = 0
    posts_1h: int = 0
    posts_24h: int = 0
    #: posts of the last hour over the mean hour of the 23 before; 0 where there is nothing to compare with
    growth: float = 0.0
    negative_share: float = 0.0
    reads: int = 0
    interactions: int = 0
    #: distinct author hashes
    voices: int = 0
    #: distinct sources
    sources: int = 0
    top_tier: Tier | None = None
    places: list[str] = Field(default_factory=list)
    heat: float = 0.0
    duration_hours: float = 0.0


class ConcernAsk(Payload):
    """What is asked inside a theme of concerns, and in how many posts."""

    ask: str
    name: str
    posts: int


class EventConcern(Payload):
    """A theme of what people ask, complain of or want done in an event (诉求), and in how many posts, each once.

    `kind` is what most of them do. Never their words, and never whose they are.
    """

    theme: str
    name: str
    kind: ConcernKind
    posts: int
    by_kind: dict[ConcernKind, int] = Field(default_factory=dict)
    asks: list[ConcernAsk] = Field(default_factory=list)


class EventUpdated(Payload):
    """An event as it stands now. `version` rises by one with each change; an older version is stale."""

    id: str
    version: int
    title: str
    summary: str = ""
    first_seen: datetime
    last_seen: datetime
    stage: Stage = Stage.LATENT
    incident_type: IncidentType = IncidentType.OTHER
    topics: list[str] = Field(default_factory=list)
    places: list[str] = Field(default_factory=list)
    keywords: list[str] = Field(default_factory=list)
    metrics: EventMetrics
    #: ids of the posts that this change counted for the first time
    new_posts: list[str] = Field(default_factory=list)
    #: the event that this one has gone up in; its posts are that event's now
    merged_into: str | None = None
    #: themes of concerns, most posts first
    concerns: list[EventConcern] = Field(default_factory=list)


class Reason(Payload):
    """One criterion of the plan held against what was observed."""

    criterion: str
    label: str
    level: Level
    #: "hard" sets a floor; "count" can raise by one level
    kind: str
    observed: Any = None
    threshold: Any = None
    met: bool = False
    source: str | None = None


class Party(Payload):
    """A body of a role that sees only what it takes part in: all who hold the role, a unit of it, or one person."""

    role: Role
    unit: str = ""
    person: str = ""

    def is_of(self, roles: Set[Role], unit: str | None, name: str) -> bool:
        """Tell whether somebody with `roles`, of `unit`, who logs in as `name`, belongs to it."""
        return self.role in roles and self.unit in ("", unit) and self.person in ("", name)


class AlertRaised(Payload):
    """A plan criterion met by an event."""

    id: str
    event_id: str
    event_title: str
    level: Level
    status: AlertStatus = AlertStatus.OPEN
    reasons: list[Reason]
    case_id: str | None = None
    plan_version: str
    raised_at: datetime
    #: who of the roles that see only their own may be told of it live
    seen_by: list[Party] = Field(default_factory=list)


class AlertSettled(Payload):
    """A person acknowledged or dismissed an alert in the system, not by a notification (`alert.settled`)."""

    id: str
    event_id: str
    case_id: str | None = None
    level: Level
    status: AlertStatus
    by: str
    #: why it was dismissed
    reason: str = ""
    at: datetime
    #: who of the roles that see only their own may be told of it live
    seen_by: list[Party] = Field(default_factory=list)


class CaseChanged(Payload):
    """Something happened to a case. `entry` is the timeline entry's kind, `sequence` its number."""

    case_id: str
    number: str
    title: str
    state: CaseState
    level: Level
    event_id: str | None = None
    #: the event that it was about before this entry, where it moved to another
    left_event_id: str | None = None
    entry: str
    sequence: int
    at: datetime
    drill: bool = False
    #: who of the roles that see only their own may be told of it live
    seen_by: list[Party] = Field(default_factory=list)


class ClockTold(Payload):
    """A clock warned (`clock.warning`) or ran out (`clock.breached`)."""

    case_id: str
    number: str
    clock_id: str
    kind: ClockKind
    level: Level
    due_at: datetime
    #: share of the clock's time that has passed, 0..1
    elapsed: float
    drill: bool = False
    #: who of the roles that see only their own may be told of it live
    seen_by: list[Party] = Field(default_factory=list)


class StatementPublished(Payload):
    """A statement was published, corrected by another or withdrawn. `version` is its number within the case."""

    statement_id: str
    case_id: str
    version: int
    title: str
    published_at: datetime
    #: holding_line, first_bulletin, follow_up, final or qa
    kind: str = ""
    #: the version of its words
    revision: int = 1
    #: 索引号
    index_number: str = ""
    #: why it was withdrawn, or why it corrects another
    reason: str = ""
    corrects: str | None = None
    corrected_by: str | None = None


class WatchChanged(Payload):
    """A case wants its sources looked at more often, or no longer."""

    case_id: str
    event_id: str | None = None
    mode: WatchMode
    topics: list[str] = Field(default_factory=list)
    keywords: list[str] = Field(default_factory=list)
    until: datetime | None = None


class SourceChanged(Payload):
    """A source has gone silent (`source.silent`) or is heard again (`source.recovered`)."""

    source_id: str
    name: str
    channel: Channel
    #: why it counts as silent: "fetch", "extraction", "quiet"
    silence: str
    #: what was seen last, in words
    detail: str = ""
    last_success_at: datetime | None = None
    last_post_at: datetime | None = None
    at: datetime


class PlanTopic(Payload):
    """A topic as the plan gives it: a boolean keyword query, places and exclusions."""

    key: str
    name: str
    query: str
    places: list[str] = Field(default_factory=list)
    exclude: list[str] = Field(default_factory=list)


class PlanUnit(Payload):
    """A body that has a part in the plan, by its name there, and the role that it acts in."""

    name: str
    role: Role


class PlanActivated(Payload):
    """A plan version came into force; analysis takes over its topics, notify knows its units from then on."""

    version: str
    name: str
    topics: list[PlanTopic]
    units: list[PlanUnit] = Field(default_factory=list)
    activated_at: datetime


class MovedUnit(Payload):
    """A unit that the gateway knew: bureau, county, department or other."""

    name: str
    kind: str


class UnitsMoved(Payload):
    """What the gateway's own list of units held (`units.moved`), once, as notify became their keeper."""

    units: list[MovedUnit]


class Recipient(Payload):
    """Whom to tell: everyone who holds a role (of a unit, where one is given), or one contact.

    `on_duty`: of these only whoever is on duty by the roster when it is told; all of them where nobody is.
    """

    role: Role | None = None
    unit: str | None = None
    contact_id: str | None = None
    on_duty: bool = False


class Audience(Payload):
    """Whom a notification is for, and by which ways: what a row of the plan's matrix comes to."""

    recipients: list[Recipient]
    #: channels the plan names for this row; empty means each person's own order of channels
    channels: list[str] = Field(default_factory=list)
    requires_acknowledgement: bool = False
    #: keys of the topics of what it is about; who has subscribed to one of them is told besides the recipients
    topics: list[str] = Field(default_factory=list)
    #: recipients of other notifications of the same happening: subscribers among them are not told here once more
    told_elsewhere: list[Recipient] = Field(default_factory=list)


class NotificationRequested(Audience):
    """Somebody must be told something. `id` is the notification's id from here on."""

    id: str
    kind: NotificationKind
    level: Level | None = None
    subject: str
    body: str
    case_id: str | None = None
    case_number: str | None = None
    alert_id: str | None = None
    drill: bool = False
    requested_at: datetime


class NotificationChanged(Payload):
    """One person's state of one notification changed."""

    notification_id: str
    kind: NotificationKind
    case_id: str | None = None
    alert_id: str | None = None
    contact_id: str | None = None
    contact_name: str
    #: the name by which the contact logs in, which tells who it is; None where they do not
    contact_login: str | None = None
    role: Role | None = None
    channel: str
    state: DeliveryState
    at: datetime
    #: by which way an acknowledgement came: "link", "api"
    acknowledged_via: str | None = None
    error: str | None = None


class EscalationChanged(Payload):
    """An escalation took a step, was handed on or ended (`escalation.changed`).

    While it is running, `step` (from 1) of `round` (from 1) has just been taken and `told` names whom it told; the
    other states are its end, by whom and why.
    """

    escalation_id: str
    notification_id: str
    kind: NotificationKind
    level: Level | None = None
    case_id: str | None = None
    alert_id: str | None = None
    state: EscalationState
    round: int
    step: int
    told: list[str] = Field(default_factory=list)
    #: who acknowledged, stopped it or handed it on to this step
    by: str | None = None
    reason: str = ""
    at: datetime
    drill: bool = False
