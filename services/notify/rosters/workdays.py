"""Workdays and days of rest by the Chinese calendar, with holidays and make-up workdays (调休)."""

from __future__ import annotations

from bisect import bisect_left
from datetime import date, timedelta
from enum import StrEnum
from functools import lru_cache
from typing import Final

from chinese_calendar import is_workday

_FIRST_YEAR: Final = 1990
_SATURDAY: Final = 5


class Days(StrEnum):
    """On which days a rotation is on duty."""

    ALL = "all"
    #: including Saturdays and Sundays that are worked to make up for a holiday
    WORKDAYS = "workdays"
    #: weekends and public holidays
    REST_DAYS = "rest_days"


@lru_cache(maxsize=256)
def is_known(year: int) -> bool:
    """Tell whether the holidays of `year` are known; they are set by the State Council late in the year before."""
    try:
        is_workday(date(year, 7, 1))
    except NotImplementedError:
        return False
    return True


def is_rest_day(day: date) -> bool:
    """Tell whether `day` is free; in years whose holidays are not known, Saturdays and Sundays are."""
    if is_known(day.year):
        return not is_workday(day)
    return day.weekday() >= _SATURDAY


def matches(day: date, days: Days) -> bool:
    """Tell whether `day` is one of `days`."""
    return days is Days.ALL or is_rest_day(day) is (days is Days.REST_DAYS)


def count(days: Days, start: date, end: date) -> int:
    """Return how many of the days from `start` up to but without `end` (not before it) are among `days`.

    Both from 1990 on.
    """
    whole = (end - start).days
    if days is Days.ALL:
        return whole
    rest = _rest_days_before(end) - _rest_days_before(start)
    return rest if days is Days.REST_DAYS else whole - rest


def _rest_days_before(day: date) -> int:
    """Return how many days of rest there are from 1990 up to but without `day`."""
    return _before_year(day.year) + bisect_left(_rest_days(day.year), day)


@lru_cache(maxsize=256)
def _before_year(year: int) -> int:
    return sum(len(_rest_days(earlier)) for earlier in range(_FIRST_YEAR, year))


@lru_cache(maxsize=256)
def _rest_days(year: int) -> tuple[date, ...]:
    first = date(year, 1, 1)
    days = (first + timedelta(days=number) for number in range((date(year + 1, 1, 1) - first).days))
    return tuple(day for day in days if is_rest_day(day))
