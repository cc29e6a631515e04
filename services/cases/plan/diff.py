"""Compare two plans by meaning: which clock, criterion, chain or text is another, and on which lines.

Rows with a key (topics, triggers, tasks …) are matched by it, so that moving one is no change; the notification matrix
is compared by who is told of what, however its rows are cut.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from pydantic import BaseModel

from services.cases.plan.criteria import Threshold, Trigger
from services.cases.plan.diff_notices import compare_notices
from services.cases.plan.figures import Sourced
from services.cases.plan.loader import Document
from services.cases.plan.names import key_name, word_en, word_zh
from services.cases.plan.schema import Plan
from services.cases.plan.wording import Change, Spot, gained, lost, members, replaced

#: By which field the rows of a list are known again; rows with none of these are matched by their place.
_IDENTITY: Final = ("key", "name")
#: What a row is called by, the first that it has.
_CALLED: Final = ("label", "name", "title")


def compare(old: tuple[Plan, Document], new: tuple[Plan, Document]) -> list[Change]:
    """Return what changes from one plan to another, in the order of the plan's parts; empty where nothing does."""
    (before, before_text), (after, after_text) = old, new
    found: list[Change] = []
    for name, info in Plan.model_fields.items():
        key = info.alias or name
        spot = Spot(key, (before_text, after_text), (key,), (key,))
        was, now = getattr(before, name), getattr(after, name)
        if key == "notices":
            found += compare_notices(spot, was, now)
        else:
            found += _compare(spot, was, now, key_name(key, "Plan"), key)
    return found


def by_part(changes: Sequence[Change]) -> dict[str, list[Change]]:
    """Return changes by the part of the plan that they are in."""
    parts: dict[str, list[Change]] = {}
    for change in changes:
        parts.setdefault(change.part, []).append(change)
    return parts


def _compare(spot: Spot, old: Any, new: Any, zh: str, en: str) -> Iterator[Change]:
    """Yield what differs at `spot`, where a value that itself changes is called `zh` and `en`."""
    if old == new:
        return
    if isinstance(old, BaseModel) and isinstance(new, BaseModel):
        yield from _fields(spot, old, new)
    elif isinstance(old, Mapping) and isinstance(new, Mapping):
        yield from _entries(spot, old, new)
    elif isinstance(old, tuple) and isinstance(new, tuple):
        yield from _rows(spot, old, new, zh, en)
    elif isinstance(new, BaseModel) and old is None:
        yield gained(spot, zh, en, new)
    elif isinstance(old, BaseModel) and new is None:
        yield lost(spot, zh, en, old)
    else:
        yield replaced(spot, zh, en, old, new)


def _fields(spot: Spot, old: BaseModel, new: BaseModel) -> Iterator[Change]:
    was, now = _read(old), _read(new)
    for name in [*was, *(name for name in now if name not in was)]:
        one, other = was.get(name), now.get(name)
        shown = other or one
        assert shown is not None
        value, changed = one.value if one else None, other.value if other else None
        inside = spot.into(one.key if one else shown.key, other.key if other else shown.key)
        if isinstance(value, BaseModel) or isinstance(changed, BaseModel | Mapping) or _of_rows(value, changed):
            # words lead into what has parts of its own
            into = spot.into(shown.key, shown.key, shown.zh, name)
            nested = into if value is not None and changed is not None else inside
            yield from _compare(nested, value, changed, shown.zh, name)
        else:
            yield from _compare(inside, value, changed, shown.zh, name)


@dataclass(frozen=True, slots=True)
class _Field:
    """A field as it is compared: where it stands, what it is called, its value."""

    key: str
    zh: str
    value: Any


