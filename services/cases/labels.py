"""What officers call the states of a case and the kinds of clock."""

from __future__ import annotations

from typing import Final

from contracts.words import CaseState, ClockKind

STATE_NAMES: Final = {
    CaseState.REPORTED: "上报",
    CaseState.ASSESSING: "研判",
    CaseState.RESPONDING: "处置",
    CaseState.MONITORING: "持续关注",
    CaseState.REVIEWING: "总结评估",
    CaseState.CLOSED: "办结",
    CaseState.DISMISSED: "不予立案",
}
CLOCK_NAMES: Final = {
    ClockKind.REPORT_UP: "上报",
    ClockKind.FIRST_RELEASE: "首次发布",
    ClockKind.PRESS_CONFERENCE: "新闻发布会",
    ClockKind.NEXT_UPDATE: "后续发布",
    ClockKind.ACKNOWLEDGE: "签收",
    ClockKind.TASK: "任务",
    ClockKind.REVIEW: "总结评估",
}
