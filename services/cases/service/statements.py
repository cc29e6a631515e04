"""Statements: drafted, edited in versions, checked, submitted, and approved by another person."""

from __future__ import annotations

from typing import Any

from contracts.words import IncidentType, NotificationKind
from kit.ids import new_id
from kit.problems import Problem
from services.cases import store
from services.cases.approvals import Decision
from services.cases.lifecycle import Refused
from services.cases.models import StatementRow, StatementVersionRow
from services.cases.plan.statements import KIND_NAMES, StatementKind, StatementTemplate, templates_for
from services.cases.service import checking
from services.cases.service.actors import Actor
from services.cases.service.case_facts import confirmed
from services.cases.service.case_file import CaseFile
from services.cases.service.checks import Check, must_be_open
from services.cases.service.desk import Desk, missing
from services.cases.service.signatories import mandate_of
from services.cases.service.statement_file import StatementFile, changing
from services.cases.store import case_facts, speech
from services.cases.voice.consistency import Finding, blocking
from services.cases.voice.drafting import Draft, DraftError, draft
from services.cases.voice.wording import show_time


class Statements:
    """The statements of cases, up to their approval."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    # --- writing

    async def draft(
        self,
        case_id: str,
        title: str | None,
        text: str | None,
        actor: Actor,
        check: Check,
        *,
        kind: StatementKind | None = None,
        template: str | None = None,
        catalogue: str | None = None,
        subject_words: str | None = None,
    ) -> StatementRow:
        """Write the next text of a case, version 1: as given, or from a template filled with the confirmed facts.

        Without a kind it is the template's; else the first bulletin while nothing is published, a follow-up after.
        """
        async with self._desk.case(case_id) as file:
            check(file)
            must_be_open(file)
            if template is not None:
                used, filled = await self._filled(file, template)
                kind, title, text = kind or used.kind, title or filled.title, text or filled.text
            assert title is not None
            assert text is not None
            metadata = {"catalogue": catalogue, "subject_words": subject_words}
            return await _write(file, title, text, kind, actor, template=template or "", metadata=metadata)

    async def correct(
        self, case_id: str, statement_id: str, title: str, text: str, reason: str, actor: Actor, check: Check
    ) -> StatementRow:
        """Draft the correction of a published text. Both stay readable once the correction is published."""
        async with changing(self._desk, case_id, statement_id, check, "published") as held:
            for other in await speech.statements(held.case.session, case_id):
                if other.corrects == statement_id and other.state in ("draft", "submitted", "approved"):
                    raise Refused(
                        "correction_pending",
                        f"该口径的更正（{checking.label(other)}）正在办理",
                        "A correction of this statement is under way",
                    )
            kind = StatementKind(held.row.kind)
            metadata = {name: held.row.disclosure.get(name) for name in ("catalogue", "subject_words")}
            return await _write(
                held.case, title, text, kind, actor, corrects=held.row, reason=reason, metadata=metadata
            )

    async def edit(
        self, case_id: str, statement_id: str, title: str | None, text: str | None, actor: Actor, check: Check
    ) -> StatementRow:
        """Write a new version of a text that is not published. One that was approved must be approved again.

        Explanations go along with the words that they explain.
        """
        async with changing(self._desk, case_id, statement_id, check, "draft", "approved") as held:
            file, row, before = held.case, held.row, held.version
            title, text = title or row.title, text or row.text
            if (title, text) == (row.title, row.text):
                raise Refused("nothing_changed", "文字没有改动", "The text is the same")
            row.revision, row.title, row.text, row.state = row.revision + 1, title, text, "draft"
            row.author_id, row.author = actor.id or "", actor.name
            row.submitted_at = row.decided_at = row.decided_by = None
            found = {one.key for one in await self._found(held)}
            kept = [
                {**item, "accepted_by": None, "accepted_at": None}
                for item in before.explanations
                if item["finding"] in found
            ]
            file.session.add(_version(row, actor, file, template=before.template, explanations=kept))
            await file.enter(
                "statement_edited",
                f"修改口径第 {row.number} 份，成第 {row.revision} 版",
                actor,
                statement_id=row.id,
                version=row.number,
                revision=row.revision,
            )
            return row

    async def comment(self, case_id: str, statement_id: str, text: str, actor: Actor, check: Check) -> StatementRow:
        """Say something of the newest version; it stays with that version."""
        async with changing(self._desk, case_id, statement_id, check, "draft", "submitted", "approved") as held:
            _say(held, "comment", text, actor)
            await held.case.enter(
                "statement_commented",
                f"对{checking.label(held.row)}提出意见：{text}",
                actor,
                statement_id=statement_id,
                revision=held.row.revision,
            )
            return held.row

    async def explain(
        self, case_id: str, statement_id: str, finding: str, text: str, actor: Actor, check: Check
    ) -> StatementRow:
        """Explain a finding of the newest version; whoever approves it must accept the explanation.

        404 where the check finds no such thing; 409 for a placeholder, which can only be filled in.
        """
        async with changing(self._desk, case_id, statement_id, check, "draft", "submitted") as held:
            found = next((one for one in await self._found(held) if one.key == finding), None)
            if found is None:
                raise missing("finding", finding)
            if found.kind == "placeholder":
                raise Refused("placeholder", "待核实之处须填写，不能以说明代替", "A placeholder can only be filled in")
            said = {
                "finding": finding,
                "quote": found.quote,
                "why": found.why,
                "text": text,
                "by": actor.name,
                "by_id": actor.id,
                "at": held.case.now.isoformat(),
                "accepted_by": None,
                "accepted_at": None,
            }
            others = [item for item in held.version.explanations if item["finding"] != finding]
            held.version.explanations = [*others, said]
            await held.case.enter(
                "finding_explained",
                f"说明{checking.label(held.row)}“{found.quote}”：{text}",
                actor,
                statement_id=statement_id,
                finding=finding,
                why=found.why,
            )
            return held.row

    # --- review

    async def submit(self, case_id: str, statement_id: str, actor: Actor, check: Check) -> StatementRow:
        """Hand a draft in for approval."""
        async with changing(self._desk, case_id, statement_id, check, "draft") as held:
            file, row = held.case, held.row
            row.state, row.submitted_at = "submitted", file.now
            text = f"提交口径第 {row.number} 份第 {row.revision} 版审批"
            await file.enter(
                "statement_submitted", text, actor, statement_id=row.id, version=row.number, revision=row.revision
            )
            open_ = len(blocking(await self._found(held)))
            await file.notify(
                NotificationKind.STATEMENT_SUBMITTED,
                f"【口径待审】{file.row.number} 第 {row.number} 份第 {row.revision} 版",
                f"{row.title}\n起草：{row.author}" + (f"\n一致性核对有 {open_} 处须更正或说明" if open_ else ""),
                also=sorted(file.plan.deciders(file.level)),
            )
            return row

    async def decide(
        self,
        case_id: str,
        statement_id: str,
        decision: Decision,
        comment: str,
        actor: Actor,
        check: Check,
        *,
        accept_explanations: bool = False,
    ) -> StatementRow:
        """Approve a submitted version, or send it back to its author with the reason.

        403 where the actor holds none of the roles that decide at the case's level and acts for no holder of one; 409
        where the actor, or whom they act for, wrote it, or where something found in it is neither corrected nor
        explained, or an explanation is not accepted.
        """
        async with changing(self._desk, case_id, statement_id, check, "submitted") as held:
            file, row = held.case, held.row
            mandate = await mandate_of(file, actor)
            if row.author_id in (actor.id, mandate.holder_id if mandate else None):
                raise Refused("two_people", "起草人不能审批自己的口径", "The author cannot approve their own text")
            if decision == "reject" and not comment.strip():
                raise Refused("comment_missing", "退回须说明理由", "A rejection needs its reason")
            found = await self._found(held)
            if decision == "approve":
                _settle(found, held, actor, accept=accept_explanations)
            held.version.findings = checking.as_json(found)
            signed = f"{actor.name}（代{mandate.holder}）" if mandate else actor.name
            row.decided_at, row.decided_by, row.comment = file.now, signed, comment
            row.state = "approved" if decision == "approve" else "draft"
            if comment:
                _say(held, "approved" if decision == "approve" else "returned", comment, actor)
            said = "批准" if decision == "approve" else "退回"
            way = f"（{signed}）" if mandate else ""
            text = f"{said}口径第 {row.number} 份第 {row.revision} 版{way}" + (f"：{comment}" if comment else "")
            await file.enter(
                "statement_approved" if decision == "approve" else "statement_returned",
                text,
                actor,
                statement_id=row.id,
                version=row.number,
                revision=row.revision,
                explained=[item["finding"] for item in held.version.explanations],
                on_behalf_of=mandate.holder if mandate else None,
                delegation_id=mandate.delegation_id if mandate else None,
            )
            return row

    # --- looking

    async def findings(self, case_id: str, title: str, text: str, row: StatementRow | None = None) -> list[Finding]:
        """Hold a text against what was published in the case and its confirmed facts, as of now."""
        async with self._desk.database.reading() as session:
            return await checking.find(session, case_id, title, text, self._desk.clock.now(), row=row)

    async def previews(self, case_id: str) -> list[tuple[StatementTemplate, Draft]]:
        """Return the templates of the case's plan, each filled with what is confirmed so far."""
        async with self._desk.database.reading() as session:
            row = await store.case(session, case_id)
            if row is None:
                raise missing("case", case_id)
            file = await self._desk.file(session, row)
            return [
                (one, await _fill(file, one))
                for one in templates_for(file.plan.statement_templates, IncidentType(file.row.incident_type))
            ]

    async def _filled(self, file: CaseFile, key: str) -> tuple[StatementTemplate, Draft]:
        for one in templates_for(file.plan.statement_templates, IncidentType(file.row.incident_type)):
            if one.key == key:
                return one, await _fill(file, one)
        raise missing("statement template", key)

    async def _found(self, held: StatementFile) -> list[Finding]:
        row = held.row
        return await checking.find(held.case.session, row.case_id, row.title, row.text, held.case.now, row=row)


