"""The hourly situation brief of the 24-hour watch (clause 五(一)2): what has changed since the last one."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from services.cases.numbering import show_time

_STAGES: Final = {"latent": "潜伏期", "growing": "成长期", "bursting": "爆发期", "fading": "衰退期"}
_TIERS: Final = {
    "central": "中央媒体",
    "provincial": "省级媒体",
    "municipal": "市级媒体",
    "county": "县级媒体",
    "industry": "行业媒体",
    "social": "社会媒体",
    "self_media": "自媒体",
}
#: Figures of an event that only grow, with what officers call them.
_TOTALS: Final = {"posts_total": "信息总量", "interactions": "互动量", "reads": "阅读量", "voices": "发声者"}
_UNITS: Final = {"posts_total": "条", "interactions": "次", "reads": "次", "voices": "个"}


def figures_of(snapshot: Mapping[str, Any]) -> dict[str, Any]:
    """Return the figures of an event (an `EventUpdated` as JSON) that a brief compares; empty for an empty one."""
    if not snapshot:
        return {}
    metrics = snapshot.get("metrics", {})
    names = (*_TOTALS, "posts_1h", "negative_share", "sources", "top_tier", "heat")
    return {**{name: metrics.get(name) for name in names}, "stage": snapshot.get("stage")}


def next_at(due: datetime, every: timedelta, now: datetime) -> datetime:
    """Return when the next brief is due after one at `now` that was due at `due`: hours that were missed fall away."""
    missed = max(0, (now - due) // every)
    return due + (missed + 1) * every


def brief(number: int, before: Mapping[str, Any], since: datetime, figures: Mapping[str, Any], now: datetime) -> str:
    """Return the text of brief `number` from the event's figures `before` (at `since`) and now."""
    head = f"第 {number} 期情况快报（{show_time(since)} 至 {show_time(now)}）："
    if not figures:
        return head + "本单没有对应的网上事件，无新增数据；请值班人员核报现场情况。"
    said = [_total(name, before, figures) for name in _TOTALS if figures.get(name) is not None]
    share = figures.get("negative_share")
    if share is not None:
        said.append(f"负面占比 {share:.0%}" + _shift(before.get("negative_share"), share))
    if figures.get("posts_1h") is not None:
        said.append(f"近一小时 {figures['posts_1h']} 条")
    if figures.get("sources") is not None:
        said.append(f"信源 {figures['sources']} 个" + _more(before.get("sources"), figures["sources"], "个"))
    tier = figures.get("top_tier")
    if tier:
        risen = "，层级上升" if before and before.get("top_tier") != tier else ""
        said.append(f"最高层级 {_TIERS.get(str(tier), str(tier))}{risen}")
    stage = figures.get("stage")
    if stage:
        was = before.get("stage")
        came = f"由{_STAGES.get(str(was), str(was))}转为" if was and was != stage else "处于"
        said.append(f"{came}{_STAGES.get(str(stage), str(stage))}")
    if before and all(before.get(name) == figures.get(name) for name in _TOTALS):
        said.append("总量未变")
    return head + "，".join(said) + "。"


def _total(name: str, before: Mapping[str, Any], figures: Mapping[str, Any]) -> str:
    return f"{_TOTALS[name]} {figures[name]} {_UNITS[name]}" + _more(before.get(name), figures[name], _UNITS[name])


def _more(before: float | None, now: float, unit: str) -> str:
    if before is None or now == before:
        return ""
    return f"（{'新增' if now > before else '减少'} {abs(now - before):g} {unit}）"


def _shift(before: float | None, now: float) -> str:
    points = round((now - before) * 100) if before is not None else 0
    return f"（{'上升' if points > 0 else '下降'} {abs(points)} 个百分点）" if points else ""
