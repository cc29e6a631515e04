"""What the tests of corrections, concerns, aftercare and reviews share: a case led to where they begin."""

from __future__ import annotations

from typing import Any

from contracts.findings import ConcernKind
from contracts.messages import ConcernAsk, EventConcern, EventUpdated
from contracts.words import Role
from tests.integration.cases.harness import LEADER, MEMBER, OFFICE, Cases, event, person, until

PROPAGANDA = person("周部长", Role.PROPAGANDA)
EXPERT = person("吴教授", Role.EXPERT)


def asked(theme: str, name: str, posts: int, ask: str = "") -> EventConcern:
    """Return a theme of concerns as analysis tells it."""
    return EventConcern(
        theme=theme,
        name=name,
        kind=ConcernKind.COMPLAINT,
        posts=posts,
        by_kind={ConcernKind.COMPLAINT: posts},
        asks=[ConcernAsk(ask=ask, name=ask, posts=posts)] if ask else [],
    )


def with_concerns(told: EventUpdated, *concerns: EventConcern) -> EventUpdated:
    """Return an event in which people ask something."""
    return told.model_copy(update={"concerns": list(concerns)})


async def responding(cases: Cases, **metrics: Any) -> dict[str, Any]:
    """Return a case of level III in `responding`, of an event in which people complain of two things."""
    concerns = (asked("compensation", "补偿标准与兑现", 6, "unpaid"), asked("housing", "安置房质量", 2))
    await cases.tell(with_concerns(event(at=cases.clock.now(), **metrics), *concerns))
    case = await cases.the_case()
    path = f"/api/v1/cases/{case['id']}"
    await cases.post(f"{path}/transitions", OFFICE, {"to": "assessing"})
    proposal = await cases.pending(case["id"])
    await cases.post(f"{path}/approvals/{proposal['id']}", OFFICE, {"decision": "approve"})
    await cases.post(f"{path}/approvals/{proposal['id']}", MEMBER, {"decision": "approve"})
    return dict(await cases.post(f"{path}/transitions", OFFICE, {"to": "responding"}))


async def entries(cases: Cases, case_id: str, kind: str) -> list[dict[str, Any]]:
    """Return the entries of one kind of a case's timeline."""
    return [one for one in await cases.timeline(case_id) if one["kind"] == kind]


async def until_state(cases: Cases, path: str, state: str) -> None:
    """Wait until a case is in a state."""

    async def there() -> bool:
        return bool((await cases.get(path))["state"] == state)

    await until(there)


async def finished_review(cases: Cases, path: str) -> dict[str, Any]:
    """Write and finish the review of a case in `reviewing`; two people do."""
    review = await cases.post(f"{path}/review", OFFICE, status=201)
    texts = {section["title"]: section["text"] or "无" for section in review["sections"]}
    answer = await cases.call(
        "PATCH", f"{path}/review", OFFICE, json={"sections": texts, "conclusion": "处置及时，答复到位"}
    )
    assert answer.status_code == 200, answer.text
    await cases.post(f"{path}/review/submit", OFFICE)
    return dict(await cases.post(f"{path}/review/finish", LEADER, {"decision": "approve"}))