async def _write(
    file: CaseFile,
    title: str,
    text: str,
    kind: StatementKind | None,
    actor: Actor,
    *,
    template: str = "",
    metadata: dict[str, str | None],
    corrects: StatementRow | None = None,
    reason: str = "",
) -> StatementRow:
    others = await speech.statements(file.session, file.row.id)
    number = others[0].number + 1 if others else 1
    said_before = any(one.published_at is not None for one in others)
    kind = kind or (StatementKind.FOLLOW_UP if said_before else StatementKind.FIRST_BULLETIN)
    plan = file.plan.disclosure
    row = StatementRow(
        id=new_id(),
        case_id=file.row.id,
        number=number,
        kind=kind,
        title=title,
        text=text,
        state="draft",
        author_id=actor.id or "",
        author=actor.name,
        disclosure={
            "index_number": "",
            "catalogue": metadata["catalogue"] or plan.catalogue,
            "subject_words": metadata["subject_words"] or plan.subject_words,
            "publisher": plan.publisher,
            "document_number": "",
        },
        created_at=file.now,
        corrects=corrects.id if corrects else None,
        correction_reason=reason,
    )
    file.session.add(row)
    await file.session.flush()
    file.session.add(_version(row, actor, file, template=template))
    await file.session.flush()
    said = f"起草口径第 {number} 份（{KIND_NAMES[kind]}）《{title}》"
    if corrects is not None:
        said += f"，更正{checking.label(corrects)}：{reason}"
    await file.enter(
        "statement_drafted", said, actor, statement_id=row.id, version=number, corrects=row.corrects, template=template
    )
    return row


