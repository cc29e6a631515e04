"""The pass over correction requests: approved and not sent, sent and not answered, promised and not published."""

from __future__ import annotations

from contracts.words import NotificationKind
from services.cases.models import CorrectionRow
from services.cases.numbering import show_date
from services.cases.service.actors import PLAN
from services.cases.service.case_file import CaseFile
from services.cases.service.corrections import charged
from services.cases.service.desk import PASS_BATCH, Desk
from services.cases.store import aftermath as stored


class CorrectionReminders:
    """Reminds people of the correction requests that wait for them, each once in the time that the plan gives."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def move_on(self) -> int:
        """Tell what is due; returns how many requests were told of."""
        async with self._desk.database.reading() as session:
            due = await stored.cases_with_due_corrections(session, self._desk.clock.now(), PASS_BATCH)
        return await self._desk.move_each(due, _remind, "corrections")


async def _remind(file: CaseFile) -> int:
    told = 0
    for row in await stored.corrections(file.session, file.row.id):
        if row.remind_at is None or row.remind_at > file.now:
            continue
        kind, text = _say(file, row)
        if kind == "correction_unanswered":
            # a fact about time, and no judgement: a later answer takes its place
            row.state, row.outcome, row.outcome_at, row.remind_at = "settled", "no_answer", file.now, None
        else:
            row.remind_at = file.now + file.plan.corrections.answer_within.within
        row.version += 1
        file.session.add(row)
        await file.enter(kind, text, PLAN, correction_id=row.id, number=row.number)
        await file.notify(
            NotificationKind.CASE_CHANGED,
            f"【更正请求提醒】{file.row.number} 第 {row.number} 件",
            f"{file.row.title}\n{text}",
            only=charged(file),
        )
        told += 1
    return told


def _say(file: CaseFile, row: CorrectionRow) -> tuple[str, str]:
    days = file.plan.corrections.answer_within.within.days
    if row.state == "approved":
        since = show_date(row.approved_at or file.now)
        return "correction_reminded", f"更正请求 {row.number}（{row.outlet}）{since}已获批准，至今未登记发函"
    if row.state == "sent":
        text = f"更正请求 {row.number}（{row.outlet}）发函已满 {days} 天，对方未答复，记为逾期未答复；后续答复可补记"
        return "correction_unanswered", text
    return "correction_reminded", f"更正请求 {row.number}：{row.outlet}答应更正，至今未见刊发，请跟进"
