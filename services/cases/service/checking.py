"""Holds a text of a case against what was published and confirmed, and the explanations given."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import asdict, replace
from datetime import datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from kit.problems import Problem
from services.cases.models import StatementRow, StatementVersionRow
from services.cases.service.case_facts import confirmed
from services.cases.store import case_facts, speech
from services.cases.voice.consistency import Finding, Said, blocking, check


def label(row: StatementRow) -> str:
    """Return how officers call a text in its newest version: 口径第2份第3版."""
    return f"口径第{row.number}份" + (f"第{row.revision}版" if row.revision > 1 else "")


async def find(
    session: AsyncSession, case_id: str, title: str, text: str, at: datetime, *, row: StatementRow | None = None
) -> list[Finding]:
    """Return what is found in a text of a case that is to be published at `at`.

    It is held against every text that still stands as published, but for `row`, the text itself. What parts it from the
    text that it corrects is noted, and holds nothing up: that is what a correction is for.
    """
    own, corrects = (row.id, row.corrects) if row is not None else (None, None)
    said = [
        Said(one.id, label(one), one.title, one.text, one.published_at)
        for one in await speech.statements(session, case_id)
        if one.state == "published" and one.published_at is not None and one.id != own
    ]
    facts = [confirmed(one) for one in await case_facts.facts(session, case_id)]
    # a long text takes tens of milliseconds, which others should not wait for
    found = await asyncio.to_thread(check, title, text, at, said, facts)
    return [_noted(one) if one.against is not None and one.against.id == corrects else one for one in found]


async def found_in(session: AsyncSession, row: StatementRow, at: datetime) -> list[Finding]:
    """Return what is found in the newest version of a statement."""
    return await find(session, row.case_id, row.title, row.text, at, row=row)


def _noted(found: Finding) -> Finding:
    return replace(found, severity="note")


def unexplained(found: Sequence[Finding], version: StatementVersionRow) -> list[Finding]:
    """Return the findings that hold a version up and that nobody has explained. A placeholder can only be filled in."""
    explained = {item["finding"] for item in version.explanations}
    return [one for one in blocking(found) if one.kind == "placeholder" or one.key not in explained]


def unaccepted(found: Sequence[Finding], version: StatementVersionRow) -> list[Finding]:
    """Return the findings that hold a version up, are explained, and whose explanation no approver has accepted."""
    waiting = {item["finding"] for item in version.explanations if item.get("accepted_by") is None}
    return [one for one in blocking(found) if one.key in waiting]


def as_json(found: Sequence[Finding]) -> list[dict[str, Any]]:
    """Return findings as they are stored and shown."""
    return [_plain(one) for one in found]


def inconsistent(left: list[Finding]) -> Problem:
    """Return the 409 of a text in which something is neither corrected nor explained; it names each place."""
    return Problem(
        409,
        "case.inconsistent",
        zh=f"有 {len(left)} 处须先更正或说明：" + "；".join(one.why for one in left),
        en=f"{len(left)} findings are neither corrected nor explained",
        rule="inconsistent",
        findings=as_json(left),
    )


def _plain(found: Finding) -> dict[str, Any]:
    shown = asdict(found)
    shown["kind"] = str(found.kind)
    if found.against is not None:
        shown["against"]["at"] = found.against.at.isoformat()
    return shown
