"""Indexes of posts: the first of each text, and those that are not purged yet.

Revision ID: 0004
Revises: 0003
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the two indexes; the first serves for what ix_posts_text_key served for."""
    op.create_index("ix_posts_text", "posts", ["text_key", "purged", "id"])
    op.drop_index("ix_posts_text_key", table_name="posts")
    op.create_index(
        "ix_posts_unpurged",
        "posts",
        ["collected_at"],
        sqlite_where=sa.text("purged IS 0"),
        postgresql_where=sa.text("purged IS false"),
    )
