"""Press conferences: decided, prepared, announced, held and recorded (clause 五(三)3)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from contracts.words import ClockKind, NotificationKind, Role
from kit.ids import new_id
from kit.problems import Problem
from services.cases.conferences import check_step, check_waiver, designators, unapproved
from services.cases.lifecycle import Refused
from services.cases.models import ConferenceRow
from services.cases.numbering import show_time
from services.cases.roles import list_roles
from services.cases.service import tasks
from services.cases.service.actors import Actor
from services.cases.service.case_file import CaseFile
from services.cases.service.checks import Check, must_be_open, must_have_been, must_lie_ahead
from services.cases.service.desk import Desk, missing
from services.cases.store import work


@dataclass(frozen=True, slots=True)
class Question:
    """A question of the Q&A paper with the answer that is proposed."""

    question: str
    answer: str = ""


class Conferences:
    """The press conferences of cases."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def decide(self, case_id: str, hold: bool, reason: str, actor: Actor, check: Check) -> ConferenceRow:
        """Decide to hold a press conference, or not to; the latest decision stands.

        Not to hold one that is owed ends its clock; 409 with the rule unless the plan lets it be waived at the level
        and the actor decides there. To hold one after all starts the clock anew. The open concerns of the case become
        the first questions of its paper.
        """
        async with self._desk.case(case_id) as file:
            check(file)
            must_be_open(file)
            owed = await _running(file)
            if owed and not hold:
                check_waiver(file.plan, file.level, actor.roles)
            earlier = await work.all_of(file.session, ConferenceRow, case_id)
            await _supersede(file, earlier, actor)
            row = ConferenceRow(
                id=new_id(),
                case_id=case_id,
                state="decided" if hold else "not_held",
                reason=reason,
                decided_at=file.now,
                decided_by=actor.name,
            )
            if hold:
                concerns = await work.open_concerns(file.session, case_id)
                row.questions = [
                    _question(i, one.detail or one.name, "", actor, concern_id=one.id)
                    for i, one in enumerate(concerns, 1)
                ]
                if any(one.waived for one in earlier) and not await _running(file):
                    await file.start([ClockKind.PRESS_CONFERENCE], file.now)
            else:
                row.waived = owed
            file.session.add(row)
            await file.session.flush()
            text = ("决定召开新闻发布会" if hold else "决定不召开新闻发布会") + f"：{reason}"
            if row.waived:
                await file.cancel([ClockKind.PRESS_CONFERENCE])
                text += "（按预案，发布会时限终止）"
            await file.enter("conference_decided", text, actor, conference_id=row.id, hold=hold, waived=row.waived)
            return row

    async def designate(
        self, case_id: str, conference_id: str, name: str, office: str, actor: Actor, check: Check
    ) -> ConferenceRow:
        """Designate the spokesperson; 403 for other roles than the plan names at the level (I and II: the city's)."""
        async with self._desk.case(case_id) as file:
            check(file)
            must_be_open(file)
            row = await _of(file, conference_id, "designate")
            _must_hold(actor, designators(file.plan, file.level), "指定发言人", "designate the spokesperson")
            row.spokesperson, row.spokesperson_office = name, office
            row.designated_at, row.designated_by = file.now, actor.name
            file.session.add(row)
            await file.session.flush()
            text = f"指定新闻发言人：{_speaker(row)}"
            number = await file.enter("spokesperson_designated", text, actor, conference_id=row.id, spokesperson=name)
            await tasks.met(file, "spokesperson", f"已指定发言人{_speaker(row)}（时间线第 {number} 条）", actor)
            await self._tell(file, "【发言人】", text)
            return row

    async def write_paper(
        self, case_id: str, conference_id: str, questions: Sequence[Question], actor: Actor, check: Check
    ) -> ConferenceRow:
        """Write the Q&A paper anew. An answer that stays word for word stays approved; concerns stay linked."""
        async with self._desk.case(case_id) as file:
            check(file)
            must_be_open(file)
            row = await _of(file, conference_id, "prepare")
            old = {one["question"]: one for one in row.questions}
            written: list[dict[str, Any]] = []
            for i, one in enumerate(questions, 1):
                was = old.get(one.question)
                if was is not None and was["answer"] == one.answer:
                    written.append({**was, "number": i})
                else:
                    linked = was["concern_id"] if was else None
                    written.append(_question(i, one.question, one.answer, actor, concern_id=linked))
            row.questions = written
            file.session.add(row)
            await file.session.flush()
            open_ = len(unapproved(written))
            text = f"编写新闻发布会问答材料：{len(written)} 问，其中 {open_} 问待审"
            await file.enter("conference_paper", text, actor, conference_id=row.id, questions=written)
            return row

    async def judge(
        self, case_id: str, conference_id: str, number: int, approve: bool, comment: str, actor: Actor, check: Check
    ) -> ConferenceRow:
        """Approve an answer of the paper, or send it back; by a role that decides at the level, never by its author."""
        async with self._desk.case(case_id) as file:
            check(file)
            must_be_open(file)
            row = await _of(file, conference_id, "prepare")
            found = next((one for one in row.questions if one["number"] == number), None)
            if found is None:
                raise missing("question", str(number))
            _must_hold(actor, file.plan.deciders(file.level), "审批问答", "approve answers")
            if not found["answer"]:
                raise Refused("answer_missing", f"第 {number} 问尚无答复", f"Question {number} has no answer yet")
            if approve and found["written_by_id"] == actor.id:
                raise Refused("two_people", "起草人不能审批自己的答复", "The author cannot approve their own answer")
            if not approve and not comment.strip():
                raise Refused("comment_missing", "退回须说明理由", "A rejection needs its reason")
            changed = {**found, "approved_by": actor.name if approve else None, "comment": comment}
            row.questions = [changed if one["number"] == number else one for one in row.questions]
            file.session.add(row)
            await file.session.flush()
            said = f"{'批准' if approve else '退回'}第 {number} 问“{found['question']}”的答复"
            note = f"：{comment}" if comment else ""
            await file.enter("conference_answer", said + note, actor, conference_id=row.id, question=changed)
            return row

    async def announce(
        self, case_id: str, conference_id: str, at: datetime, place: str, actor: Actor, check: Check
    ) -> ConferenceRow:
        """Announce time and place; 409 while no spokesperson has been designated. A later announcement moves it."""
        async with self._desk.case(case_id) as file:
            check(file)
            must_be_open(file)
            must_lie_ahead("at", at, file.now)
            row = await _of(file, conference_id, "announce")
            if not row.spokesperson:
                raise Refused("no_spokesperson", "尚未指定发言人", "No spokesperson has been designated yet")
            moved = row.announced_at is not None
            row.state, row.planned_at, row.place = "announced", at, place
            row.announced_at, row.announced_by = file.now, actor.name
            file.session.add(row)
            await file.session.flush()
            said = "变更" if moved else "公告"
            text = f"{said}新闻发布会：{show_time(at)}，{place}，发言人{_speaker(row)}"
            await file.enter("conference_announced", text, actor, conference_id=row.id, at=at.isoformat(), place=place)
            await self._tell(file, "【新闻发布会】", text)
            return row

    async def hold(
        self,
        case_id: str,
        conference_id: str,
        held_at: datetime | None,
        record: str,
        actor: Actor,
        check: Check,
    ) -> ConferenceRow:
        """Record that it was held, which meets its clock; 409 while an answer of its paper is not approved."""
        async with self._desk.case(case_id) as file:
            check(file)
            must_be_open(file)
            row = await _of(file, conference_id, "hold")
            if not row.spokesperson:
                raise Refused("no_spokesperson", "尚未指定发言人", "No spokesperson has been designated yet")
            numbers = unapproved(row.questions)
            if numbers:
                names = "、".join(map(str, numbers))
                raise Refused("answers_unapproved", f"问答第 {names} 问未获批准", f"Answers not approved: {names}")
            await _held(file, row, held_at or file.now, record, actor)
            return row

    async def record(
        self, case_id: str, held_at: datetime, spokesperson: str, record: str, actor: Actor, check: Check
    ) -> tuple[ConferenceRow, int]:
        """Record in one step a conference that was held; returns it with the entry's number."""
        async with self._desk.case(case_id) as file:
            check(file)
            must_be_open(file)
            if held_at > file.now:
                raise Refused("not_held_yet", "发布会尚未举行", "The press conference has not been held yet")
            row = ConferenceRow(
                id=new_id(),
                case_id=case_id,
                state="decided",
                decided_at=file.now,
                decided_by=actor.name,
                spokesperson=spokesperson,
            )
            return row, await _held(file, row, held_at, record, actor)

    async def cancel(self, case_id: str, conference_id: str, reason: str, actor: Actor, check: Check) -> ConferenceRow:
        """Call a conference off; its clock runs on."""
        async with self._desk.case(case_id) as file:
            check(file)
            row = await _of(file, conference_id, "cancel")
            row.state, row.reason = "cancelled", reason
            file.session.add(row)
            await file.session.flush()
            await file.enter("conference_cancelled", f"取消新闻发布会：{reason}", actor, conference_id=row.id)
            await self._tell(file, "【新闻发布会取消】", reason)
            return row

    async def _tell(self, file: CaseFile, tag: str, text: str) -> None:
        await file.notify(
            NotificationKind.CASE_CHANGED,
            f"{tag}{file.row.number}",
            f"{file.row.title}\n{text}",
            also=[Role.PROPAGANDA],
        )


