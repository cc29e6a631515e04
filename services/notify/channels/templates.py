"""Parameters of registered text-message templates: Chinese vendors send nothing else.

Neither Aliyun nor Tencent takes web addresses in parameters (isv.PARAM_NOT_SUPPORT_URL; 腾讯云《短信模板常见问题》:
变量参数不允许传链接), nor empty ones.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Self

from contracts.words import Level
from services.notify.channels.channel import Letter
from services.notify.channels.limits import URL, shortened
from services.notify.texts import LEVEL_NAMES, beijing

FIELDS: Final = ("name", "subject", "level", "case_number", "time", "text")
#: Stands for what a letter does not have.
_NOTHING: Final = "无"


@dataclass(frozen=True)
class TemplateParameters:
    """Which field of a letter goes into which parameter, in the template's order, each of at most `most` characters."""

    fields: Mapping[str, str]
    most: int

    @classmethod
    def read(cls, text: str, most: int) -> Self:
        """Return the mapping that "name=field,…" describes; ValueError says in Chinese what is wrong with it."""
        fields: dict[str, str] = {}
        for part in filter(None, (one.strip() for one in text.split(","))):
            name, _, field = (one.strip() for one in part.partition("="))
            if not name or field not in FIELDS or name in fields:
                raise ValueError(f"短信模板参数“{part}”不正确，应为 参数名=字段，字段为 {'、'.join(FIELDS)} 之一")
            fields[name] = field
        return cls(fields, most)

    def of(self, letter: Letter) -> dict[str, str]:
        """Return the parameters for a letter; what is too long ends with “…”."""
        values = _values(letter)
        return {name: shortened(values[field] or _NOTHING, self.most) for name, field in self.fields.items()}


def _values(letter: Letter) -> dict[str, str]:
    level = letter.facts.get("level")
    plain = {
        "name": letter.to,
        "subject": letter.subject,
        "level": LEVEL_NAMES[Level(level)].partition("（")[0] if level else "未定级",
        "case_number": letter.facts.get("case_number") or "",
        "time": beijing(letter.at),
        "text": letter.text,
    }
    return {field: " ".join(URL.sub("", str(value)).split()) for field, value in plain.items()}
