"""Keep which post a post nearly repeats.

Revision ID: 0002
Revises: 0001
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column."""
    with op.batch_alter_table("posts") as table:
        table.add_column(sa.Column("near_duplicate_of", sa.String(36)))
