"""Dry run (试算): who would be told of something, by which way, when and why, with nothing sent."""

from __future__ import annotations

from datetime import datetime
from typing import Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from contracts.messages import Audience, NotificationRequested, Recipient
from contracts.words import ChannelName, Level, NotificationKind, Role
from kit.clock import Clock
from kit.database import Database
from kit.inputs import Instant
from services.notify import store
from services.notify.addressing import Addressed, Addressing, Planned, Target
from services.notify.recipients import ROLE_NAMES
from services.notify.telling import Telling
from services.notify.ways import masked


class NoticeIn(Audience):
    """Whom a row of the plan's matrix names, as cases gives it (`GET /plan/notices`); `number` and `clause` are its."""

    number: int | None = Field(None, description="of the row in the plan's matrix, from 1; none: beside the matrix")
    clause: str = ""


class DryRunIn(BaseModel):
    """What is to be told: `notices`, or one notice written out (`recipients`, `channels`, `topics` …).

    The answer of `GET /api/v1/plan/notices`, `/cases/{id}/notices` or `/alerts/{id}/notices` can be sent as it is.
    """

    model_config = ConfigDict(extra="ignore")

    kind: NotificationKind
    level: Level | None = None
    at: Instant | None = Field(None, description="when it would be told; left out: now")
    notices: list[NoticeIn] = Field(default_factory=list, max_length=100)
    recipients: list[Recipient] | None = Field(None, max_length=200, examples=[[{"role": "office"}]])
    channels: list[str] = Field(default_factory=list, max_length=20)
    topics: list[str] = Field(default_factory=list, max_length=100)
    requires_acknowledgement: bool = False

    @model_validator(mode="after")
    def _is_one_of_both(self) -> Self:
        if self.notices and self.recipients is not None:
            raise ValueError("notices 与 recipients 只填一项 / give notices or recipients, not both")
        return self

    def asked(self) -> list[NoticeIn]:
        """Return the notices to be looked at: those given, else the one written out."""
        if self.notices:
            return self.notices
        return [
            NoticeIn(
                recipients=self.recipients or [],
                channels=self.channels,
                topics=self.topics,
                requires_acknowledgement=self.requires_acknowledgement,
            )
        ]


class ToldOut(BaseModel):
    """Somebody who would be told, by one way. `due`: the first attempt; `held`: because of their quiet hours.

    `address` is masked for those who may not read contacts.
    """

    target: Target
    id: str
    name: str
    unit: str | None
    role: Role | None
    on_duty: bool
    subscription_id: str | None
    channel: ChannelName
    address: str
    verified: bool
    due: datetime
    held: bool
    why: str
    notes: list[str]


class DryRunNoticeOut(BaseModel):
    """What one notification would come to."""

    number: int | None
    clause: str
    requires_acknowledgement: bool
    told: list[ToldOut]
    gaps: list[str]


class DryRunOut(BaseModel):
    """Everything that would be told, notification by notification."""

    kind: NotificationKind
    level: Level | None
    at: datetime
    notices: list[DryRunNoticeOut]


class DryRun:
    """Works out who would be told, by the same steps as a request does."""

    def __init__(self, database: Database, clock: Clock, telling: Telling, addressing: Addressing) -> None:
        self._database, self._clock = database, clock
        self._telling, self._addressing = telling, addressing

    async def run(self, wanted: DryRunIn, *, plain: bool) -> DryRunOut:
        """Return who would be told; addresses masked unless `plain`."""
        at = wanted.at or self._clock.now()
        async with self._database.reading() as session:
            desk = await store.desk(session)
        if desk is None:
            async with self._database.writing() as session:
                desk = await self._telling.desk(session)
        notices = []
        async with self._database.reading() as session:
            for notice in wanted.asked():
                request = NotificationRequested(
                    **{name: getattr(notice, name) for name in Audience.model_fields},
                    id="dry-run",
                    kind=wanted.kind,
                    level=wanted.level,
                    subject="",
                    body="",
                    requested_at=at,
                )
                addressed = await self._addressing.address(session, request, desk, at)
                notices.append(_shown(notice, addressed, plain=plain))
        return DryRunOut(kind=wanted.kind, level=wanted.level, at=at, notices=notices)


def _shown(notice: NoticeIn, addressed: Addressed, *, plain: bool) -> DryRunNoticeOut:
    return DryRunNoticeOut(
        number=notice.number,
        clause=notice.clause,
        requires_acknowledgement=notice.requires_acknowledgement,
        told=[_told(notice, letter, plain=plain) for letter in addressed.letters],
        gaps=addressed.gaps,
    )


def _told(notice: NoticeIn, letter: Planned, *, plain: bool) -> ToldOut:
    addressee, way = letter.addressee, letter.way
    return ToldOut(
        target=letter.target,
        id=addressee.person.id,
        name=addressee.person.name,
        unit=addressee.person.unit,
        role=addressee.role,
        on_duty=addressee.on_duty,
        subscription_id=addressee.subscription,
        channel=way.channel,
        address=way.address if plain else masked(way.channel, way.address),
        verified=way.verified_at is not None or way.channel is ChannelName.LOG,
        due=letter.due,
        held=letter.held,
        why=_why(notice, letter),
        notes=list(addressee.notes),
    )


def _why(notice: NoticeIn, letter: Planned) -> str:
    """Return in words why somebody is told: the row and clause of the plan, the role, the unit, the roster …"""
    addressee, recipient = letter.addressee, letter.addressee.recipient
    if letter.target is Target.PROGRAM:
        return "回调订阅"
    if addressee.subscription is not None:
        return "专题订阅"
    if recipient is None:
        return "值班席：" + "；".join(addressee.notes)
    row = f"通知矩阵第 {notice.number} 行" if notice.number is not None else "指定收件人"
    clause = f"（{notice.clause}）" if notice.clause else ""
    parts = [
        ROLE_NAMES[recipient.role] if recipient.role else "",
        recipient.unit or "",
        "值班人员" if addressee.on_duty else "",
        "单位群" if letter.target is Target.UNIT else "",
    ]
    return f"{row}{clause}：{'，'.join(part for part in parts if part) or '本人'}"
