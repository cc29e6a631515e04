"""Give API keys scopes, networks, an overlap when they are rotated, and names that are theirs alone.

Where several keys have one name, the later ones get a number behind it. Keys without an expiry stay so.

Revision ID: 0004
Revises: 0002
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from kit.database import Json, UtcDateTime

revision = "0004"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Number the names that occur twice, and add the columns."""
    bind = op.get_bind()
    keys = sa.table("api_keys", sa.column("id"), sa.column("name"))
    taken: set[str] = set()
    for row in bind.execute(sa.select(keys).order_by(keys.c.id)).all():
        name, number = row.name, 1
        while name in taken:
            number += 1
            name = f"{row.name[:94]} ({number})"
        if name != row.name:
            bind.execute(keys.update().where(keys.c.id == row.id).values(name=name))
        taken.add(name)
    with op.batch_alter_table("api_keys") as table:
        table.add_column(sa.Column("scopes", Json))
        table.add_column(sa.Column("networks", Json, nullable=False, server_default="[]"))
        table.add_column(sa.Column("last_used_from", sa.String(50)))
        table.add_column(sa.Column("previous_hash", sa.String(64)))
        table.add_column(sa.Column("previous_until", UtcDateTime()))
        table.add_column(sa.Column("rotated_at", UtcDateTime()))
        table.create_unique_constraint("uq_api_keys_name", ["name"])
        table.create_unique_constraint("uq_api_keys_previous_hash", ["previous_hash"])
    with op.batch_alter_table("api_keys") as table:
        table.alter_column("networks", server_default=None)


def downgrade() -> None:
    """Take the columns away; scopes no longer narrow anything then."""
    with op.batch_alter_table("api_keys") as table:
        table.drop_constraint("uq_api_keys_previous_hash", type_="unique")
        table.drop_constraint("uq_api_keys_name", type_="unique")
        for column in ("scopes", "networks", "last_used_from", "previous_hash", "previous_until", "rotated_at"):
            table.drop_column(column)