def _version(
    row: StatementRow,
    actor: Actor,
    file: CaseFile,
    *,
    template: str,
    explanations: list[dict[str, Any]] | None = None,
) -> StatementVersionRow:
    return StatementVersionRow(
        statement_id=row.id,
        revision=row.revision,
        title=row.title,
        text=row.text,
        written_by_id=actor.id or "",
        written_by=actor.name,
        written_at=file.now,
        template=template,
        findings=[],
        explanations=explanations or [],
        comments=[],
    )


async def _fill(file: CaseFile, template: StatementTemplate) -> Draft:
    values = {
        # a title is often the first sentence of a post; in the middle of another it ends with no full stop
        "处置单": file.row.title.rstrip("。．.！!？?；;，,… "),
        "编号": file.row.number,
        "发布机构": file.plan.disclosure.publisher,
        "截至": show_time(file.now),
        "今日": show_time(file.now).partition("日")[0] + "日",
    }
    for row in await case_facts.facts(file.session, file.row.id):
        fact = confirmed(row)
        values[fact.subject] = fact.value
    try:
        return draft(template.title, template.text, values)
    except DraftError as error:
        raise Refused("template", str(error), "The template cannot be filled in") from None


def _settle(found: list[Finding], held: StatementFile, actor: Actor, *, accept: bool) -> None:
    """Hold approval up until everything found is corrected, or explained and the explanation accepted."""
    left = checking.unexplained(found, held.version)
    if left:
        raise inconsistent(left)
    waiting = checking.unaccepted(found, held.version)
    if waiting and not accept:
        raise Problem(
            409,
            "case.explanations_not_accepted",
            zh=f"有 {len(waiting)} 处说明待审批人认可：" + "；".join(one.why for one in waiting),
            en=f"{len(waiting)} explanations are yet to be accepted by the approver",
            rule="explanations_not_accepted",
            findings=checking.as_json(waiting),
        )
    accepted = {"accepted_by": actor.name, "accepted_at": held.case.now.isoformat()}
    held.version.explanations = [{**item, **accepted} for item in held.version.explanations]


def inconsistent(left: list[Finding]) -> Problem:
    """Return the 409 of a text in which something is neither corrected nor explained; it names each place."""
    return Problem(
        409,
        "case.inconsistent",
        zh=f"有 {len(left)} 处须先更正或说明：" + "；".join(one.why for one in left),
        en=f"{len(left)} findings are neither corrected nor explained",
        rule="inconsistent",
        findings=checking.as_json(left),
    )


def _say(held: StatementFile, kind: str, text: str, actor: Actor) -> None:
    said = {"kind": kind, "text": text, "by": actor.name, "at": held.case.now.isoformat()}
    held.version.comments = [*held.version.comments, said]
