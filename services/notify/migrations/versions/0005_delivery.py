"""Fold storms, try dead letters anew, keep drills apart, and keep what webhooks answered.

Revision ID: 0005
Revises: 0004
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from kit.database import UtcDateTime

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the columns and the table of webhook calls."""
    no = sa.false()
    op.add_column("contacts", sa.Column("drill_target", sa.Boolean(), nullable=False, server_default=no))
    op.add_column("deliveries", sa.Column("attempts_before", sa.Integer(), nullable=False, server_default="0"))
    op.add_column("deliveries", sa.Column("held", sa.Boolean(), nullable=False, server_default=no))
    op.add_column("deliveries", sa.Column("folded_into", sa.String(64)))
    op.add_column("deliveries", sa.Column("retried_at", UtcDateTime()))
    op.add_column("deliveries", sa.Column("retried_by", sa.String(100)))
    op.create_index("ix_deliveries_folded_into", "deliveries", ["folded_into"])
    op.create_index(
        "ix_deliveries_contact_id_channel_created_at", "deliveries", ["contact_id", "channel", "created_at"]
    )
    op.drop_index("ix_deliveries_contact_id")
    op.add_column("webhooks", sa.Column("old_secret", sa.String(200)))
    op.add_column("webhooks", sa.Column("old_secret_until", UtcDateTime()))
    op.add_column("webhooks", sa.Column("least_level", sa.String(4)))
    op.add_column("webhooks", sa.Column("drill_target", sa.Boolean(), nullable=False, server_default=no))
    op.add_column("webhooks", sa.Column("failing_since", UtcDateTime()))
    op.add_column("webhooks", sa.Column("version", sa.Integer(), nullable=False, server_default="1"))
    op.create_table(
        "webhook_calls",
        sa.Column("id", sa.String(64), nullable=False),
        sa.Column("webhook_id", sa.String(64), nullable=False),
        sa.Column("delivery_id", sa.String(64), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("sent", sa.Boolean(), nullable=False),
        sa.Column("status", sa.Integer()),
        sa.Column("milliseconds", sa.Integer(), nullable=False),
        sa.Column("reason", sa.Text()),
        sa.Column("answer", sa.String(300), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_webhook_calls"),
        sa.ForeignKeyConstraint(
            ["webhook_id"], ["webhooks.id"], name="fk_webhook_calls_webhook_id_webhooks", ondelete="CASCADE"
        ),
    )
    op.create_index("ix_webhook_calls_delivery_id", "webhook_calls", ["delivery_id"])
    op.create_index("ix_webhook_calls_webhook_id_at_id", "webhook_calls", ["webhook_id", "at", "id"])
