"""What every request body has in common."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, model_validator


class Body(BaseModel):
    """Base of request bodies: blanks around texts are cut, and NUL characters, which no database keeps, refused."""

    model_config = ConfigDict(str_strip_whitespace=True)

    @model_validator(mode="before")
    @classmethod
    def _no_nul(cls, data: Any) -> Any:
        if isinstance(data, dict) and any(_holds_nul(value) for value in data.values()):
            raise ValueError("文字中不能有空字符 / a text must not hold NUL characters")
        return data


def _holds_nul(value: Any) -> bool:
    if isinstance(value, list):
        return any(isinstance(one, str) and "\x00" in one for one in value)
    return isinstance(value, str) and "\x00" in value


#: An instant of this century, with its zone.
Instant = Annotated[AwareDatetime, Field(ge=datetime(2000, 1, 1, tzinfo=UTC))]
