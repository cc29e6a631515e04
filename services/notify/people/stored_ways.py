"""Ways as they are stored: what was known of the same address is kept, what could not work is refused."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from kit.problems import Problem
from services.notify.people.schemas import WayIn
from services.notify.ways import Way, check_way


def stored_ways(entered: Sequence[WayIn], before: Sequence[Way]) -> list[dict[str, object]]:
    """Return ways as stored; a 422 problem for one that could not work.

    A secret left out is kept from the way at the same address, since it is never shown, and so is that the address was
    verified: another address is unverified again. A way that had been closed is in use again.
    """
    return [_stored(given, before, f"/ways/{index}") for index, given in enumerate(entered)]


def stored_way(entered: WayIn, before: Mapping[str, Any] | None, pointer: str) -> dict[str, object]:
    """Return one way as stored, in place of `before`; see :func:`stored_ways`."""
    return _stored(entered, [Way.model_validate(before)] if before else [], pointer)


def _stored(given: WayIn, before: Sequence[Way], pointer: str) -> dict[str, object]:
    known = next((way for way in before if (way.channel, way.address) == (given.channel, given.address)), None)
    secret = given.secret.get_secret_value() if given.secret else known.secret if known else None
    way = Way(
        channel=given.channel,
        address=given.address,
        secret=secret,
        verified_at=known.verified_at if known else None,
    )
    try:
        check_way(way)
    except ValueError as error:
        raise Problem(
            422, "contact.way", zh=str(error), en="The address or secret of this way cannot work", pointer=pointer
        ) from None
    return way.model_dump(mode="json")
