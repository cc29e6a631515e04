"""Tasks: what may be done with one in which state, and what waits for what."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.cases.lifecycle import Refused
from services.cases.plan.work import ring
from services.cases.tasks import OWED, SETTLED, Task, TaskAction, TaskState, act, check_ring, settle, waits_for

KEYS = "abcdef"


@st.composite
def cases(draw: st.DrawFn) -> list[Task]:
    """Tasks without a ring: each waits only for some that come before it."""
    made = []
    for i, key in enumerate(KEYS[: draw(st.integers(1, len(KEYS)))]):
        after = draw(st.lists(st.sampled_from(KEYS[:i]), unique=True)) if i else []
        made.append(Task(key, draw(st.sampled_from(TaskState)), tuple(after)))
    return made


def after_settling(tasks: list[Task]) -> list[Task]:
    changed = settle(tasks)
    return [Task(task.key, changed.get(task.key, task.state), task.after) for task in tasks]


@given(cases())
def test_settling_leaves_blocked_exactly_what_waits_and_is_done_in_one_go(tasks: list[Task]) -> None:
    settled = after_settling(tasks)
    for task in settled:
        if task.state in (TaskState.OPEN, TaskState.BLOCKED):
            assert (task.state is TaskState.BLOCKED) == bool(waits_for(task, settled))
    assert settle(settled) == {}
    assert [one.state for one in settled if one.state not in (TaskState.OPEN, TaskState.BLOCKED)] == [
        one.state for one in tasks if one.state not in (TaskState.OPEN, TaskState.BLOCKED)
    ]


@given(cases())
def test_whatever_is_free_being_done_again_and_again_everything_gets_done(tasks: list[Task]) -> None:
    for _ in range(2 * len(tasks)):
        tasks = after_settling(tasks)
        tasks = [
            Task(one.key, act(one, TaskAction.COMPLETE, tasks), one.after)
            if one.state in (TaskState.OPEN, TaskState.ACCEPTED)
            else one
            for one in tasks
        ]
    assert all(one.state in SETTLED for one in tasks)


@given(cases(), st.sampled_from(TaskAction), st.integers(0, len(KEYS)))
def test_an_action_is_carried_out_or_refused_by_name(tasks: list[Task], action: TaskAction, which: int) -> None:
    task = tasks[which % len(tasks)]
    held = task.state is TaskState.BLOCKED and action in (TaskAction.ACCEPT, TaskAction.COMPLETE)
    if (
        held
        or (action is TaskAction.REOPEN) == (task.state in OWED)
        or (action, task.state)
        == (
            TaskAction.ACCEPT,
            TaskState.ACCEPTED,
        )
    ):
        with pytest.raises(Refused, match=r"waits for|is done|cannot be"):
            act(task, action, tasks)
        return
    state = act(task, action, tasks)
    allowed = {
        TaskAction.ASSIGN: OWED,
        TaskAction.ACCEPT: {TaskState.ACCEPTED},
        TaskAction.COMPLETE: {TaskState.DONE},
        TaskAction.DROP: {TaskState.DROPPED},
        TaskAction.REOPEN: {TaskState.OPEN, TaskState.BLOCKED},
    }
    assert state in allowed[action]


@given(cases())
def test_tasks_that_wait_only_for_earlier_ones_make_no_ring(tasks: list[Task]) -> None:
    assert ring(tasks) == []


@given(st.lists(st.sampled_from(KEYS), min_size=1, unique=True), cases())
def test_a_ring_is_found_and_named_in_its_order(keys: list[str], others: list[Task]) -> None:
    circle = [Task(key, TaskState.OPEN, (keys[(i + 1) % len(keys)],)) for i, key in enumerate(keys)]
    found = ring([*(one for one in others if one.key not in keys), *circle])
    waits = {task.key: task.after for task in [*(one for one in others if one.key not in keys), *circle]}
    assert found
    assert all(found[(i + 1) % len(found)] in waits[key] for i, key in enumerate(found))


def test_a_task_cannot_be_made_to_wait_for_itself() -> None:
    tasks = [Task("a", TaskState.OPEN), Task("b", TaskState.OPEN, ("a",))]
    check_ring(tasks, "c", ["b"])
    with pytest.raises(Refused) as refused:
        check_ring(tasks, "a", ["b"])
    assert refused.value.rule == "tasks_in_ring"
    assert "b → a → b" in refused.value.zh


def test_a_long_chain_is_looked_through_without_recursion() -> None:
    assert ring([Task(str(i), TaskState.OPEN, (str(i + 1),)) for i in range(5000)]) == []
