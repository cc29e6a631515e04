"""Publishing: a recorded act that feeds the portal. What was published stays readable, whatever becomes of it."""

from __future__ import annotations

from typing import Final

from contracts.messages import StatementPublished as StatementTold
from contracts.streams import STATEMENTS_PUBLISHED
from contracts.words import CaseState, ClockKind, NotificationKind
from services.cases.lifecycle import Refused
from services.cases.models import StatementRow
from services.cases.plan.statements import KIND_NAMES, StatementKind
from services.cases.service import checking
from services.cases.service.actors import Actor
from services.cases.service.case_file import CaseFile
from services.cases.service.checks import Check
from services.cases.service.desk import Desk
from services.cases.service.statement_file import StatementFile, changing
from services.cases.store import speech
from services.cases.voice.disclosure import document_series, index_series

#: Which duties a published text meets. The first bulletin of whatever kind is a release; an answer alone is none.
_MEETS: Final[dict[StatementKind, tuple[ClockKind, ...]]] = {
    StatementKind.HOLDING_LINE: (ClockKind.FIRST_RELEASE,),
    StatementKind.FIRST_BULLETIN: (ClockKind.FIRST_RELEASE, ClockKind.NEXT_UPDATE),
    StatementKind.FOLLOW_UP: (ClockKind.NEXT_UPDATE,),
    StatementKind.FINAL: (ClockKind.NEXT_UPDATE,),
    StatementKind.QA: (),
}
#: The bulletins of a case, which follow one another.
_BULLETINS: Final = (StatementKind.FIRST_BULLETIN, StatementKind.FOLLOW_UP, StatementKind.FINAL)
_RESPONDING: Final = (CaseState.REPORTED, CaseState.ASSESSING, CaseState.RESPONDING)


class Publishing:
    """What of a case's statements everyone may read."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def publish(self, case_id: str, statement_id: str, actor: Actor, check: Check) -> StatementRow:
        """Publish an approved text, with its numbers; it meets what its kind meets, and `next_update` starts anew.

        409 where a newer bulletin is out, or where something published since the approval contradicts it.
        """
        async with changing(self._desk, case_id, statement_id, check, "approved") as held:
            file, row = held.case, held.row
            kind = StatementKind(row.kind)
            others = await speech.statements(file.session, case_id)
            _not_overtaken(row, kind, others)
            found = await checking.find(file.session, case_id, row.title, row.text, file.now, row=row)
            if left := checking.unexplained(found, held.version):
                raise checking.inconsistent(left)
            row.state, row.published_at, row.published_by = "published", file.now, actor.name
            await _number(file, row)
            corrected = next((one for one in others if one.id == row.corrects), None)
            if corrected is not None:
                await self._replace(held, corrected, actor)
            meets = list(_MEETS[kind])
            if kind in _BULLETINS and not any(one.published_at for one in others):
                meets.append(ClockKind.FIRST_RELEASE)
            met = [clock for one in dict.fromkeys(meets) for clock in await file.meet(one)]
            running = any(clock.kind is ClockKind.NEXT_UPDATE and clock.is_open for clock in await file.clocks())
            if meets and kind is not StatementKind.FINAL and file.state in _RESPONDING and not running:
                await file.start([ClockKind.NEXT_UPDATE], file.now)
            await file.enter(
                "statement_published",
                f"发布口径第 {row.number} 份（{KIND_NAMES[kind]}）《{row.title}》，索引号 {row.index_number}",
                actor,
                statement_id=row.id,
                version=row.number,
                revision=row.revision,
                index_number=row.index_number,
                clocks=[clock.id for clock in met],
            )
            await self._tell(file, row, "statement.published")
            await file.notify(
                NotificationKind.STATEMENT_PUBLISHED,
                f"【已发布】{file.row.number} 第 {row.number} 份",
                f"{row.title}\n{row.text}",
            )
            return row

    async def withdraw(self, case_id: str, statement_id: str, reason: str, actor: Actor, check: Check) -> StatementRow:
        """Withdraw a published text. It stays on the portal, marked so, with the reason and the time."""
        async with changing(self._desk, case_id, statement_id, check, "published") as held:
            file, row = held.case, held.row
            row.state, row.withdrawn_at, row.withdrawn_reason, row.comment = "withdrawn", file.now, reason, reason
            text = f"撤回口径第 {row.number} 份：{reason}"
            await file.enter("statement_withdrawn", text, actor, statement_id=row.id, version=row.number, reason=reason)
            await self._tell(file, row, "statement.withdrawn")
            return row

    async def _replace(self, held: StatementFile, corrected: StatementRow, actor: Actor) -> None:
        """Mark the text that this one corrects. One withdrawn in the meantime stays withdrawn, with the link."""
        file, row = held.case, held.row
        if corrected.state == "published":
            corrected.state = "corrected"
        corrected.corrected_by, corrected.corrected_at = row.id, file.now
        corrected.version += 1
        file.session.add(corrected)
        await file.session.flush()
        await file.enter(
            "statement_corrected",
            f"{checking.label(corrected)}由第 {row.number} 份更正：{row.correction_reason}",
            actor,
            statement_id=corrected.id,
            corrected_by=row.id,
        )
        await self._tell(file, corrected, "statement.corrected")

    async def _tell(self, file: CaseFile, row: StatementRow, type_: str) -> None:
        if file.row.drill:
            return  # a drill has no outside effect
        payload = StatementTold(
            statement_id=row.id,
            case_id=row.case_id,
            version=row.number,
            title=row.title,
            published_at=row.published_at or file.now,
            kind=row.kind,
            revision=row.revision,
            index_number=row.index_number or row.disclosure.get("index_number", ""),
            reason=row.withdrawn_reason or row.correction_reason,
            corrects=row.corrects,
            corrected_by=row.corrected_by,
        )
        await file.tell(STATEMENTS_PUBLISHED, type_, row.id, payload)


def _not_overtaken(row: StatementRow, kind: StatementKind, others: list[StatementRow]) -> None:
    if kind not in _BULLETINS or row.corrects is not None:
        return
    newer = [one for one in others if one.number > row.number and one.published_at and one.kind in _BULLETINS]
    if newer:
        raise Refused(
            "newer_published",
            f"第 {newer[0].number} 份已发布，不能再发布较早起草的通报",
            f"Bulletin {newer[0].number} has been published; an older one cannot follow it",
        )


async def _number(file: CaseFile, row: StatementRow) -> None:
    """Give a text its 索引号 and, where the plan numbers documents, its 文号."""
    plan, drill = file.plan.disclosure, file.row.drill
    index = index_series(plan.index_prefix, file.now, drill=drill)
    row.index_number = index.number(await speech.next_number(file.session, index.name))
    document = document_series(plan.document_prefix, file.now, drill=drill)
    number = document.number(await speech.next_number(file.session, document.name)) if document else ""
    row.disclosure = {**row.disclosure, "index_number": row.index_number, "document_number": number}
