"""`/api/v1/cases/{id}/timeline/export`: the whole timeline in one file, which anyone can verify without this system."""

from __future__ import annotations

from collections.abc import AsyncIterator

from fastapi import APIRouter
from fastapi.responses import StreamingResponse

from kit.problems import problems
from services.cases import store
from services.cases.api.parts import CaseReader, Id, Parts, PartsDep
from services.cases.models import CaseRow
from services.cases.timeline import export_entry, export_head

router = APIRouter(prefix="/api/v1/cases/{case_id}/timeline", tags=["cases"])

#: Entries that are read at a time.
_CHUNK = 500


@router.get(
    "/export",
    response_class=StreamingResponse,
    responses={
        **problems(404),
        200: {
            "content": {"application/jsonl": {"schema": {"type": "string"}}},
            "description": "JSON Lines: first the head (case, number, entries, hash of the last), then each entry",
        },
    },
    summary="导出时间线",
)
async def export_timeline(case_id: Id, parts: PartsDep, _: CaseReader) -> StreamingResponse:
    """Export a case's timeline as JSON Lines with its head; `docs/verify_timeline.py` verifies it offline.

    Entries made after the call began are not in it.
    """
    row = await parts.case(case_id)
    return StreamingResponse(
        _lines(parts, row),
        media_type="application/jsonl",
        headers={"Content-Disposition": f'attachment; filename="timeline-{row.number}.jsonl"'},
    )


async def _lines(parts: Parts, row: CaseRow) -> AsyncIterator[str]:
    yield export_head(row.id, row.number, row.sequence, row.head)
    for after in range(0, row.sequence, _CHUNK):
        async with parts.desk.database.reading() as session:
            found = await store.timeline(session, row.id, after, min(_CHUNK, row.sequence - after))
        for entry in found:
            yield export_entry(store.sealed(entry))
