"""Reviews (clause 六(二)): started from the records, written, marked by experts, finished by two people, then fixed."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Any, Final

from contracts.words import CaseState, ClockKind, NotificationKind
from kit.ids import new_id
from kit.problems import FieldError, Problem
from services.cases import store
from services.cases.labels import STATE_NAMES
from services.cases.lifecycle import Duty, Refused
from services.cases.models import ReviewMarkRow, ReviewRow
from services.cases.review import averages, check_marks, digest, has_path
from services.cases.roles import list_roles
from services.cases.service.actors import Actor
from services.cases.service.case_file import CaseFile
from services.cases.service.changing import changing
from services.cases.service.desk import Desk, missing
from services.cases.service.duties import owed_before
from services.cases.service.review_facts import gather, opening_text
from services.cases.store import aftermath as stored

#: States of a review as officers call them.
REVIEW_STATES: Final = {"draft": "草稿", "submitted": "待定稿", "final": "已定稿"}

#: May refuse a caller who has not seen the newest version of the review (If-Match).
ReviewCheck = Callable[[ReviewRow], None]


@dataclass(frozen=True, slots=True)
class Proposal:
    """A change of the plan that a review proposes; `path` names the part, such as `clocks.limits.I.first_release`."""

    text: str
    path: str = ""


@dataclass(frozen=True, slots=True)
class Edit:
    """What is written anew in a draft; None stays as it is. `sections` are texts by title."""

    sections: Mapping[str, str] | None = None
    lessons: str | None = None
    proposals: Sequence[Proposal] | None = None
    conclusion: str | None = None


class Reviews:
    """The reviews of cases."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def start(self, case_id: str, actor: Actor) -> ReviewRow:
        """Start a review of a case in `reviewing`, with the facts so far and the plan's sections."""
        async with self._desk.case(case_id) as file:
            if file.state is not CaseState.REVIEWING:
                raise Refused(
                    "not_reviewing",
                    f"处置单处于“{STATE_NAMES[file.state]}”，转入总结评估后才能开始评估",
                    f"The case is {file.state}; a review is started once it is being reviewed",
                )
            rows = await stored.reviews(file.session, case_id)
            if rows and rows[0].seat is not None:
                raise Refused("review_exists", "总结评估已在撰写中", "There is a draft already")
            if await _standing(file, rows) is not None:
                raise Refused("review_final", "总结评估已定稿", "The review is final")
            facts = await gather(file)
            row = ReviewRow(
                id=new_id(),
                case_id=case_id,
                number=rows[0].number + 1 if rows else 1,
                seat="draft",
                state="draft",
                facts=facts,
                sections=[{"title": title, "text": opening_text(title, facts)} for title in file.plan.review.sections],
                proposals=[],
                started_at=file.now,
                started_by=actor.name,
            )
            file.session.add(row)
            await file.session.flush()
            text = f"开始总结评估（第 {row.number} 次），按预案分 {len(row.sections)} 部分"
            await file.enter("review_started", text, actor, review_id=row.id, number=row.number)
            await file.notify(
                NotificationKind.CASE_CHANGED,
                f"【总结评估】{file.row.number}",
                f"{file.row.title}\n{text}，请评分或提出意见",
                also=[*file.plan.review.led_by, *file.plan.review.invited],
            )
            return row

    async def edit(self, case_id: str, edit: Edit, actor: Actor, check: ReviewCheck) -> ReviewRow:
        """Write parts of the draft anew; 422 where a section or a path is not one of the plan's."""
        async with self._changing(case_id, check, "draft") as (file, row):
            changed = []
            if edit.sections is not None:
                known = [section["title"] for section in row.sections]
                unknown = [title for title in edit.sections if title not in known]
                if unknown:
                    raise _no_such(
                        "sections", f"预案没有这一部分：{'、'.join(unknown)}", f"no such section: {unknown[0]}"
                    )
                row.sections = [
                    {**section, "text": edit.sections.get(section["title"], section["text"])}
                    for section in row.sections
                ]
                changed += [title for title in known if title in edit.sections]
            if edit.proposals is not None:
                data = file.plan.model_dump(mode="json")
                for i, one in enumerate(edit.proposals):
                    if one.path and not has_path(data, one.path):
                        at = f"proposals/{i}/path"
                        raise _no_such(at, f"预案中没有 {one.path}", f"the plan has no {one.path}")
                row.proposals = [{"text": one.text, "path": one.path} for one in edit.proposals]
                changed.append("预案修改建议")
            for name, label in (("lessons", "经验教训"), ("conclusion", "结论")):
                text = getattr(edit, name)
                if text is not None:
                    setattr(row, name, text)
                    changed.append(label)
            if changed:
                said = f"修改总结评估：{'、'.join(dict.fromkeys(changed))}"
                await file.enter("review_edited", said, actor, review_id=row.id)
            return row

    async def refresh(self, case_id: str, actor: Actor, check: ReviewCheck) -> ReviewRow:
        """Read the facts of the draft out of the case anew; texts stay as they are."""
        async with self._changing(case_id, check, "draft") as (file, row):
            row.facts = await gather(file)
            await file.enter("review_refreshed", "更新总结评估所据事实", actor, review_id=row.id)
            return row

    async def mark(self, case_id: str, marks: Mapping[str, int], comment: str, actor: Actor) -> ReviewMarkRow:
        """Give one's marks, or give them anew; each person has their own, and nobody changes another's."""
        async with self._changing(case_id, _any, "draft", "submitted") as (file, row):
            rubric = file.plan.review.marks
            check_marks(marks, [one.key for one in rubric.criteria], rubric.out_of)
            given = await stored.mark_of(file.session, row.id, actor.id or "")
            if given is None:
                given = ReviewMarkRow(
                    review_id=row.id, person_id=actor.id or "", person=actor.name, role="", marks={}, at=file.now
                )
            given.role = str(sorted(actor.roles)[0]) if actor.roles else ""
            given.marks, given.comment, given.at = dict(marks), comment, file.now
            file.session.add(given)
            await file.session.flush()
            said = "、".join(f"{one.name} {marks[one.key]}" for one in rubric.criteria)
            text = f"为总结评估评分（满分各 {rubric.out_of}）：{said}"
            await file.enter("review_marked", text, actor, review_id=row.id, marks=dict(marks))
            return given

    async def submit(self, case_id: str, actor: Actor, check: ReviewCheck) -> ReviewRow:
        """Hand the draft in to be finished: every section written, and a conclusion. The facts are read anew."""
        async with self._changing(case_id, check, "draft") as (file, row):
            empty = [section["title"] for section in row.sections if not section["text"].strip()]
            if empty:
                names = "、".join(empty)
                raise Refused("section_empty", f"尚未撰写：{names}", f"Not written yet: {names}")
            if not row.conclusion.strip():
                raise Refused("conclusion_missing", "须写明总结评估结论", "The review needs its conclusion")
            row.facts = await gather(file)
            row.state, row.submitted_at = "submitted", file.now
            row.submitter_id, row.submitter = actor.id, actor.name
            await file.enter("review_submitted", "提交总结评估定稿", actor, review_id=row.id)
            await file.notify(
                NotificationKind.CASE_CHANGED,
                f"【总结评估待定稿】{file.row.number}",
                f"{file.row.title}\n{row.conclusion}",
                also=file.plan.review.led_by,
            )
            return row

    async def finish(self, case_id: str, approve: bool, comment: str, actor: Actor, check: ReviewCheck) -> ReviewRow:
        """Make a submitted review final, or send it back; final it meets the clock `review` and never changes.

        403 where the actor holds none of the roles that lead the review by the plan, 409 where they submitted it.
        """
        async with self._changing(case_id, check, "submitted") as (file, row):
            led_by = frozenset(file.plan.review.led_by)
            if not actor.roles & led_by:
                zh = f"总结评估由以下角色定稿：{list_roles(led_by)}"
                raise Problem(403, "review.role", zh=zh, en=f"A review is finished by: {', '.join(sorted(led_by))}")
            if not approve:
                if not comment.strip():
                    raise Refused("comment_missing", "退回须说明理由", "A rejection needs its reason")
                row.state, row.comment = "draft", comment
                await file.enter("review_returned", f"退回总结评估：{comment}", actor, review_id=row.id)
                return row
            if actor.id == row.submitter_id:
                raise Refused("two_people", "提交人与定稿人不能是同一人", "Whoever submitted it cannot also finish it")
            row.state, row.seat, row.comment = "final", None, comment
            row.finished_at, row.finished_by = file.now, actor.name
            row.digest = digest(sealed_text(row, await stored.marks(file.session, row.id)))
            met = await file.meet(ClockKind.REVIEW)
            await file.enter(
                "review_finished",
                f"总结评估定稿（第 {row.number} 次），内容摘要 SHA-256 {row.digest}。结论：{row.conclusion}",
                actor,
                review_id=row.id,
                digest=row.digest,
                clocks=[clock.id for clock in met],
            )
            await file.notify(
                NotificationKind.CASE_CHANGED,
                f"【总结评估定稿】{file.row.number}",
                f"{file.row.title}\n{row.conclusion}",
            )
            return row

    def _changing(
        self, case_id: str, check: ReviewCheck, *wanted: str
    ) -> AbstractAsyncContextManager[tuple[CaseFile, ReviewRow]]:
        async def find(file: CaseFile) -> ReviewRow:
            rows = await stored.reviews(file.session, case_id)
            if not rows:
                raise missing("review", case_id)
            check(rows[0])
            return rows[0]

        def refusal(row: ReviewRow) -> Refused:
            names = "、".join(REVIEW_STATES[one] for one in wanted)
            return Refused(
                "review_final" if row.state == "final" else "review_state",
                f"总结评估{REVIEW_STATES[row.state]}，此操作要求“{names}”",
                f"The review is {row.state}; this step needs it {' or '.join(wanted)}",
            )

        return changing(self._desk, case_id, find, wanted, refusal)


