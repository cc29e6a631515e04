"""Another office loads its own plan; the service runs by it with real time, and no code is touched."""

from __future__ import annotations

from pathlib import Path

from kit.clock import SystemClock
from services.cases.plan import check_plan
from tests.integration.cases.harness import StartCases, event, until

SMALL = Path(__file__).parent / "small-plan.yaml"


def test_the_small_plan_has_no_gaps() -> None:
    assert [str(one) for one in check_plan(SMALL.read_text(encoding="utf-8"), SMALL.name)] == []


async def test_another_plan_runs_by_its_own_rules_and_clocks_move_by_themselves(start: StartCases) -> None:
    cases = await start(plan=SMALL, clock=SystemClock(), clock_pass=0.1)
    now = cases.clock.now()
    await cases.tell(event("other", at=now), event("water", at=now, topics=("water",), voices=3))
    case = await cases.the_case()
    assert (case["event_id"], case["level"], case["level_name"]) == ("water", "III", "Ⅲ级（较大）")

    async def breached() -> bool:
        return (await cases.clocks(case["id"], "acknowledge"))[0]["state"] == "breached"

    await until(breached, 20)
    kinds = [one["kind"] for one in await cases.timeline(case["id"]) if one["data"].get("clock") == "acknowledge"]
    assert kinds == ["clock_warning", "clock_breached"]
