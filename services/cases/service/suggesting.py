"""An event held against the plan: suggested where it is worth it, and what a person decided is remembered."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from math import inf

import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from contracts.messages import AlertRaised, EventUpdated
from contracts.streams import ALERTS_RAISED
from contracts.words import AlertStatus, CaseState, Level, NotificationKind
from kit.ids import new_id
from services.cases import store
from services.cases.access import parties_at
from services.cases.lifecycle import WORKING
from services.cases.models import AlertRow, CaseRow, StandingRow
from services.cases.numbering import show_time
from services.cases.plan import Grade, HumanFacts, Plan, grade
from services.cases.plan.figures import show_duration
from services.cases.plan.holding import (
    Decision,
    Easing,
    Holding,
    Refusal,
    Rules,
    Seen,
    Suggestion,
    consider,
    ease,
    eases_at,
    heed,
    held_back,
    told,
)
from services.cases.plan.saying import explain, name_of
from services.cases.plan.schema import ROMAN
from services.cases.service.actors import MACHINE, PLAN
from services.cases.service.case_file import CaseFile, Notices
from services.cases.service.courses import Courses
from services.cases.service.desk import Desk
from services.cases.service.levels import propose
from services.cases.service.opening import Opening, open_case, say_reasons
from services.cases.service.resurging import note_resurgence
from services.cases.store import courses as stored

_log = structlog.get_logger(__name__)
#: States in which only what is new is suggested, however much time has passed.
AFTERCARE = (CaseState.MONITORING, CaseState.REVIEWING)


@dataclass(frozen=True, slots=True)
class Look:
    """One look at an event: what is known of it, since when, and what was suggested and decided before."""

    event: EventUpdated
    human: HumanFacts
    at: datetime
    #: rank of the gravest alert of the event and of those that have gone up in it
    highest: int
    decisions: Sequence[Decision] = ()


class Suggesting:
    """Grades events and carries out what follows, in the caller's transaction; the event is locked by the caller."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def look(self, session: AsyncSession, plan: Plan, look: Look, courses: Courses) -> Grade:
        """Grade an event; raise an alert, open a case, propose a level or tell of a lower one, as the rules say."""
        event, at = look.event, look.at
        graded = grade(plan, event, look.human)
        seen, rules = Seen.of(graded), Rules.of(plan.grading)
        case = await store.lock_open_case_of(session, event.id)
        file = await self._desk.file(session, case) if case else None
        if file is not None and file.state is CaseState.MONITORING:
            await note_resurgence(file, event)
        if file is not None and file.state in AFTERCARE:
            rules = replace(rules, ask_again=inf)
        standing = courses.standing(event.id, self._desk.clock.now())
        now, decided = at.timestamp(), decided_rank(case)
        holding = remembered(standing, seen, look.decisions, rules)
        if file is not None:
            holding = await _tell_held(file, holding, seen, now, rules, decided, graded)
        holding, suggestion = consider(holding, seen, now, rules, suggested=look.highest, decided=decided)
        stands = file.level.rank if file is not None and file.state in WORKING else 0
        holding, easing = ease(holding, seen, now, rules, standing=stands)
        keep(standing, holding, rules)
        if file is not None and easing is not None:
            await _tell_easing(file, easing, graded)
        if suggestion is not None:
            courses.keep(event.id)
            await self._suggest(session, plan, look, graded, suggestion, file)
        return graded

    async def _suggest(
        self,
        session: AsyncSession,
        plan: Plan,
        look: Look,
        graded: Grade,
        suggestion: Suggestion,
        file: CaseFile | None,
    ) -> None:
        event, level = look.event, Level.of_rank(suggestion.rank)
        said = _said(graded, suggestion)
        alert = AlertRow(
            id=new_id(),
            event_id=event.id,
            event_title=event.title,
            level=level,
            rank=level.rank,
            status=AlertStatus.OPEN,
            reasons=[reason.model_dump(mode="json") for reason in graded.reasons],
            case_id=file.row.id if file else None,
            plan_version=plan.version,
            raised_at=look.at,
            round=1 + await stored.count_alerts(session, event.id, level),
        )
        session.add(alert)
        await session.flush()
        if file is None and level in plan.opening.levels:
            opening = Opening(
                title=event.title,
                level=level,
                reason=said,
                detected_at=look.at,
                summary=event.summary,
                event=event,
                alert_id=alert.id,
                reasons=graded.met,
                mass_incident=look.human.mass_incident is True,
            )
            file = await open_case(self._desk, session, plan, opening, PLAN)
            alert.case_id = file.row.id
        elif file is not None:
            name = file.plan.level_name(level)
            text = f"{name}预警：{said}"
            await file.enter("alert_raised", text, MACHINE, alert_id=alert.id, level=level, new=list(suggestion.new))
            await _propose(file, level, graded, said)
        await self._tell(session, plan, event, alert, graded, said, file)
        _log.info("alert.raised", event_id=event.id, level=alert.level, case_id=alert.case_id, round=alert.round)

    async def _tell(
        self,
        session: AsyncSession,
        plan: Plan,
        event: EventUpdated,
        alert: AlertRow,
        graded: Grade,
        said: str,
        file: CaseFile | None,
    ) -> None:
        level = Level(alert.level)
        payload = AlertRaised(
            id=alert.id,
            event_id=event.id,
            event_title=event.title,
            level=level,
            reasons=list(graded.reasons),
            case_id=alert.case_id,
            plan_version=plan.version,
            raised_at=alert.raised_at,
            seen_by=parties_at(plan, event.places) + (await file.parties() if file is not None else []),
        )
        await self._desk.outbox.put(session, ALERTS_RAISED, "alert.raised", alert.id, payload)
        metrics = event.metrics
        figures = (
            f"信息 {metrics.posts_total} 条，负面占比 {metrics.negative_share:.0%}，互动 {metrics.interactions}，"
            f"信源 {metrics.sources} 个"
        )
        places = f"\n涉及：{'、'.join(event.places)}" if event.places else ""
        again = f"再次提出：{said}\n" if alert.round > 1 else ""
        await Notices(session, self._desk.outbox, plan, self._desk.clock.now()).send(
            NotificationKind.ALERT_RAISED,
            level,
            f"【{plan.level_name(level)}预警】{event.title[:60]}",
            f"{event.title}\n{again}依据：{explain(level, graded.reasons)}\n{figures}{places}\n"
            f"发现时间：{show_time(alert.raised_at)}",
            case=file.row if file else None,
            present=await file.participants() if file else (),
            alert_id=alert.id,
            topics=event.topics,
        )


