"""What hooks take and say over HTTP."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from contracts.words import Channel
from services.ingest.adapters.expressions import Expression
from services.ingest.hooks.signing import Scheme, check_secret
from services.ingest.imports.columns import FIELDS

Format = Literal["posts", "json", "csv", "email"]


def _fields(mapping: dict[str, str]) -> dict[str, str]:
    unknown = sorted(set(mapping) - set(FIELDS))
    if unknown:
        raise ValueError(f"没有字段 {', '.join(unknown)}，可用：{', '.join(FIELDS)} / no such field")
    return mapping


HeaderName = Annotated[str, Field(pattern=r"^[A-Za-z0-9-]{1,64}$")]


class JsonMapping(BaseModel):
    """Where posts are in a JSON body: `items` finds them, `fields` what each field of one is (JMESPath)."""

    model_config = ConfigDict(extra="forbid")

    items: Expression = "@"
    fields: Annotated[dict[str, Expression], AfterValidator(_fields)]

    @model_validator(mode="after")
    def _has_text(self) -> JsonMapping:
        if not {"text", "title"} & set(self.fields):
            raise ValueError("fields 中须有 text 或 title / fields name neither text nor title")
        return self


class Digest(BaseModel):
    """How an e-mail becomes posts: one for each linked item, or one in all. `skip`: links with these words are none."""

    model_config = ConfigDict(extra="forbid")

    per: Literal["link", "message"] = "link"
    #: characters that a link's text has at least
    title_length: int = Field(6, ge=1, le=100)
    skip: list[str] = Field(
        default=[
            "退订",
            "取消订阅",
            "查看原文邮件",
            "隐私政策",
            "联系我们",
            "unsubscribe",
            "view in browser",
            "privacy policy",
        ],
        max_length=50,
    )


class HookConfig(BaseModel):
    """How a hook's deliveries are signed and read."""

    model_config = ConfigDict(extra="forbid")

    signing: Scheme = "standard"
    #: for `hmac`: where the signature is, such as x-signature or x-hub-signature-256
    signature_header: HeaderName = "x-signature"
    #: for `hmac`: where the time is, signed with the body as `time.body`; without it only replays are refused
    timestamp_header: HeaderName | None = None
    #: seconds that a delivery's time may be away from ours
    tolerance_seconds: int = Field(300, ge=10, le=3600)
    #: source and channel of posts that name none
    source: str | None = Field(None, min_length=1, max_length=100)
    channel: Channel | None = None
    #: for `json`
    mapping: JsonMapping | None = None
    #: for `csv`: columns by field, where their names are not understood
    columns: Annotated[dict[str, str], AfterValidator(_fields)] = Field(default_factory=dict)
    #: for `email`
    digest: Digest = Field(default_factory=Digest)


class NewHook(HookConfig):
    """A hook to be made. A secret that is left out is made up, and shown once."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "name": "某舆情供应商",
                    "format": "json",
                    "signing": "hmac",
                    "signature_header": "x-hub-signature-256",
                    "mapping": {
                        "items": "data.list",
                        "fields": {"text": "content", "url": "link", "published_at": "pub_time", "author": "user.name"},
                    },
                }
            ]
        },
    )

    name: str = Field(min_length=1, max_length=100)
    format: Format = "posts"
    secret: str | None = Field(None, max_length=200)

    @model_validator(mode="after")
    def _consistent(self) -> NewHook:
        check_format(self.format, self)
        if self.secret is not None:
            check_secret(self.signing, self.secret)
        return self


class HookChange(HookConfig):
    """What to change of a hook; what is left out stays."""

    name: str | None = Field(None, min_length=1, max_length=100)
    enabled: bool | None = None


class Rotation(BaseModel):
    """A new secret. The one before stays good for `overlap_hours`."""

    model_config = ConfigDict(extra="forbid")

    secret: str | None = Field(None, max_length=200)
    overlap_hours: float = Field(24, ge=0, le=24 * 14)


class Delivery(BaseModel):
    """One delivery, its signature good."""

    at: datetime
    bytes: int
    accepted: int
    duplicates: int
    rejected: int
    error: str | None


class Refusal(BaseModel):
    """The last delivery whose signature was refused."""

    at: datetime
    reason: str


class Hook(HookConfig):
    """A hook; its secret is never shown again."""

    id: str
    name: str
    format: Format
    enabled: bool
    #: where deliveries are posted to
    path: str
    previous_secret_until: datetime | None
    version: int
    created_at: datetime


class HookDetails(Hook):
    """A hook with its last 20 deliveries, newest first."""

    deliveries: list[Delivery]
    refused: Refusal | None


class HookWithSecret(Hook):
    """A hook with its secret, which is shown this once."""

    secret: str


def check_format(format_: str, config: HookConfig) -> None:
    """Raise ValueError where a hook of a format lacks what reading it needs."""
    if format_ == "json" and config.mapping is None:
        raise ValueError("format 为 json 时须有 mapping / format json needs mapping")


def config_of(values: Any) -> HookConfig:
    """Return what a hook's row holds as its settings."""
    return HookConfig.model_validate(values)
