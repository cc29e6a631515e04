"""The work of a case: what state a task is in, what it waits for, and who may do what with it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from services.cases.lifecycle import Refused
from services.cases.plan.work import ring


class TaskState(StrEnum):
    """Where a task stands. A blocked one waits for others; a dropped one holds up nothing."""

    BLOCKED = "blocked"
    OPEN = "open"
    ACCEPTED = "accepted"
    DONE = "done"
    DROPPED = "dropped"


class TaskAction(StrEnum):
    """What is done with a task."""

    ASSIGN = "assign"
    ACCEPT = "accept"
    COMPLETE = "complete"
    DROP = "drop"
    REOPEN = "reopen"


#: States as officers call them.
STATE_NAMES: Final = {
    TaskState.BLOCKED: "待前置任务",
    TaskState.OPEN: "待办",
    TaskState.ACCEPTED: "已受理",
    TaskState.DONE: "已完成",
    TaskState.DROPPED: "不再办理",
}
ACTION_NAMES: Final = {
    TaskAction.ASSIGN: "分派",
    TaskAction.ACCEPT: "受理",
    TaskAction.COMPLETE: "完成",
    TaskAction.DROP: "取消",
    TaskAction.REOPEN: "重新办理",
}
#: States of a task that is still owed.
OWED: Final = frozenset({TaskState.BLOCKED, TaskState.OPEN, TaskState.ACCEPTED})
#: States of a task that holds up nothing any more.
SETTLED: Final = frozenset(TaskState) - OWED

_FROM: Final = {
    TaskAction.ASSIGN: OWED,
    TaskAction.ACCEPT: frozenset({TaskState.OPEN}),
    TaskAction.COMPLETE: frozenset({TaskState.OPEN, TaskState.ACCEPTED}),
    TaskAction.DROP: OWED,
    TaskAction.REOPEN: SETTLED,
}


@dataclass(frozen=True, slots=True)
class Task:
    """A task as its dependencies see it; `after` are keys of tasks of the same case."""

    key: str
    state: TaskState
    after: tuple[str, ...] = ()


def act(task: Task, action: TaskAction, others: Iterable[Task]) -> TaskState:
    """Return the state that `action` leads to; raises :class:`Refused` where the task's state forbids it.

    A task that is assigned stays as it is, but has to be accepted anew. One that waits for others can be assigned and
    dropped, not begun.
    """
    if task.state not in _FROM[action]:
        raise _refusal(task, action, others)
    if action in (TaskAction.ASSIGN, TaskAction.REOPEN):
        return TaskState.BLOCKED if waits_for(task, others) else TaskState.OPEN
    return {
        TaskAction.ACCEPT: TaskState.ACCEPTED,
        TaskAction.COMPLETE: TaskState.DONE,
        TaskAction.DROP: TaskState.DROPPED,
    }[action]


def _refusal(task: Task, action: TaskAction, others: Iterable[Task]) -> Refused:
    if task.state is TaskState.DONE and action is TaskAction.COMPLETE:
        return Refused("task_done", "任务已完成", "The task is done already")
    if task.state is TaskState.BLOCKED:
        waiting = "、".join(waits_for(task, others))
        return Refused("task_blocked", f"前置任务尚未完成：{waiting}", f"The task waits for: {waiting}")
    return Refused(
        "task_state",
        f"任务{STATE_NAMES[task.state]}，不能{ACTION_NAMES[action]}",
        f"A task that is {task.state} cannot be the object of {action}",
    )


def waits_for(task: Task, others: Iterable[Task]) -> list[str]:
    """Return the keys of what a task still waits for; keys that the case has no task of hold up nothing."""
    unsettled = {other.key for other in others if other.state not in SETTLED}
    return [key for key in task.after if key in unsettled]


def settle(tasks: Sequence[Task]) -> dict[str, TaskState]:
    """Return the tasks, by key, that have become free or are held up now, with their new states.

    Work that has begun is not held up any more.
    """
    changed: dict[str, TaskState] = {}
    for task in tasks:
        if task.state not in (TaskState.OPEN, TaskState.BLOCKED):
            continue
        state = TaskState.BLOCKED if waits_for(task, tasks) else TaskState.OPEN
        if state is not task.state:
            changed[task.key] = state
    return changed


def check_ring(tasks: Iterable[Task], key: str, after: Sequence[str]) -> None:
    """Refuse dependencies of the task `key` that would let tasks wait for each other in a ring."""
    others = [task for task in tasks if task.key != key]
    found = ring([*others, Task(key, TaskState.OPEN, tuple(after))])
    if found:
        way = " → ".join([*found, found[0]])
        raise Refused("tasks_in_ring", f"任务互相等待：{way}", f"Tasks would wait for each other: {way}")
