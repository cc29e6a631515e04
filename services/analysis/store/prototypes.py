"""The texts that new posts are compared with: MinHash signatures and their band keys."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Final

import numpy as np
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from services.analysis import models
from services.analysis.enrich.signature import Signature, as_array, bands
from services.analysis.events.grouping import Candidates, Prototype
from services.analysis.events.state import TrackedPost
from services.analysis.models import table
from services.analysis.store.statements import add, add_missing, among, rows_among

_TEXTS: Final = table(models.NearText)
_BANDS: Final = table(models.NearBand)
_STORED: Final = np.dtype("<u4")


async def load_prototypes(session: AsyncSession, posts: Sequence[TrackedPost], found: Candidates) -> None:
    """Add the stored texts that may resemble one of `posts` to the candidates `found`."""
    keys = {key for post in posts if post.signature for key in bands(as_array(post.signature))}
    hits = await rows_among(session, sa.select(_BANDS), _BANDS.c.band, keys)
    texts = await rows_among(session, sa.select(_TEXTS), _TEXTS.c.id, {row.text_id for row in hits})
    by_id = {row.id: Prototype(row.id, row.event_id, _signature_of(row.signature)) for row in texts}
    for row in hits:
        found.prototypes[row.band].append(by_id[row.text_id])


async def save_prototypes(
    session: AsyncSession,
    new: Sequence[tuple[Prototype, Sequence[int]]],
    resembled: Collection[str],
    now: datetime,
) -> None:
    """Store texts that later posts are compared with, and note which of the stored ones are still of use."""
    texts = [
        {
            "id": p.id,
            "event_id": p.event_id,
            "signature": p.signature.astype(_STORED).tobytes(),
            "used_at": now,
        }
        for p, _ in new
    ]
    if resembled:
        stale = _TEXTS.c.used_at < now - timedelta(days=1)
        await session.execute(
            sa.update(_TEXTS).where(among(session, _TEXTS.c.id, resembled), stale).values(used_at=now)
        )
    keys = [{"band": band, "text_id": p.id} for p, bands_ in new for band in bands_]
    await add(session, _TEXTS, texts)
    await add_missing(session, _BANDS, keys)


async def drop_prototypes(session: AsyncSession, before: datetime, limit: int) -> int:
    """Delete up to `limit` texts that no post has resembled since `before`; returns how many."""
    due = sa.select(_TEXTS).where(_TEXTS.c.used_at < before).order_by(_TEXTS.c.used_at).limit(limit)
    texts = (await session.execute(due)).fetchall()
    keys = [{"_band": band, "_text": row.id} for row in texts for band in bands(_signature_of(row.signature))]
    if texts:
        connection = await session.connection()
        band, text = sa.bindparam("_band", type_=sa.BigInteger), sa.bindparam("_text", type_=sa.String)
        await connection.execute(sa.delete(_BANDS).where(_BANDS.c.band == band, _BANDS.c.text_id == text), keys)
        await session.execute(sa.delete(_TEXTS).where(among(session, _TEXTS.c.id, [t.id for t in texts])))
    return len(texts)


def _signature_of(stored: bytes) -> Signature:
    return np.frombuffer(stored, dtype=_STORED)
