"""One change between two plans: where it is, what was and what is, in words and for machines."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final, Literal

from pydantic import TypeAdapter

from services.cases.plan.loader import Document
from services.cases.plan.names import word_en, word_zh

Location = tuple[str | int, ...]
Kind = Literal["added", "removed", "changed"]

_JSON: Final[TypeAdapter[Any]] = TypeAdapter(Any)
#: Longer texts are told by the stretch that differs, longer summaries are cut (characters).
_LONG: Final = 60
_CONTEXT: Final = 6


@dataclass(frozen=True, slots=True)
class Change:
    """A difference of meaning. `path` and the lines are those of the plan that has it; `old` and `new` fit JSON."""

    part: str
    kind: Kind
    path: str
    zh: str
    en: str
    old: Any = None
    new: Any = None
    old_line: int | None = None
    new_line: int | None = None


@dataclass(frozen=True, slots=True)
class Spot:
    """A place in both plans, and the words that lead to it; a location is None where one plan lacks the place."""

    part: str
    documents: tuple[Document, Document]
    old: Location | None
    new: Location | None
    zh: tuple[str, ...] = field(default=())
    en: tuple[str, ...] = field(default=())

    def into(self, old: str | int | None, new: str | int | None, zh: str = "", en: str = "") -> Spot:
        """Return a place one step further in; with no words it reads as the place around it."""
        return replace(
            self,
            old=None if old is None or self.old is None else (*self.old, old),
            new=None if new is None or self.new is None else (*self.new, new),
            zh=(*self.zh, zh) if zh else self.zh,
            en=(*self.en, en) if en else self.en,
        )

    def change(self, kind: Kind, zh: str, en: str, old: Any = None, new: Any = None) -> Change:
        """Return a change at this place; `zh` and `en` say what is changed of it."""
        before, after = self.documents
        here, there = " · ".join(self.zh), " · ".join(self.en)
        location, document = (self.new, after) if self.new is not None else (self.old or (), before)
        return Change(
            part=self.part,
            kind=kind,
            path=document.finding(location, "").path,
            zh=_one_line(f"{here}：{zh}" if here else zh),
            en=_one_line(f"{there}: {en}" if there else en),
            old=_JSON.dump_python(old, mode="json", by_alias=True),
            new=_JSON.dump_python(new, mode="json", by_alias=True),
            old_line=before.line_of(self.old) if self.old is not None else None,
            new_line=after.line_of(self.new) if self.new is not None else None,
        )


def replaced(spot: Spot, name_zh: str, name_en: str, old: Any, new: Any) -> Change:
    """Return the change of one value into another, long texts by the stretch that differs."""
    if isinstance(old, str) and isinstance(new, str) and max(len(old), len(new)) > _LONG:
        was, now = stretch(old, new)
        return spot.change(
            "changed", f"{name_zh}有改动：“{was}”→“{now}”", f"{name_en} edited: “{was}” → “{now}”", old, new
        )
    return spot.change(
        "changed",
        f"{name_zh}由 {word_zh(old)} 改为 {word_zh(new)}",
        f"{name_en} changed from {word_en(old)} to {word_en(new)}",
        old,
        new,
    )


def members(spot: Spot, name_zh: str, name_en: str, old: Sequence[Any], new: Sequence[Any]) -> Change | None:
    """Return what a list of plain values has gained and lost; None where only its order differs."""
    gained = [item for item in new if item not in old]
    lost = [item for item in old if item not in new]
    if not gained and not lost:
        return None
    zh = [f"新增 {word_zh(gained)}"] if gained else []
    en = [f"gains {word_en(gained)}"] if gained else []
    if lost:
        zh.append(f"删去 {word_zh(lost)}")
        en.append(f"loses {word_en(lost)}")
    return spot.change("changed", name_zh + "，".join(zh), f"{name_en} {' and '.join(en)}", list(old), list(new))


def gained(spot: Spot, zh: str, en: str, value: Any) -> Change:
    """Return the change of something that only the new plan has."""
    return spot.change("added", f"新增{zh}（{cut(word_zh(value))}）", f"added {en} ({cut(word_en(value))})", new=value)


def lost(spot: Spot, zh: str, en: str, value: Any) -> Change:
    """Return the change of something that only the old plan has."""
    return spot.change(
        "removed", f"删去{zh}（{cut(word_zh(value))}）", f"removed {en} ({cut(word_en(value))})", old=value
    )


def stretch(old: str, new: str) -> tuple[str, str]:
    """Return the stretch in which two texts differ, each with a little of what stands around it."""
    start = _shared(old, new)
    end = min(min(len(old), len(new)) - start, _shared(old[::-1], new[::-1]))
    return _around(old, start, end), _around(new, start, end)


def _one_line(text: str) -> str:
    """Return a text with a mark for each of its line breaks: a change is told on one line."""
    return text.strip("\n").replace("\n", "↵")


def _shared(one: str, other: str) -> int:
    """Return how many characters two texts begin with in common."""
    return next((i for i, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))


def _around(text: str, start: int, end: int) -> str:
    first, last = max(0, start - _CONTEXT), min(len(text), len(text) - end + _CONTEXT)
    middle = cut(text[first:last])
    return f"{'…' if first else ''}{middle}{'…' if last < len(text) and not middle.endswith('…') else ''}"


def cut(text: str, length: int = 2 * _LONG) -> str:
    """Return a text, or its first `length` characters with a mark that there is more."""
    return text if len(text) <= length else f"{text[:length]}…"
