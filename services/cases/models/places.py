"""Where events are, so that a unit's own alerts are found by the places that it answers for."""

from __future__ import annotations

from typing import ClassVar

import sqlalchemy as sa
from sqlmodel import Field

from services.cases.models.base import ID, NAME, Base


class EventPlaceRow(Base, table=True):
    """A place that an event names: one row for each of its snapshot's `places`."""

    __tablename__: ClassVar[str] = "event_places"

    place: str = Field(sa_type=NAME, primary_key=True)
    event_id: str = Field(
        sa_column=sa.Column(ID, sa.ForeignKey("events.id", ondelete="CASCADE"), primary_key=True, index=True)
    )
