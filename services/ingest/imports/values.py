"""What cells of files say, in the words of the API: times, counters, channels, addresses."""

from __future__ import annotations

import math
import re
import unicodedata
from datetime import UTC, date, datetime, time, timedelta
from email.utils import parsedate_to_datetime
from typing import Any, Final

from contracts.words import Channel
from services.ingest.imports.names import CHANNELS

_CHANNELS: Final = frozenset(Channel)
#: What exports write where there is nothing.
_NOTHING: Final = frozenset(
    {
        "",
        "-",
        "--",
        "—",
        "——",
        "/",
        "无",
        "暂无",
        "空",
        "null",
        "none",
        "nan",
        "n/a",
        "#n/a",
        "#value!",
        "#ref!",
        "nat",
        "\\n",
    }
)
_TIME: Final = re.compile(
    r"(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?[T,，\s]*(?:(?:星期|周)[一二三四五六日天])?[\s]*"
    r"(?:(上午|下午|晚上|中午|凌晨|早上|AM|PM)?\s*(\d{1,2})[:：时点](\d{1,2})(?:[:：分](\d{1,2})(?:\.\d+)?)?[分秒]?\s*(AM|PM)?)?",
    re.IGNORECASE,
)
_COMPACT: Final = re.compile(r"((?:19|20)\d{2})(\d{2})(\d{2})(?:(\d{2})(\d{2})(\d{2})?)?")
_NUMBER: Final = re.compile(
    r"([+-]?\d[\d,]*(?:\.\d+)?(?:e[+-]?\d+)?)\s*(万亿|亿|千万|百万|万|千|百|k|w|m)?\+?(?:次|人|条|个)?"
)
_UNITS: Final = {
    None: 1, "百": 100, "千": 10**3, "k": 10**3, "万": 10**4, "w": 10**4, "百万": 10**6, "m": 10**6,
    "千万": 10**7, "亿": 10**8, "万亿": 10**12,
}  # fmt: skip
_ADDRESS: Final = re.compile(r"(?:https?:)?//[^\s/]+\.[^\s]+|www\.[^\s/]+\.[^\s]+", re.IGNORECASE)
#: Excel counts days from here (its year 1900 has a 29 February), so that 20,000 is in 1954 and 80,000 in 2119
_EXCEL: Final = datetime(1899, 12, 30)
_SERIALS: Final = (20_000, 80_000)


def is_nothing(value: Any) -> bool:
    """Tell whether a cell is empty or says that it is."""
    return value is None or (isinstance(value, str) and value.strip().lower() in _NOTHING)


def text_of(value: Any) -> str:
    """Return a cell as text; whole numbers without a decimal point."""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, (datetime, date, time)):
        return value.isoformat(sep=" ") if isinstance(value, datetime) else value.isoformat()
    return str(value)


def is_address(value: Any) -> bool:
    """Tell whether a cell holds the address of a page and nothing else."""
    return isinstance(value, str) and _ADDRESS.fullmatch(value.strip()) is not None


def address_of(value: Any) -> str:
    """Return an address with its scheme; what is none stays as it stands, to be judged by intake."""
    text = text_of(value).strip()
    if text.startswith("//") and is_address(text):
        return f"https:{text}"
    return f"https://{text}" if text.lower().startswith("www.") and is_address(text) else text


def is_time(value: Any) -> bool:
    """Tell whether a cell surely holds a date or a time, which plain numbers do not."""
    if isinstance(value, (datetime, date)):
        return True
    return isinstance(value, str) and not value.strip().isdigit() and _instant(value.strip()) is not None


def instant_of(value: Any) -> Any:
    """Return a time in ISO form (without a zone where the cell names none); what is not understood stays.

    Takes dates of spreadsheets and their serial numbers, seconds and milliseconds since 1970, 2026/1/2 3:04,
    2026年1月2日 下午3时04分, 20260102, RFC 2822 and the form of Weibo's API.
    """
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, date):
        return f"{value.isoformat()}T00:00:00"
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        try:
            seconds = float(value)
        except OverflowError:
            return text_of(value)
        # no database stores infinity as JSON
        return _number(seconds) or (value if math.isfinite(seconds) else text_of(value))
    text = unicodedata.normalize("NFKC", str(value)).strip()
    return _instant(text) or str(value).strip()


def _number(value: float) -> str | None:
    if _SERIALS[0] <= value <= _SERIALS[1]:
        # serials are fractions of a day: half a second is their error
        return (_EXCEL + timedelta(seconds=round(value * 86400))).isoformat()
    if 5e8 <= value <= 5e9 or 5e11 <= value <= 5e12:
        return datetime.fromtimestamp(value / 1000 if value > 5e9 else value, UTC).isoformat()
    return None


def _instant(text: str) -> str | None:
    text = unicodedata.normalize("NFKC", text)
    if re.fullmatch(r"\d+(?:\.\d+)?", text) and (found := _number(float(text))):
        return found
    try:
        if (match := _TIME.fullmatch(text)) is not None:
            year, month, day, before, hour, minute, second, after = match.groups()
            half = (before or after or "").upper()
            at = datetime(
                int(year), int(month), int(day), _hour(int(hour or 0), half), int(minute or 0), int(second or 0)
            )
            return at.isoformat()
        if (match := _COMPACT.fullmatch(text)) is not None:
            return datetime(*(int(part) for part in match.groups() if part)).isoformat()  # type: ignore[arg-type]
        if re.match(r"\d{4}-\d\d-\d\d", text):
            return datetime.fromisoformat(text.replace(" +", "+")).isoformat()
        if re.match(r"[A-Z][a-z]{2},? ", text):
            if re.fullmatch(r"[A-Z][a-z]{2} [A-Z][a-z]{2} \d\d? [\d:]{8} [+-]\d{4} \d{4}", text):
                return datetime.strptime(text, "%a %b %d %H:%M:%S %z %Y").isoformat()
            return parsedate_to_datetime(text).isoformat()
    except (ValueError, OverflowError):
        return None
    return None


def _hour(hour: int, half: str) -> int:
    if half in ("下午", "晚上", "PM") and hour < 12:
        return hour + 12
    if half == "中午" and hour < 11:
        return hour + 12
    if half in ("上午", "凌晨", "AM") and hour == 12:
        return 0
    return hour


def counter_of(value: Any) -> int | None:
    """Return a counter (「1.2万」, 「10万+」, 「1,234」), zero where below it; None for no number."""
    if isinstance(value, bool):
        return None
    text = unicodedata.normalize("NFKC", text_of(value)).strip().lower().replace("，", ",")
    match = _NUMBER.fullmatch(text)
    if match is None:
        return None
    try:
        return max(0, round(float(match[1].replace(",", "")) * _UNITS[match[2]]))
    except OverflowError:
        return None


def is_channel(value: Any) -> bool:
    """Tell whether a cell names a channel in a word that is understood."""
    return channel_of(value) in _CHANNELS


def channel_of(value: Any) -> str:
    """Return a channel in the API's word; a word that is not known stays, to be judged by intake."""
    word = text_of(value).strip()
    return CHANNELS.get(word.lower(), word.lower() if word.isascii() else word)
