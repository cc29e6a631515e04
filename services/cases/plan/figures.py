"""Figures of a plan: each carries the source it comes from, or is marked as the project's default."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Annotated, Final, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, WithJsonSchema, model_validator
from pydantic.config import JsonDict

_UNITS: Final = {"s": 1, "min": 60, "h": 3600, "d": 86400}
_DURATION: Final = re.compile(r"(\d{1,9}(?:\.\d{1,6})?)\s*(s|min|h|d)", re.ASCII)
_LONGEST: Final = timedelta(days=3650)


class Strict(BaseModel):
    """Base of every part of a plan: unknown keys and wrong types are errors.

    What stands in quotes below a field is its description in the published JSON Schema.
    """

    model_config = ConfigDict(
        extra="forbid", frozen=True, strict=True, allow_inf_nan=False, use_attribute_docstrings=True
    )


#: What an editor is told of a figure's origin: one of two keys.
ONE_ORIGIN: Final[JsonDict] = {"oneOf": [{"required": ["source"]}, {"required": ["default"]}]}


class Sourced(Strict):
    """A figure with its origin: exactly one of `source` (a document's name) and `default: project`."""

    model_config = ConfigDict(json_schema_extra=dict(ONE_ORIGIN))

    source: str | None = None
    """The document that the figure comes from, by name and date."""
    default: Literal["project"] | None = None
    """Marks a figure that no document gives: this project's own."""

    @model_validator(mode="after")
    def _one_origin(self) -> Sourced:
        if (self.source is None) == (self.default is None):
            raise ValueError(
                "每个数值须注明 source（出处）或 default: project 其中之一 / "
                "every figure needs exactly one of `source:` and `default: project`"
            )
        return self

    @property
    def origin(self) -> str:
        """Return the source's name, or "project default"."""
        return self.source or "project default"


def parse_duration(value: object) -> object:
    """Read `30 min`, `5 h`, `15 d` or `10 s` as a timedelta; raises ValueError for any other text or number."""
    if isinstance(value, int | float):
        raise ValueError("时长须带单位，如 30 min、5 h、15 d / a duration needs its unit, as in 30 min, 5 h, 15 d")
    if not isinstance(value, str):
        return value
    match = _DURATION.fullmatch(value.strip())
    if match is None:
        raise ValueError(f"时长 {value!r} 写法有误，应如 30 min、5 h、15 d / write a duration as 30 min, 5 h or 15 d")
    seconds = float(match[1]) * _UNITS[match[2]]
    if seconds > _LONGEST.total_seconds():
        raise ValueError(f"时长 {value!r} 过长 / the duration is longer than ten years")
    return timedelta(seconds=seconds)


#: A length of time, written as `30 min`, `5 h`, `15 d`.
Duration = Annotated[
    timedelta,
    BeforeValidator(parse_duration),
    WithJsonSchema(
        {
            "type": "string",
            "pattern": rf"^\s*{_DURATION.pattern}\s*$".replace(r"\d", "[0-9]"),
            "examples": ["30 min", "5 h", "15 d"],
        }
    ),
]


class Limit(Sourced):
    """A length of time within which something is done."""

    within: Duration

    @model_validator(mode="after")
    def _positive(self) -> Limit:
        if self.within <= timedelta():
            raise ValueError("时限须大于零 / a limit must be longer than nothing")
        return self


def show_duration(length: timedelta) -> str:
    """Return a length of time in Chinese, as `5 小时`; days from three on, seconds below a minute."""
    seconds = int(length.total_seconds())
    if seconds < 60:
        return f"{seconds} 秒"
    parts: list[str] = []
    sizes = ((86400, "天"), (3600, "小时"), (60, "分钟"))
    for size, name in sizes if seconds >= 3 * 86400 else sizes[1:]:
        count, seconds = divmod(seconds, size)
        if count:
            parts.append(f"{count} {name}")
    return " ".join(parts)