def decided_rank(case: CaseRow | None) -> int:
    """Return the rank that a person gave an event's open case; 0 where nobody has decided yet."""
    return Level(case.level).rank if case is not None and (case.level_active or not case.automatic) else 0


def remembered(standing: StandingRow | None, seen: Seen, decisions: Sequence[Decision], rules: Rules) -> Holding:
    """Return what is remembered of an event, with everything that people have decided of it since.

    Where an event was decided on before anything was remembered, what is met now counts as met then.
    """
    if standing is not None and standing.holding is not None:
        holding = Holding.of_json(standing.holding)
    else:
        last = max((decision.at for decision in decisions), default=0.0)
        holding = Holding(last_met=dict.fromkeys(seen.met, last) if decisions else {})
    return heed(holding, decisions, rules)


def keep(standing: StandingRow, holding: Holding, rules: Rules) -> None:
    """Put what is to be remembered into the row."""
    standing.holding = holding.as_json()
    due = eases_at(holding, rules)
    standing.eases_at = datetime.fromtimestamp(due, UTC) if due is not None else None


def show_refusal(refusal: Refusal) -> str:
    """Return who refused a level and when, as the beginning of a sentence."""
    what = "降低级别或结束处置" if refusal.for_good else "未予同意"
    return f"{refusal.by or '有关人员'}于 {show_time(datetime.fromtimestamp(refusal.at, UTC))} {what}"


def _said(graded: Grade, suggestion: Suggestion) -> str:
    said = say_reasons(graded.reasons)
    if suggestion.refused is None:
        return said
    if suggestion.new:
        why = f"当时尚未达到、现已达到：{name_of(graded.reasons, suggestion.new)}"
    else:
        why = "已满预案规定的再次提出时间，依据仍在"
    return f"{said}（{show_refusal(suggestion.refused)}；{why}）"


async def _propose(file: CaseFile, level: Level, graded: Grade, said: str) -> None:
    """Propose a level that is graver than the case's, or the case's own where it was never activated."""
    if level.rank < file.level.rank or (level is file.level and file.row.level_active):
        return
    pending = await store.pending_approval(file.session, file.row.id)
    if pending is None or level.rank > Level(pending.to_level).rank:
        await propose(file, level, MACHINE, said, graded.met)


async def _tell_held(
    file: CaseFile, holding: Holding, seen: Seen, at: float, rules: Rules, decided: int, graded: Grade
) -> Holding:
    """Enter, once for each refusal, that the figures still lead to the level which a person refused."""
    refusal = held_back(holding, seen, at, rules, decided=decided)
    if refusal is None or refusal.told:
        return holding
    name = f"{ROMAN[Level.of_rank(seen.rank)]}级"
    later = "" if refusal.for_good else f"，或满 {show_duration(file.plan.grading.ask_again.within)}"
    text = (
        f"按指标仍为{name}（{say_reasons(graded.reasons)}）；{show_refusal(refusal)}，不再建议{name}，"
        f"直至出现当时没有的{name}及以上依据{later}"
    )
    await file.enter("suggestion_held", text, MACHINE, level=str(Level.of_rank(seen.rank)), met=sorted(refusal.met))
    return told(holding, seen.rank)


async def _tell_easing(file: CaseFile, easing: Easing, graded: Grade) -> None:
    """Enter and tell that the level's reasons have ceased to hold; whether to lower is for people to say."""
    stands = f"{ROMAN[Level.of_rank(easing.standing)]}级"
    to = (
        f"可考虑降级（按指标不高于{ROMAN[Level.of_rank(easing.rank)]}级）"
        if easing.rank
        else "可考虑降级或转为持续关注"
    )
    since = show_time(datetime.fromtimestamp(easing.since, UTC))
    text = f"{to}：自 {since} 起{stands}的依据不再成立。{explain(graded.level, graded.reasons)}"
    level = str(Level.of_rank(easing.rank)) if easing.rank else None
    await file.enter("level_may_ease", text, MACHINE, level=level, since=easing.since)
    await file.notify(
        NotificationKind.CASE_CHANGED,
        f"【可考虑降级】{file.row.number}",
        f"{file.row.title}\n{text}\n是否降级由人决定，须写明理由。",
    )
