"""Know what the plan did by a mark of its own, not by the name that it is shown under.

Revision ID: 0012
Revises: 0011
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Until now the plan was whoever is called 预案."""
    for table, name in (("participants", "added_by"), ("surge_watches", "started_by")):
        with op.batch_alter_table(table) as changed:
            changed.add_column(sa.Column("by_plan", sa.Boolean(), nullable=False, server_default=sa.false()))
        op.execute(f"UPDATE {table} SET by_plan = true WHERE {name} = '预案'")
