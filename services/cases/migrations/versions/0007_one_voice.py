"""Keep the facts of a case and what its statements say.

Revision ID: 0007
Revises: 0006
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from kit.database import Json, UtcDateTime

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the tables, and keep the statements there are, each as a text of one version."""
    op.create_table(
        "case_facts",
        sa.Column("id", sa.String(64), primary_key=True),
        sa.Column("case_id", sa.String(64), sa.ForeignKey("cases.id", ondelete="CASCADE"), nullable=False),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("subject", sa.String(100), nullable=False),
        sa.Column("value", sa.Text, nullable=False),
        sa.Column("as_of", UtcDateTime, nullable=False),
        sa.Column("source", sa.Text, nullable=False),
        sa.Column("evidence", sa.Text, nullable=False),
        sa.Column("aliases", Json, nullable=False),
        sa.Column("confirmed_by_id", sa.String(64), nullable=False),
        sa.Column("confirmed_by", sa.String(200), nullable=False),
        sa.Column("confirmed_at", UtcDateTime, nullable=False),
        sa.Column("seat", sa.String(200)),
        sa.Column("superseded_by", sa.String(64)),
        sa.Column("withdrawn_at", UtcDateTime),
        sa.Column("withdrawn_by", sa.String(200)),
        sa.Column("withdrawn_reason", sa.Text, nullable=False),
        sa.UniqueConstraint("case_id", "seat", name="uq_case_facts_case_id_seat"),
    )
    op.create_index("ix_case_facts_case_id", "case_facts", ["case_id"])
    op.create_table(
        "number_series",
        sa.Column("name", sa.String(200), primary_key=True),
        sa.Column("last", sa.Integer, nullable=False),
    )
    with op.batch_alter_table("statements") as table:
        table.add_column(sa.Column("kind", sa.String(32), nullable=False, server_default="follow_up"))
        table.add_column(sa.Column("revision", sa.Integer, nullable=False, server_default="1"))
        table.add_column(sa.Column("index_number", sa.String(200)))
        table.add_column(sa.Column("withdrawn_reason", sa.Text, nullable=False, server_default=""))
        table.add_column(sa.Column("corrects", sa.String(64)))
        table.add_column(sa.Column("correction_reason", sa.Text, nullable=False, server_default=""))
        table.add_column(sa.Column("corrected_by", sa.String(64)))
        table.add_column(sa.Column("corrected_at", UtcDateTime))
        table.create_unique_constraint("uq_statements_index_number", ["index_number"])
    op.create_table(
        "statement_versions",
        sa.Column("statement_id", sa.String(64), sa.ForeignKey("statements.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("revision", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("title", sa.Text, nullable=False),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("written_by_id", sa.String(64), nullable=False),
        sa.Column("written_by", sa.String(200), nullable=False),
        sa.Column("written_at", UtcDateTime, nullable=False),
        sa.Column("template", sa.String(60), nullable=False),
        sa.Column("findings", Json, nullable=False),
        sa.Column("explanations", Json, nullable=False),
        sa.Column("comments", Json, nullable=False),
    )
    # what was a version of the case's one statement is now a text of its own; the first was the first bulletin
    op.execute("UPDATE statements SET kind = 'first_bulletin' WHERE number = 1")
    op.execute("UPDATE statements SET withdrawn_reason = comment WHERE state = 'withdrawn'")
    op.execute(
        "INSERT INTO statement_versions (statement_id, revision, title, text, written_by_id, written_by, written_at, "
        "template, findings, explanations, comments) "
        "SELECT id, 1, title, text, author_id, author, created_at, '', '[]', '[]', '[]' FROM statements"
    )
