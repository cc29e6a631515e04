"""Keep delegations, and what approvals and clocks remember; let nobody rewrite a timeline.

Revision ID: 0005
Revises: 0004
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from kit.database import Json, UtcDateTime

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

_REFUSAL = "a timeline is append-only"


def upgrade() -> None:
    """Add table, columns and triggers. A proposal that is pending has waited since it was made."""
    op.create_table(
        "delegations",
        sa.Column("id", sa.String(64), primary_key=True),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("role", sa.String(32), nullable=False),
        sa.Column("holder_id", sa.String(64), nullable=False),
        sa.Column("holder", sa.String(200), nullable=False),
        sa.Column("delegate_id", sa.String(64)),
        sa.Column("delegate", sa.String(200)),
        sa.Column("starts_at", UtcDateTime, nullable=False),
        sa.Column("ends_at", UtcDateTime, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("created_at", UtcDateTime, nullable=False),
        sa.Column("created_by", sa.String(200), nullable=False),
        sa.Column("revoked_at", UtcDateTime),
        sa.Column("revoked_by", sa.String(200)),
        sa.Column("revoked_reason", sa.Text, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
    )
    op.create_index("ix_delegations_ends_at_role", "delegations", ["ends_at", "role"])
    op.create_index("ix_delegations_starts_at_id", "delegations", ["starts_at", "id"])
    with op.batch_alter_table("approvals") as table:
        table.add_column(sa.Column("waiting_since", UtcDateTime))
        table.add_column(sa.Column("told", Json, nullable=False, server_default="[]"))
        table.add_column(sa.Column("climbed", Json, nullable=False, server_default="[]"))
        table.add_column(sa.Column("next_at", UtcDateTime))
    op.create_index("ix_approvals_next_at", "approvals", ["next_at"])
    # the first pass works out when there is something to say
    op.execute("UPDATE approvals SET waiting_since = proposed_at, next_at = proposed_at WHERE seat = 'pending'")
    with op.batch_alter_table("clocks") as table:
        table.add_column(sa.Column("paused_at", UtcDateTime))
        table.add_column(sa.Column("paused_until", UtcDateTime))
        table.add_column(sa.Column("paused_seconds", sa.Float, nullable=False, server_default="0"))
        table.add_column(sa.Column("met_by", Json))
    if op.get_bind().dialect.name == "postgresql":
        _guard_postgresql()
    else:
        _guard_sqlite()


def _guard_sqlite() -> None:
    """Refuse to change or remove an entry; a case that is deleted takes its whole timeline with it."""
    op.execute(
        f"CREATE TRIGGER timeline_keeps_entries BEFORE UPDATE ON timeline BEGIN SELECT RAISE(ABORT, '{_REFUSAL}'); END"
    )
    op.execute(
        "CREATE TRIGGER timeline_loses_no_entry BEFORE DELETE ON timeline "
        "WHEN EXISTS (SELECT 1 FROM cases WHERE cases.id = OLD.case_id) "
        f"BEGIN SELECT RAISE(ABORT, '{_REFUSAL}'); END"
    )
    # REPLACE would remove the old entry without asking the trigger above
    op.execute(
        "CREATE TRIGGER timeline_replaces_no_entry BEFORE INSERT ON timeline "
        "WHEN EXISTS (SELECT 1 FROM timeline WHERE case_id = NEW.case_id AND sequence = NEW.sequence) "
        f"BEGIN SELECT RAISE(ABORT, '{_REFUSAL}'); END"
    )


def _guard_postgresql() -> None:
    """Refuse to change or remove an entry; a case that is deleted takes its whole timeline with it."""
    op.execute(
        f"""
        CREATE FUNCTION timeline_is_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            IF TG_OP = 'DELETE' THEN
                IF NOT EXISTS (SELECT 1 FROM cases WHERE cases.id = OLD.case_id) THEN
                    RETURN OLD;
                END IF;
            END IF;
            RAISE EXCEPTION '{_REFUSAL}';
        END $$
        """
    )
    op.execute(
        "CREATE TRIGGER timeline_keeps_entries BEFORE UPDATE OR DELETE ON timeline "
        "FOR EACH ROW EXECUTE FUNCTION timeline_is_append_only()"
    )
    op.execute(
        "CREATE TRIGGER timeline_is_not_emptied BEFORE TRUNCATE ON timeline "
        "FOR EACH STATEMENT EXECUTE FUNCTION timeline_is_append_only()"
    )
