"""Keep the outlet that a page names as where its text is from (来源：…), where it is not the source.

Revision ID: 0005
Revises: 0004
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column."""
    with op.batch_alter_table("posts") as table:
        table.add_column(sa.Column("outlet", sa.String(100)))
