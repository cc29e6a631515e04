"""Which day and hour a time stands for, counted from the text's own day and from the day named last."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterable
from datetime import date, datetime, timedelta
from typing import Final

from language.calendar import SHANGHAI
from language.facts.time_words import TimeWords

#: A date without a year is rather past than future: a day ahead weighs as much as so many days back.
_AHEAD: Final = 3
_EVENING: Final = ("下午", "傍晚", "晚", "夜", "午后", "深夜", "午夜")


class Dating:
    """Reads a text's times one after the other; `reference` is when the text was published."""

    def __init__(self, reference: datetime) -> None:
        if reference.tzinfo is None:
            raise ValueError("the reference must carry a time zone")
        self._today = reference.astimezone(SHANGHAI).date()
        self._told: date | None = None
        self._told_year = False
        #: the hour named last by the part of its day (下午1时 is 13)
        self._afternoon: int | None = None

    def at(self, words: TimeWords, *, ahead: bool = False) -> str | None:
        """Return the ISO 8601 form of a time, None where it is no date of the calendar.

        `ahead` says that the text speaks of a deadline, so that a date without a year may as well be to come.
        """
        if words.day is None and words.day_shift is None and words.told_shift is None and words.weekday is None:
            if words.month is None and words.month_shift is None:
                return self._year_or_clock(words)
            return self._month(words, ahead=ahead)
        day = self._day(words, ahead=ahead)
        if day is None:
            return None
        if day != self._told or words.hour is not None:
            self._afternoon = None
        self._told = day
        self._told_year = self._told_year or words.year is not None
        return self._with_clock(day, words)

    def _year_or_clock(self, words: TimeWords) -> str | None:
        if words.year is not None or words.year_shift is not None:
            return f"{self._year(words):04d}"
        if words.hour is None:
            return None
        if self._told is not None:
            return self._with_clock(self._told, words)
        hour, days = _hour(words)
        return None if days else f"T{hour:02d}:{words.minute or 0:02d}"

    def _with_clock(self, day: date, words: TimeWords) -> str:
        if words.hour is None:
            return day.isoformat()
        hour, later = _hour(words)
        if words.part is None and self._afternoon is not None and hour < 12 and hour + 12 >= self._afternoon:
            # 下午1时27分起火，1时54分扑灭: the part of the day is not said twice
            hour += 12
        else:
            self._afternoon = hour if words.part is not None and hour > 12 else None
        day += timedelta(days=later)
        return f"{day.isoformat()}T{hour:02d}:{words.minute or 0:02d}+08:00"

    def _year(self, words: TimeWords) -> int:
        return words.year if words.year is not None else self._today.year + (words.year_shift or 0)

    def _month(self, words: TimeWords, *, ahead: bool) -> str:
        if words.month is None:
            months = self._today.year * 12 + self._today.month - 1 + (words.month_shift or 0)
            return f"{months // 12:04d}-{months % 12 + 1:02d}"
        if words.year is not None or words.year_shift is not None:
            year = self._year(words)
        else:
            year = self._nearest(((year, words.month or 1, 1) for year in self._years()), ahead=ahead).year
        return f"{year:04d}-{words.month:02d}"

    def _day(self, words: TimeWords, *, ahead: bool) -> date | None:
        if words.day_shift is not None:
            return self._today + timedelta(days=words.day_shift)
        if words.told_shift is not None:
            return (self._told or self._today) + timedelta(days=words.told_shift)
        if words.weekday is not None:
            return self._weekday(words.weekday, words.week_shift)
        day = words.day or 1
        if words.month_shift is not None:
            months = self._today.year * 12 + self._today.month - 1 + words.month_shift
            return _date(months // 12, months % 12 + 1, day)
        if words.month is not None:
            if words.year is not None or words.year_shift is not None:
                return _date(self._year(words), words.month, day)
            wanted = [(year, words.month, day) for year in self._years() if _date(year, words.month, day)]
        else:
            about = self._told or self._today
            around = [about.year * 12 + about.month - 1 + shift for shift in (-1, 0, 1)]
            wanted = [(m // 12, m % 12 + 1, day) for m in around if _date(m // 12, m % 12 + 1, day)]
        return self._nearest(wanted, ahead=ahead) if wanted else None

    def _years(self) -> tuple[int, ...]:
        about = self._told.year if self._told and self._told_year else self._today.year
        return (about - 1, about, about + 1)

    def _nearest(self, wanted: Iterable[tuple[int, int, int]], *, ahead: bool) -> date:
        """Return the day nearest to the one named last (where that one's year is sure) or else to the text's own."""
        days = [date(*each) for each in wanted]
        if self._told is not None and (self._told_year or len({d.month for d in days}) > 1):
            told = self._told
            return min(days, key=lambda day: abs((day - told).days))
        weight = 1 if ahead else _AHEAD

        def distance(day: date) -> int:
            gap = (day - self._today).days
            return gap * weight if gap > 0 else -gap

        return min(days, key=distance)

    def _weekday(self, weekday: int, week_shift: int | None) -> date:
        monday = self._today - timedelta(days=self._today.weekday())
        if week_shift is not None:
            return monday + timedelta(days=weekday, weeks=week_shift)
        day = monday + timedelta(days=weekday)
        return day if day <= self._today else day - timedelta(weeks=1)


def _date(year: int, month: int, day: int) -> date | None:
    if not 1 <= year <= 9999 or day > monthrange(year, month)[1]:
        return None
    return date(year, month, day)


def _hour(words: TimeWords) -> tuple[int, int]:
    """Return the hour of the day and how many days later it is (晚上12点, 24时)."""
    hour, part = words.hour or 0, words.part or ""
    if part.startswith(_EVENING):
        if hour == 12 and part not in ("下午", "午后"):
            return 0, 1
        if hour < 12 and not (hour < 6 and part.startswith(("夜", "深夜", "午夜"))):
            return hour + 12, 0
    elif part in ("中午", "正午") and hour < 4:
        return hour + 12, 0
    elif part == "凌晨" and hour == 12:
        return 0, 0
    return (0, 1) if hour == 24 else (hour, 0)
