"""Create the tables of single sign-on: who is who at the provider, its logins, and what is good once.

Revision ID: 0005
Revises: 0004
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from kit.database import Json, UtcDateTime

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create them."""
    op.create_table(
        "sign_ons",
        sa.Column("issuer", sa.String(255), nullable=False),
        sa.Column("subject", sa.String(255), nullable=False),
        sa.Column("user_id", sa.String(36), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("last_login_at", UtcDateTime()),
        sa.PrimaryKeyConstraint("issuer", "subject", name="pk_sign_ons"),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_sign_ons_user_id_users", ondelete="CASCADE"),
    )
    op.create_index("ix_sign_ons_user_id", "sign_ons", ["user_id"])
    op.create_table(
        "sign_on_logins",
        sa.Column("family", sa.String(36), nullable=False),
        sa.Column("issuer", sa.String(255), nullable=False),
        sa.Column("subject", sa.String(255), nullable=False),
        sa.Column("sid", sa.String(255)),
        sa.Column("id_token", sa.Text(), nullable=False),
        sa.Column("expires_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("family", name="pk_sign_on_logins"),
    )
    op.create_index("ix_sign_on_logins_issuer_subject", "sign_on_logins", ["issuer", "subject"])
    op.create_index("ix_sign_on_logins_expires_at", "sign_on_logins", ["expires_at"])
    op.create_table(
        "once",
        sa.Column("hash", sa.String(64), nullable=False),
        sa.Column("purpose", sa.String(16), nullable=False),
        sa.Column("data", Json),
        sa.Column("used", sa.Boolean(), nullable=False),
        sa.Column("expires_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("hash", name="pk_once"),
    )
    op.create_index("ix_once_expires_at", "once", ["expires_at"])


def downgrade() -> None:
    """Drop them."""
    for table in ("once", "sign_on_logins", "sign_ons"):
        op.drop_table(table)
