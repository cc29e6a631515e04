"""Hand the list of units over to notify, which keeps the registry of them from now on.

The message is in the outbox with the same transaction that drops the table, so that no unit is lost.

Revision ID: 0002
Revises: 0001
"""

from __future__ import annotations

from datetime import UTC, datetime

import sqlalchemy as sa
from alembic import op

from contracts.messages import MovedUnit, UnitsMoved
from contracts.streams import UNITS_MOVED
from kit.bus import envelope
from kit.database import UtcDateTime

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Tell notify of all units, and drop the table."""
    bind = op.get_bind()
    units = sa.table("units", sa.column("name"), sa.column("kind"))
    found = [MovedUnit(name=row.name, kind=row.kind) for row in bind.execute(sa.select(units).order_by(units.c.name))]
    if found:
        now = datetime.now(UTC)
        message = envelope("units.moved", "units", UnitsMoved(units=found), source="gateway", at=now)
        outbox = sa.table("outbox", sa.column("stream"), sa.column("message"), sa.column("created_at", UtcDateTime()))
        text = message.model_dump_json(exclude_none=True)
        bind.execute(outbox.insert().values(stream=UNITS_MOVED, message=text, created_at=now))
    op.drop_table("units")


def downgrade() -> None:
    """Make the table again, without units."""
    op.create_table(
        "units",
        sa.Column("id", sa.String(36), nullable=False),
        sa.Column("name", sa.String(100), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_units"),
        sa.UniqueConstraint("name", name="uq_units_name"),
    )
