"""Keep correction requests, concerns, aftercare and reviews.

Revision ID: 0008
Revises: 0007
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from kit.database import Json, UtcDateTime

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the tables. Cases that are in aftercare already get their row when the pass first comes by."""
    op.create_table(
        "corrections",
        sa.Column("id", sa.String(64), primary_key=True),
        sa.Column("case_id", sa.String(64), sa.ForeignKey("cases.id", ondelete="CASCADE"), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("outlet", sa.String(200), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("claim", sa.Text(), nullable=False),
        sa.Column("evidence", Json, nullable=False),
        sa.Column("fact", sa.Text(), nullable=False),
        sa.Column("fact_source", sa.Text(), nullable=False),
        sa.Column("fact_id", sa.String(64)),
        sa.Column("statement_id", sa.String(64)),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("state", sa.String(32), nullable=False),
        sa.Column("author", sa.String(200), nullable=False),
        sa.Column("writers", Json, nullable=False),
        sa.Column("signatures", Json, nullable=False),
        sa.Column("letter", sa.Text(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("submitted_at", UtcDateTime()),
        sa.Column("approved_at", UtcDateTime()),
        sa.Column("sent_at", UtcDateTime()),
        sa.Column("sent_by", sa.String(200), nullable=False),
        sa.Column("sent_way", sa.String(200), nullable=False),
        sa.Column("sent_to", sa.String(200), nullable=False),
        sa.Column("outcome", sa.String(32)),
        sa.Column("outcome_at", UtcDateTime()),
        sa.Column("answer", sa.Text(), nullable=False),
        sa.Column("published_url", sa.Text(), nullable=False),
        sa.Column("withdrawn_at", UtcDateTime()),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("remind_at", UtcDateTime()),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.UniqueConstraint("case_id", "number", name="uq_corrections_case_id_number"),
    )
    op.create_index("ix_corrections_case_id", "corrections", ["case_id"])
    op.create_index("ix_corrections_remind_at", "corrections", ["remind_at"])
    op.create_table(
        "case_concerns",
        sa.Column("id", sa.String(64), primary_key=True),
        sa.Column("case_id", sa.String(64), sa.ForeignKey("cases.id", ondelete="CASCADE"), nullable=False),
        sa.Column("theme", sa.String(32)),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("origin", sa.String(32), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("posts", sa.Integer(), nullable=False),
        sa.Column("by_kind", Json, nullable=False),
        sa.Column("asks", Json, nullable=False),
        sa.Column("state", sa.String(32), nullable=False),
        sa.Column("answer", sa.Text(), nullable=False),
        sa.Column("statement_id", sa.String(64)),
        sa.Column("task_id", sa.String(64)),
        sa.Column("answered_posts", sa.Integer()),
        sa.Column("settled_at", UtcDateTime()),
        sa.Column("settled_by", sa.String(200), nullable=False),
        sa.Column("passed_to", sa.String(200), nullable=False),
        sa.Column("merged_into", sa.String(64)),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("created_by", sa.String(200), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.UniqueConstraint("case_id", "theme", name="uq_case_concerns_case_id_theme"),
    )
    op.create_index("ix_case_concerns_case_id", "case_concerns", ["case_id"])
    op.create_table(
        "aftercare",
        sa.Column("case_id", sa.String(64), sa.ForeignKey("cases.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("since", UtcDateTime(), nullable=False),
        sa.Column("event_id", sa.String(64)),
        sa.Column("baseline", sa.Integer(), nullable=False),
        sa.Column("samples", Json, nullable=False),
        sa.Column("figure", sa.Integer(), nullable=False),
        sa.Column("told", sa.Integer()),
        sa.Column("told_at", UtcDateTime()),
        sa.Column("held", sa.Integer()),
        sa.Column("above_at", UtcDateTime()),
        sa.Column("reopened", sa.Boolean(), nullable=False),
        sa.Column("days", sa.Integer(), nullable=False),
        sa.Column("ended_at", UtcDateTime()),
        sa.Column("next_at", UtcDateTime()),
    )
    op.create_index("ix_aftercare_next_at", "aftercare", ["next_at"])
    op.create_table(
        "reviews",
        sa.Column("id", sa.String(64), primary_key=True),
        sa.Column("case_id", sa.String(64), sa.ForeignKey("cases.id", ondelete="CASCADE"), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("seat", sa.String(32)),
        sa.Column("state", sa.String(32), nullable=False),
        sa.Column("facts", Json, nullable=False),
        sa.Column("sections", Json, nullable=False),
        sa.Column("lessons", sa.Text(), nullable=False),
        sa.Column("proposals", Json, nullable=False),
        sa.Column("conclusion", sa.Text(), nullable=False),
        sa.Column("started_at", UtcDateTime(), nullable=False),
        sa.Column("started_by", sa.String(200), nullable=False),
        sa.Column("submitted_at", UtcDateTime()),
        sa.Column("submitter_id", sa.String(64)),
        sa.Column("submitter", sa.String(200), nullable=False),
        sa.Column("finished_at", UtcDateTime()),
        sa.Column("finished_by", sa.String(200), nullable=False),
        sa.Column("comment", sa.Text(), nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.UniqueConstraint("case_id", "number", name="uq_reviews_case_id_number"),
        sa.UniqueConstraint("case_id", "seat", name="uq_reviews_case_id_seat"),
    )
    op.create_index("ix_reviews_case_id", "reviews", ["case_id"])
    op.create_table(
        "review_marks",
        sa.Column("review_id", sa.String(64), sa.ForeignKey("reviews.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("person_id", sa.String(64), primary_key=True),
        sa.Column("person", sa.String(200), nullable=False),
        sa.Column("role", sa.String(32), nullable=False),
        sa.Column("marks", Json, nullable=False),
        sa.Column("comment", sa.Text(), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
    )
