"""An event in aftercare that comes back: told, and its case reopened by the plan (clause 六(一))."""

from __future__ import annotations

from contracts.messages import EventUpdated
from contracts.words import CaseState, NotificationKind
from services.cases.resurgence import Rule, judge, negatives, observe
from services.cases.service.actors import MACHINE, PLAN
from services.cases.service.aftercare import begin, keep, wave_of
from services.cases.service.case_file import CaseFile
from services.cases.service.casework import take_step


async def note_resurgence(file: CaseFile, event: EventUpdated) -> None:
    """Note how an event in aftercare moves; where it has come back, reopen its case or propose to, as the plan says.

    What the plan does here a person undoes by sending the case back to monitoring; then only a further rise counts.
    """
    row = await begin(file)
    plan = file.plan.aftercare.resurgence
    total = negatives(event.metrics.posts_total, event.metrics.negative_share)
    wave, figure = observe(wave_of(row), file.now, total, event.metrics.posts_1h)
    wave, back = judge(wave, figure, Rule(plan.negative_posts_1h, plan.rise), file.now)
    keep(row, wave)
    row.figure = figure
    file.session.add(row)
    if not back:
        return
    file.row.resurged_at = file.now
    before = f"，处置结束时为 {row.baseline} 条" if row.baseline else ""
    told = f"舆情反弹：近一小时负面信息 {figure} 条（预案标准 {plan.negative_posts_1h} 条{before}）"
    automatic = plan.reopen == "automatic"
    text = f"{told}，{'按预案重新处置' if automatic else '建议重新处置'}"
    await file.enter(
        "resurgence",
        text,
        MACHINE,
        negative_posts_1h=figure,
        threshold=plan.negative_posts_1h,
        baseline=row.baseline,
        automatic=automatic,
    )
    if automatic:
        row.reopened = True
        await take_step(file, CaseState.RESPONDING, told, PLAN)
        return
    await file.notify(NotificationKind.CASE_CHANGED, f"【舆情反弹】{file.row.number}", f"{file.row.title}\n{text}")
