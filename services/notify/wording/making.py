"""Letters by the template in force: the office's own where there is one, else the built-in one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import structlog

from contracts.words import ChannelName, Role
from services.notify.languages import Language
from services.notify.metrics import TEMPLATES_FAILED
from services.notify.recipients import ROLE_NAMES
from services.notify.texts import DRILL, LEVEL_NAMES, Notice, Texts, beijing
from services.notify.wording.english import LEVELS, kind_in_english, role_in_english
from services.notify.wording.place import Place
from services.notify.wording.rules import LONGEST_LETTER, compiled

log = structlog.get_logger(__name__)

_LINK: Final = {
    Language.ZH: "收到后请打开以下链接，点按“确认收到”：",
    Language.EN: "Open this link and confirm that you have received this:",
}
_DRILL: Final = {
    Language.ZH: f"{DRILL}本通知为演练内容，请按演练方案处置，不得对外发布。",
    Language.EN: f"{DRILL}DRILL: this belongs to an exercise. Act as its scenario says and publish nothing.",
}


@dataclass(frozen=True, slots=True)
class Template:
    """The subject and body of one version, as they are written."""

    place: str
    number: int
    subject: str
    body: str


@dataclass(frozen=True, slots=True)
class Reader:
    """Who reads a letter, in which language and by which channel; `note`: what is noted of them."""

    to: str
    role: Role | None
    note: str
    language: Language
    channel: ChannelName


@dataclass(frozen=True, slots=True)
class Made:
    """A letter as it is read. `by` is the template that it was made by, None for the built-in one.

    `failed` is a template by which it could not be made, with the reason.
    """

    subject: str
    text: str
    by: Template | None = None
    failed: tuple[Template, str] | None = None


class LetterMaker:
    """Makes letters. Marks of drill and level and the link to act on are the system's, whatever a template says."""

    def __init__(self, texts: Texts) -> None:
        self._texts = texts
        #: the templates in force, by the id of their place
        self.in_force: Mapping[str, Template] = {}

    def chosen(self, place: Place) -> Template | None:
        """Return the template that a letter for `place` is made by; None: the built-in one."""
        return next((self.in_force[one.id] for one in place.from_here_up() if one.id in self.in_force), None)

    def made(self, notice: Notice, reader: Reader, link: str | None) -> Made:
        """Return the letter by the template in force; by the built-in one where that cannot be made."""
        chosen = self.chosen(Place(notice.kind, notice.level, reader.channel, reader.language))
        if chosen is None:
            return self.built_in(notice, reader, link)
        try:
            return self.by(chosen, notice, reader, link)
        except Exception as error:  # a letter goes out whatever is wrong with its wording
            reason = f"{type(error).__name__}: {error}"[:300]
            TEMPLATES_FAILED.inc()
            log.exception("template.failed", place=chosen.place, number=chosen.number)
            plain = self.built_in(notice, reader, link)
            return Made(plain.subject, plain.text, failed=(chosen, reason))

    def built_in(self, notice: Notice, reader: Reader, link: str | None) -> Made:
        """Return the letter by the template that comes with the system."""
        subject = self._texts.subject(notice)
        if reader.language is Language.EN:
            role = role_in_english(reader.role) if reader.role else None
            level = LEVELS[notice.level] if notice.level else None
            todo = self._texts.todo(notice.kind, reader.language)
            text = self._texts.english(
                notice, to=reader.to, role=role, note=reader.note, link=link, level=level, todo=todo
            )
            return Made(subject, text)
        role = ROLE_NAMES[reader.role] if reader.role else None
        return Made(subject, self._texts.body(notice, to=reader.to, role=role, note=reader.note, link=link))

    def by(self, template: Template, notice: Notice, reader: Reader, link: str | None) -> Made:
        """Return the letter by this template; raises whatever Jinja raises, ValueError where it would be too long."""
        values = self.values(notice, reader)
        # what a sender wrote may have line ends; a subject has none
        subject = " ".join(compiled(template.subject).render(values).split()).removeprefix(DRILL)
        text = compiled(template.body).render(values).strip()
        if not subject or not text:
            raise ValueError("the letter would be empty")
        if len(subject) + len(text) > LONGEST_LETTER:
            raise ValueError(f"the letter would have more than {LONGEST_LETTER} characters")
        parts = [_DRILL[reader.language]] if notice.drill else []
        parts.append(text)
        if link is not None:
            parts.append(f"{_LINK[reader.language]}\n{link}")
        return Made(self._texts.marked(notice, subject), "\n\n".join(parts), template)

    def values(self, notice: Notice, reader: Reader) -> dict[str, str | bool]:
        """Return the fields of :mod:`services.notify.wording.fields` for one letter."""
        english = reader.language is Language.EN
        levels = LEVELS if english else LEVEL_NAMES
        role = ""
        if reader.role is not None:
            role = role_in_english(reader.role) if english else ROLE_NAMES[reader.role]
        return {
            "to": reader.to,
            "role": role,
            "subject": " ".join(notice.subject.split()).removeprefix(DRILL),
            "body": notice.body.strip(),
            "level": levels[notice.level] if notice.level else "",
            "kind": kind_in_english(notice.kind) if english else notice.kind.chinese,
            "case_number": notice.case_number or "",
            "requested_at": beijing(notice.requested_at),
            "note": reader.note,
            "todo": self._texts.todo(notice.kind, reader.language),
            "asks_receipt": notice.requires_acknowledgement,
            "drill": notice.drill,
        }
