"""Compare two notification matrices by who is told of what, however their rows are cut."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from contracts.words import Level, NotificationKind, Role
from services.cases.plan.names import word_en, word_zh
from services.cases.plan.schema import NoticeRow
from services.cases.plan.wording import Change, Kind, Spot
from services.cases.roles import list_roles


class _Cell(NamedTuple):
    """Somebody told of something at a level."""

    kind: NotificationKind
    level: Level
    role: Role


class _Way(NamedTuple):
    """How somebody is told."""

    channels: tuple[str, ...]
    receipt: bool
    on_duty: bool
    clause: str


@dataclass(frozen=True, slots=True)
class _Told:
    """Every way of telling in a cell, and the row that first has it."""

    row: int
    ways: frozenset[_Way]


def compare_notices(spot: Spot, old: Sequence[NoticeRow], new: Sequence[NoticeRow]) -> Iterator[Change]:
    """Yield who is told of what from now on, no longer, or in another way; what several levels share is one change."""
    was, now = _cells(old), _cells(new)
    groups: dict[tuple[str, NotificationKind, frozenset[_Way], frozenset[_Way]], list[_Cell]] = defaultdict(list)
    for cell in sorted(was.keys() | now.keys(), key=_order):
        before, after = was.get(cell), now.get(cell)
        if before is None and after is not None:
            groups["added", cell.kind, frozenset(), after.ways].append(cell)
        elif after is None and before is not None:
            groups["removed", cell.kind, before.ways, frozenset()].append(cell)
        elif before is not None and after is not None and before.ways != after.ways:
            groups["changed", cell.kind, before.ways, after.ways].append(cell)
    for (how, _, before_ways, after_ways), cells in groups.items():
        for levels, roles in _blocks(cells):
            first = next(cell for cell in cells if cell.level in levels and cell.role in roles)
            here = spot.into(was[first].row if first in was else None, now[first].row if first in now else None)
            yield _change(here, how, first.kind, levels, roles, before_ways, after_ways)  # type: ignore[arg-type]


def _cells(rows: Sequence[NoticeRow]) -> dict[_Cell, _Told]:
    cells: dict[_Cell, _Told] = {}
    for i, row in enumerate(rows):
        way = _Way(row.channels, row.requires_acknowledgement, row.on_duty, row.clause)
        for kind in row.kinds:
            for level in row.levels:
                for role in row.roles:
                    cell = _Cell(kind, level, role)
                    told = cells.get(cell, _Told(i, frozenset()))
                    cells[cell] = _Told(told.row, told.ways | {way})
    return cells


def _order(cell: _Cell) -> tuple[int, int, int]:
    return list(NotificationKind).index(cell.kind), list(Level).index(cell.level), list(Role).index(cell.role)


def _blocks(cells: Sequence[_Cell]) -> Iterator[tuple[list[Level], list[Role]]]:
    """Yield cells as blocks of levels that share their roles."""
    by_level: dict[Level, list[Role]] = defaultdict(list)
    for cell in cells:
        by_level[cell.level].append(cell.role)
    by_roles: dict[tuple[Role, ...], list[Level]] = defaultdict(list)
    for level, roles in by_level.items():
        by_roles[tuple(roles)].append(level)
    for shared, levels in by_roles.items():
        yield levels, list(shared)


def _change(
    spot: Spot,
    how: Kind,
    kind: NotificationKind,
    levels: list[Level],
    roles: list[Role],
    before: frozenset[_Way],
    after: frozenset[_Way],
) -> Change:
    people, names = list_roles(roles), word_en(roles)
    zh = f"{word_zh(levels)}“{kind.chinese}”"
    en = f"{kind} at {word_en(levels)}"
    named = {"kind": kind, "levels": levels, "roles": roles}
    old = {**named, "ways": [_json(way) for way in sorted(before)]} if before else None
    new = {**named, "ways": [_json(way) for way in sorted(after)]} if after else None
    match how:
        case "added":
            zh, en = f"{zh}：新增告知{people}（{_say(after)}）", f"{en}: now told to {names} ({_say_en(after)})"
        case "removed":
            zh, en = f"{zh}：不再告知{people}", f"{en}: no longer told to {names}"
        case _:
            zh = f"{zh}：告知{people}的方式由（{_say(before)}）改为（{_say(after)}）"
            en = f"{en}: {names} told ({_say_en(after)}) instead of ({_say_en(before)})"
    return spot.change(how, zh, en, old, new)


def _json(way: _Way) -> dict[str, object]:
    return {
        "channels": list(way.channels),
        "requires_acknowledgement": way.receipt,
        "on_duty": way.on_duty,
        "clause": way.clause,
    }


def _say(ways: frozenset[_Way]) -> str:
    return "；".join(
        "，".join(
            [
                "、".join(way.channels) or "各人自定渠道",
                "须签收" if way.receipt else "不须签收",
                *(["只通知值班人员"] if way.on_duty else []),
                *([f"依据 {way.clause}"] if way.clause else []),
            ]
        )
        for way in sorted(ways)
    )


def _say_en(ways: frozenset[_Way]) -> str:
    return "; ".join(
        ", ".join(
            [
                "/".join(way.channels) or "own channels",
                "to acknowledge" if way.receipt else "no receipt",
                *(["on duty only"] if way.on_duty else []),
                *([way.clause] if way.clause else []),
            ]
        )
        for way in sorted(ways)
    )
