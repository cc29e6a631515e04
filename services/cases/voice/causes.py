"""Causes and blame that a text states (慎报原因): the plan asks to be quick with facts and careful with causes."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from language.facts import standing
from services.cases.voice.dates import HAZARDS
from services.cases.voice.texts import Source
from services.cases.voice.traits import nearness, pairs_of

#: What a cause is given for. A measure (封闭, 停课) has its reason and is no harm.
_HARM: Final = (
    rf"{HAZARDS}|死亡|受伤|伤亡|失联|倒塌|受损|损坏|失稳|渗漏|溃|延迟|延误|推迟发放|拖欠|未(?:能)?(?:按期|按时|及时|足额)|迟迟|"
    "不适|腹痛|呕吐|短缺|迟缓|缓慢|不足|超标|浑浊|发黄|异味|多收|错发|漏发|错误|隐患|纠纷|矛盾|冲毁|中断|爆裂|破裂|故障"
)
_C: Final = r"[^，。,;；!?\n]"
_CAUSED: Final = r"(?:导致|造成|引发|引起|致使|致(?!力|电|以|辞|富|敬))"
#: Each with the words one of which it holds, looked for first.
_PATTERNS: Final = (
    # 因/由于…，(导致/造成/发生) 害
    (
        ("因", "由于", "鉴于"),
        re.compile(
            rf"(?:(?<![原死起病诱成])因(?![此为而素]|[^，。]{{0,3}}(?:需要|公|故))|由于|因为|鉴于)(?P<cause>{_C}{{2,30}}?)[，,]?"
            rf"(?:{_CAUSED}|(?=发生|出现|突发)){_C}{{0,16}}?(?:{_HARM})"
        ),
    ),
    (
        ("所致", "造成", "引起", "引发", "导致"),
        re.compile(
            rf"(?:{_HARM}){_C}{{0,8}}?(?:系|是|属|乃)(?:因|由于?|因为)?(?P<cause>{_C}{{2,30}}?)"
            r"(?:所致|造成|引起|引发|导致)(?:的|$|[，。,;；\n])"
        ),
    ),
    (("由",), re.compile(rf"(?:{_HARM}){_C}{{0,8}}?由(?P<cause>{_C}{{2,24}}?)(?:引起|引发|造成|导致|所致)")),
    (
        ("影响",),
        re.compile(rf"受(?P<cause>{_C}{{2,20}}?)(?:的)?影响[，,]?{_C}{{0,16}}?(?:发生|出现|{_HARM})"),
    ),
    (("因", "祸首"), re.compile(rf"(?:原因|起因|诱因|成因|祸首)(?:是|为|系|在于|:)(?P<cause>{_C}{{2,30}})")),
    (("主要",), re.compile(rf"(?:{_HARM}){_C}{{0,8}}?主要(?:是|系|在于|源于)(?P<cause>{_C}{{2,24}})")),
    (
        ("责任", "归咎", "归因", "源于", "怪罪"),
        re.compile(
            rf"(?P<cause>(?:责任(?:在于?|应由|归于|完全在)|归咎于|归因于|源于|怪罪){_C}{{2,20}})"
            rf"|(?P<blame>(?<![^，。,;；!?\n]){_C}{{2,20}}?(?:应|须|要)?(?:负有|承担|负)(?:主要|全部|直接|领导|次要|不可推卸的)?责任)"
        ),
    ),
    (("不力",), re.compile(rf"(?P<cause>(?<![^，。,;；!?\n]){_C}{{2,16}}?(?:工作|履职|监管|处置|落实|执法)不力)")),
)
_VERB: Final = re.compile(rf"(?<!可能)(?<![易会将其此并因流])(?:导致|引发|引起|致使)(?={_C}{{0,12}}?(?:{_HARM}))")
_CLAUSE: Final = re.compile(rf"{_C}{{2,24}}\Z")
#: 滑坡导致道路中断 tells what the slide did, and 事故造成3人死亡 what the accident did.
_HAPPENING: Final = re.compile(
    rf"(?:{HAZARDS}|灾害|灾情|灾|事件|险情|情况|问题|现场|体|目前|共|已|累计|未|没有)[^，。]{{0,3}}$|^(?:共|累计|目前|截至)"
)
#: It is said that the cause is not known, or that others only say it.
_OPEN: Final = re.compile(
    r"可能|以免|避免|防止|预防|防范|谨防|容易|正在|调查|待查|待(?:进一步)?(?:查|核|明)|尚(?:不|未)|不明|不清|未明|有待|核实|是否|排查中|查明|认定|鉴定|"
    r"依法(?:追究|承担)|依规|将(?:依法|严肃)|一律|如有|凡|谁"
)


@dataclass(frozen=True, slots=True)
class Cause:
    """A cause or blame that a text states, at characters `start` to `end`."""

    start: int
    end: int
    quote: str


def causes(source: Source) -> Iterator[Cause]:
    """Find the causes and the blame that a text states as its own."""
    plain = source.plain
    taken: list[tuple[int, int]] = []
    for (start, end), whole in (*_by_pattern(plain), *_by_verb(plain)):
        if any(start < last and first < end for first, last in taken):
            continue
        if _OPEN.search(whole) or _open_behind(source, end):
            continue
        if standing.denied(plain, source.bounds, start, end) or standing.supposed(plain, source.bounds, start, end):
            continue
        taken.append((start, end))
        yield Cause(start, end, source.text[start:end])


def _by_pattern(plain: str) -> Iterator[tuple[tuple[int, int], str]]:
    for hints, pattern in _PATTERNS:
        if any(hint in plain for hint in hints):
            for match in pattern.finditer(plain):
                yield match.span(match.lastgroup or "cause"), match[0]


def _by_verb(plain: str) -> Iterator[tuple[tuple[int, int], str]]:
    """Find what is said to have led to harm without 因: 连日降雨导致山体滑坡."""
    for verb in _VERB.finditer(plain):
        before = _CLAUSE.search(plain, max(0, verb.start() - 24), verb.start())
        if before is not None and not _HAPPENING.search(before[0]):
            yield before.span(), before[0] + verb[0]


def _open_behind(source: Source, end: int) -> bool:
    _, last = source.sentence(end - 1, end)
    return re.match(r"[^，。;；\n]{0,6}(?:的可能|等可能|尚待|有待)", source.plain[end:last]) is not None


def covered(quote: str, confirmed: Iterable[str]) -> bool:
    """Tell whether a stated cause is one of those confirmed: most of either's wording is in the other."""
    words = pairs_of(quote)
    return any(quote in cause or cause in quote or nearness(words, pairs_of(cause)) >= 0.6 for cause in confirmed)
