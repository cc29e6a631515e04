"""What the tests of statements work with: drafting, approving and publishing in one call each."""

from __future__ import annotations

from typing import Any

from tests.integration.cases.harness import OFFICE, OFFICE_TWO, Cases


async def open_case(cases: Cases, title: str = "永平镇滑坡", level: str = "IV", **more: object) -> str:
    """Open a case by hand and return its id."""
    body = {"title": title, "level": level, "reason": "来电反映", **more}
    return str((await cases.post("/api/v1/cases", OFFICE, body, status=201))["id"])


async def confirm(cases: Cases, case_id: str, kind: str, subject: str, value: str, **more: object) -> dict[str, Any]:
    """Confirm a fact of a case."""
    body = {"kind": kind, "subject": subject, "value": value, "source": "县应急管理局", **more}
    return dict(await cases.post(f"/api/v1/cases/{case_id}/confirmed-facts", OFFICE, body, status=201))


async def publish(cases: Cases, case_id: str, title: str, text: str, **more: object) -> dict[str, Any]:
    """Draft, submit, approve and publish a text; returns it as published."""
    path = f"/api/v1/cases/{case_id}/statements"
    draft = await cases.post(path, OFFICE, {"title": title, "text": text, **more}, status=201)
    return await release(cases, case_id, draft["id"])


async def release(cases: Cases, case_id: str, statement_id: str, **decision: object) -> dict[str, Any]:
    """Submit, approve and publish a draft; returns it as published."""
    said = f"/api/v1/cases/{case_id}/statements/{statement_id}"
    await cases.post(f"{said}/submit", OFFICE)
    await cases.post(f"{said}/approve", OFFICE_TWO, decision)
    return dict(await cases.post(f"{said}/publish", OFFICE))


async def page(cases: Cases, path: str) -> str:
    """Return a public page as a browser gets it."""
    answer = await cases.call("GET", path, None, headers={"accept": "text/html,application/xhtml+xml,*/*;q=0.8"})
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"].startswith("text/html")
    return answer.text
