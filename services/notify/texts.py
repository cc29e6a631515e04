"""What people read: subjects and bodies in Chinese, from sandboxed templates, one per kind of notification."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Final

from jinja2 import FileSystemLoader, StrictUndefined
from jinja2.sandbox import ImmutableSandboxedEnvironment

from contracts.words import Level, NotificationKind

#: China has kept one zone without summer time since 1991, so no zone database is needed.
BEIJING: Final = timezone(timedelta(hours=8))
DRILL: Final = "【演练】"
#: Subjects that one letter lists of a storm; the rest are counted.
_SHOWN: Final = 20
LEVEL_NAMES: Final[dict[Level, str]] = {
    Level.I: "Ⅰ级（特别重大）",
    Level.II: "Ⅱ级（重大或较大）",
    Level.III: "Ⅲ级（一般）",
    Level.IV: "Ⅳ级（影响较小）",
}


@dataclass(frozen=True)
class Notice:
    """What a notification says, before it is made into a letter for one person."""

    id: str
    kind: NotificationKind
    level: Level | None
    subject: str
    body: str
    case_number: str | None
    requires_acknowledgement: bool
    drill: bool
    requested_at: datetime


def beijing(instant: datetime) -> str:
    """Return `instant` as people in Pu'er write it, to the minute."""
    return f"{instant.astimezone(BEIJING):%Y-%m-%d %H:%M}"


class Texts:
    """Renders letters and the acknowledgement page. What users wrote is only ever a value, never a template."""

    def __init__(self) -> None:
        folder = FileSystemLoader(Path(__file__).parent / "templates")
        self._plain = ImmutableSandboxedEnvironment(
            loader=folder, undefined=StrictUndefined, autoescape=False, trim_blocks=True, lstrip_blocks=True
        )
        self._html = ImmutableSandboxedEnvironment(loader=folder, undefined=StrictUndefined, autoescape=True)
        for environment in (self._plain, self._html):
            environment.filters["beijing"] = beijing

    def subject(self, notice: Notice) -> str:
        """Return the subject in one line: drill mark, level, then what the sender wrote."""
        text = " ".join(notice.subject.split()).removeprefix(DRILL)
        level = f"【{LEVEL_NAMES[notice.level].partition('（')[0]}】" if notice.level else ""
        return f"{DRILL if notice.drill else ''}{level}{text}"

    def body(self, notice: Notice, *, to: str, role: str | None, note: str, link: str | None) -> str:
        """Return the plain text for one person. `link` leads to the acknowledgement page, None where none is asked."""
        return self._plain.get_template(f"{notice.kind.value}.txt.j2").render(
            notice=notice,
            subject=self.subject(notice),
            level=LEVEL_NAMES[notice.level] if notice.level else None,
            to=to,
            role=role,
            note=note,
            link=link,
        )

    def folded_subject(self, notices: Sequence[Notice]) -> str:
        """Return the subject of one letter that tells of many notifications."""
        gravest = max(notices, key=lambda notice: notice.level.rank if notice.level else 0)
        subject = self.subject(gravest)
        mark = DRILL if gravest.drill else ""
        return f"{mark}【汇总 {len(notices)} 条】{subject.removeprefix(DRILL)} 等"

    def folded_body(self, notices: Sequence[Notice], *, to: str, role: str | None, link: str | None) -> str:
        """Return the text of one letter that tells of many notifications, with their subjects."""
        return self._plain.get_template("_storm.txt.j2").render(
            notices=notices,
            subjects=[self.subject(notice) for notice in notices],
            shown=_SHOWN,
            drill=notices[0].drill,
            to=to,
            role=role,
            link=link,
        )

    def test(self, *, to: str, at: datetime) -> tuple[str, str]:
        """Return subject and text of a test letter."""
        subject = "【测试】通知渠道测试"
        return subject, self._plain.get_template("test.txt.j2").render(to=to, at=at, subject=subject)

    def verification(self, *, to: str, code: str, minutes: int) -> tuple[str, str]:
        """Return subject and text of the letter that brings a code."""
        text = self._plain.get_template("verification.txt.j2").render(to=to, code=code, minutes=minutes)
        return "【回应】联络方式验证码", text

    def page(self, name: str, **values: object) -> str:
        """Return the HTML page `name`, with every value escaped."""
        return self._html.get_template(f"{name}.html.j2").render(**values)
