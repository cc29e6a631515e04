"""Keep what people ask or complain of.

Revision ID: 0007
Revises: 0006
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the table; posts that are there have none until they are analysed again."""
    op.create_table(
        "post_concerns",
        sa.Column("post_id", sa.String(36), primary_key=True),
        sa.Column("number", sa.Integer(), primary_key=True, autoincrement=False),
        sa.Column("kind", sa.String(9), nullable=False),
        sa.Column("theme", sa.String(16), nullable=False),
        sa.Column("ask", sa.String(16), nullable=False),
        sa.Column("field", sa.String(5), nullable=False),
        sa.Column("start", sa.Integer(), nullable=False),
        sa.Column("end", sa.Integer(), nullable=False),
        sa.Column("gist", sa.BigInteger(), nullable=False),
        sqlite_with_rowid=False,
    )
