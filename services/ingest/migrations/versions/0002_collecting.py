"""Collecting by itself: adapters and cadence of sources, schedules, passes, habits, hot lists, evidence, near repeats.

Revision ID: 0002
Revises: 0001
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from kit.database import Json, UtcDateTime

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the columns and tables."""
    with op.batch_alter_table("sources") as table:
        table.add_column(sa.Column("adapter", sa.String(32), nullable=False, server_default=""))
        table.add_column(sa.Column("config", Json, nullable=False, server_default="{}"))
        table.add_column(sa.Column("cadence_minutes", sa.Integer(), nullable=False, server_default="30"))
        table.add_column(sa.Column("places", Json, nullable=False, server_default="[]"))
        table.add_column(sa.Column("topics", Json, nullable=False, server_default="[]"))
    with op.batch_alter_table("posts") as table:
        table.add_column(sa.Column("near_duplicate_of", sa.String(36)))
        table.add_column(sa.Column("signature", sa.LargeBinary()))
    op.create_table(
        "schedules",
        sa.Column("source_id", sa.String(36), nullable=False),
        sa.Column("next_at", UtcDateTime(), nullable=False),
        sa.Column("interval", sa.Float(), nullable=False),
        sa.Column("holder", sa.String(128)),
        sa.Column("held_until", UtcDateTime()),
        sa.Column("state", Json, nullable=False),
        sa.Column("passes", sa.Integer(), nullable=False),
        sa.Column("last_pass_at", UtcDateTime()),
        sa.Column("last_success_at", UtcDateTime()),
        sa.Column("last_post_at", UtcDateTime()),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("problem", sa.String(32)),
        sa.Column("detail", sa.String(500)),
        sa.Column("silent_since", UtcDateTime()),
        sa.Column("silence", sa.String(16)),
        sa.PrimaryKeyConstraint("source_id", name="pk_schedules"),
    )
    op.create_index("ix_schedules_next_at", "schedules", ["next_at"])
    op.create_table(
        "passes",
        sa.Column("id", sa.String(36), nullable=False),
        sa.Column("source_id", sa.String(36), nullable=False),
        sa.Column("began_at", UtcDateTime(), nullable=False),
        sa.Column("seconds", sa.Float(), nullable=False),
        *(
            sa.Column(name, sa.Integer(), nullable=False)
            for name in ("pages", "seen", "accepted", "duplicates", "rejected", "missed")
        ),
        sa.Column("problem", sa.String(32)),
        sa.Column("detail", sa.String(500)),
        sa.PrimaryKeyConstraint("id", name="pk_passes"),
    )
    op.create_index("ix_passes_source", "passes", ["source_id", "began_at"])
    op.create_index("ix_passes_began", "passes", ["began_at"])
    op.create_table(
        "habits",
        sa.Column("source_id", sa.String(36), nullable=False),
        sa.Column("hour", sa.Integer(), nullable=False),
        sa.Column("posts", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("source_id", "hour", name="pk_habits"),
    )
    op.create_table(
        "rankings",
        sa.Column("id", sa.String(36), nullable=False),
        sa.Column("source_id", sa.String(36), nullable=False),
        sa.Column("post_identity", sa.String(40), nullable=False),
        sa.Column("title", sa.String(300), nullable=False),
        sa.Column("url", sa.Text()),
        sa.Column("rank", sa.Integer(), nullable=False),
        sa.Column("heat", sa.BigInteger()),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_rankings"),
    )
    op.create_index("ix_rankings_source", "rankings", ["source_id", "at"])
    op.create_index("ix_rankings_post", "rankings", ["post_identity", "at"])
    op.create_table(
        "evidence",
        sa.Column("post_id", sa.String(36), nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("fetched_at", UtcDateTime(), nullable=False),
        sa.Column("file", sa.String(200), nullable=False),
        sa.Column("offset", sa.BigInteger(), nullable=False),
        sa.Column("length", sa.BigInteger(), nullable=False),
        sa.Column("written_at", UtcDateTime(), nullable=False),
        sa.Column("seal", sa.String(64), nullable=False),
        sa.PrimaryKeyConstraint("post_id", "sha256", name="pk_evidence"),
    )
    op.create_index("ix_evidence_fetched_at", "evidence", ["fetched_at"])
    op.create_table(
        "purges",
        sa.Column("id", sa.String(36), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("before", UtcDateTime(), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_purges"),
    )
    op.create_table(
        "plan_topics",
        sa.Column("key", sa.String(64), nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("places", Json, nullable=False),
        sa.Column("activated_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("key", name="pk_plan_topics"),
    )
