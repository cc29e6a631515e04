"""Persons in office, bodies with a part in a case, and numbers to call."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from language.facts import standing
from services.cases.voice.claims import Claim, ClaimKind
from services.cases.voice.texts import Source

_SURNAMES: Final = (
    "王李张刘陈杨黄赵吴周徐孙马朱胡郭何高林罗郑梁谢宋唐许韩冯邓曹彭曾萧肖田董袁潘于蒋蔡余杜叶程苏魏吕丁任沈姚卢姜崔钟谭陆汪范金石"
    "廖贾夏韦付方白邹孟熊秦邱江尹薛闫段雷侯龙史陶黎贺顾毛郝龚邵万钱严覃武戴莫孔向汤普刀岩玉召罕"
)
_TITLES: Final = (
    "县委书记|市委书记|书记|副县长|县长|副市长|市长|副区长|区长|副镇长|镇长|乡长|副局长|局长|主任|科长|新闻发言人|发言人|"
    "现场指挥长|指挥长|副组长|组长|总经理|董事长|院长|校长"
)
_AFTER: Final = (
    r"(?=[，。,、;；:：）)\s]|赶|介绍|表示|说|指出|强调|带队|带领|率|主持|任|在|向|到|就|回应|通报|作|要求|担任|现场|$)"
)
_TITLE_FIRST: Final = re.compile(rf"(?P<title>{_TITLES})(?P<name>[{_SURNAMES}][\u4e00-\u9fff]{{1,2}}?){_AFTER}")
_NAME_FIRST: Final = re.compile(
    rf"(?:^|(?<=[，。,、;；:：\s由]))(?P<name>[{_SURNAMES}][\u4e00-\u9fff]{{1,2}})(?P<title>{_TITLES}){_AFTER}"
)
_DUTY: Final = re.compile(rf"(?P<name>[{_SURNAMES}][\u4e00-\u9fff]{{1,2}}?)任(?P<title>{_TITLES})")
_BODY: Final = re.compile(
    r"(?P<title>(?:施工|建设|监理|设计|承建|供水|供电|责任|牵头|运营|勘察|产权|主管|发布|检测|鉴定|评估|管理)(?:单位|机构|部门|企业))"
    r"(?:为|是|系|:|由)?(?P<name>[\u4e00-\u9fffA-Za-z()（）]{2,24}?(?:公司|集团|中心|研究院|设计院|医院|政府|办公室|局|厂|站|所|办|院|委)(?![^，。,;；\s已负将]))"
)
_PHONE: Final = re.compile(
    r"(?P<title>(?:咨询|举报|投诉|服务|热线|监督|联系|值班|救助)?(?:电话|热线))(?:号码)?(?:为|是|:)?\s?"
    r"(?P<name>(?:0\d{2,3}[-\s]?)?\d{5,8}|1[0-9]{2,4})(?!\d)"
)


def names(source: Source) -> Iterator[Claim]:
    """Find who holds an office, which body has which part, and which number is to be called."""
    seen: set[int] = set()
    for pattern in (_BODY, _DUTY, _TITLE_FIRST, _NAME_FIRST, _PHONE):
        for match in pattern.finditer(source.plain):
            start, end = match.span("name")
            if start in seen or standing.denied(source.plain, source.bounds, start, end):
                continue
            seen.add(start)
            yield Claim(
                kind=ClaimKind.NAME,
                start=start,
                end=end,
                quote=source.text[start:end],
                subject=match["title"],
                key=f"name:{match['title']}",
                name=_plain(match["name"]),
                explained=source.explained(start, end),
            )


def _plain(name: str) -> str:
    return re.sub(r"[-\s()（）]", "", name)


def same_name(one: str, other: str, aliases: dict[str, str]) -> bool:
    """Tell whether two names may be one: equal, known aliases, or the shorter made of the longer's characters in order.

    市搬迁安置办 is 普洱市搬迁安置办公室; two persons' names or numbers must be equal.
    """
    one, other = aliases.get(one, one), aliases.get(other, other)
    if one == other:
        return True
    short, long = sorted((one, other), key=len)
    if len(short) < 4 or short.isdigit():
        return False
    rest = iter(long)
    return all(character in rest for character in short)
