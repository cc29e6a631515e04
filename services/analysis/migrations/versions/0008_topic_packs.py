"""Keep which pack a topic came from.

Revision ID: 0008
Revises: 0007
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the family of topics; those that are there are the plan's or stand beside them."""
    with op.batch_alter_table("topics") as table:
        table.add_column(sa.Column("family", sa.String(64), nullable=False, server_default="plan"))
        table.add_column(sa.Column("pack_version", sa.String(32)))
