"""What sets one figure apart from another of the same kind, and how near two contexts are."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

#: Groups whose figures are never those of the whole, by the word that names them.
_GROUPS: Final = (
    "老人|老年人|儿童|孩子|学生|师生|妇女|孕妇|残疾人|建档立卡户?|脱贫户|贫困户|低保户|五保户|党员|男性|女性|"
    "外地游客|游客|消防员|医护人员|民警|干部"
)
_BATCH: Final = r"第[一二三四五六七八九十\d]+[批期轮次组标]|首批|末批|[一二三]期(?!间)"
_SITE: Final = r"[A-Z\d]+号(?:安置点|楼|标段|水样|井)"
_MONEY: Final = (
    "青苗费|过渡费|安置费|搬家费|搬迁费|抚恤金|慰问金|奖励金?|直补|工资|林木|房屋补偿|土地补偿|征地补偿|附着物|"
    "搬迁补助|建房补助|生活补助|后期扶持|水费|电费"
)
_OUTAGE: Final = {
    "水": "停水|断水|供水|饮水|水质",
    "电": "停电|断电|供电",
    "气": "停气|断气|供气",
    "网": "断网|通信|网络中断",
}
_MATTER: Final = "食品|水样|土样|血样|粪便|空气|原水|出厂水|末梢水"
_WORKS: Final = r"新建|改建|扩建|修复|拆除|加固|在建|关停|开放"
#: (name of the trait, pattern)
_PATTERNS: Final = (
    ("group", re.compile(_GROUPS)),
    ("batch", re.compile(_BATCH)),
    ("site", re.compile(_SITE)),
    ("money", re.compile(_MONEY)),
    ("works", re.compile(_WORKS)),
    ("matter", re.compile(_MATTER)),
    ("fresh", re.compile("新增|当日|单日|日均|24小时内|本次|今日")),
    *((f"outage-{name}", re.compile(pattern)) for name, pattern in _OUTAGE.items()),
)
_LEFT: Final = re.compile(r"未(?!造成|成年)|剩余|余下|仍有|尚有|还有|尚余|待[搬签发兑]|没有?[搬签发兑领]|缺口")
_DUE: Final = re.compile(r"应[发兑付搬签补]|需[发兑付搬签补要]|将|拟|预计|计划|规划|总需")
_DONE: Final = re.compile(r"已|完成|累计|发放|兑付|兑现|到账|拨付|支付|入住|搬入|签订|签约|落实")
#: Traits of which the one that names none is another figure.
_PARTING: Final = ("group:", "batch:", "status:left", "fresh:新增", "fresh:单日", "fresh:日均")

_EMPTY: Final = re.compile(
    r"[的了为是约共计达有已在将于至到由其中此该本次目前截止累合总数仍尚还均全部和与并等个名位人户元\s\d]+|(?<!涉)及|现场|其中"
)
_HAN: Final = re.compile(r"[\u4e00-\u9fff]+")


def traits(context: str) -> frozenset[str]:
    """Return what a figure's clause says of it: the group, batch, kind of payment, outage, and whether due or done."""
    found = {f"{name}:{match[0]}" for name, pattern in _PATTERNS for match in pattern.finditer(context)}
    found = {one.split(":")[0] if one.startswith("outage-") else one for one in found}
    if _LEFT.search(context):
        found.add("status:left")
    elif _DUE.search(context):
        found.add("status:due")
    elif _DONE.search(context):
        found.add("status:done")
    return frozenset(found)


@lru_cache(maxsize=4096)
def alike(one: frozenset[str], other: frozenset[str], *, strict: bool) -> bool:
    """Tell whether two sets of traits may be of one figure.

    `strict`: a figure that is due, or done, is not the one of which neither is said (补偿款1200万元, 已兑付500万元).
    """
    if one == other:
        return True
    for prefix in ("money:", "works:", "batch:", "group:", "site:"):
        mine, theirs = _of(one, prefix), _of(other, prefix)
        if mine and theirs and not mine & theirs:
            return False
    mine, theirs = _of(one, "matter:"), _of(other, "matter:")
    if mine and theirs and mine != theirs:
        return False
    mine, theirs = _of(one, "outage-"), _of(other, "outage-")
    if mine and theirs and not mine & theirs:
        return False
    for prefix in _PARTING:
        mine, theirs = _of(one, prefix), _of(other, prefix)
        if mine != theirs and not mine & theirs:
            return False
    mine, theirs = _of(one, "status:"), _of(other, "status:")
    return mine == theirs or (not strict and not (mine and theirs))


def _of(found: frozenset[str], prefix: str) -> frozenset[str]:
    return frozenset(one for one in found if one.startswith(prefix))


def pairs_of(context: str) -> frozenset[str]:
    """Return the pairs of characters that a context is made of, without words that say nothing of its subject."""
    found: set[str] = set()
    for run in _HAN.findall(_EMPTY.sub(" ", context)):
        if len(run) == 1:
            found.add(run)
        found.update(run[i : i + 2] for i in range(len(run) - 1))
    return frozenset(found)


def nearness(one: frozenset[str], other: frozenset[str]) -> float:
    """Return the share of the smaller context that both have, from 0 to 1."""
    return len(one & other) / min(len(one), len(other)) if one and other else 0.0
