"""Whether a text states a figure, denies it, only supposes it, or names it as part of another."""

from __future__ import annotations

import re
from typing import Final

from language.facts.legible import Bounds

_UNTRUE: Final = (
    r"不实|不属实|谣言|谣传|虚假|假消息|假的|并非事实|非事实|子虚乌有|没有根据|毫无根据|无中生有|误传|不符合事实|与事实不符|与事实严重不符|"
    r"与实际不符|失实|纯属捏造|凭空捏造|以讹传讹|不准确|没有这回事|没有此事|并无此事"
)
_CLAIMED: Final = re.compile(
    r"网传|传言|谣传|流传|疯传|网上[传说称]|据传|盛传|传出|传闻|所谓|误传|(?:网民|网友|有人|帖文|帖子|视频|微信群|群里|消息|说法|自媒体|账号)[^，。,]{0,8}[称说传发]"
)
#: …的传言，此传言不实
_RUMOUR: Final = re.compile(r"的(?:网络)?(?:传言|传闻|谣传|说法|网传信息|不实信息|帖文|网帖|视频)")
_TRUTH: Final = re.compile(r"实际|实为|而是|真实情况|事实上|事实是|真相|通报|确认|准确|网传|传言|据传|确有|确系")
_DENIED_BEHIND: Final = re.compile(_UNTRUE)
_DENIED_AT_ONCE: Final = re.compile(
    rf"[^，。,;!?\n]{{0,8}}[\"”」』]?(?:的?(?:消息|说法|信息|传言|内容|数字))?[，,]?(?:这?(?:系|属|是|为|均为|皆为|纯属|并))?(?:{_UNTRUE})"
)
_DENIED_BEFORE: Final = re.compile(
    r"(?:造谣|谣称|谎称|妄称|编造|捏造|虚构|散布谣言|散布虚假|不实信息称|谣言称|谎报)[^。;!?\n]{0,24}$"
)
_NOT_SO: Final = re.compile(
    r"(?:并非|不是|并不是|并没有|从未有过?|否认(?:有|造成|发生|曾)?|不存在|并未)(?:造成|发生|有|出现|导致|网传的?|所谓的?|传言中?的?|是)*[\"“「]?$"
)
_LATER: Final = re.compile(
    rf"(?:(?:该|此|上述|以上|相关|有关|网传|这一|这些|前述|此类|其)(?:条|则|类)?(?:网络|网传)?(?:信息|消息|说法|内容|传言|视频|帖文|帖子|言论|情况|数字|数据|图片)"
    rf"|经核[查实]|经查|经了解|经调查)[^。;!?\n]{{0,14}}(?:{_UNTRUE})"
)
_SUPPOSED: Final = re.compile(
    r"如果|假如|假设|假使|倘若|万一|一旦|(?<!例)若(?!干)|(?<![例比诸犹宛譬])如(?=造成|发生|有|出现|达)|凡(?!事)|演练|模拟|假想|是指|指造成|符合下列|下列情形"
)
_ASKED: Final = re.compile(r"是否|是不是|有没有|会不会|究竟|到底")
_THRESHOLD: Final = re.compile(
    r"\s?以上.{0,3}\d+[人名户万元亩]{1,3}\s?以下|\s?[^，。,;]{0,12}(?:的|,)?(?:为|属于?|构成)(?:特别?重大|重大|较大|一般)(?:事故|事件)"
)
#: 造成3人以上死亡或10人以上重伤的，启动Ⅱ级响应
_RULE: Final = re.compile(
    r"\s?以上[^，。,;!?\n]{0,30}的[，,]?\s?(?:立即|要|必须)?(?:启动|应当?|属|按|须|由|可以|给予|构成)"
)
_PART: Final = re.compile(r"其中(?!央)|包括(?![^，。]*在内)|包含|含(?=\d)")
_PART_ENDS: Final = re.compile(r"在内|\)|另有|此外|另外|同时")


def supposed(text: str, bounds: Bounds, start: int, end: int) -> bool:
    """Tell whether a figure is only supposed, asked for, rehearsed or a threshold."""
    first, _ = bounds.sentence(start, end)
    clause, last = bounds.clause(start, end)
    if _SUPPOSED.search(text, first, start) or _ASKED.search(text, clause, start):
        return True
    if text[end - 2 : end] == "以下" and text[first:start].rstrip().endswith(("以上", "以上、", "以上，")):
        return True
    if text[end - 2 : end] != "以上":
        return False
    return bool(_THRESHOLD.match(text, end - 2, last + 1) or _RULE.match(text, end - 2, end + 40))


def denied(text: str, bounds: Bounds, start: int, end: int) -> bool:
    """Tell whether the text says that a figure is untrue, in the same sentence or in one of the next two."""
    first, last = bounds.sentence(start, end)
    before, behind = text[first:start], text[end:last]
    if _NOT_SO.search(before):
        return True
    told = _DENIED_BEFORE.search(before)
    if told and not _TRUTH.search(told[0]):
        return True
    untrue = _DENIED_BEHIND.search(behind)
    claims = [match.end() for match in _CLAIMED.finditer(before)]
    rumour = _RUMOUR.search(behind)
    if untrue and rumour and rumour.end() <= untrue.start():
        return True
    claimed = bool(claims) and not _TRUTH.search(before, claims[-1])
    if untrue and not _TRUTH.search(behind, 0, untrue.start()) and (claimed or _DENIED_AT_ONCE.match(behind)):
        return True
    if not claimed:
        return False
    return _LATER.search(text, last, bounds.sentences_after(end, 2)) is not None


def part_of(text: str, bounds: Bounds, start: int, end: int) -> int | None:
    """Return where the word stands that makes a figure part of another (其中), None where there is none."""
    first, _ = bounds.sentence(start, end)
    words = list(_PART.finditer(text, first, start))
    if text[end : end + 12].find("在内") >= 0 and "包括" in text[max(first, start - 4) : start]:
        return start
    if not words or _PART_ENDS.search(text, words[-1].end(), start):
        return None
    return words[-1].start()
