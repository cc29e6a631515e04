"""What posts are joined to events by."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

import sqlalchemy as sa
from sqlmodel import Field

from kit.database import UtcDateTime
from services.analysis.models.base import BY_KEY, Base


class StoryVector(Base, table=True):
    """The vector of one text, however many posts repeat it. Rebuilds a partition's index after a hand-over."""

    __tablename__: ClassVar[str] = "story_vectors"
    __table_args__ = (sa.Index("ix_story_vectors_used", "partition", "used_at"), BY_KEY)

    partition: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    story_hash: int = Field(primary_key=True, sa_type=sa.BigInteger, sa_column_kwargs={"autoincrement": False})
    #: terms with their weights (:func:`services.analysis.events.vectors.stored`)
    vector: bytes
    #: number of the model that made it; one of another model is compared with nothing
    model: int
    #: where it is (:mod:`services.analysis.events.whereabouts`)
    where: int = Field(sa_type=sa.BigInteger)
    #: when a post with this text was last published
    last_at: datetime = Field(sa_type=UtcDateTime)
    #: when a post with this text was last published or came, whichever is later; long after it the text is forgotten
    used_at: datetime = Field(sa_type=UtcDateTime)


class TrackerPartition(Base, table=True):
    """A part of the tracker's work. `revision` rises with each batch: who finds another's number loads anew."""

    __tablename__: ClassVar[str] = "tracker_partitions"

    partition: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    revision: int = Field(sa_type=sa.BigInteger)


class HandDecision(Base, table=True):
    """What a person decided about events: that one goes up in another, or that one is made of some posts of another.

    A merge that was not taken back joins its two posts, whatever the machine links them to.
    """

    __tablename__: ClassVar[str] = "hand_decisions"

    id: str = Field(primary_key=True, max_length=36)
    #: "merge" or "split"
    kind: str = Field(max_length=8)
    #: the event that goes up, or that is made
    event: str = Field(max_length=36, index=True)
    #: the event that it goes up in, or is made from
    other: str = Field(max_length=36)
    #: the posts that a merge joins: those that the two events began with
    post_id: str | None = Field(default=None, max_length=36, index=True)
    other_post_id: str | None = Field(default=None, max_length=36)
    by: str
    reason: str
    at: datetime = Field(sa_type=UtcDateTime)
    undone_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    undone_by: str | None = None
    undone_reason: str | None = None
