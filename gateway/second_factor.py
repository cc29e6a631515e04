"""The second factor: an authenticator app (RFC 6238), with recovery codes for when it is lost.

Secrets are sealed by a key made of the deployment's internal key, codes are good for their half minute and the ones
before and after it, and each is good once.
"""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Set
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import pyotp
import segno
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from contracts.permissions import ACTIONS
from contracts.words import Role
from gateway.models import RECOVERY_CODES, SECOND_FACTORS
from gateway.tokens import fingerprint
from kit.database import insert_ignoring
from kit.sealing import Sealer

_PURPOSE: Final = "huiying gateway: second factor"
_ISSUER: Final = "Huiying 回应"
#: Seconds of one code (RFC 6238, 5.2), and codes before and after the present one that are taken: clocks differ.
STEP: Final = 30
_DRIFT: Final = 1
#: Recovery codes that one is given.
RECOVERY: Final = 10
#: What only those do whom the plan lets decide: they need a second factor where the setting says so.
_DECIDING: Final = ("cases.decide", "statements.approve", "corrections.approve", "escalations.stop")
DECIDERS: Final[frozenset[Role]] = frozenset().union(*(ACTIONS[action].everywhere for action in _DECIDING))


@dataclass(frozen=True, slots=True)
class Enrolment:
    """What an authenticator app needs: the secret, its address as apps read it, and that as a picture (SVG)."""

    secret: str
    uri: str
    qr: str


def decides(roles: Set[Role]) -> bool:
    """Tell whether one of `roles` approves or decides."""
    return bool(DECIDERS & roles)


class SecondFactor:
    """Enrols, checks and removes second factors, inside the caller's transactions."""

    def __init__(self, internal_key: str) -> None:
        self._sealer = Sealer(internal_key, _PURPOSE)

    async def enrol(self, session: AsyncSession, user_id: str, login: str) -> Enrolment | None:
        """Begin an enrolment, anew where one was begun; None where the user has a confirmed one."""
        secret = pyotp.random_base32()
        await session.execute(
            sa.delete(SECOND_FACTORS).where(
                SECOND_FACTORS.c.user_id == user_id, SECOND_FACTORS.c.confirmed_at.is_(None)
            )
        )
        row = {"user_id": user_id, "secret": self._sealer.sealed(secret), "confirmed_at": None, "last_step": 0}
        if not await insert_ignoring(session, SECOND_FACTORS, [row], returning=["user_id"]):
            return None
        uri = pyotp.TOTP(secret, interval=STEP).provisioning_uri(name=login, issuer_name=_ISSUER)
        return Enrolment(secret, uri, segno.make(uri, error="m").svg_inline(scale=4))

    async def confirm(self, session: AsyncSession, user_id: str, code: str, now: datetime) -> list[str] | None:
        """Let an enrolment count from now on; returns the recovery codes, None where the code is wrong."""
        if not await self._take(session, user_id, code, now, confirmed=False):
            return None
        await session.execute(
            sa.update(SECOND_FACTORS).where(SECOND_FACTORS.c.user_id == user_id).values(confirmed_at=now)
        )
        await session.execute(sa.delete(RECOVERY_CODES).where(RECOVERY_CODES.c.user_id == user_id))
        codes = [f"{secrets.token_hex(3)}-{secrets.token_hex(3)}" for _ in range(RECOVERY)]
        rows = [{"hash": _hash(user_id, one), "user_id": user_id} for one in codes]
        await session.execute(sa.insert(RECOVERY_CODES), rows)
        return codes

    async def has(self, session: AsyncSession, user_id: str) -> bool:
        """Tell whether a user has a confirmed second factor."""
        query = sa.select(SECOND_FACTORS.c.confirmed_at).where(SECOND_FACTORS.c.user_id == user_id)
        return await session.scalar(query) is not None

    async def check(self, session: AsyncSession, user_id: str, code: str, now: datetime) -> bool:
        """Take a code of the app or a recovery code, which is used up by that; False where it is neither."""
        if await self._take(session, user_id, code, now, confirmed=True):
            return True
        spent = await session.execute(
            sa.delete(RECOVERY_CODES).where(
                RECOVERY_CODES.c.hash == _hash(user_id, code.strip().lower()), RECOVERY_CODES.c.user_id == user_id
            )
        )
        return bool(spent.rowcount)  # type: ignore[attr-defined]

    @staticmethod
    async def remove(session: AsyncSession, user_id: str) -> bool:
        """Remove a user's second factor with its recovery codes; tells whether there was one."""
        await session.execute(sa.delete(RECOVERY_CODES).where(RECOVERY_CODES.c.user_id == user_id))
        gone = await session.execute(sa.delete(SECOND_FACTORS).where(SECOND_FACTORS.c.user_id == user_id))
        return bool(gone.rowcount)  # type: ignore[attr-defined]

    async def _take(self, session: AsyncSession, user_id: str, code: str, now: datetime, *, confirmed: bool) -> bool:
        stands = SECOND_FACTORS.c.confirmed_at.is_not(None) if confirmed else SECOND_FACTORS.c.confirmed_at.is_(None)
        query = sa.select(SECOND_FACTORS).where(SECOND_FACTORS.c.user_id == user_id, stands)
        row = (await session.execute(query)).first()
        secret = self._sealer.opened(row.secret) if row is not None else None
        if row is None or secret is None:  # under another internal key only a recovery code or a reset helps
            return False
        app = pyotp.TOTP(secret, interval=STEP)
        present = int(now.timestamp()) // STEP
        given = code.strip().replace(" ", "")
        for step in range(present - _DRIFT, present + _DRIFT + 1):
            if step > row.last_step and hmac.compare_digest(app.generate_otp(step), given):
                # of two who bring the same code at once, one is first
                used = await session.execute(
                    sa.update(SECOND_FACTORS)
                    .where(SECOND_FACTORS.c.user_id == user_id, SECOND_FACTORS.c.last_step < step)
                    .values(last_step=step)
                )
                return bool(used.rowcount)  # type: ignore[attr-defined]
        return False


def _hash(user_id: str, code: str) -> str:
    return fingerprint(f"{user_id}:{code}")
