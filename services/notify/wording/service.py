"""The office's own templates: versions that are never changed, which of them is in force, and what they come to."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from contracts.messages import NotificationRequested, Recipient
from contracts.words import ChannelName, NotificationKind, Role
from kit.clock import Clock
from kit.database import Database
from kit.ids import new_id
from kit.problems import FieldError, Problem
from services.notify import store as contacts
from services.notify.languages import Language
from services.notify.links import AcknowledgementLinks
from services.notify.models import Contact, Notification
from services.notify.telling import Telling
from services.notify.texts import Notice, Texts
from services.notify.wording import store
from services.notify.wording.fields import FIELDS
from services.notify.wording.making import LetterMaker, Made, Reader, Template
from services.notify.wording.models import TemplateUse, TemplateVersion
from services.notify.wording.place import Place
from services.notify.wording.rules import Mistake, mistakes_in

#: How often at most it is written down that a template fails.
_NOTED_EVERY: Final = timedelta(minutes=10)

#: Raises 412 unless the version given is the one that the caller has read.
Precondition = Callable[[int], None]


@dataclass(frozen=True)
class Standing:
    """What is in force at a place: version `number` (0: none of its own) and how many there are."""

    place: Place
    use: TemplateUse | None
    latest: int

    @property
    def number(self) -> int:
        """Return the number in force; 0 where the place has none of its own."""
        return self.use.number if self.use is not None else 0


@dataclass(frozen=True)
class Whole:
    """A place with all its versions, and the template by which its letters are made now (None: the built-in one)."""

    standing: Standing
    versions: list[TemplateVersion]
    by: Template | None


@dataclass(frozen=True)
class Previewed:
    """A letter as it would be read, and what it was made of: a stored notification, or an example (None)."""

    made: Made
    notice: Notice
    based_on: str | None


class Wording:
    """What can be done with templates."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        maker: LetterMaker,
        texts: Texts,
        telling: Telling,
        links: AcknowledgementLinks,
    ) -> None:
        self._database, self._clock, self._telling = database, clock, telling
        #: as long as a real one, and leads to nothing
        self._link = links.url("preview", datetime(2000, 1, 1, tzinfo=UTC))
        self._maker, self._texts = maker, texts
        self._noted: dict[tuple[str, int], datetime] = {}

    async def standings(self, kind: NotificationKind | None, language: Language) -> list[Standing]:
        """Return every kind, and after each the places below it that have versions of their own."""
        async with self._database.reading() as session:
            uses, latest = await store.uses(session), await store.latest(session)
        places = [Place(one, language=language) for one in NotificationKind if kind in (None, one)]
        own = [Place.read(id_) for id_ in latest]
        below = [one for one in own if one.language is language and (one.level or one.channel)]
        found = sorted(
            [*places, *(one for one in below if kind in (None, one.kind))],
            key=lambda one: (list(NotificationKind).index(one.kind), one.level or "", one.channel or ""),
        )
        return [Standing(one, uses.get(one.id), latest.get(one.id, 0)) for one in found]

    async def whole(self, place: Place) -> Whole:
        """Return a place with its versions."""
        async with self._database.reading() as session:
            versions = await store.versions(session, place.id)
            use = await store.use(session, place.id)
            in_force = await store.in_force(session)
        by = next((in_force[one.id] for one in place.from_here_up() if one.id in in_force), None)
        return Whole(Standing(place, use, versions[0].number if versions else 0), versions, by)

    def built_in(self, place: Place) -> tuple[str, str]:
        """Return subject and body of the built-in letter, written as a template."""
        return self._texts.source(place.kind, place.language)

    async def version(self, place: Place, number: int) -> Template:
        """Return a version; 0 is the built-in one; 404 where there is none of that number."""
        if number == 0:
            return Template(place.id, 0, *self.built_in(place))
        async with self._database.reading() as session:
            row = await store.version(session, place.id, number)
        if row is None:
            raise no_version(number)
        return Template(row.place, row.number, row.subject, row.body)

    async def add(
        self, place: Place, *, subject: str, body: str, note: str, after: int, put_in_force: bool, by: str
    ) -> Whole:
        """Add a version that comes after number `after`; 422 where it is wrong, 409 where another came before."""
        self.check(place, subject, body)
        now = self._clock.now()
        row = TemplateVersion(
            place=place.id, number=after + 1, subject=subject, body=body, note=note, made_by=by, made_at=now
        )
        async with self._database.writing() as session:
            held = await store.use(session, place.id, lock=True)
            versions = await store.versions(session, place.id)
            newest = versions[0].number if versions else 0
            if newest != after or not await store.add(session, row):
                raise Problem(
                    409,
                    "template.newer-version",
                    zh=f"已有更新的版本（第 {newest} 版），请在其基础上修改",
                    en=f"There is a newer version ({newest}); change that one",
                    latest=newest,
                )
            if held is None:
                held = TemplateUse(place=place.id, number=0, changed_by=by, changed_at=now)
                session.add(held)
            if put_in_force:
                _set(held, row.number, note, by, now)
        return await self.whole(place)

    async def put_in_force(self, place: Place, number: int, reason: str, by: str, precondition: Precondition) -> Whole:
        """Let a version be in force from now on, also an older one; 0: none of its own any more."""
        async with self._database.writing() as session:
            held = await store.use(session, place.id, lock=True)
            precondition(held.version if held is not None else 0)
            if number and await store.version(session, place.id, number) is None:
                raise no_version(number)
            if held is not None:
                _set(held, number, reason, by, self._clock.now())
        return await self.whole(place)

    def check(self, place: Place, subject: str, body: str) -> None:
        """Raise 422 with every mistake, by line and column, unless letters can be made by this template."""
        mistakes = mistakes_in(subject, body) or list(self._trial(place, subject, body))
        if mistakes:
            raise Problem(
                422,
                "template.mistakes",
                zh="模板有误：" + "；".join(_said(one, chinese=True) for one in mistakes),
                en="The template is not right: " + "; ".join(_said(one, chinese=False) for one in mistakes),
                errors=[
                    FieldError(pointer=f"/{one.part}", detail=_said(one, chinese=False), zh=_said(one, chinese=True))
                    for one in mistakes
                ],
                mistakes=[{"part": one.part, "line": one.line, "column": one.column} for one in mistakes],
            )

    async def preview(
        self, place: Place, template: Template | None, channel: ChannelName, reader: str, notification_id: str | None
    ) -> Previewed:
        """Return the letter by `template` (None: by what is in force), of real data where there is some.

        Of a stored notification if `notification_id` names one (404 where there is none), else of the latest of its
        kind and level, else of an example.
        """
        async with self._database.reading() as session:
            if notification_id is not None:
                found = await session.get(Notification, notification_id)
                if found is None:
                    raise Problem(404, "not-found", zh="没有这条通知", en="There is no such notification")
            else:
                found = await store.last_notification(session, place.kind, place.level)
            self._maker.in_force = await store.in_force(session)
        notice = Notice.of(found) if found is not None else self._example(place)
        to = Reader(reader, None, "", place.language, channel)
        link = self._link if notice.requires_acknowledgement else None
        if template is None:
            made = self._maker.made(notice, to, link)
        elif template.number == 0 and (template.subject, template.body) == self.built_in(place):
            made = self._maker.built_in(notice, to, link)
        else:
            made = self._maker.by(template, notice, to, link)
        return Previewed(made, notice, found.id if found is not None else None)

    async def contact_of(self, login: str) -> Contact:
        """Return the contact of a login name; 409 where there is none."""
        async with self._database.reading() as session:
            found = await contacts.contact_of(session, login)
        if found is None:
            raise Problem(
                409,
                "contact.none-of-yours",
                zh="您的登录名没有对应的联络员，无法试发给本人",
                en="No contact bears your login name, so that nothing can be sent to you",
            )
        return found

    async def failed(self, template: Template, reason: str) -> None:
        """Write down that a letter went out in the built-in wording; the office is told the first time."""
        now = self._clock.now()
        key = (template.place, template.number)
        if key in self._noted and now - self._noted[key] < _NOTED_EVERY:
            return
        self._noted[key] = now
        async with self._database.writing() as session:
            if await store.note_failure(session, template, reason, now):
                await self._telling.accept(session, _notice_of(template, reason, now))

    def _trial(self, place: Place, subject: str, body: str) -> Sequence[Mistake]:
        """Make letters of examples, full and bare ones; returns what Jinja says of the first that cannot be made."""
        template = Template(place.id, -1, subject, body)
        full = self._example(place)
        bare = Notice(full.id, full.kind, None, "标题", "正文", None, False, True, full.requested_at)
        for notice, role, note in ((full, Role.OFFICE, "按专题订阅通知"), (bare, None, "")):
            reader = Reader("王主任", role, note, place.language, place.channel or ChannelName.EMAIL)
            try:
                self._maker.by(template, notice, reader, None)
            except Exception as error:
                return [Mistake("body", 1, 1, f"试生成失败：{error}", f"could not be tried: {error}")]
        return ()

    def _example(self, place: Place) -> Notice:
        said = {field.name: str(field.example) for field in FIELDS}
        return Notice(
            id=new_id(),
            kind=place.kind,
            level=place.level,
            subject=said["subject"],
            body=said["body"],
            case_number=said["case_number"],
            requires_acknowledgement=True,
            drill=False,
            requested_at=self._clock.now(),
        )


