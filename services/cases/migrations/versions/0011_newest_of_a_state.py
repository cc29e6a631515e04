"""Find the newest cases of a state without sorting them all.

Revision ID: 0011
Revises: 0010
"""

from __future__ import annotations

from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """One index by state and time in the place of the one by state alone."""
    op.create_index("ix_cases_state_opened_at_id", "cases", ["state", "opened_at", "id"])
    op.drop_index("ix_cases_state", "cases")