def _read(model: BaseModel) -> dict[str, _Field]:
    """Return a part's fields by name; what only together says one thing (origin, bound) is one field."""
    part = type(model).__name__
    read: dict[str, _Field] = {}
    skipped: set[str] = set()
    if isinstance(model, Sourced):
        origin = model.source or _Word("本项目默认值", "project default")
        read["source"] = _Field("source" if model.source else "default", "出处", origin)
        skipped |= {"source", "default"}
    if isinstance(model, Threshold | Trigger):
        given = ["at_least", "above", "tier_at_least", "one_of", "is_true"]
        key = next((name for name in given if getattr(model, name, None) is not None), "at_least")
        read["threshold"] = _Field(key, "门槛", _bound(model, key))
        skipped |= set(given)
    for name, info in type(model).model_fields.items():
        if name not in skipped:
            key = info.alias or name
            read[key] = _Field(key, key_name(key, part), getattr(model, name))
    # figures before where they come from
    return {
        **{name: one for name, one in read.items() if name != "source"},
        **{n: read[n] for n in read if n == "source"},
    }


class _Word(str):
    """A text that is shown in the words of either language, without quotes."""

    en: str

    def __new__(cls, zh: str, en: str) -> _Word:
        word = super().__new__(cls, zh)
        word.en = en
        return word


def _bound(model: Threshold | Trigger, key: str) -> Any:
    value = getattr(model, key)
    sign = {"at_least": "≥ ", "above": "> ", "tier_at_least": "≥ "}.get(key, "")
    return _Word(f"{sign}{word_zh(value)}", f"{sign}{word_en(value)}")


def _of_rows(*values: Any) -> bool:
    return any(isinstance(value, tuple) and any(isinstance(item, BaseModel) for item in value) for value in values)


def _entries(spot: Spot, old: Mapping[Any, Any], new: Mapping[Any, Any]) -> Iterator[Change]:
    keys = [*old, *(key for key in new if key not in old)]
    if keys and isinstance(keys[0], StrEnum):
        keys.sort(key=list(type(keys[0])).index)
    for key in keys:
        zh, en = word_zh(key), word_en(key)
        if key not in old:
            yield gained(spot.into(None, str(key)), f" {zh}", en, new[key])
        elif key not in new:
            yield lost(spot.into(str(key), None), f" {zh}", en, old[key])
        elif isinstance(old[key], BaseModel | Mapping) or _of_rows(old[key], new[key]):
            yield from _compare(spot.into(str(key), str(key), zh, en), old[key], new[key], zh, en)
        else:
            yield from _compare(spot.into(str(key), str(key)), old[key], new[key], zh, en)


def _rows(spot: Spot, old: Sequence[Any], new: Sequence[Any], zh: str, en: str) -> Iterator[Change]:
    if not _of_rows(old, new):
        numbers = all(isinstance(item, int | float) for item in (*old, *new))
        change = replaced(spot, zh, en, list(old), list(new)) if numbers else members(spot, zh, en, old, new)
        if change is not None:
            yield change
        return
    was, now = _identified(old), _identified(new)
    for id_ in [*was, *(id_ for id_ in now if id_ not in was)]:
        i, one = was.get(id_, (None, None))
        j, other = now.get(id_, (None, None))
        called_zh, called_en = _called(other or one, id_)
        if one is None:
            yield gained(spot.into(None, j), called_zh, called_en, other)
        elif other is None:
            yield lost(spot.into(i, None), called_zh, called_en, one)
        else:
            yield from _compare(spot.into(i, j, called_zh, called_en), one, other, zh, en)


def _identified(rows: Sequence[Any]) -> dict[Any, tuple[int, Any]]:
    """Return rows by what they are known again by, with their places."""
    found: dict[Any, tuple[int, Any]] = {}
    for i, row in enumerate(rows):
        id_ = next((getattr(row, name) for name in _IDENTITY if hasattr(row, name)), i)
        id_ = row.role if type(row).__name__ == "RoleHolder" else id_
        found[i if id_ in found else id_] = (i, row)
    return found


def _called(row: Any, id_: Any) -> tuple[str, str]:
    if isinstance(id_, int):
        return f"第 {id_ + 1} 项", f"item {id_ + 1}"
    called = next((getattr(row, name) for name in _CALLED if getattr(row, name, "")), "")
    return f"“{called}”" if called == id_ else f"“{called}”（{id_}）", str(id_)
