"""Why a query does not hold for a text, in words for the person who wrote it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

from services.analysis.enrich.query.evaluation import Reading, gaps, holds, occurrences
from services.analysis.enrich.query.fields import CHANNEL_NAMES
from services.analysis.enrich.query.tree import And, In, Near, Node, Not, Or, Place, Term, Title
from services.analysis.enrich.query.writing import write

#: names that one reason lists before it only counts the others
_LISTED: Final = 12


@dataclass(frozen=True, slots=True)
class Reason:
    """One thing that keeps a text out of a topic, in Chinese and English."""

    zh: str
    en: str


def reasons(node: Node, reading: Reading) -> Iterator[Reason]:
    """Yield what is missing, or in the way, so that a query that does not hold would; nothing where it holds."""
    if holds(node, reading):
        return
    match node:
        case And(parts):
            for part in parts:
                yield from reasons(part, reading)
        case Or(parts):
            yield _none_of(parts)
        case Not(part):
            yield from _in_the_way(part, reading)
        case Title(part):
            yield from _in_title(part, reading)
        case Near():
            yield _apart(node, reading)
        case Term(text):
            yield Reason(f"没有出现“{text}”", f"“{text}” does not occur")
        case Place(name):
            yield Reason(f"没有提到“{name}”", f"“{name}” is not spoken of")
        case In(channel):
            yield _other_channel(channel.value, CHANNEL_NAMES[channel], reading)


def _none_of(parts: Sequence[Node]) -> Reason:
    if all(isinstance(part, Term) for part in parts):
        zh, en = _listed(part.text for part in parts if isinstance(part, Term))
        return Reason(f"以下各词一个也没有出现：{zh}", f"none of these words occurs: {en}")
    if all(isinstance(part, Place) for part in parts):
        zh, en = _listed(part.name for part in parts if isinstance(part, Place))
        return Reason(f"没有提到以下任何一地：{zh}", f"none of these places is spoken of: {en}")
    zh, en = _listed(map(write, parts), "；", "; ")
    return Reason(f"以下条件无一成立：{zh}", f"none of these holds: {en}")


def _in_the_way(ruled_out: Node, reading: Reading) -> Iterator[Reason]:
    """Yield what holds and must not."""
    match ruled_out:
        case Not(part):
            yield from reasons(part, reading)
        case Or(parts):
            there = [part for part in parts if holds(part, reading)]
            words = [part.text for part in there if isinstance(part, Term)]
            if words:
                zh, en = _listed(words)
                yield Reason(f"出现了被排除的词：{zh}", f"words that are ruled out occur: {en}")
            for part in there:
                if not isinstance(part, Term):
                    yield from _in_the_way(part, reading)
        case Term(text):
            yield Reason(f"出现了被排除的词：{text}", f"words that are ruled out occur: {text}")
        case Place(name):
            yield Reason(f"提到了被排除的地点：{name}", f"a place that is ruled out is spoken of: {name}")
        case In(channel):
            yield Reason(f"渠道“{CHANNEL_NAMES[channel]}”被排除", f"the channel {channel} is ruled out")
        case And() | Near() | Title():
            written = write(ruled_out)
            yield Reason(f"被排除的条件成立：{written}", f"what is ruled out holds: {written}")


def _in_title(part: Node, reading: Reading) -> Iterator[Reason]:
    if not reading.title:
        yield Reason("没有标题，无从匹配 title: 条件", "there is no title for title: to be looked for in")
        return
    for reason in reasons(part, replace(reading, text="")):
        yield Reason(f"标题中{reason.zh}", f"in the title: {reason.en}")


def _apart(near: Near, reading: Reading) -> Reason:
    left, right = near.left.text, near.right.text
    missing = [word for word in dict.fromkeys((left, right)) if not holds(Term(word), reading)]
    if missing:
        zh, en = _listed(missing)
        return Reason(f"没有出现{zh}（须与另一词相距 {near.distance} 字以内）", f"missing near the other word: {en}")
    nearest = [
        between
        for field in reading.fields
        for _, between in gaps(list(occurrences(left, field)), list(occurrences(right, field)))
    ]
    if not nearest:
        return Reason(
            f"“{left}”与“{right}”不在同一处（一在标题、一在正文，或互相重叠）",
            f"“{left}” and “{right}” are not in one field, or overlap",
        )
    return Reason(
        f"“{left}”与“{right}”最近处相隔 {min(nearest)} 字，超过 {near.distance} 字",
        f"“{left}” and “{right}” are {min(nearest)} characters apart, more than {near.distance}",
    )


def _other_channel(name: str, name_zh: str, reading: Reading) -> Reason:
    if reading.channel is None:
        return Reason(f"没有给出渠道，须为“{name_zh}”", f"no channel is given; it must be {name}")
    return Reason(
        f"渠道是“{CHANNEL_NAMES[reading.channel]}”，须为“{name_zh}”", f"the channel is {reading.channel}, not {name}"
    )


def _listed(names: Iterable[str], comma_zh: str = "、", comma_en: str = ", ") -> tuple[str, str]:
    given = list(names)
    zh, en = comma_zh.join(given[:_LISTED]), comma_en.join(given[:_LISTED])
    more = len(given) - _LISTED
    return (f"{zh} 等 {len(given)} 项", f"{en} and {more} more") if more > 0 else (zh, en)
