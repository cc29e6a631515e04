"""What a visitor of the portal asks for: words, days, theme and state, read from the address without trusting it."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Literal, get_args

from services.cases.numbering import ZONE

State = Literal["published", "corrected", "withdrawn"]

#: Words of one search; each must occur.
MOST_WORDS: Final = 8
MOST_CHARACTERS: Final = 100
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff]")
_PERIOD: Final = re.compile(r"(?P<year>[12]\d{3})(-(?P<month>0[1-9]|1[0-2]))?")
_DAY: Final = re.compile(r"[12]\d{3}-\d{2}-\d{2}")
_BETWEEN_THEMES: Final = re.compile(r"[\s,，、;；]+")


class Unclear(ValueError):
    """A parameter that cannot be read: its name, and why in both languages."""

    def __init__(self, name: str, zh: str, en: str) -> None:
        super().__init__(en)
        self.name, self.zh, self.en = name, zh, en


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is asked for. `given` are the parameters as they were written, those left empty aside."""

    words: tuple[str, ...] = ()
    since: datetime | None = None
    #: the first instant that is too late
    before: datetime | None = None
    theme: str = ""
    state: State | None = None
    given: tuple[tuple[str, str], ...] = ()

    @classmethod
    def read(cls, given: Mapping[str, str | None]) -> Wanted:
        """Read `q`, `since`, `until` (days), `period` (a year or month), `theme` and `state`; days are Shanghai's.

        Raises :class:`Unclear` with the name of the parameter that cannot be read.
        """
        kept = {name: value.strip() for name, value in given.items() if value and value.strip()}
        for name, value in kept.items():
            if _CONTROL.search(value) or len(value) > MOST_CHARACTERS:
                raise Unclear(
                    name,
                    f"最多 {MOST_CHARACTERS} 个字，且不能含控制字符",
                    f"at most {MOST_CHARACTERS} characters, none of them control characters",
                )
        since = _day(kept, "since")
        until = _day(kept, "until")
        before = until + timedelta(days=1) if until else None
        if period := kept.get("period"):
            first, end = _period(period)
            since, before = max(since or first, first), min(before or end, end)
        return cls(
            words=words_of(kept.get("q", "")),
            since=since,
            before=before,
            theme=kept.get("theme", ""),
            state=_state(kept.get("state")),
            given=tuple(sorted(kept.items())),
        )

    def value(self, name: str) -> str:
        """Return a parameter as it was written."""
        return dict(self.given).get(name, "")


def words_of(query: str) -> tuple[str, ...]:
    """Return the words of a query in lower case, each once."""
    found = tuple(dict.fromkeys(query.lower().split()))
    if len(found) > MOST_WORDS:
        raise Unclear("q", f"最多 {MOST_WORDS} 个词", f"at most {MOST_WORDS} words")
    return found


def forms_of(word: str) -> tuple[str, ...]:
    """Return a word as it was typed, and with narrow signs where those were wide (２１３ is found as 213 too)."""
    return tuple(dict.fromkeys((word, unicodedata.normalize("NFKC", word))))


def themes_of(subject_words: str) -> list[str]:
    """Return the single words of a 主题词 line."""
    return [word for word in dict.fromkeys(_BETWEEN_THEMES.split(subject_words)) if word]


def _day(kept: Mapping[str, str], name: str) -> datetime | None:
    written = kept.get(name)
    if written is None:
        return None
    try:
        if not _DAY.fullmatch(written):
            raise ValueError(written)
        return datetime.fromisoformat(written).replace(tzinfo=ZONE)
    except ValueError:
        raise Unclear(name, "日期须写作 2026-03-01", "a day such as 2026-03-01") from None


def _period(written: str) -> tuple[datetime, datetime]:
    match = _PERIOD.fullmatch(written)
    if match is None:
        raise Unclear("period", "须写作 2026 或 2026-03", "a year or month such as 2026 or 2026-03")
    year, month = int(match["year"]), int(match["month"] or 0)
    first = datetime(year, month or 1, 1, tzinfo=ZONE)
    after = (year + 1, 1) if month in (0, 12) else (year, month + 1)
    return first, datetime(*after, 1, tzinfo=ZONE)


def _state(written: str | None) -> State | None:
    for state in get_args(State):
        if written == state:
            return state  # type: ignore[no-any-return]
    if written is None:
        return None
    raise Unclear("state", "须为 published、corrected 或 withdrawn", "one of published, corrected, withdrawn")
