"""Keep the course of events and what was suggested of them.

Revision ID: 0004
Revises: 0003
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from kit.database import Json, UtcDateTime

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the tables, and let a level of an event have several alerts, each in a round of its own."""
    op.create_table(
        "event_courses",
        sa.Column("event_id", sa.String(64), nullable=False),
        sa.Column("at_ms", sa.BigInteger, autoincrement=False, nullable=False),
        sa.Column("figures", sa.Text, nullable=False),
        sa.Column("topics", sa.Text, nullable=False),
        sa.Column("merged_into", sa.String(64)),
        sa.Column("said_by", sa.String(200)),
        sa.PrimaryKeyConstraint("event_id", "at_ms", name="pk_event_courses"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_event_courses_at_ms", "event_courses", ["at_ms"])
    op.create_table(
        "event_standings",
        sa.Column("event_id", sa.String(64), primary_key=True),
        sa.Column("holding", Json),
        sa.Column("last_ms", sa.BigInteger),
        sa.Column("last_point", sa.Text, nullable=False),
        sa.Column("last_kept", sa.Boolean, nullable=False),
        sa.Column("eases_at", UtcDateTime),
        sa.Column("updated_at", UtcDateTime, nullable=False),
    )
    op.create_index("ix_event_standings_eases_at", "event_standings", ["eases_at"])
    with op.batch_alter_table("alerts") as table:
        table.add_column(sa.Column("round", sa.Integer, nullable=False, server_default="1"))
        table.drop_constraint("uq_alerts_event_id_level", type_="unique")
        table.create_unique_constraint("uq_alerts_event_id_level_round", ["event_id", "level", "round"])
