"""The note of a hand-over, and the situation briefs of the 24-hour watch."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from services.cases.briefs import brief, figures_of, next_at
from services.cases.handover import Owed, Standing, next_steps, note
from tests.unit.cases.seed import START, story

HOUR = timedelta(hours=1)


def standing(**more: Any) -> Standing:
    return Standing("YQ-2026-0001", "补偿款", "处置", "Ⅱ级（重大或较大）", "24小时监控中", **more)


def test_the_note_says_what_is_owed_by_whom_and_how_late_it_is() -> None:
    case = standing(
        tasks=[Owed("起草口径", "办公室", START + 2 * HOUR), Owed("核实事实", "市水务局", START - HOUR)],
        clocks=[Owed("首次发布", "", START + HOUR), Owed("新闻发布会", "", START + 20 * HOUR)],
        decisions=[Owed("Ⅱ级响应的审批")],
        news=[(START, "建立处置单")],
    )
    text = note([case], START)
    assert "核实事实（市水务局），2026-03-02 07:00 到期，已超时 1 小时" in text
    assert text.index("核实事实（市水务局）") < text.index("起草口径（办公室）"), "what is late comes first"
    assert "首次发布，2026-03-02 09:00 到期，还剩 1 小时" in text
    assert "新闻发布会，" not in text.split("四、")[0], "what is due in 20 hours is not close"
    assert "五、待回执的传递信息：无" in text
    assert "2026-03-02 08:00 建立处置单" in text


def test_the_next_shift_is_told_first_what_is_late_then_what_waits_for_a_decision() -> None:
    case = standing(
        tasks=[Owed("核实事实", "", START - HOUR), Owed("不限时")],
        clocks=[Owed("首次发布", "", START + HOUR)],
        decisions=[Owed("口径审批")],
    )
    assert next_steps(case, START) == ["立即补办：核实事实", "催办：口径审批", "2026-03-02 09:00 前：首次发布"]


def test_the_desks_note_counts_what_all_cases_owe() -> None:
    cases = [standing(tasks=[Owed("甲", "", START - HOUR), Owed("乙")]), standing()]
    assert note(cases, START).startswith("在办处置单 2 件，未办任务 2 项，已超时 1 项。")


@given(st.integers(0, 10**6), st.integers(1, 86_400))
def test_the_next_brief_lies_ahead_by_at_most_one_turn_and_keeps_the_beat(late: int, every: int) -> None:
    turn = timedelta(seconds=every)
    now = START + timedelta(seconds=late)
    due = next_at(START, turn, now)
    assert now < due <= now + turn
    assert (due - START) % turn == timedelta()


def test_a_brief_says_what_has_changed() -> None:
    before = figures_of(story(interactions=100, voices=10).model_dump(mode="json"))
    after = figures_of(story(interactions=350, voices=10, negative_share=0.6, posts_1h=9).model_dump(mode="json"))
    text = brief(3, before, START, after, START + HOUR)
    assert text.startswith(
        "第 3 期情况快报（2026-03-02 08:00 至 2026-03-02 09:00）：信息总量 4 条，互动量 350 次（新增 250 次）"
    )
    assert "负面占比 60%（上升 10 个百分点）" in text
    assert "近一小时 9 条" in text
    assert "总量未变" not in text


def test_a_quiet_hour_says_so_and_a_case_without_an_event_asks_the_duty_officer() -> None:
    same = figures_of(story(voices=2).model_dump(mode="json"))
    assert "总量未变" in brief(2, same, START, same, START + HOUR)
    assert "请值班人员核报现场情况" in brief(1, {}, START, figures_of({}), START + HOUR)
    assert "总量未变" not in brief(1, {}, START, same, START + HOUR), "there is nothing to compare the first with"
