"""Templates of a case's plan, filled with what is confirmed in the case so far."""

from __future__ import annotations

from contracts.words import IncidentType
from services.cases.lifecycle import Refused
from services.cases.plan.statements import StatementTemplate, templates_for
from services.cases.service.case_facts import confirmed
from services.cases.service.case_file import CaseFile
from services.cases.service.desk import missing
from services.cases.store import case_facts
from services.cases.voice.drafting import Draft, DraftError, draft
from services.cases.voice.wording import show_time


async def all_filled(file: CaseFile) -> list[tuple[StatementTemplate, Draft]]:
    """Return every template for the case's incident type, filled."""
    return [(one, await _fill(file, one)) for one in _templates(file)]


async def filled(file: CaseFile, key: str) -> tuple[StatementTemplate, Draft]:
    """Return one template, filled; 404 where the plan has none of that key for the case's incident type."""
    for one in _templates(file):
        if one.key == key:
            return one, await _fill(file, one)
    raise missing("statement template", key)


def _templates(file: CaseFile) -> list[StatementTemplate]:
    return templates_for(file.plan.statement_templates, IncidentType(file.row.incident_type))


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
