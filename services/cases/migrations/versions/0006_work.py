"""Keep participants and the work of a case.

Revision ID: 0006
Revises: 0005
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from kit.database import UtcDateTime

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the tables."""
    op.create_table(
        "participants",
        sa.Column("id", sa.String(64), primary_key=True),
        sa.Column("case_id", sa.String(64), sa.ForeignKey("cases.id", ondelete="CASCADE"), nullable=False),
        sa.Column("role", sa.String(32), nullable=False),
        sa.Column("unit", sa.String(200), nullable=False),
        sa.Column("person", sa.String(200), nullable=False),
        sa.Column("part", sa.String(32), nullable=False),
        sa.Column("duty", sa.String(200), nullable=False),
        sa.Column("added_at", UtcDateTime, nullable=False),
        sa.Column("added_by", sa.String(200), nullable=False),
        sa.Column("left_at", UtcDateTime),
        sa.UniqueConstraint("case_id", "role", "unit", "person", name="uq_participants_case_id_role_unit_person"),
    )
    op.create_index("ix_participants_case_id", "participants", ["case_id"])
    op.create_index("ix_participants_role_unit", "participants", ["role", "unit"])
