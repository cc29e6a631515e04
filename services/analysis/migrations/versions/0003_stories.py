"""Join posts to events by what they mean, and keep why.

Revision ID: 0003
Revises: 0002
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from kit.database import Json, UtcDateTime

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add what joins posts to events; posts and events that are there keep each other."""
    with op.batch_alter_table("posts") as table:
        table.add_column(sa.Column("outlet", sa.String()))
        table.add_column(sa.Column("mentions", Json, nullable=False, server_default="[]"))
        table.add_column(sa.Column("facts", Json, nullable=False, server_default="[]"))
        table.add_column(sa.Column("partition", sa.Integer(), nullable=False, server_default="0"))
        table.add_column(sa.Column("parent_id", sa.String(36)))
        table.add_column(sa.Column("link", sa.String(8)))
        table.add_column(sa.Column("likeness", sa.Float()))
        table.add_column(sa.Column("repeats", sa.String(36)))
        table.drop_index("ix_posts_repost")
        table.drop_index("ix_posts_story")
    op.execute("UPDATE posts SET repeats = coalesce(repost_of, same_text_as, near_duplicate_of)")
    # what belonged together goes on doing so: every post follows the first of its event
    first = "SELECT f.id FROM posts f WHERE f.event_id = posts.event_id ORDER BY f.published_at, f.id LIMIT 1"
    op.execute(f"UPDATE posts SET parent_id = ({first}), link = 'story', likeness = 0 WHERE id <> ({first})")
    op.create_index("ix_posts_story", "posts", ["story_hash", "published_at", "id"])
    unlike = sa.text("link IS NULL OR link = 'story'")
    op.create_index(
        "ix_posts_unlike",
        "posts",
        ["story_hash", "published_at", "id"],
        sqlite_where=unlike,
        postgresql_where=unlike,
    )
    repeating = sa.text("repeats IS NOT NULL")
    op.create_index(
        "ix_posts_repeats",
        "posts",
        ["repeats", "published_at", "id"],
        sqlite_where=repeating,
        postgresql_where=repeating,
    )
    with op.batch_alter_table("events") as table:
        table.drop_column("prototypes")
        table.add_column(sa.Column("partition", sa.Integer(), nullable=False, server_default="0"))
        table.add_column(sa.Column("founder_id", sa.String(36)))
        table.add_column(sa.Column("merged_into", sa.String(36)))
        table.add_column(sa.Column("described_until", UtcDateTime()))
        table.add_column(sa.Column("alert_level", sa.String(4)))
        table.add_column(sa.Column("case_level", sa.String(4)))
    op.execute("UPDATE events SET founder_id = lead_id")
    with op.batch_alter_table("events") as table:
        table.alter_column("founder_id", existing_type=sa.String(36), nullable=False)
        table.drop_column("lead_id")
        table.drop_column("lead_at")
        table.drop_column("lead_repost")
    merged = sa.text("merged_into IS NOT NULL")
    op.create_index("ix_events_merged", "events", ["merged_into"], sqlite_where=merged, postgresql_where=merged)
    op.create_table(
        "story_vectors",
        sa.Column("partition", sa.Integer(), primary_key=True, autoincrement=False),
        sa.Column("story_hash", sa.BigInteger(), primary_key=True, autoincrement=False),
        sa.Column("vector", sa.LargeBinary(), nullable=False),
        sa.Column("model", sa.Integer(), nullable=False),
        sa.Column("where", sa.BigInteger(), nullable=False),
        sa.Column("last_at", UtcDateTime(), nullable=False),
        sa.Column("used_at", UtcDateTime(), nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_story_vectors_used", "story_vectors", ["partition", "used_at"])
    op.create_table(
        "tracker_partitions",
        sa.Column("partition", sa.Integer(), primary_key=True, autoincrement=False),
        sa.Column("revision", sa.BigInteger(), nullable=False),
    )
    op.create_table(
        "hand_decisions",
        sa.Column("id", sa.String(36), primary_key=True),
        sa.Column("kind", sa.String(8), nullable=False),
        sa.Column("event", sa.String(36), nullable=False),
        sa.Column("other", sa.String(36), nullable=False),
        sa.Column("post_id", sa.String(36)),
        sa.Column("other_post_id", sa.String(36)),
        sa.Column("by", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("undone_at", UtcDateTime()),
        sa.Column("undone_by", sa.String()),
        sa.Column("undone_reason", sa.String()),
    )
    op.create_index("ix_hand_decisions_event", "hand_decisions", ["event"])
    op.create_index("ix_hand_decisions_post_id", "hand_decisions", ["post_id"])
    op.drop_table("near_bands")
    op.drop_table("near_texts")