async def _held(file: CaseFile, row: ConferenceRow, held_at: datetime, record: str, actor: Actor) -> int:
    must_have_been("held_at", held_at, file.now)
    row.state, row.held_at, row.record, row.recorded_by = "held", held_at, record, actor.name
    file.session.add(row)
    await file.session.flush()
    met = [clock.id for clock in await file.meet(ClockKind.PRESS_CONFERENCE)]
    number = await file.enter(
        "press_conference",
        f"召开新闻发布会，发言人：{_speaker(row)}。{record}",
        actor,
        held_at=held_at.isoformat(),
        spokesperson=row.spokesperson,
        conference_id=row.id,
        clocks=met,
    )
    await tasks.met(file, "spokesperson", f"{_speaker(row)}已发言（时间线第 {number} 条）", actor)
    await tasks.met(file, "press_conference", f"新闻发布会已召开（时间线第 {number} 条）", actor)
    return number


async def _supersede(file: CaseFile, earlier: Sequence[ConferenceRow], actor: Actor) -> None:
    for row in earlier:
        if row.state in ("decided", "announced"):
            row.state = "cancelled"
            file.session.add(row)
            await file.session.flush()
            text = "原定新闻发布会因作出新的决定而取消"
            await file.enter("conference_cancelled", text, actor, conference_id=row.id)


