"""Create the tables of rosters.

Revision ID: 0002
Revises: 0001
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from kit.database import Json, UtcDateTime

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_OF_ROSTERS = ("roster_overrides", "roster_surges", "roster_swaps", "roster_notes", "roster_problems_told")


def upgrade() -> None:
    """Create rosters and what hangs on them."""
    op.create_table(
        "rosters",
        sa.Column("id", sa.String(64), nullable=False),
        sa.Column("name", sa.String(100), nullable=False),
        sa.Column("zone", sa.String(64), nullable=False),
        sa.Column("unit", sa.String(100)),
        sa.Column("role", sa.String(32)),
        sa.Column("longest_hours", sa.Integer()),
        sa.Column("round_the_clock", sa.Boolean(), nullable=False),
        sa.Column("rotations", Json, nullable=False),
        sa.Column("links", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("updated_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_rosters"),
    )
    op.create_index("ix_rosters_unit", "rosters", ["unit"])
    op.create_table(
        "roster_people",
        sa.Column("roster_id", sa.String(64), nullable=False),
        sa.Column("contact_id", sa.String(64), nullable=False),
        sa.PrimaryKeyConstraint("roster_id", "contact_id", name="pk_roster_people"),
        sa.ForeignKeyConstraint(
            ["roster_id"], ["rosters.id"], name="fk_roster_people_roster_id_rosters", ondelete="CASCADE"
        ),
    )
    op.create_index("ix_roster_people_contact_id", "roster_people", ["contact_id"])
    _of_roster(
        "roster_overrides",
        sa.Column("starts_at", UtcDateTime(), nullable=False),
        sa.Column("ends_at", UtcDateTime(), nullable=False),
        sa.Column("contact_id", sa.String(64), nullable=False),
        sa.Column("replaces", sa.String(64)),
        sa.Column("reason", sa.String(500), nullable=False),
        sa.Column("entered_by", sa.String(100), nullable=False),
        sa.Column("entered_at", UtcDateTime(), nullable=False),
    )
    _of_roster(
        "roster_surges",
        sa.Column("starts_at", UtcDateTime(), nullable=False),
        sa.Column("ends_at", UtcDateTime(), nullable=False),
        sa.Column("hours", sa.Integer(), nullable=False),
        sa.Column("lines", Json, nullable=False),
        sa.Column("reason", sa.String(500), nullable=False),
        sa.Column("entered_by", sa.String(100), nullable=False),
        sa.Column("entered_at", UtcDateTime(), nullable=False),
    )
    _of_roster(
        "roster_swaps",
        sa.Column("contact_id", sa.String(64), nullable=False),
        sa.Column("starts_at", UtcDateTime(), nullable=False),
        sa.Column("ends_at", UtcDateTime(), nullable=False),
        sa.Column("other_id", sa.String(64), nullable=False),
        sa.Column("other_starts_at", UtcDateTime(), nullable=False),
        sa.Column("other_ends_at", UtcDateTime(), nullable=False),
        sa.Column("reason", sa.String(500), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("proposed_by", sa.String(100), nullable=False),
        sa.Column("proposed_at", UtcDateTime(), nullable=False),
        sa.Column("decided_by", sa.String(100)),
        sa.Column("decided_at", UtcDateTime()),
    )
    _of_roster(
        "roster_notes",
        sa.Column("contact_id", sa.String(64), nullable=False),
        sa.Column("contact_name", sa.String(100), nullable=False),
        sa.Column("starts_at", UtcDateTime(), nullable=False),
        sa.Column("ends_at", UtcDateTime(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("written_by", sa.String(100), nullable=False),
        sa.Column("written_at", UtcDateTime(), nullable=False),
        sa.Column("reader_id", sa.String(64)),
        sa.Column("reader_name", sa.String(100)),
        sa.Column("read_at", UtcDateTime()),
    )
    _of_roster(
        "roster_problems_told",
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("about", sa.String(200), nullable=False),
        sa.Column("starts_at", UtcDateTime(), nullable=False),
        sa.Column("ends_at", UtcDateTime(), nullable=False),
        sa.Column("told_at", UtcDateTime(), nullable=False),
    )


def _of_roster(name: str, *columns: sa.Column) -> None:  # type: ignore[type-arg]
    op.create_table(
        name,
        sa.Column("id", sa.String(64), nullable=False),
        sa.Column("roster_id", sa.String(64), nullable=False),
        *columns,
        sa.PrimaryKeyConstraint("id", name=f"pk_{name}"),
        sa.ForeignKeyConstraint(["roster_id"], ["rosters.id"], name=f"fk_{name}_roster_id_rosters", ondelete="CASCADE"),
    )
    op.create_index(f"ix_{name}_roster_id", name, ["roster_id"])


def downgrade() -> None:
    """Drop the tables of rosters."""
    for table in (*_OF_ROSTERS, "roster_people", "rosters"):
        op.drop_table(table)
