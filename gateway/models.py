"""The gateway's tables: who may come in."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any, ClassVar

import sqlalchemy as sa
from sqlmodel import Field

from kit.database import Json, UtcDateTime, table_base
from kit.outbox import bookkeeping_tables

if TYPE_CHECKING:
    from sqlmodel import SQLModel as Base
else:
    Base = table_base()


__all__ = [
    "API_KEYS",
    "AUDIT",
    "AUDIT_HEAD",
    "ONCE",
    "RECOVERY_CODES",
    "REFRESH",
    "SECOND_FACTORS",
    "SESSIONS",
    "SIGN_ONS",
    "SIGN_ON_LOGINS",
    "USERS",
    "ApiKeyRow",
    "AuditHeadRow",
    "AuditRow",
    "Base",
    "OnceRow",
    "RecoveryCodeRow",
    "RefreshRow",
    "SecondFactorRow",
    "SessionRow",
    "SignOnLoginRow",
    "SignOnRow",
    "UserRow",
]


class UserRow(Base, table=True):
    """A person who can log in."""

    __tablename__: ClassVar[str] = "users"

    id: str = Field(primary_key=True, max_length=36)
    username: str = Field(unique=True, max_length=64)
    name: str = Field(max_length=100)
    password_hash: str = Field(max_length=255)
    roles: list[str] = Field(sa_type=Json)
    unit: str | None = Field(default=None, max_length=100)
    enabled: bool = True
    version: int = 1
    created_at: datetime = Field(sa_type=UtcDateTime)


class RefreshRow(Base, table=True):
    """A refresh token, as its hash. Each is good once; using one twice ends its whole family."""

    __tablename__: ClassVar[str] = "refresh_tokens"

    hash: str = Field(primary_key=True, max_length=64)
    family: str = Field(max_length=36, index=True)
    user_id: str = Field(foreign_key="users.id", ondelete="CASCADE", max_length=36, index=True)
    expires_at: datetime = Field(sa_type=UtcDateTime, index=True)
    used_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class SessionRow(Base, table=True):
    """A login that goes on: whose, since when, from where, and whether a second factor was checked.

    `id` is the family of its refresh tokens. `agent` is what the program says that it is.
    """

    __tablename__: ClassVar[str] = "sessions"

    id: str = Field(primary_key=True, max_length=36)
    user_id: str = Field(foreign_key="users.id", ondelete="CASCADE", max_length=36, index=True)
    method: str = Field(max_length=16)
    second_factor: bool = False
    address: str = Field(default="", max_length=64)
    agent: str = Field(default="", max_length=200)
    began_at: datetime = Field(sa_type=UtcDateTime)
    used_at: datetime = Field(sa_type=UtcDateTime)
    expires_at: datetime = Field(sa_type=UtcDateTime, index=True)


class SecondFactorRow(Base, table=True):
    """A user's authenticator (RFC 6238). It counts once `confirmed_at` is set; `last_step` has been used already."""

    __tablename__: ClassVar[str] = "second_factors"

    user_id: str = Field(primary_key=True, foreign_key="users.id", ondelete="CASCADE", max_length=36)
    #: sealed
    secret: str = Field(sa_type=sa.Text)
    confirmed_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    last_step: int = Field(default=0, sa_type=sa.BigInteger)


class RecoveryCodeRow(Base, table=True):
    """A code that stands for the authenticator once, as its hash."""

    __tablename__: ClassVar[str] = "recovery_codes"

    hash: str = Field(primary_key=True, max_length=64)
    user_id: str = Field(foreign_key="users.id", ondelete="CASCADE", max_length=36, index=True)


