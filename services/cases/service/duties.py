"""What a case still owes before a step of its lifecycle: one registry, to which each noun's module adds its own."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from contracts.words import ClockKind
from services.cases import store
from services.cases.conferences import rule_of
from services.cases.lifecycle import WHO, Duty
from services.cases.service.case_file import CaseFile

Provider = Callable[[CaseFile], Awaitable[list[Duty]]]

_PROVIDERS: dict[str, list[Provider]] = {step: [] for step in WHO}


def owed_before(*steps: str) -> Callable[[Provider], Provider]:
    """Register a function that returns the open duties of a case before `steps`; KeyError for an unknown one."""

    def register(provider: Provider) -> Provider:
        for step in steps:
            _PROVIDERS[step].append(provider)
        return provider

    return register


async def open_duties(file: CaseFile, step: str) -> list[Duty]:
    """Return every duty that a case still owes before a step, in the order in which they were registered."""
    return [duty for provider in _PROVIDERS[step] for duty in await provider(file)]


@owed_before("monitor")
async def mandatory_tasks(file: CaseFile) -> list[Duty]:
    """Name the playbook's mandatory tasks that are neither done nor dropped."""
    mandatory = {task.key for task in file.plan.playbook if task.mandatory}
    if not mandatory:
        return []
    return [
        Duty("task_open", f"任务“{task.title}”尚未完成", f"the task {task.key} is open")
        for task in await store.tasks(file.session, file.row.id)
        if task.key in mandatory and task.done_at is None and task.dropped_at is None
    ]


@owed_before("monitor", "close")
async def waiting_statements(file: CaseFile) -> list[Duty]:
    """Name the statements that await approval: they are decided on, or taken back, before the case goes on."""
    return [
        Duty(
            "statement_waiting",
            f"口径第 {row.number} 份《{row.title}》待审批，请审批或由起草人撤回",
            f"statement {row.number} awaits approval: decide on it, or let its author take it back",
            excusable=False,
        )
        for row in reversed(await store.statements(file.session, file.row.id))
        if row.state == "submitted"
    ]


@owed_before("monitor")
async def press_conference(file: CaseFile) -> list[Duty]:
    """Name a press conference that is still owed (clause 五(三)3): its clock is open.

    No reason excuses it: where the plan lets it be waived, those who decide at the level do so by a decision.
    """
    owed = any(clock.is_open and clock.kind is ClockKind.PRESS_CONFERENCE for clock in await file.clocks())
    if not owed:
        return []
    may = "，也未由有权审批该级别的人决定不召开" if file.level in file.plan.press_conference.waivable else ""
    zh = f"尚未召开新闻发布会{may}（{rule_of(file.plan, file.level)}）"
    return [Duty("press_conference_open", zh, "the press conference is still owed", excusable=False)]
