"""Let the office have its own wording of notifications, in versions.

Revision ID: 0007_templates
Revises: 0006
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from kit.database import UtcDateTime

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables of versions and of what is in force; nothing is, so that the built-in templates go on."""
    op.create_table(
        "template_versions",
        sa.Column("place", sa.String(64), primary_key=True),
        sa.Column("number", sa.Integer(), primary_key=True, autoincrement=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("note", sa.String(500), nullable=False),
        sa.Column("made_by", sa.String(100), nullable=False),
        sa.Column("made_at", UtcDateTime(), nullable=False),
    )
    op.create_table(
        "template_uses",
        sa.Column("place", sa.String(64), primary_key=True),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("reason", sa.String(500), nullable=False),
        sa.Column("changed_by", sa.String(100), nullable=False),
        sa.Column("changed_at", UtcDateTime(), nullable=False),
        sa.Column("failed_at", UtcDateTime()),
        sa.Column("failure", sa.String(500), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
    )


def downgrade() -> None:
    """Forget the office's own wording."""
    op.drop_table("template_uses")
    op.drop_table("template_versions")
