"""What most changes of a case ask before they begin."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from kit.problems import FieldError, Problem
from services.cases.lifecycle import OPEN_STATES, STATE_NAMES, Refused
from services.cases.service.case_file import CaseFile

#: May refuse a caller who has not seen the newest state (If-Match).
Check = Callable[[CaseFile], None]


def must_be_open(file: CaseFile) -> None:
    """Refuse work on a case that is closed or was dismissed."""
    if file.state not in OPEN_STATES:
        name = STATE_NAMES[file.state]
        raise Refused("case_settled", f"处置单已{name}", f"The case is {file.state}")


def must_lie_ahead(field: str, at: datetime | None, now: datetime) -> None:
    """Answer 422 where a time that is planned has passed."""
    if at is not None and at <= now:
        raise _wrong(field, "须晚于现在", "must lie in the future")


def must_have_been(field: str, at: datetime, now: datetime) -> None:
    """Answer 422 where a time of something done has not come yet."""
    if at > now:
        raise _wrong(field, "不能晚于现在", "lies in the future")


def _wrong(field: str, zh: str, en: str) -> Problem:
    error = FieldError(pointer=f"/{field}", detail=en, zh=zh)
    return Problem(422, "invalid-fields", zh=f"{field} {zh}", en=f"{field} {en}", errors=[error])
