"""What a hand-made pair of texts is: something said before, a new text, and where the two part."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from language.calendar import SHANGHAI


def _at(day: int, hour: int) -> datetime:
    return datetime(2026, 10, day, hour, tzinfo=SHANGHAI)


EARLIER = _at(8, 20)
LATER = _at(9, 10)


@dataclass(frozen=True)
class Pair:
    """`wrong` quotes what of `later` blocks approval, in order; empty where the texts agree.

    `earlier` was published on 8 October 2026 at 20:00, `later` is to follow on 9 October at 10:00. `confirmed` are
    facts of the case as (kind, subject, value).
    """

    theme: str
    earlier: str
    later: str
    wrong: tuple[str, ...] = ()
    confirmed: tuple[tuple[str, str, str], ...] = ()


def same(theme: str, earlier: str, later: str, *confirmed: tuple[str, str, str]) -> Pair:
    """Return a pair that agrees."""
    return Pair(theme, earlier, later, (), confirmed)


def apart(theme: str, earlier: str, later: str, *wrong: str) -> Pair:
    """Return a pair that does not."""
    return Pair(theme, earlier, later, wrong)
