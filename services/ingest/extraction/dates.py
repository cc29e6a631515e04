"""Reading a time as Chinese pages write it: absolute, relative, without a year. The caller says when is now."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, timezone
from email.utils import parsedate_to_datetime
from typing import Final, TypeAlias
from zoneinfo import ZoneInfo

import dateparser
from dateparser.conf import SettingValidationError

SHANGHAI: Final = ZoneInfo("Asia/Shanghai")
#: a page may be ahead of us by its clock or its zone, not by more
AHEAD: Final = timedelta(days=1)
#: a yearless or clock-only time that lies ahead by more than two clocks differ is one gone by
_SKEW: Final = timedelta(minutes=10)
#: before it there was no web
_FIRST_YEAR: Final = 1991
#: characters of a text that are looked at
_READ: Final = 400

_DIGITS: Final = {c: n for n, c in enumerate("零一二三四五六七八九")} | {"〇": 0, "两": 2, "兩": 2, "几": 3, "数": 3}
_NUMBER: Final = r"(?:\d+(?:\.\d+)?|[一二两兩三四五六七八九十]{1,3})"
_HALF_DAY: Final = r"凌晨|清晨|早晨|早上|上午|中午|下午|傍晚|晚上|晚间|夜间|深夜|[AaPp]\.?[Mm]\.?(?![a-z])"
_CLOCK: Final = (
    rf"(?P<half>{_HALF_DAY})?\s*(?P<hour>[01]?\d|2[0-4])\s*"
    r"(?:[:：]\s*(?P<minute>[0-5]\d)(?:\s*[:：]\s*(?P<second>[0-5]\d)(?:\.\d+)?)?"
    r"|[时點点時]\s*(?:(?P<minute2>[0-5]?\d)\s*分?|(?P<half_hour>半))?(?:\s*(?P<second2>[0-5]?\d)\s*秒)?)"
    r"(?:\s*(?P<half2>[AaPp]\.?[Mm]\.?(?![a-z])))?"
    r"(?:\s*(?P<zone>Z(?![a-zA-Z])|(?:UTC|GMT)?[+-](?:0\d|1[0-4]):?(?:[03]0|45)(?!\d)|UTC|GMT|CST))?"
)
_GAP: Final = r"(?:\s*[(（]?(?:星期|周|週)[一二三四五六日天][)）]?)?[\sT,,|·-]*?"
_MONTH_NUMBER: Final = r"1[0-2]|0?[1-9]"
_DAY_NUMBER: Final = r"[12]\d|3[01]|0?[1-9]"
_DAY: Final = rf"(?P<day>{_DAY_NUMBER})"
_MONTH: Final = rf"(?P<month>{_MONTH_NUMBER})"

_FULL: Final = re.compile(
    rf"(?<!\d)(?P<year>19[89]\d|20\d\d)\s*(?:年\s*{_MONTH}\s*月\s*{_DAY}(?!\d)(?:\s*[日号號])?"
    rf"|(?P<sign>[-/.])\s*(?P<month2>{_MONTH_NUMBER})\s*(?P=sign)\s*"
    rf"(?P<day2>{_DAY_NUMBER})(?!\d(?!\d:))|\s+(?P<month3>{_MONTH_NUMBER})\s*/\s*(?P<day3>{_DAY_NUMBER})(?!\d))"
    rf"(?:{_GAP}{_CLOCK})?"
)
_COMPACT: Final = re.compile(
    r"(?<!\d)(?P<year>19[89]\d|20\d\d)(?P<month>0[1-9]|1[0-2])(?P<day>0[1-9]|[12]\d|3[01])"
    r"(?:[T ]?(?P<hour>[01]\d|2[0-3])(?P<minute>[0-5]\d)(?P<second>[0-5]\d)?)?(?!\d)"
)
_SHORT_YEAR: Final = re.compile(rf"(?<![\d.])'?(?P<year>\d\d)(?P<sign>[-/.]){_MONTH}(?P=sign){_DAY}\s+{_CLOCK}")
_HAN_DATE: Final = re.compile(
    r"(?P<year>[一二][〇○零一二三四五六七八九]{3})年(?P<month>[一二三四五六七八九十]{1,2})月"
    r"(?P<day>[一二三四五六七八九十]{1,3})日"
)
_YEARLESS: Final = re.compile(
    rf"(?<![\d./年-])(?P<ago>去年|今年)?\s*(?:{_MONTH}\s*月\s*{_DAY}\s*[日号號](?:{_GAP}{_CLOCK})?"
    rf"|(?P<month2>{_MONTH_NUMBER})(?P<sign>[-/])(?P<day2>{_DAY_NUMBER})\s+{_CLOCK.replace('?P<', '?P<x_')})"
)
_BARE_YEARLESS: Final = re.compile(
    rf"^\s*(?:[\u4e00-\u9fff]{{2,6}}\s*[:：]?\s*)?"
    rf"[\[(（]?{_MONTH}[-/月]{_DAY}[日号]?[\])）]?\s*$"
)
_NEAR: Final = re.compile(rf"(?P<day>大前天|前天|昨天|昨日|前日|今天|今日|昨晚|今晨|今早)(?:{_GAP}{_CLOCK})?")
_WEEKDAY: Final = re.compile(rf"^\W*(?P<last>上个?)?(?:星期|周|週)(?P<day>[一二三四五六日天])(?:\s*{_CLOCK})?\W*$")
_AGO: Final = re.compile(
    rf"(?P<number>{_NUMBER}|半|几|数)\s*(?:多\s*|[个個](?P<and_half>半))?(?P<unit>秒钟?|秒鐘|分钟?|分鐘|个?小时|個?小時|个?钟头|天|日|周|週|个?星期|個?星期|"
    rf"个?月|個?月|年)(?P<half>半)?\s*(?:之?前|以前)"
)
_NOW: Final = re.compile(r"刚刚|剛剛|刚才|剛才|^\s*(?:现在|just now)\s*$", re.I)
_ONLY_CLOCK: Final = re.compile(rf"^\s*{_CLOCK}\s*$")
_EPOCH: Final = re.compile(r"^\s*(\d{10}(?:\.\d+)?|\d{13}|\d{16})\s*$")
_ENGLISH: Final = re.compile(
    r"\b(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\b|\b(?:ago|yesterday|today|hours?|minutes?)\b", re.I
)
_SECONDS: dict[str, int] = {"秒": 1, "分": 60, "小": 3600, "钟": 3600, "天": 86400, "日": 86400, "周": 604800}
_SECONDS |= {"週": 604800, "星": 604800}
_DAYS_BACK: Final = {"今": 0, "昨": 1, "前": 2, "大": 3}


#: time of day, its zone, and whether it is written as 24 o'clock
_Clock: TypeAlias = tuple[time, timezone | ZoneInfo, bool]


@dataclass(frozen=True, slots=True)
class Reading:
    """A time as read. `exact` where the text names the time of day, or a span that ends now."""

    moment: datetime
    exact: bool
    #: where the text names the day itself, not its distance from now
    absolute: bool = True


def read_time(text: str, now: datetime) -> datetime | None:
    """Return the first time that `text` names, with a zone: Shanghai's where none is named; None where there is none.

    `now` has a zone. A time without a year that would lie ahead is last year's; one more than a day ahead is none.
    """
    found = find_time(text, now)
    return found.moment if found else None


def find_time(text: str, now: datetime) -> Reading | None:
    """Return the first time in `text` and how exact it is, or None."""
    folded = unicodedata.normalize("NFKC", text[:_READ]).strip()
    if not folded:
        return None
    here = now.astimezone(SHANGHAI)
    for reader in _READERS:
        found = reader(folded, here)
        if found is not None and _possible(found.moment, now):
            return found
    return None


def _possible(moment: datetime, now: datetime) -> bool:
    return moment.year >= _FIRST_YEAR and moment <= now + AHEAD


def _number(text: str) -> float:
    if text == "半":
        return 0.5
    if text[0].isdigit():
        return float(text)
    tens, sign, ones = text.rpartition("十")
    value = _DIGITS.get(ones, 0) if ones else 0
    return float(value + (10 * (_DIGITS.get(tens, 1) if tens else 1) if sign else 0))


def _clock(match: re.Match[str], prefix: str = "") -> _Clock | None:
    """Return the time of day that a match of _CLOCK names, or None where it names none."""
    groups = match.groupdict()
    if not groups.get(f"{prefix}hour"):
        return None
    hour = int(groups[f"{prefix}hour"])
    minute = int(groups.get(f"{prefix}minute") or groups.get(f"{prefix}minute2") or 0)
    minute = 30 if groups.get(f"{prefix}half_hour") else minute
    second = int(groups.get(f"{prefix}second") or groups.get(f"{prefix}second2") or 0)
    half = (groups.get(f"{prefix}half") or groups.get(f"{prefix}half2") or "").lower().replace(".", "")
    if (half in ("下午", "傍晚", "晚上", "晚间", "夜间", "pm") and hour < 12) or (half == "中午" and hour < 6):
        hour += 12
    elif half in ("凌晨", "am") and hour == 12:
        hour = 0
    return (time(hour % 24, minute, second), _zone(groups.get(f"{prefix}zone")), hour == 24)


def _zone(name: str | None) -> timezone | ZoneInfo:
    if not name or name == "CST":
        return SHANGHAI
    if name in ("Z", "UTC", "GMT"):
        return UTC
    sign, digits = re.sub(r"[^+-]", "", name), re.sub(r"\D", "", name)
    offset = timedelta(hours=int(digits[:2]), minutes=int(digits[2:]))
    return timezone(-offset if sign == "-" else offset)


def _on(day: date, clock: _Clock | None, *, absolute: bool = True) -> Reading:
    at, zone, next_day = clock or (time(0), SHANGHAI, False)
    day += timedelta(days=1 if next_day else 0)
    return Reading(datetime.combine(day, at, zone), clock is not None, absolute)


def _epoch(text: str, now: datetime) -> Reading | None:
    match = _EPOCH.match(text)
    if not match:
        return None
    digits = match[1].partition(".")[0]
    seconds = int(digits) / 10 ** (len(digits) - 10)
    return Reading(datetime.fromtimestamp(seconds, SHANGHAI), True)


def _full(text: str, now: datetime) -> Reading | None:
    for match in _FULL.finditer(text):
        day = _date(
            int(match["year"]),
            int(match["month"] or match["month2"] or match["month3"]),
            int(match["day"] or match["day2"] or match["day3"]),
        )
        if day:
            return _on(day, _clock(match))
    return None


def _compact(text: str, now: datetime) -> Reading | None:
    match = _COMPACT.search(text)
    day = _date(int(match["year"]), int(match["month"]), int(match["day"])) if match else None
    if match is None or day is None:
        return None
    if not match["hour"]:
        return _on(day, None)
    return _on(day, (time(int(match["hour"]), int(match["minute"]), int(match["second"] or 0)), SHANGHAI, False))


def _short_year(text: str, now: datetime) -> Reading | None:
    match = _SHORT_YEAR.search(text)
    if not match or (not int(match["year"]) >= 90 and int(match["year"]) > now.year - 2000 + 1):
        return None
    year = int(match["year"])
    day = _date(year + (1900 if year >= 90 else 2000), int(match["month"]), int(match["day"]))
    return _on(day, _clock(match)) if day else None


def _han_date(text: str, now: datetime) -> Reading | None:
    match = _HAN_DATE.search(text)
    if not match:
        return None
    year = int("".join(str(_DIGITS.get(sign, 0)) for sign in match["year"]))
    day = _date(year, int(_number(match["month"])), int(_number(match["day"])))
    return _on(day, None) if day else None


def _yearless(text: str, now: datetime) -> Reading | None:
    match = _YEARLESS.search(text)
    bare = None if match else _BARE_YEARLESS.match(text)
    if match:
        month, of_month = int(match["month"] or match["month2"]), int(match["day"] or match["day2"])
        clock = _clock(match) or _clock(match, "x_")
        year = now.year - 1 if match["ago"] == "去年" else now.year
    elif bare:
        month, of_month, clock, year = int(bare["month"]), int(bare["day"]), None, now.year
    else:
        return None
    # 29 February may lie up to eight years back, around a century without a leap day
    for back in range(9):
        day = _date(year - back, month, of_month)
        if day and _on(day, clock).moment <= now + _SKEW:
            return _on(day, clock)
    return None


def _near(text: str, now: datetime) -> Reading | None:
    match = _NEAR.search(text)
    if not match:
        return None
    word = match["day"]
    clock = _clock(match)
    if clock and word == "昨晚" and not match["half"] and clock[0].hour < 12:
        clock = (clock[0].replace(hour=clock[0].hour + 12), *clock[1:])
    return _on(now.date() - timedelta(days=_DAYS_BACK[word[0]]), clock, absolute=False)


def _ago(text: str, now: datetime) -> Reading | None:
    match = _AGO.search(text)
    if not match:
        return None
    unit = match["unit"].lstrip("个個")
    number = _number(match["number"]) if match["number"] not in "几数" else 3.0
    number += 0.5 if match["half"] or match["and_half"] else 0.0
    if number > 10_000:
        return None
    seconds = _SECONDS.get(unit[0])
    if seconds is None:
        return Reading(_months_back(now, number * (12 if unit == "年" else 1)), False, False)
    return Reading(now - timedelta(seconds=number * seconds), seconds < 86400, False)


def _months_back(now: datetime, months: float) -> datetime:
    whole = int(months)
    year, month = divmod(now.year * 12 + now.month - 1 - whole, 12)
    day = min(now.day, 28) if (month + 1) != now.month else now.day
    moved = now.replace(year=max(year, 1), month=month + 1, day=min(day, 28) if month == 1 else day)
    return moved - timedelta(days=30.4 * (months - whole))


def _weekday(text: str, now: datetime) -> Reading | None:
    match = _WEEKDAY.search(text)
    if not match:
        return None
    back = (now.weekday() - "一二三四五六日".index(match["day"].replace("天", "日"))) % 7
    if match["last"]:
        back = now.weekday() + 7 - "一二三四五六日".index(match["day"].replace("天", "日"))
    return _on(now.date() - timedelta(days=back), _clock(match), absolute=False)


def _just_now(text: str, now: datetime) -> Reading | None:
    return Reading(now, True, False) if _NOW.search(text) else None


def _only_clock(text: str, now: datetime) -> Reading | None:
    match = _ONLY_CLOCK.match(text)
    if not match:
        return None
    found = _on(now.date(), _clock(match), absolute=False)
    return found if found.moment <= now + _SKEW else Reading(found.moment - timedelta(days=1), True, False)


def _mail(text: str, now: datetime) -> Reading | None:
    if not _ENGLISH.search(text):
        return None
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    return Reading(moment if moment.tzinfo else moment.replace(tzinfo=SHANGHAI), True)


def _english(text: str, now: datetime) -> Reading | None:
    if not _ENGLISH.search(text) or len(text) > 60 or not re.search(r"\d|yesterday|today|an? ", text, re.I):
        return None
    try:
        moment = dateparser.parse(
            text,
            languages=["en"],
            settings={
                "TIMEZONE": "Asia/Shanghai",
                "RETURN_AS_TIMEZONE_AWARE": True,
                "RELATIVE_BASE": now.replace(tzinfo=None),
                "PREFER_DATES_FROM": "past",
            },
        )
    except (SettingValidationError, ValueError, OverflowError, TypeError):
        return None
    if moment is None:
        return None
    return Reading(
        moment.astimezone(SHANGHAI) if moment.tzinfo else moment.replace(tzinfo=SHANGHAI),
        ":" in text or "ago" in text.lower(),
        "ago" not in text.lower(),
    )


def _date(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None


_READERS: Final[tuple[Callable[[str, datetime], Reading | None], ...]] = (
    _epoch, _full, _han_date, _mail, _short_year, _ago, _near, _yearless, _compact, _only_clock, _just_now, _weekday,
    _english,
)  # fmt: skip
