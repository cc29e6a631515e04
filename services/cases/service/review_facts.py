"""The facts of a review, read out of the case's rows and timeline; nothing in them is written by hand."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any, Final

from contracts.words import ClockKind, ClockState, Role
from services.cases import store
from services.cases.clocks import Clock, is_late
from services.cases.concerns import ConcernState, Share, share_answered, show_share, weigh
from services.cases.labels import CLOCK_NAMES
from services.cases.models import ApprovalRow, CorrectionRow, TaskRow, TimelineRow
from services.cases.numbering import show_time
from services.cases.plan.figures import show_duration
from services.cases.review import Due, Entry, accountability, digest_of, levels, phases, receipts
from services.cases.service.case_file import CaseFile
from services.cases.service.corrections import OUTCOME_NAMES, STATE_NAMES
from services.cases.service.levels import role_name
from services.cases.store import aftermath as stored

#: Words in the title of a plan's section, and which facts such a section begins with.
_STARTS: Final = (
    (("基本情况", "概况", "基本事实"), "case"),
    (("过程", "经过"), "digest"),
    (("时限",), "clocks"),
    (("诉求", "答复"), "concerns"),
    (("考评", "责任", "追责"), "units"),
    (("更正", "媒体"), "corrections"),
)


async def gather(file: CaseFile) -> dict[str, Any]:
    """Return what a review rests on, ready for JSON, as the case stands now."""
    case_id, now = file.row.id, file.now
    entries = [_entry(row) for row in await store.timeline(file.session, case_id)]
    clocks = await file.clocks()
    tasks = [task for task in await store.tasks(file.session, case_id) if task.dropped_at is None]
    concerns = await stored.concerns(file.session, case_id)
    weights = weigh(concerns)
    notices = await stored.notices_of(file.session, case_id)
    return {
        "as_of": now.isoformat(),
        "case": {
            "number": file.row.number,
            "title": file.row.title,
            "level": file.row.level,
            "detected_at": file.row.detected_at.isoformat(),
            "opened_at": file.row.opened_at.isoformat(),
            "plan_version": file.row.plan_version,
        },
        "digest": digest_of(entries),
        "phases": phases(entries, now),
        "levels": levels(entries),
        "clocks": [_clock(clock, now) for clock in clocks if clock.kind is not ClockKind.TASK],
        "approvals": [_approval(file, row, now) for row in await store.approvals(file.session, case_id)],
        "statements": [
            {
                "number": row.number,
                "title": row.title,
                "state": row.state,
                "published_at": row.published_at.isoformat() if row.published_at else None,
            }
            for row in reversed(await store.statements(file.session, case_id))
        ],
        "concerns": asdict(share_answered(concerns))
        | {
            "items": [
                {"name": row.name, "posts": weights[row.id], "state": row.state, "passed_to": row.passed_to}
                for row in concerns
                if row.state != ConcernState.MERGED
            ]
        },
        "corrections": [_correction(row) for row in reversed(await stored.corrections(file.session, case_id))],
        "notices": receipts({row.id: row.requested_at for row in notices}, entries),
        "units": accountability([*_tasks_due(file, tasks), *_clocks_due(file, clocks)], now),
    }


def _entry(row: TimelineRow) -> Entry:
    said = json.loads(row.body)
    return Entry(row.sequence, row.kind, row.at, said["text"], said["data"], said["actor"].get("roles", []))


def _clock(clock: Clock, now: datetime) -> dict[str, Any]:
    end = clock.ended_at if clock.state is ClockState.MET else now
    late = is_late(clock)
    return {
        "kind": str(clock.kind),
        "name": CLOCK_NAMES[clock.kind],
        "level": str(clock.level),
        "state": str(clock.state),
        "due_at": clock.due_at.isoformat(),
        "met_at": clock.ended_at.isoformat() if clock.state is ClockState.MET and clock.ended_at else None,
        "late": late,
        "late_seconds": max(0, int(((end or now) - clock.due_at).total_seconds())) if late else 0,
    }


def _approval(file: CaseFile, row: ApprovalRow, now: datetime) -> dict[str, Any]:
    return {
        "kind": row.kind,
        "to_level": row.to_level,
        "state": row.state,
        "proposed_at": row.proposed_at.isoformat(),
        "waited_seconds": int(((row.decided_at or now) - row.proposed_at).total_seconds()),
        "steps": [
            {"role": role_name(file, one["role"]), "decision": one["decision"], "at": one["at"]}
            for one in row.signatures
        ],
    }


def _correction(row: CorrectionRow) -> dict[str, Any]:
    return {
        "number": row.number,
        "outlet": row.outlet,
        "claim": row.claim,
        "state": row.state,
        "outcome": row.outcome,
        "sent_at": row.sent_at.isoformat() if row.sent_at else None,
    }


def _tasks_due(file: CaseFile, tasks: Sequence[TaskRow]) -> list[Due]:
    return [
        Due(task.unit or role_name(file, Role(task.role)), f"任务“{task.title}”", task.due_at, task.done_at)
        for task in tasks
    ]


def _clocks_due(file: CaseFile, clocks: Sequence[Clock]) -> list[Due]:
    """Whoever leads at a level answers for its clocks; those that are owed no longer count for nobody."""
    return [
        Due(
            "、".join(role_name(file, role) for role in file.plan.levels[clock.level].chain.lead) + "（牵头）",
            f"{CLOCK_NAMES[clock.kind]}（{clock.level}级）",
            clock.due_at,
            clock.ended_at if clock.state is ClockState.MET else None,
        )
        for clock in clocks
        if clock.kind not in (ClockKind.TASK, ClockKind.REVIEW)
        and (clock.state is not ClockState.CANCELLED or is_late(clock))
    ]


def opening_text(title: str, facts: dict[str, Any]) -> str:
    """Return the text that a section of the plan begins with: facts, where its title names some, else nothing."""
    kind = next((kind for words, kind in _STARTS if any(word in title for word in words)), "")
    return _WRITERS[kind](facts) if kind else ""


def _write_case(facts: dict[str, Any]) -> str:
    case, share = facts["case"], facts["concerns"]
    spans = "；".join(f"{one['name']} {_length(one['seconds'])}" for one in facts["phases"])
    return (
        f"{case['title']}（{case['number']}），{_at(case['detected_at'])}发现，{_at(case['opened_at'])}建立处置单，"
        f"响应级别 {case['level']} 级。各阶段用时：{spans}。诉求 {share['total']} 项，已答复 {share['answered']} 项。"
    )


def _write_digest(facts: dict[str, Any]) -> str:
    return "\n".join(f"{_at(one['at'])} {one['text']}" for one in facts["digest"])


def _write_clocks(facts: dict[str, Any]) -> str:
    lines = []
    for one in facts["clocks"]:
        if one["state"] == ClockState.CANCELLED and not one["late"]:
            continue
        due = f"{one['name']}（{one['level']} 级，{_at(one['due_at'])} 到期）："
        done = (
            f"{_at(one['met_at'])} 完成"
            if one["met_at"]
            else "未完成"
            if one["state"] != ClockState.CANCELLED
            else "未完成即终止"
        )
        lines.append(due + done + (f"，超时{_length(one['late_seconds'])}" if one["late"] else ""))
    told = facts["notices"]
    if told["asked"]:
        wait = f"，首次签收用时中位数 {_length(told['median'])}" if told["median"] is not None else ""
        lines.append(f"须签收的通知 {told['asked']} 件，已签收 {told['acknowledged']} 件{wait}")
    return "\n".join(lines)


def _write_concerns(facts: dict[str, Any]) -> str:
    share = facts["concerns"]
    names = {"open": "待答复", "answered": "已答复", "passed": "已转办"}
    lines = [
        f"{one['name']}（{one['posts']} 条）：{names[one['state']]}"
        + (f"，{one['passed_to']}" if one["passed_to"] else "")
        for one in share["items"]
    ]
    whole = Share(**{name: share[name] for name in ("total", "answered", "passed", "share", "posts_share")})
    return "\n".join([show_share(whole), *lines])


def _write_units(facts: dict[str, Any]) -> str:
    lines = []
    for one in facts["units"]:
        late = (
            f"，最长超时{_length(one['longest_late'])}（{'、'.join(one['late_items'])}）" if one["late_items"] else ""
        )
        done = f"按时 {one['met']} 项，超时完成 {one['late']} 项，逾期未办 {one['overdue']} 项"
        lines.append(f"{one['unit']}：应办 {one['due']} 项，{done}{late}")
    return "\n".join(lines)


def _write_corrections(facts: dict[str, Any]) -> str:
    lines = []
    for one in facts["corrections"]:
        became = OUTCOME_NAMES[one["outcome"]] if one["outcome"] else STATE_NAMES[one["state"]]
        lines.append(f"{one['outlet']}：“{one['claim']}”，{became}")
    return "\n".join(lines)


_WRITERS: Final = {
    "case": _write_case,
    "digest": _write_digest,
    "clocks": _write_clocks,
    "concerns": _write_concerns,
    "units": _write_units,
    "corrections": _write_corrections,
}


def _at(instant: str) -> str:
    return show_time(datetime.fromisoformat(instant))


def _length(seconds: int) -> str:
    return show_duration(timedelta(seconds=seconds))
