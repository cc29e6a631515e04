"""What the contact network takes in and gives out over HTTP, beside contacts themselves."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, SecretStr, StringConstraints

from contracts.words import ChannelName, DeliveryState, Role
from kit.inputs import Plain
from services.notify.languages import Language
from services.notify.models import ADDRESS_CHARS
from services.notify.people.models import ContactLogEntry, Unit
from services.notify.people.quiet import QuietWindow
from services.notify.ways import Way, masked

Name = Annotated[Plain, StringConstraints(strip_whitespace=True, min_length=1, max_length=100)]
#: long enough for a browser's push subscription
Address = Annotated[Plain, StringConstraints(strip_whitespace=True, max_length=ADDRESS_CHARS)]
Secret = Annotated[SecretStr, Field(max_length=200)]
QuietHours = Annotated[list[QuietWindow], Field(max_length=14)]


class UnitKind(StrEnum):
    """What a unit is."""

    BUREAU = "bureau"
    COUNTY = "county"
    DEPARTMENT = "department"


class _In(BaseModel):
    model_config = ConfigDict(extra="forbid")


class WayIn(_In):
    """A way of reaching somebody; docs/channels.md says what each channel takes for an address.

    `secret` signs webhooks (``whsec_…``) and messages to bots; left out, the stored one is kept.
    """

    channel: ChannelName = Field(examples=["email"])
    address: Address = Field("", examples=["duty@example.org"])
    secret: Secret | None = None


class WayOut(BaseModel):
    """A way as it is shown: never its secret. A closed way says why. `number` counts from 1, as they are tried.

    `verified`: its owner gave back a code that was sent to it (the log needs none). Others are used all the same.
    """

    number: int
    channel: ChannelName
    address: str
    has_secret: bool
    enabled: bool
    disabled_reason: str | None
    verified: bool
    verified_at: datetime | None

    @classmethod
    def of(cls, way: Way, number: int = 1, *, plain: bool = True) -> Self:
        """Show a way, its address masked unless `plain`."""
        return cls(
            number=number,
            channel=way.channel,
            address=way.address if plain else masked(way.channel, way.address),
            has_secret=bool(way.secret),
            enabled=way.enabled,
            disabled_reason=way.disabled_reason,
            verified=way.verified_at is not None or way.channel is ChannelName.LOG,
            verified_at=way.verified_at,
        )


class UnitIn(_In):
    """A unit to be entered. `role`: the one that it acts in by the plan, so that a row naming the role names it too."""

    name: Name = Field(examples=["澜沧县移民系统"])
    kind: UnitKind = UnitKind.DEPARTMENT
    role: Role | None = Field(None, description="left out: county or department by its kind, none for a bureau")
    aliases: list[Name] = Field(default_factory=list, max_length=20, examples=[["澜沧县"]])
    way: WayIn | None = Field(None, description="its group: told besides its people")


class UnitPatch(_In):
    """Fields of a unit to be changed; what is left out stays. Contacts follow a new name. `way` null: no group."""

    name: Name | None = None
    kind: UnitKind | None = None
    role: Role | None = None
    aliases: list[Name] | None = Field(None, max_length=20)
    way: WayIn | None = None


class UnitOut(BaseModel):
    """A unit. The address of its group is masked for those who may not read contacts."""

    id: str
    name: str
    kind: UnitKind
    role: Role | None
    aliases: list[str]
    way: WayOut | None
    version: int

    @classmethod
    def of(cls, unit: Unit, *, plain: bool) -> Self:
        """Show a stored unit."""
        return cls(
            id=unit.id,
            name=unit.name,
            kind=UnitKind(unit.kind),
            role=Role(unit.role) if unit.role else None,
            aliases=unit.aliases,
            way=WayOut.of(Way.model_validate(unit.way), plain=plain) if unit.way else None,
            version=unit.version,
        )


class CodeSentOut(BaseModel):
    """What came of sending a code, and until when it is good."""

    state: DeliveryState = Field(description="sent or failed")
    reason: str | None
    expires_at: datetime


class ConfirmIn(_In):
    """The code that came by the way."""

    code: str = Field(pattern=r"^\d{6}$", examples=["042137"])


class MeIn(_In):
    """What everybody may change of their own contact; what is left out stays."""

    quiet_hours: QuietHours | None = None
    language: Language | None = None


class GapOut(BaseModel):
    """Something that the network lacks, in words too."""

    kind: Literal["unverified", "closed", "no_way", "unit_empty", "role_empty"]
    contact_id: str | None = None
    name: str
    unit: str | None = None
    way: int | None = Field(None, description="number of the way")
    channel: ChannelName | None = None
    detail: str


class GapsOut(BaseModel):
    """Everything that the network lacks, and how many ways there are in use and verified."""

    ways: int
    verified: int
    items: list[GapOut]


class ImportRowOut(BaseModel):
    """What a line of the file would do, or did. `changes`: old and new value by field; secrets are never shown."""

    line: int
    action: Literal["add", "change", "same", "refuse"]
    name: str
    contact_id: str | None = None
    changes: dict[str, tuple[str, str]] = Field(default_factory=dict)
    errors: list[str] = Field(default_factory=list)


class ImportOut(BaseModel):
    """What a file would do (`dry_run`), or did."""

    dry_run: bool
    added: int
    changed: int
    same: int
    refused: int
    ignored_columns: list[str]
    rows: list[ImportRowOut]


class ContactLogOut(BaseModel):
    """Somebody took contacts out as a file, or put them in."""

    id: str
    at: datetime
    by: str
    action: Literal["exported", "imported"]
    contacts: int
    detail: str

    @classmethod
    def of(cls, entry: ContactLogEntry) -> Self:
        """Show a stored entry."""
        return cls.model_validate(entry, from_attributes=True)
