"""Times as feeds, sitemaps and JSON APIs state them: in the standards' forms and in Chinese sites' own."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta, timezone
from email.utils import parsedate_tz
from typing import Final
from zoneinfo import ZoneInfo

from services.ingest.extraction.dates import read_time

SHANGHAI: Final = ZoneInfo("Asia/Shanghai")
#: before it there was no web, and what lies further ahead is a mistake of the page's
_OLDEST: Final = datetime(1991, 1, 1, tzinfo=UTC)
_AHEAD: Final = timedelta(days=1)
#: a clock that runs ahead by less is no error
_TOLERANCE: Final = timedelta(minutes=15)
_SKEW: Final = timedelta(hours=8)

_ISO: Final = re.compile(
    r"(?P<year>(?:19|20)\d\d)(?:-(?P<month>\d\d?)(?:-(?P<day>\d\d?))?)?"
    r"(?:[Tt ]+(?P<hour>\d\d?):(?P<minute>\d\d)(?::(?P<second>\d\d))?(?:[.,]\d+)?)?\s*(?P<zone>\S.*)?"
)
_MONTHS: Final = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
#: 二月 is a part of 十二月: the longer ones come first
_HAN_MONTHS: Final = (
    "十二月",
    "十一月",
    "十月",
    "九月",
    "八月",
    "七月",
    "六月",
    "五月",
    "四月",
    "三月",
    "二月",
    "一月",
)
_WEEKDAY: Final = re.compile(r"^(?:星期|周|週|礼拜)[一二三四五六日天]\s*[,，]?\s*")
_JAVA: Final = re.compile(
    r"(?:[A-Za-z]{3} )?(?P<month>[A-Za-z]{3}) +(?P<day>\d\d?) (?P<time>\d\d?:\d\d(?::\d\d)?)"
    r"(?: (?P<zone>[A-Za-z]{2,5}(?:[+-]\d\d:?\d\d)?|[+-]\d\d:?\d\d))? (?P<year>\d{4})"
)
_OFFSET: Final = re.compile(r"(?:GMT|UTC|UT|Z)?\s*([+-])\s*(\d\d?):?(\d\d)?", re.IGNORECASE)
_UTC: Final = frozenset({"z", "gmt", "utc", "ut"})
#: CST is China Standard Time to those who write it in a Chinese feed
_SHANGHAI_NAMES: Final = frozenset({"cst", "prc", "asia/shanghai", "bjt", "北京时间"})


def stated_time(value: object, now: datetime) -> datetime | None:
    """Return the time that a field states; with no zone it is Shanghai's.

    None where it states none, or one that no post can have (before 1991, or more than a day after `now`).

    Reads ISO 8601 and W3C-DTF, RFC 822, Java's Date, seconds or milliseconds since 1970, and Chinese forms.
    """
    if isinstance(value, bool) or value is None:
        return None
    if isinstance(value, (int, float)):
        return _since_epoch(float(value), now)
    text = re.sub(r"\s+", " ", str(value)).strip()
    if not text or len(text) > 80:
        return None
    if re.fullmatch(r"\d{10}(?:\.\d+)?|\d{13}", text):
        return _since_epoch(float(text), now)
    found = _iso(text) or _java(text) or _rfc822(text) or read_time(text, now)
    return found if found and _OLDEST <= found <= now + _AHEAD else None


def unskewed(times: Sequence[datetime | None], now: datetime) -> list[datetime | None]:
    """Return a list's times with Shanghai's clock undone where it was labelled as UTC.

    Some Chinese sites print local time followed by `GMT` or `Z`: their newest entries then lie up to eight hours ahead.
    """
    ahead = [at - now for at in times if at is not None and at.utcoffset() == timedelta(0)]
    if not any(_TOLERANCE < by <= _SKEW for by in ahead):
        return list(times)
    return [at.replace(tzinfo=SHANGHAI) if at is not None and at.utcoffset() == timedelta(0) else at for at in times]


def _since_epoch(seconds: float, now: datetime) -> datetime | None:
    if seconds > 1e11:
        seconds /= 1000
    try:
        found = datetime.fromtimestamp(seconds, UTC)
    except (ValueError, OverflowError, OSError):
        return None
    return found if _OLDEST <= found <= now + _AHEAD else None


def _zone(name: str | None) -> timezone | ZoneInfo | None:
    """Return the zone of a name; Shanghai where there is none. None where the name is no zone."""
    if not name:
        return SHANGHAI
    if name.lower() in _UTC:
        return UTC
    if name.lower() in _SHANGHAI_NAMES:
        return SHANGHAI
    if offset := _OFFSET.fullmatch(name):
        sign, hours, minutes = offset.groups()
        if int(hours) > 14 or int(minutes or 0) > 59:
            return None
        by = timedelta(hours=int(hours), minutes=int(minutes or 0))
        return timezone(-by if sign == "-" else by)
    return None


def _build(year: int, month: int, day: int, clock: tuple[int, int, int], zone: str | None) -> datetime | None:
    tz = _zone(zone)
    if tz is None:
        return None
    try:
        return datetime(year, month, day, *clock, tzinfo=tz)
    except ValueError:
        return None


def _iso(text: str) -> datetime | None:
    match = _ISO.fullmatch(text.replace("/", "-").replace(".", "-", 2) if text[4:5] in "/." else text)
    if match is None:
        return None
    clock = (int(match["hour"] or 0), int(match["minute"] or 0), int(match["second"] or 0))
    return _build(int(match["year"]), int(match["month"] or 1), int(match["day"] or 1), clock, match["zone"])


def _java(text: str) -> datetime | None:
    match = _JAVA.fullmatch(text)
    if match is None or match["month"].lower() not in _MONTHS:
        return None
    hour, minute, second = ([int(part) for part in match["time"].split(":")] + [0])[:3]
    month = _MONTHS.index(match["month"].lower()) + 1
    return _build(int(match["year"]), month, int(match["day"]), (hour, minute, second), match["zone"])


def _rfc822(text: str) -> datetime | None:
    text = _WEEKDAY.sub("", text)
    for index, name in enumerate(_HAN_MONTHS):
        text = text.replace(f" {name} ", f" {_MONTHS[11 - index]} ")
    text = re.sub(r" (\d\d?)月 ", lambda found: f" {_MONTHS[(int(found[1]) - 1) % 12]} ", text)
    if ":" not in text:
        text += " 00:00:00"
    head, _, zone = text.rpartition(" ")
    if re.search(r":\d\d$", text):
        named: timezone | ZoneInfo | None = SHANGHAI
    else:
        named = _zone(zone) if re.search(r":\d\d$", head) else None
        text = head if named else text
    parsed = parsedate_tz(text)
    if parsed is None or not re.search(r"[A-Za-z]{3}", text):
        return None
    year, month, day, hour, minute, second = parsed[:6]
    try:
        return datetime(
            year, month, day, hour, minute, min(second, 59), tzinfo=named or timezone(timedelta(seconds=parsed[9] or 0))
        )
    except ValueError:
        return None
