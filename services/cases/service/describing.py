"""What a case is called and said to be about: a person's words take the place of those that opened it."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Final

from contracts.words import IncidentType
from services.cases.models import CaseRow
from services.cases.plan.names import INCIDENT_NAMES
from services.cases.service.actors import Actor
from services.cases.service.case_file import CaseFile
from services.cases.service.checks import Check, must_be_open
from services.cases.service.command import ask_for_departments, form
from services.cases.service.desk import Desk
from services.cases.service.tasks import add_playbook

_NAMES: Final = {"title": "标题", "summary": "摘要", "incident_type": "事件类型"}


@dataclass(frozen=True, slots=True)
class Description:
    """New words for a case; None leaves what there is."""

    title: str | None = None
    summary: str | None = None
    incident_type: IncidentType | None = None


class Describing:
    """Changes of what cases are called and said to be about."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def describe(
        self, case_id: str, description: Description, reason: str, actor: Actor, check: Check
    ) -> CaseRow:
        """Change a case's title, summary or incident type; one entry has the old and the new words.

        Another incident type brings its tasks of the playbook and the departments that it concerns; tasks that were
        given stay. Words that are the same already change nothing. 409 where the case is closed or dismissed.
        """
        async with self._desk.case(case_id) as file:
            check(file)
            must_be_open(file)
            await _describe(file, description, reason, actor)
            return file.row


async def _describe(file: CaseFile, description: Description, reason: str, actor: Actor) -> None:
    changes: dict[str, dict[str, str]] = {}
    for field, new in asdict(description).items():
        old = getattr(file.row, field)
        if new is not None and new != old:
            changes[field] = {"old": str(old), "new": str(new)}
            setattr(file.row, field, new)
    if not changes:
        return
    said = "；".join(
        f"{_NAMES[field]}由“{_show(field, words['old'])}”改为“{_show(field, words['new'])}”"
        for field, words in changes.items()
    )
    await file.enter("case_described", said + (f"。{reason}" if reason else ""), actor, changes=changes, reason=reason)
    if "incident_type" in changes:
        await form(file)
        await ask_for_departments(file)
        await add_playbook(file, file.level, file.now)


def _show(field: str, words: str) -> str:
    return INCIDENT_NAMES[IncidentType(words)] if field == "incident_type" else words
