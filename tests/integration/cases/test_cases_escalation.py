"""What notify tells of an escalation stands in the case's timeline; an alert settled by a person is told on the bus."""

from __future__ import annotations

from typing import Any

from contracts.messages import EscalationChanged
from contracts.streams import ALERTS_RAISED, NOTIFICATIONS_CHANGED, NOTIFICATIONS_REQUESTED
from contracts.words import EscalationState, NotificationKind
from kit.bus import envelope
from tests.integration.cases.harness import OFFICE, Cases, event, until


async def test_steps_and_the_end_of_an_escalation_are_entries_once_each(cases: Cases) -> None:
    await cases.tell(event(at=cases.clock.now()))
    case = await cases.the_case()
    notice = next(one for one in await cases.heard(NOTIFICATIONS_REQUESTED) if one["kind"] == "alert_raised")

    def change(state: EscalationState, **values: Any) -> EscalationChanged:
        return EscalationChanged(
            escalation_id="esc-1",
            notification_id=notice["id"],
            kind=NotificationKind.ALERT_RAISED,
            case_id=case["id"],
            state=state,
            round=1,
            at=cases.clock.now(),
            **values,
        )

    changes = [
        change(EscalationState.RUNNING, step=1, told=["王办"], reason="值班表无值班人员"),
        change(EscalationState.RUNNING, step=2, told=["李办", "张办"], by="王办"),
        change(EscalationState.ACKNOWLEDGED, step=2, by="李办"),
        change(EscalationState.UNANSWERED, step=2),
        change(EscalationState.STOPPED, step=2, by="赵局长", reason="已电话确认"),
        change(EscalationState.SETTLED, step=2, reason="处置单已办结"),
    ]
    messages = [
        envelope("escalation.changed", one.escalation_id, one, source="notify", at=cases.clock.now()) for one in changes
    ]
    await cases.publish(NOTIFICATIONS_CHANGED, [*messages, *messages])

    async def entries() -> list[tuple[str, str]]:
        found = await cases.timeline(case["id"])
        return [(one["kind"], one["text"]) for one in found if one["kind"].startswith("escalat")]

    async def there() -> bool:
        return len(await entries()) >= len(changes)

    await until(there)
    assert await entries() == [
        ("escalated", "逐级通知第 1 轮第 1 步：王办（值班表无值班人员）"),
        ("escalated", "逐级通知第 1 轮第 2 步，由王办转交：李办、张办"),
        ("escalation_taken", "李办签收，逐级通知结束"),
        ("escalation_unanswered", "逐级通知各步均已完成，无人签收，已通知值班席"),
        ("escalation_stopped", "赵局长终止逐级通知：已电话确认"),
        ("escalation_settled", "逐级通知结束：处置单已办结"),
    ]
    assert (await cases.get(f"/api/v1/cases/{case['id']}/timeline/verify"))["intact"] is True


async def test_an_alert_that_a_person_settles_is_told_of_once(cases: Cases) -> None:
    await cases.tell(event(at=cases.clock.now()))
    case = await cases.the_case()
    (alert,) = (await cases.get("/api/v1/alerts"))["items"]
    for _ in range(2):
        answer = await cases.call("POST", f"/api/v1/alerts/{alert['id']}/acknowledge", OFFICE)
        assert answer.status_code == 200, answer.text
    (told,) = await cases.heard(ALERTS_RAISED, "alert.settled")
    assert (told["id"], told["case_id"], told["status"]) == (alert["id"], case["id"], "acknowledged")
    assert told["by"]
