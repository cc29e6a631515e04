"""How far an escalation has come, and what follows when. Pure rules: no clock, no database.

Steps and rounds are counted from 0 here.

Of time that passes in jumps (a service that was down, a clock that is set): within a round each step is due its delay
after the step before it *was due*, so that steps that fell due meanwhile are taken at once, each once and in order. A
new round, and the end, wait for their time after the last step *was taken*: a jump never repeats anything by itself. A
clock that is set back leaves the waits as long as they were.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Set
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from services.notify.escalation.policy import Policy


@dataclass(frozen=True)
class Call:
    """One step of one round, to be taken. `turn` numbers the calls of an escalation from 1, without regard to jumps."""

    round: int
    step: int
    turn: int


@dataclass(frozen=True)
class Progress:
    """What comes next: step number `step` of round `round`, at `due_at`; past the last step, the next round or the end.

    `set_at` is when that was decided. `over`: nobody answered, and nothing comes any more.
    """

    round: int
    step: int
    due_at: datetime
    set_at: datetime
    over: bool = False


def begin(policy: Policy, now: datetime) -> Progress:
    """Return the progress of an escalation that begins at `now`."""
    return Progress(0, 0, now + policy.steps[0].delay, now)


def follow(policy: Policy, progress: Progress, now: datetime) -> tuple[Call | None, Progress]:
    """Return the call that is to be made at `now`, if any, and the progress after it.

    At most one call: whoever asks goes on asking until there is none. The progress is `over` where the last round has
    gone unanswered.
    """
    progress = after_setback(progress, now)
    if progress.over or now < progress.due_at:
        return None, progress
    round_, step = progress.round, progress.step
    began = progress.due_at
    if step == len(policy.steps):
        if round_ == policy.repeat:
            return None, replace(progress, set_at=now, over=True)
        round_, step, began = round_ + 1, 0, now
    call = Call(round_, step, round_ * len(policy.steps) + step + 1)
    following = step + 1
    due_at = began + policy.steps[following].delay if following < len(policy.steps) else now + policy.wait
    return call, Progress(round_, following, due_at, now)


def hand_on(progress: Progress, now: datetime) -> Progress:
    """Return the progress when somebody asks for what comes next at once."""
    return replace(progress, due_at=min(progress.due_at, now), set_at=now)


def after_setback(progress: Progress, now: datetime) -> Progress:
    """Return the progress with its wait as long as it was, where the clock has been set back since it was decided."""
    if now >= progress.set_at:
        return progress
    wait = max(timedelta(0), progress.due_at - progress.set_at)
    return replace(progress, due_at=now + wait, set_at=now)


def answered_step(
    policy: Policy,
    told: Mapping[Call, Collection[str]],
    named: Mapping[int, Collection[str]],
    acknowledged: Set[str],
) -> int | None:
    """Return the step whose people have acknowledged, which ends the escalation, or None.

    `told` are the people of each call made, `named` those whom each step would tell now, `acknowledged` all who have
    acknowledged the notification, however they were told of it. One person of a step is enough, whether its turn has
    come or not; of a step for `everyone`, all whom one call told.
    """
    for number, step in enumerate(policy.steps):
        calls = [set(people) for call, people in told.items() if call.step == number and people]
        if step.everyone:
            if any(people <= acknowledged for people in calls):
                return number
        elif acknowledged & set().union(*calls, named.get(number, ())):
            return number
    return None
