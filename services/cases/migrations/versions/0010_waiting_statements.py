"""Know a giver by the login name, and let statements that await approval be looked at again.

Revision ID: 0010
Revises: 0009
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from kit.database import Json, UtcDateTime

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Until now people were recorded by their login names; submitted texts begin to wait where they stand."""
    with op.batch_alter_table("handovers") as table:
        table.add_column(sa.Column("given_by_login", sa.String(200), nullable=False, server_default=""))
    op.execute("UPDATE handovers SET given_by_login = given_by")
    with op.batch_alter_table("statements") as table:
        table.add_column(sa.Column("told", Json, nullable=False, server_default="[]"))
        table.add_column(sa.Column("next_at", UtcDateTime))
    op.create_index("ix_statements_next_at", "statements", ["next_at"])
    # the first pass works out when there is something to say
    op.execute("UPDATE statements SET next_at = submitted_at WHERE state = 'submitted'")
