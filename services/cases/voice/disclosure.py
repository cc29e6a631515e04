"""The numbers that published texts carry: 索引号 (index number) and 文号 (document number)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from services.cases.numbering import ZONE


@dataclass(frozen=True, slots=True)
class Series:
    """A run of numbers: `name` tells it from every other, `prefix` begins each of its numbers, `suffix` ends it."""

    name: str
    prefix: str
    digits: int
    suffix: str = ""

    def number(self, count: int) -> str:
        """Return the `count`-th number; it grows past its digits where it must."""
        return f"{self.prefix}{count:0{self.digits}d}{self.suffix}"


def index_series(prefix: str, at: datetime, *, drill: bool = False) -> Series:
    """Return the series of a day in Shanghai: 1042-/2019-0118001 is the first number of 18 January 2019.

    The form is that of the seed plan's own metadata. A drill counts for itself.
    """
    day = at.astimezone(ZONE)
    mark = "【演练】" if drill else ""
    begin = f"{mark}{prefix}{day:%Y}-{day:%m%d}"
    return Series(f"index:{begin}", begin, 3)


def document_series(prefix: str, at: datetime, *, drill: bool = False) -> Series | None:
    """Return the series of a year (某办发〔2026〕3号), None where the plan gives documents no number."""
    if not prefix:
        return None
    begin = f"{'【演练】' if drill else ''}{prefix}〔{at.astimezone(ZONE):%Y}〕"
    return Series(f"document:{begin}", begin, 1, "号")