def sealed_text(row: ReviewRow, marks: Sequence[ReviewMarkRow]) -> dict[str, Any]:
    """Return what the digest of a final review covers."""
    return {
        "case_id": row.case_id,
        "number": row.number,
        "facts": row.facts,
        "sections": row.sections,
        "lessons": row.lessons,
        "proposals": row.proposals,
        "conclusion": row.conclusion,
        "marks": [{"role": one.role, "marks": one.marks, "comment": one.comment} for one in marks],
    }


def mean_marks(file_marks: Sequence[ReviewMarkRow], keys: Sequence[str]) -> dict[str, float]:
    """Return the mean of the marks given, by criterion."""
    return averages([one.marks for one in file_marks], keys)


async def _standing(file: CaseFile, rows: Sequence[ReviewRow]) -> ReviewRow | None:
    """Return the final review of the case since it was last reopened."""
    reopened = [
        entry.at
        for entry in await store.entries(file.session, file.row.id, ["state_changed"])
        if '"step":"reopen"' in entry.body
    ]
    since = max(reopened, default=None)
    final = (row for row in rows if row.finished_at is not None and (since is None or row.finished_at > since))
    return next(final, None)


@owed_before("close")
async def finished_review(file: CaseFile) -> list[Duty]:
    """Ask for the finished review before a case is closed, at the levels that the plan names."""
    if file.level not in file.plan.review.required_at:
        return []
    if await _standing(file, await stored.reviews(file.session, file.row.id)) is not None:
        return []
    zh, en = "总结评估尚未定稿", "the review is not final yet"
    return [Duty("review_missing", zh, en, excusable=False)]


def _any(_row: ReviewRow) -> None:
    """Marks are each person's own: they do not depend on the version of the text."""


def _no_such(field: str, zh: str, en: str) -> Problem:
    return Problem(422, "invalid-fields", zh=zh, en=en, errors=[FieldError(pointer=f"/{field}", detail=en, zh=zh)])
