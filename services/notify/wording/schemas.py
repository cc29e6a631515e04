"""Templates over HTTP."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from contracts.words import ChannelName, Level, NotificationKind
from kit.inputs import Plain
from services.notify.languages import Language
from services.notify.wording.making import Template
from services.notify.wording.models import TemplateVersion
from services.notify.wording.rules import LONGEST_BODY, LONGEST_SUBJECT
from services.notify.wording.service import Standing, Whole

Subject = Annotated[str, StringConstraints(max_length=10 * LONGEST_SUBJECT)]
Body = Annotated[str, StringConstraints(max_length=10 * LONGEST_BODY)]
Words = Annotated[Plain, StringConstraints(strip_whitespace=True, max_length=500)]


class _In(BaseModel):
    model_config = ConfigDict(extra="forbid")


class WordingOut(BaseModel):
    """A template and what is in force at its place. `version` 0: none of its own, so that a more general one counts."""

    id: str = Field(examples=["alert_raised-II-sms"])
    kind: NotificationKind
    kind_name: str = Field(examples=["预警"])
    level: Level | None
    channel: ChannelName | None
    language: Language
    version: int = Field(description="number of the version in force; 0: none of its own")
    latest: int = Field(description="number of the latest version; 0 where there is none")
    changed_by: str | None
    changed_at: datetime | None
    reason: str
    failed_at: datetime | None = Field(
        description="when a letter last could not be made by it and the built-in one was"
    )
    failure: str

    @classmethod
    def of(cls, standing: Standing) -> Self:
        """Show what is in force at a place."""
        place, use = standing.place, standing.use
        return cls(
            id=place.id,
            kind=place.kind,
            kind_name=place.kind.chinese,
            level=place.level,
            channel=place.channel,
            language=place.language,
            version=standing.number,
            latest=standing.latest,
            changed_by=use.changed_by if use else None,
            changed_at=use.changed_at if use else None,
            reason=use.reason if use else "",
            failed_at=use.failed_at if use else None,
            failure=use.failure if use else "",
        )


class TemplateVersionOut(BaseModel):
    """One version."""

    number: int
    subject: str
    body: str
    note: str
    made_by: str
    made_at: datetime

    @classmethod
    def of(cls, row: TemplateVersion) -> Self:
        """Show a stored version."""
        return cls.model_validate(row.model_dump(exclude={"place"}))


class TemplateText(BaseModel):
    """A template as it is written. `id` and `number` say which; number 0 is the built-in one."""

    id: str
    number: int
    subject: str
    body: str

    @classmethod
    def of(cls, template: Template) -> Self:
        """Show a template."""
        return cls(id=template.place, number=template.number, subject=template.subject, body=template.body)


class WholeWordingOut(WordingOut):
    """A template with all its versions; `used` is what its letters are made by now, perhaps a more general one."""

    used: TemplateText
    built_in: TemplateText
    versions: list[TemplateVersionOut] = Field(description="the latest first")

    @classmethod
    def whole(cls, whole: Whole, built_in: Template) -> Self:
        """Show a place with its versions."""
        shown = WordingOut.of(whole.standing).model_dump()
        return cls(
            **shown,
            used=TemplateText.of(whole.by or built_in),
            built_in=TemplateText.of(built_in),
            versions=[TemplateVersionOut.of(row) for row in whole.versions],
        )


class TemplatesOut(BaseModel):
    """Templates by kind."""

    items: list[WordingOut]


class FieldOut(BaseModel):
    """A field that templates may name."""

    name: str
    zh: str
    en: str
    example: str | bool


class FilterOut(BaseModel):
    """A filter that templates may use."""

    name: str
    zh: str
    en: str


class FieldsOut(BaseModel):
    """What templates may name and use."""

    fields: list[FieldOut]
    filters: list[FilterOut]
    longest_subject: int = Field(description="characters of a subject as it is written")
    longest_body: int = Field(description="characters of a body as it is written")


class TemplateVersionIn(_In):
    """A new version. `after` is the number of the version that it changes, the latest one; 0 for the first."""

    subject: Subject = Field(examples=["{{ subject }}"])
    body: Body = Field(
        examples=["{{ to }}：{{ body|first_sentence }}{% if case_number %}（{{ case_number }}）{% endif %}"]
    )
    note: Words = Field("", examples=["短信改短"])
    after: int = Field(ge=0, le=2**31 - 2)
    put_in_force: bool = Field(False, description="let it be in force from now on")


class TemplateUseIn(_In):
    """Which version is to be in force; 0: none of its own."""

    version: int = Field(ge=0, le=2**31 - 1)
    reason: Words = ""


class TemplateTrialIn(_In):
    """What to try: a text that is not stored, or a version; neither: what is in force.

    Of the notification with that id, else of the latest of the kind, else of an example.
    """

    subject: Subject | None = None
    body: Body | None = None
    version: int | None = Field(None, ge=0, le=2**31 - 1)
    notification_id: str | None = Field(None, max_length=64)

    @model_validator(mode="after")
    def _one(self) -> Self:
        if (self.subject is None) != (self.body is None) or (self.subject is not None and self.version is not None):
            raise ValueError("须同时给出 subject 和 body，或只给出 version / give subject and body, or version alone")
        return self


class TemplateTestIn(TemplateTrialIn):
    """What to send to oneself, and by which of one's ways."""

    channel: ChannelName


class PreviewedOut(BaseModel):
    """A letter on one channel, in as many messages as it would be sent in."""

    channel: ChannelName
    channel_name: str
    subject: str
    pieces: list[str]
    characters: int


class TemplatePreviewOut(BaseModel):
    """The letters as they would be read. `based_on`: the id of the notification, null for an example."""

    based_on: str | None
    letters: list[PreviewedOut]


class DifferenceOut(BaseModel):
    """What changes from one version to another, line by line as `diff -u` shows it; empty where nothing does."""

    lines: list[str]
