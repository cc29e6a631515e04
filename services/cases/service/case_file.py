"""A case opened for change inside a transaction: entries, clocks, notices and messages, all or nothing."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from contracts.messages import CaseChanged, Party, Recipient, WatchChanged
from contracts.streams import CASES_CHANGED, WATCH_CHANGED
from contracts.words import CaseState, ClockKind, Level, NotificationKind, Role, WatchMode
from kit.ids import new_id
from kit.outbox import Outbox
from services.cases import clocks, store
from services.cases.briefs import figures_of
from services.cases.clocks import Clock
from services.cases.models import CaseRow, EventRow, ParticipantRow, TimelineRow
from services.cases.plan import Plan
from services.cases.plan.schema import EscalationStep
from services.cases.service.actors import PLAN, Actor
from services.cases.service.notices import Notices
from services.cases.store import participants, work
from services.cases.timeline import GENESIS, seal

__all__ = ["CaseFile", "Notices"]


class CaseFile:
    """One case, locked, within the transaction of `session`, at the instant `now`.

    What belongs to it is read once and kept, so that it is changed by the file alone; rows are written when the
    transaction looks for any, or ends. `new`: the case was just made, and nothing belongs to it yet.
    """

    def __init__(
        self, session: AsyncSession, outbox: Outbox, row: CaseRow, plan: Plan, now: datetime, *, new: bool = False
    ) -> None:
        self.session, self.row, self.plan, self.now = session, row, plan, now
        self._outbox = outbox
        self._clocks: dict[str, Clock] | None = {} if new else None
        self._participants: list[ParticipantRow] | None = [] if new else None
        self._unproved: set[str] = set()

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
            seen_by=await self.parties(),
        )
        await self._outbox.put(self.session, CASES_CHANGED, "case.changed", row.id, payload)
        await self._prove({"entry": sealed.sequence, "kind": kind, **data})
        return sealed.sequence

    async def tell(self, stream: str, type_: str, subject: str, payload: Any) -> None:
        """Put a message beside the rows of this transaction."""
        await self._outbox.put(self.session, stream, type_, subject, payload)

    # --- who takes part

    async def participants(self) -> list[ParticipantRow]:
        """Return who takes part in the case and who did, in the order of coming."""
        if self._participants is None:
            self._participants = await work.participants(self.session, self.row.id)
        return sorted(self._participants, key=lambda row: (row.added_at, row.id))

    async def admit(self, row: ParticipantRow) -> None:
        """Let somebody take part who is not among the participants yet."""
        await self.participants()
        assert self._participants is not None
        self._participants.append(row)
        self.session.add(row)

    async def parties(self) -> list[Party]:
        """Return who of the roles that see only what they take part in takes part at present."""
        return participants.parties_of(await self.participants())

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
    ) -> list[str]:
        """Ask for the notices of the plan's matrix for `kind` at `level` (default: the case's); returns their ids.

        Whoever follows a topic of the case's event is told besides the matrix.

        `also` are told beside those of the matrix; `only`, where given, takes the matrix's place. A role stands for all
        who hold it, a recipient may narrow it to a unit. `receipt`: whether those beside the matrix must acknowledge.
        """
        level = level or self.level
        sender = Notices(self.session, self._outbox, self.plan, self.now)
        return await sender.send(
            kind,
            level,
            subject,
            body,
            case=self.row,
            present=await self.participants(),
            alert_id=alert_id,
            also=also,
            only=only,
            receipt=receipt,
            topics=await self._topics() if only is None else (),
        )

    async def _topics(self) -> Sequence[str]:
        """Return the topics of the case's event."""
        event = await self.session.get(EventRow, self.row.event_id) if self.row.event_id else None
        return event.snapshot.get("topics", ()) if event is not None else ()

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
        """Record evidence that a duty was done (see :func:`services.cases.clocks.meet_all`); returns what it met.

        The next entry is that evidence: what it names is recorded on the clocks.
        """
        met = clocks.meet_all(await self.clocks(), kind, self.now, since=since, subject=subject)
        await self.save(met)
        self._unproved |= {clock.id for clock in met}
        return met

    @property
    def unproved(self) -> bool:
        """Tell whether a clock was met and no entry has followed that says by what."""
        return bool(self._unproved)

    async def _prove(self, entry: dict[str, Any]) -> None:
        """Record on the clocks that were met since the entry before this one what met them (evidence, not a button)."""
        if self._unproved:
            by = {name: entry[name] for name in clocks.EVIDENCE if entry.get(name) is not None}
            proved = [replace(clock, met_by=by) for clock in await self.clocks() if clock.id in self._unproved]
            self._unproved = set()
            await self.save(proved)

    async def cancel(self, kinds: Iterable[ClockKind] | None = None) -> None:
        """End duties that are no longer owed (all kinds by default)."""
        wanted = set(ClockKind) if kinds is None else set(kinds)
        await self.save([clocks.cancel(c, self.now) for c in await self.clocks() if c.is_open and c.kind in wanted])

    # --- the watch

    async def watch(self, mode: WatchMode, actor: Actor, reason: str) -> None:
        """Change how closely the case is watched, and tell ingest."""
        self.row.watch_mode = mode
        event = await self.session.get(EventRow, self.row.event_id) if self.row.event_id else None
        snapshot = event.snapshot if event else {}
        surge = mode is WatchMode.SURGE
        await work.end_watch(self.session, self.row.id)
        if surge:
            due = self.now + self.plan.surge.brief_every
            await work.start_watch(
                self.session,
                self.row.id,
                actor.name,
                self.now,
                due,
                figures_of(snapshot),
                by_plan=actor is PLAN,
            )
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
