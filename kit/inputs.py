"""Types of what callers send that no database nor calendar stumbles over."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Final

from pydantic import AfterValidator, AwareDatetime, Field
from pydantic_core import PydanticCustomError

EARLIEST: Final = datetime(1990, 1, 1, tzinfo=UTC)
LATEST: Final = datetime(2100, 1, 1, tzinfo=UTC)

#: An aware instant that can be reckoned with in any time zone: of the years 1990 to 2099.
Instant = Annotated[AwareDatetime, Field(ge=EARLIEST, le=LATEST)]


def _without_nul(text: str) -> str:
    if "\x00" in text:
        raise PydanticCustomError("nul", "must not hold the character NUL")
    return text


#: Text without NUL, which PostgreSQL can neither keep nor compare.
Plain = Annotated[str, AfterValidator(_without_nul)]
