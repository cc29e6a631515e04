"""A case opened for change inside a transaction: entries, clocks, notices and messages, all or nothing."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from contracts.messages import CaseChanged, NotificationRequested, Recipient, WatchChanged
from contracts.streams import CASES_CHANGED, NOTIFICATIONS_REQUESTED, WATCH_CHANGED
from contracts.words import CaseState, ClockKind, IncidentType, Level, NotificationKind, Role, WatchMode
from kit.ids import new_id
from kit.outbox import Outbox
from services.cases import clocks, store
from services.cases.clocks import Clock
from services.cases.models import CaseRow, EventRow, NoticeRow, TaskRow, TimelineRow
from services.cases.plan import Plan
from services.cases.plan.schema import EscalationStep
from services.cases.service.actors import Actor
from services.cases.timeline import GENESIS, seal


class CaseFile:
    """One case, locked, within the transaction of `session`, at the instant `now`."""

    def __init__(self, session: AsyncSession, outbox: Outbox, row: CaseRow, plan: Plan, now: datetime) -> None:
        self.session, self.row, self.plan, self.now = session, row, plan, now
        self._outbox = outbox
        self._clocks: dict[str, Clock] | None = None

    @property
    def level(self) -> Level:
        """Return the case's level."""
        return Level(self.row.level)

    @property
    def state(self) -> CaseState:
        """Return the case's state."""
        return CaseState(self.row.state)

    async def enter(self, kind: str, text: str, actor: Actor, /, *, left: str | None = None, **data: Any) -> int:
        """Add an entry to the timeline and tell of it; returns the entry's number.

        `left` is the event that the case is about no longer, where the entry moves it to another.
        """
        row = self.row
        sealed = seal(
            row.head or GENESIS,
            case_id=row.id,
            sequence=row.sequence + 1,
            kind=kind,
            at=self.now,
            actor=actor.as_json(),
            text=text,
            data=data,
        )
        row.sequence, row.head, row.updated_at = sealed.sequence, sealed.hash, self.now
        self.session.add(row)
        await self.session.flush()
        self.session.add(
            TimelineRow(
                case_id=row.id,
                sequence=sealed.sequence,
                kind=kind,
                at=self.now,
                body=sealed.body,
                previous=sealed.previous,
                hash=sealed.hash,
            )
        )
        await self.session.flush()
        payload = CaseChanged(
            case_id=row.id,
            number=row.number,
            title=row.title,
            state=self.state,
            level=self.level,
            event_id=row.event_id,
            left_event_id=left,
            entry=kind,
            sequence=sealed.sequence,
            at=self.now,
            drill=row.drill,
        )
        await self._outbox.put(self.session, CASES_CHANGED, "case.changed", row.id, payload)
        return sealed.sequence

    async def tell(self, stream: str, type_: str, subject: str, payload: Any) -> None:
        """Put a message beside the rows of this transaction."""
        await self._outbox.put(self.session, stream, type_, subject, payload)

    # --- notices

    async def notify(
        self,
        kind: NotificationKind,
        subject: str,
        body: str,
        *,
        level: Level | None = None,
        alert_id: str | None = None,
        also: Iterable[Role | Recipient] = (),
        only: Iterable[Role | Recipient] | None = None,
        receipt: bool = False,
    ) -> None:
        """Ask for the notices of the plan's matrix for `kind` at `level` (default: the case's).

        `also` are told beside those of the matrix; `only`, where given, takes the matrix's place. A role stands for all
        who hold it, a recipient may narrow it to a unit. `receipt`: whether those beside the matrix must acknowledge.
        """
        level = level or self.level
        sender = Notices(self.session, self._outbox, self.plan, self.now)
        await sender.send(
            kind,
            level,
            subject,
            body,
            case=self.row,
            alert_id=alert_id,
            also=also,
            only=only,
            receipt=receipt,
        )

    # --- clocks

    async def clocks(self) -> list[Clock]:
        """Return the case's clocks as they now stand."""
        if self._clocks is None:
            self._clocks = {clock.id: clock for clock in await store.clocks(self.session, self.row.id)}
        return list(self._clocks.values())

    async def save(self, changed: Iterable[Clock]) -> None:
        """Store clocks that were started or moved."""
        await self.clocks()
        assert self._clocks is not None
        latest = {clock.id: clock for clock in changed}
        shares = self.plan.clocks.warn_at.shares
        rows = [(clock, clocks.next_instant(clock, shares, self.escalation(clock))) for clock in latest.values()]
        await store.save_clocks(self.session, self.row.id, rows)
        self._clocks |= latest

    def escalation(self, clock: Clock) -> Sequence[EscalationStep]:
        """Return whom to tell when a clock has run out; a late task is told once and goes no higher."""
        return () if clock.kind is ClockKind.TASK else self.plan.clocks.escalation.get(clock.level, ())

    async def start(self, kinds: Iterable[ClockKind], at: datetime) -> None:
        """Start clocks of the case's level; kinds for which the level has no limit are passed over."""
        started = (clocks.start(new_id(), kind, self.level, self.plan, at) for kind in kinds)
        await self.save([clock for clock in started if clock is not None])

    async def meet(self, kind: ClockKind, *, since: datetime | None = None, subject: str | None = None) -> list[Clock]:
        """Record evidence that a duty was done (see :func:`services.cases.clocks.meet_all`); returns what it met."""
        met = clocks.meet_all(await self.clocks(), kind, self.now, since=since, subject=subject)
        await self.save(met)
        return met

    async def cancel(self, kinds: Iterable[ClockKind] | None = None) -> None:
        """End duties that are no longer owed (all kinds by default)."""
        wanted = set(ClockKind) if kinds is None else set(kinds)
        await self.save([clocks.cancel(c, self.now) for c in await self.clocks() if c.is_open and c.kind in wanted])

    # --- tasks and the watch

    async def add_tasks(self, level: Level, at: datetime) -> list[TaskRow]:
        """Copy the playbook's tasks for `level` that the case has not yet got; their clocks run from `at`."""
        have = {task.key for task in await store.tasks(self.session, self.row.id)}
        wanted = self.plan.tasks_for(level, IncidentType(self.row.incident_type))
        order = {task.key: i for i, task in enumerate(self.plan.playbook)}
        added: list[TaskRow] = []
        timed: list[Clock] = []
        for task in wanted:
            if task.key in have:
                continue
            due = at + task.due.within if task.due else None
            row = TaskRow(
                id=new_id(),
                case_id=self.row.id,
                key=task.key,
                title=task.title,
                role=task.role,
                clause=task.clause,
                source=task.due.origin if task.due else None,
                position=order[task.key],
                due_at=due,
            )
            added.append(row)
            self.session.add(row)
            if due is not None:
                timed.append(Clock(new_id(), ClockKind.TASK, level, at, due, subject=row.id))
        await self.session.flush()
        await self.save(timed)
        return added

    async def watch(self, mode: WatchMode, actor: Actor, reason: str) -> None:
        """Change how closely the case is watched, and tell ingest."""
        self.row.watch_mode = mode
        event = await self.session.get(EventRow, self.row.event_id) if self.row.event_id else None
        snapshot = event.snapshot if event else {}
        surge = mode is WatchMode.SURGE
        payload = WatchChanged(
            case_id=self.row.id,
            event_id=self.row.event_id,
            mode=mode,
            topics=list(snapshot.get("topics", [])),
            keywords=sorted({*snapshot.get("keywords", []), *self.plan.surge.keywords}) if surge else [],
        )
        await self.tell(WATCH_CHANGED, "watch.changed", self.row.id, payload)
        text = "转入24小时监控" if surge else "转为日常监测"
        await self.enter("watch_changed", f"{text}：{reason}", actor, mode=str(mode))


