"""Dates and clock times as Chinese texts write them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from language.facts.numerals import read

_INT: Final = r"\d{1,2}|[一二三四五六七八九十〇零廿]{1,3}"
_YEAR: Final = (
    r"(?:(?P<year>(?:19|20)\d{2}|[一二][零〇九][零〇一二三四五六七八九]{2})年(?!代|间(?!隔)|来|级)"
    r"|(?P<this_year>今|去|前|明|本)年(?!来|代|后|前))"
)
_MONTH: Final = rf"(?:(?P<month>{_INT})月(?!球|饼|票|薪|租|供|息|嫂)份?|(?P<this_month>本|当|上个?|下个?|这个)月(?!球))"
_DAY: Final = (
    rf"(?P<day>{_INT})(?P<sign>[日号])(?!内|之内|[线楼房院车厅店坑桩厂矿井墩机床门]|公告|文件|令|游|均|间|报|元|常)"
)
_NEAR: Final = (
    r"(?P<near>今天|今日|今晨|今早|今晚|今夜|今(?=凌晨|早|晨|上午|下午|晚)|昨天|昨日|昨晚|昨夜|昨晨"
    r"|昨(?=凌晨|早|晨|上午|下午|晚|中午)|前天|前日(?!子)|前晚|大前天|"
    r"明天|明日|明晚|明早|明晨|后天(?!性)|当日|当天|当晚|次日|翌日|第二天)"
)
_WEEK: Final = r"(?:(?P<which>上|本|这|下)?个?(?:周|星期|礼拜)(?P<weekday>[一二三四五六日天])(?![期])(?!一次|年))"
_ISO: Final = (
    r"(?<![\d./-])(?P<iso_year>(?:19|20)\d{2})[-/.](?P<iso_month>\d{1,2})[-/.](?P<iso_day>\d{1,2})"
    r"(?![\d/-])(?:T|\s)?日?"
)
_AGO: Final = rf"(?P<ago>{_INT})天(?P<ago_way>前|后)"
_EDGE: Final = r"(?P<edge>上旬|中旬|下旬|初|底|末|中(?=[，。,旬]))"
_PART: Final = (
    r"(?P<part>凌晨|清晨|早晨|早上|早间|上午|中午|正午|午后|下午|傍晚|晚上|晚间|夜间|夜里|深夜|午夜"
    r"|晚(?!会|报|宴|餐|饭|于|了|点名|婚|年|期)|早(?=\d)|晨(?=\d))"
)
_CLOCK: Final = (
    rf"(?P<hour>{_INT})(?P<of>时(?!间|候|常|而|代|期|速|刻|段|隔|许多)|点(?!建议|要求|意见|希望|钱|儿|赞|子|名|击|评|火)|:(?=\d\d))钟?"
    rf"(?:(?P<minute>\d{{1,2}}|[零〇一二三四五六七八九十]{{1,3}})"
    rf"(?:分(?!之|钟后)|(?<=[^\d一二三四五六七八九十]\d\d)(?![\d人名户万元个%.间:])|(?=[，。,许左、\s)(至到-]|$)|:\d\d)(?:\d{{1,2}}(?:\.\d+)?秒)?"
    rf"|(?P<half>半|一刻|三刻))?"
)
_ZONE: Final = r"(?:\s?[(,]?(?:星期[一二三四五六日天]|周[一二三四五六日天]|北京时间|当地时间)\)?\s?)?"


def _named(pattern: str, prefix: str) -> str:
    """Return a pattern with its groups' names prefixed, for a second use in the same expression."""
    return pattern.replace("(?P<", f"(?P<{prefix}_")


_DATE: Final = (
    rf"{_ISO}|(?:{_YEAR}\s?)?{_MONTH}\s?(?:{_DAY}|{_EDGE})?|{_named(_YEAR, 'lone')}(?P<year_edge>年?底|末)?"
    rf"|(?P<year_end>(?<![\d今去前明本一二三四五六七八九〇零])年底)|{_named(_DAY, 'lone')}|{_NEAR}|{_WEEK}|{_AGO}"
)
_PATTERN: Final = re.compile(
    # one look at the character spares most places of a text the alternatives
    r"(?=[\d一二三四五六七八九十〇零廿今昨前明后去本当上下这次翌第大周星礼年个凌清早中正午傍晚夜深晨])(?:"
    rf"(?<![\d.])(?:{_DATE})"
    rf"(?:{_ZONE}(?:{_named(_PART, 'day')})?的?\s?{_named(_CLOCK, 'day')}|{_named(_PART, 'bare')})?"
    rf"|(?<![\d.:])(?:{_PART}\s?)?{_CLOCK})"
)
_HINT: Final = re.compile(r"[年月日号时点周今昨前明后当次翌]|星期|礼拜|天前|第二天|\d:\d\d|\d[-/.]\d")
_AGE: Final = re.compile(r"\s?(?:刚满|已|才|仅|只有|已经)?\s?[\d一二三四五六七八九十]{1,3}多?周?岁")
_AFTER_CLOCK: Final = re.compile(r"\s?(?:许|左右|多|整|分许)")


