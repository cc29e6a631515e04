"""Know logins that go on, and second factors.

Revision ID: 0007
Revises: 0006
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

from kit.database import UtcDateTime

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def _user(name: str, *, key: bool = False) -> list[Any]:
    return [
        sa.Column("user_id", sa.String(36), nullable=False, primary_key=key),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=f"fk_{name}_user_id_users", ondelete="CASCADE"),
    ]


def upgrade() -> None:
    """Logins from before become sessions that began now, as far as one can tell."""
    op.create_table(
        "sessions",
        sa.Column("id", sa.String(36), primary_key=True),
        *_user("sessions"),
        sa.Column("method", sa.String(16), nullable=False),
        sa.Column("second_factor", sa.Boolean(), nullable=False),
        sa.Column("address", sa.String(64), nullable=False),
        sa.Column("agent", sa.String(200), nullable=False),
        sa.Column("began_at", UtcDateTime(), nullable=False),
        sa.Column("used_at", UtcDateTime(), nullable=False),
        sa.Column("expires_at", UtcDateTime(), nullable=False),
    )
    op.create_index("ix_sessions_user_id", "sessions", ["user_id"])
    op.create_index("ix_sessions_expires_at", "sessions", ["expires_at"])
    op.create_table(
        "second_factors",
        *_user("second_factors", key=True),
        sa.Column("secret", sa.Text(), nullable=False),
        sa.Column("confirmed_at", UtcDateTime()),
        sa.Column("last_step", sa.BigInteger(), nullable=False),
    )
    op.create_table("recovery_codes", sa.Column("hash", sa.String(64), primary_key=True), *_user("recovery_codes"))
    op.create_index("ix_recovery_codes_user_id", "recovery_codes", ["user_id"])
    op.execute(
        "INSERT INTO sessions (id, user_id, method, second_factor, address, agent, began_at, used_at, expires_at)"
        " SELECT family, MIN(user_id), 'password', false, '', '', MIN(expires_at), MIN(expires_at), MAX(expires_at)"
        " FROM refresh_tokens WHERE used_at IS NULL GROUP BY family"
    )


def downgrade() -> None:
    """Forget sessions and second factors; logins go on."""
    for table in ("recovery_codes", "second_factors", "sessions"):
        op.drop_table(table)
