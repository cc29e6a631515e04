"""Why two claims part, in a sentence that an officer reads."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from language.calendar import SHANGHAI
from services.cases.voice.claims import Claim, ClaimKind, Nature


def show_time(at: datetime) -> str:
    """Return an instant as officers read it in a sentence: 10月8日20:00."""
    local = at.astimezone(SHANGHAI)
    return f"{local.month}月{local.day}日{local:%H:%M}"


def why_contradiction(
    new: Claim, old: Claim, origin: Literal["statement", "fact"], label: str, at: datetime, quote: str
) -> str:
    """Return why a claim cannot stand beside another, with where the other is from."""
    if origin == "fact":
        held = f"已核实的事实“{label}”（{show_time(at)}）为“{quote}”"
    else:
        held = f"{show_time(at)}发布的{label}为“{quote}”"
    said = f"{new.subject}：本稿为“{new.quote}”，{held}"
    if new.denied != old.denied:
        return f"{said}，一处称不实，一处当作事实"
    if new.explained:
        return f"{said}；本稿已说明更正"
    return f"{said}，{_advice(new, old)}"


def _advice(new: Claim, old: Claim) -> str:
    if new.kind is not ClaimKind.FIGURE:
        return "两者不一致，请更正或说明"
    if new.nature is Nature.FIXED:
        return "此数不应随时间变化，请更正或说明"
    if new.as_of is None:
        return "两者不一致；如为新的进展，请写明“截至”何时"
    if new.nature is Nature.GROWING:
        return "此数只增不减，请更正或说明"
    return "同一时点两个数，请更正或说明"
