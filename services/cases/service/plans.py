"""Versions of the plan: taken in, put in force, and kept at hand."""

from __future__ import annotations

import asyncio
import hashlib
from datetime import datetime
from pathlib import Path

import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from contracts.messages import PlanActivated, PlanTopic, PlanUnit
from contracts.streams import PLANS_ACTIVATED
from kit.clock import Clock
from kit.database import Database
from kit.ids import new_id
from kit.outbox import Outbox
from kit.problems import FieldError, Problem
from services.cases import store
from services.cases.models import ActivationRow, PlanRow
from services.cases.plan import Finding, Plan, PlanError, check_plan, parse_plan
from services.cases.plan.loader import Document
from services.cases.service.actors import PLAN, Actor
from services.cases.store.plans import lock_plans

_log = structlog.get_logger(__name__)


class Plans:
    """The plan's versions. A version never changes, so that each is read once."""

    def __init__(self, database: Database, outbox: Outbox, clock: Clock) -> None:
        self._database, self._outbox, self._clock = database, outbox, clock
        self._read: dict[str, tuple[Plan, Document]] = {}

    async def in_force(self, session: AsyncSession) -> Plan:
        """Return the plan in force; 503 where there is none yet."""
        version = await store.active_version(session)
        if version is None:
            raise Problem(
                503, "no-plan", zh="尚无生效的预案", en="No plan is in force yet", headers={"Retry-After": "5"}
            )
        return await self.version(session, version)

    async def version(self, session: AsyncSession, version: str) -> Plan:
        """Return a version of the plan; 404 where there is none."""
        return (await self.read(session, version))[0]

    async def read(self, session: AsyncSession, version: str) -> tuple[Plan, Document]:
        """Return a version of the plan with the document that it was read from; 404 where there is none."""
        if version not in self._read:
            row = await store.plan_row(session, version)
            if row is None:
                raise Problem(404, "not-found", zh=f"没有预案版本 {version}", en=f"There is no plan {version}")
            self._read[version] = parse_plan(row.text, version)
        return self._read[version]

    async def begin(self, path: Path) -> None:
        """Take in the plan at `path` at the first start, and tell at every start which plan is in force.

        Raises :class:`PlanError` where there is no plan in force and none can be read.
        """
        async with self._database.reading() as session:
            row = await store.active_plan(session)
        if row is None:
            try:
                text = await asyncio.to_thread(path.read_text, encoding="utf-8-sig")
            except (OSError, UnicodeDecodeError) as error:
                # told as a fault of the plan: a missing file does not come back by waiting, as a database does
                raise PlanError([Finding(str(path), 1, "", f"预案无法读取 / unreadable: {error}")]) from None
            row, _ = await self.take_in(text, by="first start", name=str(path))
            await self.activate(row.version, PLAN, "首次启动")
            _log.info("plan.activated", version=row.version, path=str(path))
            return
        async with self._database.writing() as session:
            await self._tell(session, row, row.activated_at or self._clock.now())

    async def take_in(self, text: str, *, by: str, name: str = "plan.yaml") -> tuple[PlanRow, bool]:
        """Store a plan as a new version, not yet in force; tells whether it was new: the same text is the same version.

        Raises :class:`PlanError` where it has errors (warnings pass), 409 where the version has another text: a
        version never changes.
        """
        findings = [finding for finding in check_plan(text, name) if finding.severity == "error"]
        if findings:
            raise PlanError(findings)
        plan = parse_plan(text, name)[0]
        row = PlanRow(
            version=plan.version,
            name=plan.meta.name,
            text=text,
            digest=hashlib.sha256(text.encode()).hexdigest(),
            created_at=self._clock.now(),
            created_by=by,
        )
        async with self._database.writing() as session:
            if await store.add_plan(session, row):
                return row, True
            known = await store.plan_row(session, plan.version)
        if known is not None and known.digest == row.digest:
            return known, False
        raise Problem(
            409,
            "plan.version",
            zh=f"版本 {plan.version} 已存在，内容不同；已存的版本不能修改，请改 meta.version 后另存为新版",
            en=f"Version {plan.version} exists with another text; a version never changes: give a new meta.version",
            version=plan.version,
            digest=known.digest if known is not None else None,
        )

    async def activate(self, version: str, actor: Actor, reason: str = "") -> PlanRow:
        """Put a version in force, record who did so and why, and tell of it; 404 where there is none.

        A version that is in force already stays so, and nothing is recorded.
        """
        now = self._clock.now()
        async with self._database.writing() as session:
            rows = await lock_plans(session)
            plan = await self.version(session, version)
            row = rows[plan.version]
            if row.seat != "active":
                replaced = next((one.version for one in rows.values() if one.seat == "active"), None)
                await store.seat_plan(session, row, now)
                session.add(
                    ActivationRow(
                        id=new_id(),
                        version=version,
                        replaced=replaced,
                        at=now,
                        by=actor.name,
                        by_id=actor.id,
                        reason=reason,
                    )
                )
            await self._tell(session, row, row.activated_at or now)
            return row

    async def _tell(self, session: AsyncSession, row: PlanRow, at: datetime) -> None:
        plan = await self.version(session, row.version)
        topics = [
            PlanTopic(
                key=topic.key,
                name=topic.name,
                query=topic.query,
                places=list(topic.places),
                exclude=list(topic.exclude),
            )
            for topic in plan.scope.topics
        ]
        units = [PlanUnit(name=unit.name, role=unit.role) for unit in plan.organisation.units]
        payload = PlanActivated(version=row.version, name=row.name, topics=topics, units=units, activated_at=at)
        await self._outbox.put(session, PLANS_ACTIVATED, "plan.activated", row.version, payload)


def plan_problem(error: PlanError) -> Problem:
    """Return a refused plan as a problem that names each finding with its line."""
    return Problem(
        422,
        "plan.invalid",
        zh=f"预案有 {len(error.findings)} 处错误",
        en=f"The plan has {len(error.findings)} error(s)",
        errors=[FieldError(pointer=pointer(finding), detail=finding.message) for finding in error.findings],
        findings=[shown(finding) for finding in error.findings],
    )


def pointer(finding: Finding) -> str:
    """Return where a finding stands, as `line 12, levels.I`."""
    return f"line {finding.line}, {finding.path}" if finding.path else f"line {finding.line}"


def shown(finding: Finding) -> dict[str, object]:
    """Return a finding ready for JSON."""
    return {
        "line": finding.line,
        "path": finding.path,
        "severity": finding.severity,
        "message": finding.message,
    }
