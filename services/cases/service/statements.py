"""Statements: drafted, edited in versions, and checked."""

from __future__ import annotations

from typing import Any

from kit.ids import new_id
from services.cases import store
from services.cases.lifecycle import Refused
from services.cases.models import StatementRow, StatementVersionRow
from services.cases.plan.statements import KIND_NAMES, StatementKind, StatementTemplate
from services.cases.service import checking
from services.cases.service.actors import Actor
from services.cases.service.case_file import CaseFile
from services.cases.service.checks import Check, must_be_open
from services.cases.service.desk import Desk, missing
from services.cases.service.statement_file import StatementFile, changing
from services.cases.service.templates import all_filled, filled
from services.cases.store import speech
from services.cases.voice.consistency import Finding
from services.cases.voice.drafting import Draft


class Statements:
    """The statements of cases, as they are written."""

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
                used, made = await filled(file, template)
                kind, title, text = kind or used.kind, title or made.title, text or made.text
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
            row = held.row
            await _revise(held, title or row.title, text or row.text, actor, template=held.version.template)
            await held.case.enter(
                "statement_edited",
                f"修改口径第 {row.number} 份，成第 {row.revision} 版",
                actor,
                statement_id=row.id,
                version=row.number,
                revision=row.revision,
            )
            return row

    async def refill(
        self, case_id: str, statement_id: str, template: str | None, actor: Actor, check: Check
    ) -> tuple[StatementRow, StatementVersionRow, StatementVersionRow]:
        """Fill a draft's template with what is confirmed by now, as its next version; the one before stays as it was.

        Returns the statement with both versions. `template` takes another; without one it is that which the draft came
        from (409 where it came from none). 409 where nothing would change.
        """
        async with changing(self._desk, case_id, statement_id, check, "draft") as held:
            file, row, before = held.case, held.row, held.version
            key = template or before.template
            if not key:
                raise Refused("no_template", "口径不是由模板起草，须选择模板", "It came from no template: name one")
            used, made = await filled(file, key)
            after = await _revise(held, made.title, made.text, actor, template=key)
            await file.enter(
                "statement_refilled",
                f"以已确认事实重新填写口径第 {row.number} 份（模板“{used.name}”），成第 {row.revision} 版",
                actor,
                statement_id=row.id,
                version=row.number,
                revision=row.revision,
                template=key,
            )
            return row, before, after

    async def comment(self, case_id: str, statement_id: str, text: str, actor: Actor, check: Check) -> StatementRow:
        """Say something of the newest version; it stays with that version."""
        async with changing(self._desk, case_id, statement_id, check, "draft", "submitted", "approved") as held:
            held.say("comment", text, actor)
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
            found = next(
                (
                    one
                    for one in await checking.found_in(held.case.session, held.row, held.case.now)
                    if one.key == finding
                ),
                None,
            )
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
            return await all_filled(file)


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


async def _revise(held: StatementFile, title: str, text: str, actor: Actor, *, template: str) -> StatementVersionRow:
    """Write a statement's next version, a draft; explanations go along with the words that they explain."""
    file, row = held.case, held.row
    if (title, text) == (row.title, row.text):
        raise Refused("nothing_changed", "文字没有改动", "The text is the same")
    row.revision, row.title, row.text, row.state = row.revision + 1, title, text, "draft"
    row.author_id, row.author = actor.id or "", actor.name
    row.submitted_at = row.decided_at = row.decided_by = None
    found = {one.key for one in await checking.found_in(file.session, row, file.now)}
    kept = [
        {**item, "accepted_by": None, "accepted_at": None}
        for item in held.version.explanations
        if item["finding"] in found
    ]
    version = _version(row, actor, file, template=template, explanations=kept)
    file.session.add(version)
    await file.session.flush()
    return version