@dataclass(frozen=True, slots=True)
class TimeWords:
    """A time as it is written: whatever of year, month, day, relation to the text's own day, and clock is there."""

    start: int
    end: int
    year: int | None = None
    #: years from the text's own: 今年 0, 去年 -1
    year_shift: int | None = None
    month: int | None = None
    month_shift: int | None = None
    day: int | None = None
    #: days from the text's own: 昨日 -1
    day_shift: int | None = None
    #: days from the day named last: 当日 0, 次日 1
    told_shift: int | None = None
    weekday: int | None = None
    #: weeks from the text's own, None where the week is not named
    week_shift: int | None = None
    hour: int | None = None
    minute: int | None = None
    part: str | None = None


def time_words(text: str) -> Iterator[TimeWords]:
    """Find the times of a legible text, in order."""
    if not _HINT.search(text):
        return
    for match in _PATTERN.finditer(text):
        words = _words(text, match)
        if words is not None:
            yield words


_NEAR_DAYS: Final = {"今": 0, "昨": -1, "前": -2, "大": -3, "明": 1, "后": 2}
_YEARS: Final = {"今": 0, "本": 0, "去": -1, "前": -2, "明": 1}
_MONTHS: Final = {"本": 0, "当": 0, "这": 0, "上": -1, "下": 1}
_WEEKS: Final = {"本": 0, "这": 0, "上": -1, "下": 1}


def _words(text: str, match: re.Match[str]) -> TimeWords | None:
    got = match.groupdict()
    end = match.end()
    part = got["day_part"] or got["bare_part"] or got["part"]
    near = got["near"]
    if near and near[-1] in "晚夜" and part is None:
        part = "晚"
    if near and near[-1] in "晨早" and part is None:
        part = "早上"
    dated = got["hour"] is None
    hour, minute = _clock(got, "day_" if dated else "")
    if not dated and not _stands_alone(text, match, got, part):
        return None
    if hour is not None and (hour > 24 or (minute or 0) > 59):
        return None
    if got["lone_sign"] == "号" and hour is None and part is None:
        return None
    if _AGE.match(text, end):
        return None
    if hour is not None and (tail := _AFTER_CLOCK.match(text, end)):
        end = tail.end()
    year = _year(got["year"] or got["lone_year"] or got["iso_year"])
    month = _small(got["month"] or got["iso_month"])
    day = _small(got["day"] or got["iso_day"] or got["lone_day"])
    shift = year_shift = told = None
    if near:
        if near[0] in "当次翌第":
            told = 0 if near[0] == "当" else 1
        else:
            shift = _NEAR_DAYS[near[0]]
    if got["ago"]:
        days = _small(got["ago"]) or 0
        shift = -days if got["ago_way"] == "前" else days
    if this_year := got["this_year"] or got["lone_this_year"]:
        year_shift = _YEARS[this_year]
    if got["year_end"]:
        year_shift, month = 0, 12
    if got["year_edge"]:
        month = 12
    if (month is not None and not 1 <= month <= 12) or (day is not None and not 1 <= day <= 31):
        return None
    return TimeWords(
        start=match.start(),
        end=end,
        year=year,
        year_shift=year_shift,
        month=month,
        month_shift=_MONTHS[got["this_month"][0]] if got["this_month"] else None,
        day=day,
        day_shift=shift,
        told_shift=told,
        weekday=min("一二三四五六日天".index(got["weekday"]), 6) if got["weekday"] else None,
        week_shift=_WEEKS[got["which"]] if got["which"] else None,
        hour=hour,
        minute=minute,
        part=part,
    )


def _clock(got: dict[str, str | None], prefix: str) -> tuple[int | None, int | None]:
    hour = _small(got[f"{prefix}hour"])
    half = got[f"{prefix}half"]
    if hour is None:
        return None, None
    if half:
        return hour, {"半": 30, "一刻": 15, "三刻": 45}[half]
    return hour, _small(got[f"{prefix}minute"]) or 0


def _stands_alone(text: str, match: re.Match[str], got: dict[str, str | None], part: str | None) -> bool:
    """Tell whether a clock time without a date is one: 8时许 is, 一点 and 3点建议 are not."""
    if part:
        return True
    hour = got["hour"] or ""
    behind = _AFTER_CLOCK.match(text, match.end()) is not None or bool(got["minute"] or got["half"])
    if got["of"] == "时":
        return hour.isdigit() or behind
    if got["of"] == ":":
        return len(hour) == 2 and got["minute"] is not None and len(got["minute"]) == 2
    return "钟" in match[0] or (behind and (hour != "一" or got["minute"] is not None))


def _small(written: str | None) -> int | None:
    if not written:
        return None
    number = read(written.replace("廿", "二十"))
    return int(number.low) if number is not None and number.low == number.high else None


def _year(written: str | None) -> int | None:
    return None if not written else _small(written)
