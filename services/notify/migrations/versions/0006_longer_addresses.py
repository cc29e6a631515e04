"""Make room for a browser's push subscription as the address of a delivery.

Revision ID: 0006_longer_addresses
Revises: 0005
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Let addresses have 1,000 characters."""
    with op.batch_alter_table("deliveries") as table:
        table.alter_column("address", existing_type=sa.String(500), type_=sa.String(1000), existing_nullable=False)


def downgrade() -> None:
    """Let addresses have 500 characters; PostgreSQL refuses while there are longer ones."""
    with op.batch_alter_table("deliveries") as table:
        table.alter_column("address", existing_type=sa.String(1000), type_=sa.String(500), existing_nullable=False)
