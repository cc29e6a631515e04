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


#: Refuses NUL, which PostgreSQL can neither keep nor compare. Other constraints of a text stand before it: those that
#: stand after it are checked before white space is stripped.
WITHOUT_NUL: Final = AfterValidator(_without_nul)
#: Text without NUL.
Plain = Annotated[str, WITHOUT_NUL]
