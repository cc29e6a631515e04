"""Moving an open case to another version of the plan."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from contracts.words import CaseState, ClockKind, NotificationKind
from kit.ids import new_id
from services.cases import store
from services.cases.lifecycle import OPEN_STATES, STATE_NAMES, Refused
from services.cases.models import ApprovalRow, CaseRow, PlanMoveRow
from services.cases.moving import ClockMove, move_clocks, warned_anew
from services.cases.plan import Plan
from services.cases.plan.diff import compare
from services.cases.service.actors import Actor
from services.cases.service.case_file import CaseFile
from services.cases.service.checks import Check
from services.cases.service.desk import Desk, missing
from services.cases.service.tasks import add_playbook
from services.cases.store import aftermath
from services.cases.store.plans import moves as moves_of

_WORKING = (CaseState.REPORTED, CaseState.ASSESSING, CaseState.RESPONDING)


@dataclass(frozen=True, slots=True)
class Moved:
    """A case after its move: the record of it, and in Chinese what else changes at the case's level."""

    case: CaseRow
    row: PlanMoveRow
    level_names: tuple[str, str]
    others: tuple[str, ...]


class PlanMoves:
    """Moves cases from one version of the plan to another."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def move(self, case_id: str, version: str, reason: str, actor: Actor, check: Check) -> Moved:
        """Lead a case by another version from now on; its running clocks keep their start and get the new limits.

        404 where there is no such version; 409 where the case is settled, is on that version already, or something
        awaits its approval (who may give it would change under it), or where the version was never in force.
        """
        async with self._desk.case(case_id) as file:
            check(file)
            target = await self._desk.plans.read(file.session, version)
            await _may_move(file, version)
            source = await self._desk.plans.read(file.session, file.row.plan_version)
            (old, _), (new, _) = source, target
            at_level = f"levels.{file.level}."
            others = tuple(change.zh for change in compare(source, target) if change.path.startswith(at_level))
            moves = await _carry_over(file, old, new)
            came_from, file.row.plan_version = file.row.plan_version, version
            names = old.level_name(file.level), new.level_name(file.level)
            said = [move.say() for move in moves]
            if names[0] != names[1]:
                said.insert(0, f"{names[0]}现称{names[1]}")
            text = f"改按预案 {version} 版办理（原 {came_from} 版）：{reason}"
            sequence = await file.enter(
                "plan_moved",
                "。".join([text, "；".join(said) or "时限不变"]),
                actor,
                from_version=came_from,
                to_version=version,
                reason=reason,
                level_names=list(names),
                clocks=[move.as_json() for move in moves],
                others=list(others),
            )
            row = PlanMoveRow(
                id=new_id(),
                case_id=case_id,
                from_version=came_from,
                to_version=version,
                at=file.now,
                by=actor.name,
                reason=reason,
                sequence=sequence,
                changes=[{**move.as_json(), "text": move.say()} for move in moves],
            )
            file.session.add(row)
            await file.notify(
                NotificationKind.CASE_CHANGED,
                f"【改按新版预案】{file.row.number}",
                "\n".join([file.row.title, text, *said, *others]),
            )
            return Moved(file.row, row, names, others)

    async def plans_of(self, approvals: Sequence[ApprovalRow]) -> list[Plan]:
        """Return the version of the plan of whose chain each proposal of one case is, or was decided by.

        A case is not moved while a proposal is pending, so that each falls wholly before or after a move.
        """
        if not approvals:
            return []
        case_id = approvals[0].case_id
        async with self._desk.database.reading() as session:
            # the moves first: where one comes in between, the case's version is that which it led to
            moves = await moves_of(session, case_id)
            row = await store.case(session, case_id)
            if row is None:
                raise missing("case", case_id)
            last = moves[-1].to_version if moves else row.plan_version
            return [await self._desk.plans.version(session, _version_at(one, moves) or last) for one in approvals]


def _version_at(proposal: ApprovalRow, moves: Sequence[PlanMoveRow]) -> str | None:
    """Return the version that the first move after a proposal left, or None where there is none.

    What was made at the same instant is in the order of its ids, which sort by when they were made.
    """
    made = (proposal.proposed_at, proposal.id)
    return next((move.from_version for move in moves if made < (move.at, move.id)), None)


async def _may_move(file: CaseFile, version: str) -> None:
    if file.state not in OPEN_STATES:
        raise Refused(
            "case_settled",
            f"处置单已{STATE_NAMES[file.state]}，预案版本不再变更",
            f"The case is {file.state}; it stays on its version of the plan",
        )
    if file.row.plan_version == version:
        raise Refused(
            "plan_unchanged", f"处置单已按预案 {version} 版办理", f"The case is led by version {version} already"
        )
    row = await store.plan_row(file.session, version)
    if row is None or row.activated_at is None:
        raise Refused(
            "plan_never_in_force",
            f"预案 {version} 版从未启用，不能用于办理",
            f"Version {version} was never in force: no case can be led by it",
        )
    pending = await store.pending_approval(file.session, file.row.id)
    if pending is not None:
        raise Refused(
            "proposal_pending",
            f"级别建议（{pending.to_level} 级）尚待审批；请先审批，再变更预案版本",
            f"A proposal of level {pending.to_level} awaits its decision; decide on it before the plan changes",
        )
    waiting = [one.number for one in await store.statements(file.session, file.row.id) if one.state == "submitted"]
    if waiting:
        raise Refused(
            "statement_pending",
            f"口径第 {max(waiting)} 版尚待审批；请先审批或退回，再变更预案版本",
            f"Version {max(waiting)} of the statement awaits approval; approve it or send it back first",
        )
    corrections = await aftermath.corrections(file.session, file.row.id)
    asked = [one.number for one in corrections if one.state == "submitted"]
    if asked:
        raise Refused(
            "correction_pending",
            f"更正请求第 {max(asked)} 件尚待审批；请先审批或退回，再变更预案版本",
            f"Correction request {max(asked)} awaits approval; approve it or send it back first",
        )


async def _carry_over(file: CaseFile, old: Plan, new: Plan) -> list[ClockMove]:
    """Let the file go by the new plan: its clocks, when each has something to say next, and the tasks that it adds."""
    clocks = await file.clocks()
    ids = {kind: new_id() for kind in ClockKind}
    moves = move_clocks(clocks, old, new, file.level, file.now, ids, working=file.state in _WORKING)
    moved = {move.clock.id: move.clock for move in moves}
    file.plan = new
    kept = [warned_anew(clock, old, new, file.now) for clock in clocks if clock.is_open and clock.id not in moved]
    await file.save([*moved.values(), *kept])
    if file.state in _WORKING:
        await add_playbook(file, file.level, file.now)
    return moves
