"""Create the tables of imports and of hooks.

Revision ID: 0003
Revises: 0002
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from kit.database import Json, UtcDateTime

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create imports, import_rejections, hooks and hook_deliveries."""
    op.create_table(
        "imports",
        sa.Column("id", sa.String(36), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("filename", sa.String(255), nullable=False),
        sa.Column("options", Json, nullable=False),
        sa.Column("chinese", sa.Boolean(), nullable=False),
        *(
            sa.Column(name, sa.BigInteger(), nullable=False)
            for name in ("total_bytes", "done_bytes", "records", "accepted", "duplicates", "rejected")
        ),
        sa.Column("rate", sa.Float(), nullable=False),
        sa.Column("eta_seconds", sa.Integer()),
        sa.Column("waiting", sa.Boolean(), nullable=False),
        sa.Column("found", Json),
        sa.Column("problem_zh", sa.Text()),
        sa.Column("problem_en", sa.Text()),
        sa.Column("created_by", sa.String(100), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("started_at", UtcDateTime()),
        sa.Column("updated_at", UtcDateTime(), nullable=False),
        sa.Column("finished_at", UtcDateTime()),
        sa.PrimaryKeyConstraint("id", name="pk_imports"),
    )
    op.create_index("ix_imports_state", "imports", ["state"])
    op.create_table(
        "import_rejections",
        sa.Column("import_id", sa.String(36), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("line", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("row", Json),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("import_id", "number", name="pk_import_rejections"),
    )
    op.create_index("ix_import_rejections_at", "import_rejections", ["at"])
    op.create_table(
        "hooks",
        sa.Column("id", sa.String(36), nullable=False),
        sa.Column("name", sa.String(100), nullable=False),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        sa.Column("format", sa.String(16), nullable=False),
        sa.Column("config", Json, nullable=False),
        sa.Column("secret", sa.Text(), nullable=False),
        sa.Column("previous_secret", sa.Text()),
        sa.Column("previous_until", UtcDateTime()),
        sa.Column("refused_at", UtcDateTime()),
        sa.Column("refusal", sa.String(64)),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_hooks"),
        sa.UniqueConstraint("name", name="uq_hooks_name"),
    )
    op.create_table(
        "hook_deliveries",
        sa.Column("id", sa.String(36), nullable=False),
        sa.Column("hook_id", sa.String(36), nullable=False),
        sa.Column("key", sa.String(64)),
        sa.Column("at", UtcDateTime(), nullable=False),
        *(sa.Column(name, sa.Integer(), nullable=False) for name in ("size", "accepted", "duplicates", "rejected")),
        sa.Column("error_zh", sa.Text()),
        sa.Column("error_en", sa.Text()),
        sa.PrimaryKeyConstraint("id", name="pk_hook_deliveries"),
        sa.UniqueConstraint("hook_id", "key", name="uq_hook_deliveries_hook_id_key"),
    )
    op.create_index("ix_hook_deliveries_at", "hook_deliveries", ["at"])