def difference(one: Template, other: Template) -> list[str]:
    """Return what changes from one template to another, line by line as `diff -u` shows it."""
    names = (f"v{one.number}", f"v{other.number}")
    found: list[str] = []
    for before, after in ((one.subject, other.subject), (one.body, other.body)):
        found += difflib.unified_diff(before.splitlines(), after.splitlines(), *names, lineterm="", n=2)
    return found


def no_version(number: int) -> Problem:
    """Return the answer where a template has no version of that number."""
    return Problem(404, "not-found", zh=f"没有第 {number} 版", en=f"There is no version {number}")


def _set(held: TemplateUse, number: int, reason: str, by: str, now: datetime) -> None:
    held.number, held.reason, held.changed_by, held.changed_at = number, reason, by, now
    held.failed_at, held.failure = None, ""
    held.version = (held.version or 0) + 1


def _said(mistake: Mistake, *, chinese: bool) -> str:
    if chinese:
        part = "标题" if mistake.part == "subject" else "正文"
        return f"{part}第 {mistake.line} 行第 {mistake.column} 字：{mistake.zh}"
    return f"{mistake.part}, line {mistake.line}, column {mistake.column}: {mistake.en}"


def _notice_of(template: Template, reason: str, now: datetime) -> NotificationRequested:
    kind = Place.read(template.place).kind.chinese
    return NotificationRequested(
        id=new_id(),
        kind=NotificationKind.CHANNEL_FAILING,
        subject=f"通知模板无法使用：{kind}（{template.place} 第 {template.number} 版）",
        body=f"已改用内置模板发送，未影响送达。原因：{reason}。请修改模板，或恢复使用内置模板。",
        recipients=[Recipient(role=Role.OFFICE)],
        requested_at=now,
    )