class Notices:
    """Asks notify to tell people, by the plan's matrix."""

    def __init__(self, session: AsyncSession, outbox: Outbox, plan: Plan, now: datetime) -> None:
        self._session, self._outbox, self._plan, self._now = session, outbox, plan, now

    async def send(
        self,
        kind: NotificationKind,
        level: Level,
        subject: str,
        body: str,
        *,
        case: CaseRow | None = None,
        alert_id: str | None = None,
        also: Iterable[Role | Recipient] = (),
        only: Iterable[Role | Recipient] | None = None,
        receipt: bool = False,
    ) -> None:
        """Ask for one notification for each row of the matrix, so that each row keeps its channels and its receipt.

        Those of `only` or `also` whom no row names are told in one more, with `receipt` as given.
        """
        wanted: list[tuple[list[Recipient], list[str], bool]] = []
        if only is None:
            wanted = [
                ([Recipient(role=role) for role in row.roles], list(row.channels), row.requires_acknowledgement)
                for row in self._plan.notices_for(level, kind)
            ]
        told = {one.role for recipients, _, _ in wanted for one in recipients}
        extra: list[Recipient] = []
        for one in only if only is not None else also:
            recipient = one if isinstance(one, Recipient) else Recipient(role=one)
            if recipient not in extra and (recipient.role is None or recipient.role not in told):
                extra.append(recipient)
        if extra:
            wanted.append((extra, [], receipt))
        for recipients, channels, receipt_wanted in wanted:
            notice = NoticeRow(
                id=new_id(),
                case_id=case.id if case else None,
                alert_id=alert_id,
                kind=kind,
                level=level,
                requires_acknowledgement=receipt_wanted,
                requested_at=self._now,
            )
            self._session.add(notice)
            payload = NotificationRequested(
                id=notice.id,
                kind=kind,
                level=level,
                subject=subject,
                body=body,
                case_id=notice.case_id,
                case_number=case.number if case else None,
                alert_id=alert_id,
                recipients=recipients,
                channels=channels,
                requires_acknowledgement=receipt_wanted,
                drill=case.drill if case else False,
                requested_at=self._now,
            )
            await self._outbox.put(self._session, NOTIFICATIONS_REQUESTED, "notification.requested", notice.id, payload)