class ApiKeyRow(Base, table=True):
    """A key for a system, as its hash; `prefix` is what tells it apart in lists.

    `scopes`: None narrows nothing of what the roles allow. `networks`: CIDR blocks that it may be used from, none for
    anywhere. `previous_hash` is good until `previous_until`, after a rotation.
    """

    __tablename__: ClassVar[str] = "api_keys"

    id: str = Field(primary_key=True, max_length=36)
    name: str = Field(unique=True, max_length=100)
    prefix: str = Field(max_length=16)
    hash: str = Field(unique=True, max_length=64)
    roles: list[str] = Field(sa_type=Json)
    unit: str | None = Field(default=None, max_length=100)
    created_by: str = Field(max_length=64)
    created_at: datetime = Field(sa_type=UtcDateTime)
    expires_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    last_used_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    scopes: list[str] | None = Field(default=None, sa_type=Json)
    networks: list[str] = Field(default_factory=list, sa_type=Json)
    last_used_from: str | None = Field(default=None, max_length=50)
    previous_hash: str | None = Field(default=None, unique=True, max_length=64)
    previous_until: datetime | None = Field(default=None, sa_type=UtcDateTime)
    rotated_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class SignOnRow(Base, table=True):
    """A person of the identity provider, and the user that they are here. Nothing but this pair links the two."""

    __tablename__: ClassVar[str] = "sign_ons"

    issuer: str = Field(primary_key=True, max_length=255)
    subject: str = Field(primary_key=True, max_length=255)
    user_id: str = Field(foreign_key="users.id", ondelete="CASCADE", max_length=36, index=True)
    created_at: datetime = Field(sa_type=UtcDateTime)
    last_login_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class SignOnLoginRow(Base, table=True):
    """A login by single sign-on, by the family of its refresh tokens, for logging out at the provider too.

    `sid` is the provider's session; `id_token` is sealed.
    """

    __tablename__: ClassVar[str] = "sign_on_logins"

    family: str = Field(primary_key=True, max_length=36)
    issuer: str = Field(max_length=255)
    subject: str = Field(max_length=255)
    sid: str | None = Field(default=None, max_length=255)
    id_token: str = Field(sa_type=sa.Text)
    expires_at: datetime = Field(sa_type=UtcDateTime, index=True)

    __table_args__ = (sa.Index("ix_sign_on_logins_issuer_subject", "issuer", "subject"),)


class OnceRow(Base, table=True):
    """What is good once, as a hash: states of logins under way, login codes, logout tokens."""

    __tablename__: ClassVar[str] = "once"

    hash: str = Field(primary_key=True, max_length=64)
    purpose: str = Field(max_length=16)
    #: for a login code: whom it lets in
    data: dict[str, Any] | None = Field(default=None, sa_type=Json)
    used: bool = False
    expires_at: datetime = Field(sa_type=UtcDateTime, index=True)


class AuditRow(Base, table=True):
    """An entry of the audit log. `body` is canonical JSON, the very text that is sealed; the rest is for searching."""

    __tablename__: ClassVar[str] = "audit_entries"

    sequence: int = Field(sa_column=sa.Column(sa.BigInteger(), primary_key=True, autoincrement=False))
    at: datetime = Field(sa_type=UtcDateTime, index=True)
    login: str = Field(max_length=100, index=True)
    action: str = Field(max_length=64, index=True)
    #: the first thing that the path names, and the last (or what was made)
    object: str = Field(max_length=100, index=True)
    part: str = Field(max_length=100, index=True)
    body: str = Field(sa_type=sa.Text)
    previous: str = Field(max_length=64)
    hash: str = Field(max_length=64)


class AuditHeadRow(Base, table=True):
    """The one row that says where the audit log begins and ends."""

    __tablename__: ClassVar[str] = "audit_head"

    id: int = Field(sa_column=sa.Column(sa.Integer(), primary_key=True, autoincrement=False))
    #: number of the first entry that is kept, and the hash of the one before it
    first: int = Field(sa_type=sa.BigInteger)
    anchor: str = Field(max_length=64)
    #: number of the last entry, and its hash
    last: int = Field(sa_type=sa.BigInteger)
    hash: str = Field(max_length=64)


bookkeeping_tables(Base.metadata)

SESSIONS: sa.Table = Base.metadata.tables["sessions"]
SECOND_FACTORS: sa.Table = Base.metadata.tables["second_factors"]
RECOVERY_CODES: sa.Table = Base.metadata.tables["recovery_codes"]
USERS: sa.Table = Base.metadata.tables["users"]
REFRESH: sa.Table = Base.metadata.tables["refresh_tokens"]
API_KEYS: sa.Table = Base.metadata.tables["api_keys"]
SIGN_ONS: sa.Table = Base.metadata.tables["sign_ons"]
SIGN_ON_LOGINS: sa.Table = Base.metadata.tables["sign_on_logins"]
ONCE: sa.Table = Base.metadata.tables["once"]
AUDIT: sa.Table = Base.metadata.tables["audit_entries"]
AUDIT_HEAD: sa.Table = Base.metadata.tables["audit_head"]
