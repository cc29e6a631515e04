"""What people read: subjects and bodies from sandboxed templates that come with the system, one per kind."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Final, Self

from jinja2 import FileSystemLoader, StrictUndefined
from jinja2.sandbox import ImmutableSandboxedEnvironment

from contracts.words import Level, NotificationKind
from services.notify.languages import Language
from services.notify.models import Notification
from services.notify.wording.english import TODO

#: China has kept one zone without summer time since 1991, so no zone database is needed.
BEIJING: Final = timezone(timedelta(hours=8))
DRILL: Final = "【演练】"
#: Subjects that one letter lists of a storm; the rest are counted.
_SHOWN: Final = 20
#: The built-in letters, written with the fields of services/notify/wording/fields.py: where one's own begin.
_BUILT_IN: Final = {
    Language.ZH: """{{ to }}{% if role %}（{{ role }}）{% endif %}：

{{ body }}

响应级别：{{ level|or_else('未定级') }}
处置单号：{{ case_number|or_else('尚未立案') }}
通知时间：{{ requested_at }}（北京时间）
{% if note %}
特别说明：{{ note }}
{% endif %}

请您：{{ todo }}""",
    Language.EN: """{{ to }}{% if role %} ({{ role }}){% endif %},

{{ body }}

Response level: {{ level|or_else('none yet') }}
Case: {{ case_number|or_else('none yet') }}
Sent: {{ requested_at }} (Beijing time)
{% if note %}
Note: {{ note }}
{% endif %}

Please: {{ todo }}""",
}
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

    @classmethod
    def of(cls, notification: Notification) -> Self:
        """Return what a stored notification says."""
        return cls(
            id=notification.id,
            kind=NotificationKind(notification.kind),
            level=Level(notification.level) if notification.level else None,
            subject=notification.subject,
            body=notification.body,
            case_number=notification.case_number,
            requires_acknowledgement=notification.requires_acknowledgement,
            drill=notification.drill,
            requested_at=notification.requested_at,
        )


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
        return self.marked(notice, " ".join(notice.subject.split()).removeprefix(DRILL))

    @staticmethod
    def marked(notice: Notice, text: str) -> str:
        """Return a subject with the marks of drill and level."""
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

    def english(
        self, notice: Notice, *, to: str, role: str | None, note: str, link: str | None, level: str | None, todo: str
    ) -> str:
        """Return the plain text for somebody who reads English."""
        template = self._plain.get_template("_letter.en.txt.j2")
        return template.render(notice=notice, to=to, role=role, note=note, link=link, level=level, todo=todo)

    def todo(self, kind: NotificationKind, language: Language) -> str:
        """Return what the built-in letter of a kind asks the reader to do."""
        if language is Language.EN:
            return TODO[kind]
        template = self._plain.get_template(f"{kind.value}.txt.j2")
        return "".join(template.blocks["todo"](template.new_context({}))).strip()

    def source(self, kind: NotificationKind, language: Language) -> tuple[str, str]:
        """Return subject and body of the built-in letter as a template of the office's own would have them."""
        return "{{ subject }}", _BUILT_IN[language]

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
