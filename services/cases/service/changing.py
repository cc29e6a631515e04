"""Something of a case opened for change: found, held to the states in which the step may be taken, saved at the end."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Collection
from contextlib import asynccontextmanager
from typing import Protocol, TypeVar

from services.cases.lifecycle import Refused
from services.cases.service.case_file import CaseFile
from services.cases.service.desk import Desk


class Changeable(Protocol):
    """A row with a state, and a version that counts its changes for the entity tag."""

    state: str
    version: int


Row = TypeVar("Row", bound=Changeable)


@asynccontextmanager
async def changing(
    desk: Desk,
    case_id: str,
    find: Callable[[CaseFile], Awaitable[Row]],
    wanted: Collection[str],
    refusal: Callable[[Row], Refused],
) -> AsyncIterator[tuple[CaseFile, Row]]:
    """Give a case and the row of it that `find` returns, to be changed in one transaction.

    `find` raises where there is none, or where the caller has not seen its newest state; `refusal` says why a row in
    none of the `wanted` states may not be changed.
    """
    async with desk.case(case_id) as file:
        row = await find(file)
        if row.state not in wanted:
            raise refusal(row)
        yield file, row
        row.version += 1
        file.session.add(row)
        await file.session.flush()
