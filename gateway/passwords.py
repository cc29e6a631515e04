"""Passwords: Argon2id, off the event loop; a stranger's name costs the same time as a known one."""

from __future__ import annotations

import asyncio
import secrets
from concurrent.futures import ThreadPoolExecutor
from typing import Final

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerifyMismatchError

#: RFC 9106's second recommended option (64 MiB, 3 passes), one lane.
_HASHER: Final = PasswordHasher(time_cost=3, memory_cost=65536, parallelism=1)
_NOBODY: Final = _HASHER.hash(secrets.token_hex(16))

#: threads of their own, so that a flood of logins holds up nothing but logins
_THREADS: Final = ThreadPoolExecutor(max_workers=2, thread_name_prefix="passwords")

MIN_LENGTH: Final = 10


def hash_now(password: str) -> str:
    """Return a password's hash; takes some 50 ms of a core."""
    return _HASHER.hash(password)


async def hash_password(password: str) -> str:
    """Return a password's hash without holding up the event loop."""
    return await asyncio.get_running_loop().run_in_executor(_THREADS, hash_now, password)


async def matches(stored: str | None, password: str) -> bool:
    """Tell whether `password` is the one stored; None (nobody of that name) takes as long and is False."""
    return await asyncio.get_running_loop().run_in_executor(_THREADS, _matches, stored, password)


def _matches(stored: str | None, password: str) -> bool:
    try:
        return _HASHER.verify(stored or _NOBODY, password) and stored is not None
    except (VerifyMismatchError, InvalidHashError):
        return False


def generated() -> str:
    """Return a new password of 20 characters that is easy to type and hard to guess (about 98 bits)."""
    alphabet = "abcdefghjkmnpqrstuvwxyz23456789"
    return "-".join("".join(secrets.choice(alphabet) for _ in range(5)) for _ in range(4))