async def _running(file: CaseFile) -> bool:
    return any(clock.is_open and clock.kind is ClockKind.PRESS_CONFERENCE for clock in await file.clocks())


async def _of(file: CaseFile, conference_id: str, step: str) -> ConferenceRow:
    row = await file.session.get(ConferenceRow, conference_id)
    if row is None or row.case_id != file.row.id:
        raise missing("press_conference", conference_id)
    check_step(row.state, step)
    return row


def _must_hold(actor: Actor, roles: frozenset[Role], zh: str, en: str) -> None:
    if roles and not actor.roles & roles:
        raise Problem(
            403,
            "conference.role",
            zh=f"须由以下角色{zh}：{list_roles(roles)}",
            en=f"These roles {en}: {', '.join(sorted(roles))}",
            roles=sorted(roles),
        )


def _question(number: int, question: str, answer: str, actor: Actor, *, concern_id: str | None) -> dict[str, Any]:
    return {
        "number": number,
        "question": question,
        "answer": answer,
        "written_by": actor.name,
        "written_by_id": actor.id,
        "approved_by": None,
        "comment": "",
        "concern_id": concern_id,
    }


def _speaker(row: ConferenceRow) -> str:
    return f"{row.spokesperson}（{row.spokesperson_office}）" if row.spokesperson_office else row.spokesperson
