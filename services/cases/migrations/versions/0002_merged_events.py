"""Keep which event another has gone up in, so that its alerts count for that one.

Revision ID: 0002
Revises: 0001
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from kit.database import Json

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column, filled from what was last heard of each event."""
    with op.batch_alter_table("events") as table:
        table.add_column(sa.Column("merged_into", sa.String(64)))
    op.create_index("ix_events_merged_into", "events", ["merged_into"])
    events = sa.table("events", sa.column("merged_into", sa.String), sa.column("snapshot", Json))
    told = events.c.snapshot["merged_into"].as_string()
    op.execute(sa.update(events).where(told.is_not(None)).values(merged_into=told))
