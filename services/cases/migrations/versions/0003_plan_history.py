"""Keep when versions of the plan were in force, and on which a case was led.

Revision ID: 0003
Revises: 0002
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from kit.database import Json, UtcDateTime
from kit.ids import new_id

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the tables; what is known of earlier activations (the last of each version) becomes their history."""
    activations = op.create_table(
        "plan_activations",
        sa.Column("id", sa.String(64), primary_key=True),
        sa.Column("version", sa.String(60), sa.ForeignKey("plans.version"), nullable=False),
        sa.Column("replaced", sa.String(60)),
        sa.Column("at", UtcDateTime, nullable=False),
        sa.Column("by", sa.String(200), nullable=False),
        sa.Column("by_id", sa.String(64)),
        sa.Column("reason", sa.Text, nullable=False),
    )
    op.create_index("ix_plan_activations_at_id", "plan_activations", ["at", "id"])
    op.create_table(
        "plan_moves",
        sa.Column("id", sa.String(64), primary_key=True),
        sa.Column("case_id", sa.String(64), sa.ForeignKey("cases.id", ondelete="CASCADE"), nullable=False),
        sa.Column("from_version", sa.String(60), nullable=False),
        sa.Column("to_version", sa.String(60), nullable=False),
        sa.Column("at", UtcDateTime, nullable=False),
        sa.Column("by", sa.String(200), nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("sequence", sa.Integer, nullable=False),
        sa.Column("changes", Json, nullable=False),
    )
    op.create_index("ix_plan_moves_case_id", "plan_moves", ["case_id"])
    op.create_index("ix_plan_moves_case_id_at", "plan_moves", ["case_id", "at"])
    plans = sa.table("plans", sa.column("version", sa.String), sa.column("activated_at", UtcDateTime))
    known = sa.select(plans.c.version, plans.c.activated_at).where(plans.c.activated_at.is_not(None))
    replaced: str | None = None
    for version, at in op.get_bind().execute(known.order_by(plans.c.activated_at, plans.c.version)).all():
        row = {"id": new_id(), "version": version, "replaced": replaced, "at": at, "by": "", "by_id": None}
        op.execute(sa.insert(activations).values(**row, reason="启用人未记录（旧版数据）"))
        replaced = version
