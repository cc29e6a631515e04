"""Which errors pass by themselves: a database or broker that is away is waited for, a fault of ours is not."""

from __future__ import annotations

from typing import Final

import asyncpg
from redis import exceptions as redis
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

_NETWORK: Final = (
    OSError,
    TimeoutError,
    PoolTimeout,
    redis.ConnectionError,
    redis.TimeoutError,
    redis.OutOfMemoryError,
    redis.ReadOnlyError,
    asyncpg.PostgresConnectionError,
    asyncpg.CannotConnectNowError,
    asyncpg.TooManyConnectionsError,
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
)
_SQLITE: Final = ("locked", "unable to open", "disk i/o", "disk is full", "readonly")
#: SQLSTATE classes of PostgreSQL: connection exception, insufficient resources, operator intervention,
#: transaction rollback (serialisation failure, deadlock)
_POSTGRES: Final = ("08", "53", "57", "40")


def passes(error: BaseException) -> bool:
    """Tell whether trying again later may help without anything being changed."""
    if isinstance(error, _NETWORK):
        return True
    if not isinstance(error, DBAPIError):
        return False
    if error.connection_invalidated:
        return True
    state = getattr(error.orig, "sqlstate", None) or getattr(error.orig, "pgcode", None)
    if state:
        return str(state).startswith(_POSTGRES)
    if isinstance(error, InterfaceError):
        return True
    return isinstance(error, OperationalError) and any(word in str(error.orig).lower() for word in _SQLITE)


def brief(error: BaseException) -> str:
    """Return an error in one line, for a log."""
    return (str(error).split("\n")[0] or type(error).__name__)[:300]
