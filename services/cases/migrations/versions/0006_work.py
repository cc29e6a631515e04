"""Keep participants and the work of a case.

Revision ID: 0006
Revises: 0005
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from kit.database import Json, UtcDateTime

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the tables."""
    op.create_table(
        "participants",
        sa.Column("id", sa.String(64), primary_key=True),
        _case(),
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
    _extend_tasks()
    op.create_table(
        "consultations",
        sa.Column("id", sa.String(64), primary_key=True),
        _case(),
        sa.Column("subject", sa.Text, nullable=False),
        sa.Column("state", sa.String(32), nullable=False),
        sa.Column("units", Json, nullable=False),
        sa.Column("planned_at", UtcDateTime, nullable=False),
        sa.Column("place", sa.String(200), nullable=False),
        sa.Column("called_at", UtcDateTime, nullable=False),
        sa.Column("called_by", sa.String(200), nullable=False),
        sa.Column("held_at", UtcDateTime),
        sa.Column("attended", Json, nullable=False),
        sa.Column("conclusions", Json, nullable=False),
        sa.Column("recorded_by", sa.String(200)),
        sa.Column("reason", sa.Text, nullable=False),
    )
    op.create_index("ix_consultations_case_id", "consultations", ["case_id"])
    _information()
    op.create_table(
        "media_contacts",
        sa.Column("id", sa.String(64), primary_key=True),
        _case(),
        sa.Column("outlet", sa.String(200), nullable=False),
        sa.Column("office", sa.String(200), nullable=False),
        sa.Column("way", sa.String(32), nullable=False),
        sa.Column("said", sa.Text, nullable=False),
        sa.Column("outcome", sa.Text, nullable=False),
        sa.Column("correction_id", sa.String(64)),
        sa.Column("at", UtcDateTime, nullable=False),
        sa.Column("recorded_by", sa.String(200), nullable=False),
    )
    op.create_index("ix_media_contacts_case_id", "media_contacts", ["case_id"])
    op.create_table(
        "press_conferences",
        sa.Column("id", sa.String(64), primary_key=True),
        _case(),
        sa.Column("state", sa.String(32), nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("decided_at", UtcDateTime, nullable=False),
        sa.Column("decided_by", sa.String(200), nullable=False),
        sa.Column("waived", sa.Boolean, nullable=False),
        sa.Column("spokesperson", sa.String(200), nullable=False),
        sa.Column("spokesperson_office", sa.String(200), nullable=False),
        sa.Column("designated_at", UtcDateTime),
        sa.Column("designated_by", sa.String(200)),
        sa.Column("questions", Json, nullable=False),
        sa.Column("planned_at", UtcDateTime),
        sa.Column("place", sa.String(200), nullable=False),
        sa.Column("announced_at", UtcDateTime),
        sa.Column("announced_by", sa.String(200)),
        sa.Column("held_at", UtcDateTime),
        sa.Column("record", sa.Text, nullable=False),
        sa.Column("recorded_by", sa.String(200)),
    )
    op.create_index("ix_press_conferences_case_id", "press_conferences", ["case_id"])
    op.create_table(
        "handovers",
        sa.Column("id", sa.String(64), primary_key=True),
        sa.Column("case_id", sa.String(64), sa.ForeignKey("cases.id", ondelete="CASCADE")),
        sa.Column("cases", Json, nullable=False),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("state", sa.String(32), nullable=False),
        sa.Column("given_by_id", sa.String(64), nullable=False),
        sa.Column("given_by", sa.String(200), nullable=False),
        sa.Column("to_role", sa.String(32), nullable=False),
        sa.Column("to_unit", sa.String(200), nullable=False),
        sa.Column("to_person", sa.String(200), nullable=False),
        sa.Column("created_at", UtcDateTime, nullable=False),
        sa.Column("signed_at", UtcDateTime),
        sa.Column("accepted_at", UtcDateTime),
        sa.Column("accepted_by", sa.String(200)),
        sa.Column("notice_id", sa.String(64)),
        sa.Column("version", sa.Integer, nullable=False),
    )
    op.create_index("ix_handovers_case_id", "handovers", ["case_id"])
    op.create_index("ix_handovers_notice_id", "handovers", ["notice_id"])
    _watches()


def _case() -> sa.Column[str]:
    return sa.Column("case_id", sa.String(64), sa.ForeignKey("cases.id", ondelete="CASCADE"), nullable=False)


def _extend_tasks() -> None:
    """Give tasks their unit, state and dependencies; those that were done are done."""
    for name, length in (("unit", 200), ("person", 200), ("created_by", 200)):
        op.add_column("tasks", sa.Column(name, sa.String(length), nullable=False, server_default=""))
    op.add_column("tasks", sa.Column("origin", sa.String(32), nullable=False, server_default="playbook"))
    op.add_column("tasks", sa.Column("met_by", sa.String(32)))
    op.add_column("tasks", sa.Column("state", sa.String(32), nullable=False, server_default="open"))
    op.add_column("tasks", sa.Column("after", Json, nullable=False, server_default="[]"))
    op.add_column("tasks", sa.Column("seconds", sa.Integer))
    for name in ("created_at", "accepted_at", "dropped_at"):
        op.add_column("tasks", sa.Column(name, UtcDateTime))
    for name in ("accepted_by", "dropped_by"):
        op.add_column("tasks", sa.Column(name, sa.String(200)))
    op.add_column("tasks", sa.Column("reason", sa.Text, nullable=False, server_default=""))
    op.create_index("ix_tasks_state_due_at", "tasks", ["state", "due_at"])
    op.execute("UPDATE tasks SET state = 'done' WHERE done_at IS NOT NULL")
    op.execute("UPDATE tasks SET created_at = (SELECT opened_at FROM cases WHERE cases.id = tasks.case_id)")


def _information() -> None:
    op.create_table(
        "information",
        sa.Column("id", sa.String(64), primary_key=True),
        _case(),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("answer_wanted", sa.Boolean, nullable=False),
        sa.Column("passed_at", UtcDateTime, nullable=False),
        sa.Column("passed_by", sa.String(200), nullable=False),
        sa.Column("due_at", UtcDateTime, nullable=False),
    )
    op.create_index("ix_information_case_id", "information", ["case_id"])
    op.create_table(
        "information_receipts",
        sa.Column("id", sa.String(64), primary_key=True),
        sa.Column("information_id", sa.String(64), sa.ForeignKey("information.id", ondelete="CASCADE"), nullable=False),
        _case(),
        sa.Column("role", sa.String(32), nullable=False),
        sa.Column("unit", sa.String(200), nullable=False),
        sa.Column("task_id", sa.String(64), nullable=False),
        sa.Column("notice_id", sa.String(64), nullable=False),
        sa.Column("acknowledged_at", UtcDateTime),
        sa.Column("acknowledged_by", sa.String(200)),
        sa.Column("acknowledged_via", sa.String(32)),
        sa.Column("answer", sa.Text, nullable=False),
        sa.Column("answered_at", UtcDateTime),
        sa.Column("answered_by", sa.String(200)),
        sa.UniqueConstraint("information_id", "role", "unit", name="uq_information_receipts_information_id_role_unit"),
    )
    op.create_index("ix_information_receipts_case_id", "information_receipts", ["case_id"])
    op.create_index("ix_information_receipts_notice_id", "information_receipts", ["notice_id"])


def _watches() -> None:
    """Keep when the next situation brief is due; cases that are in surge watch already are due from now on."""
    op.create_table(
        "surge_watches",
        sa.Column("case_id", sa.String(64), sa.ForeignKey("cases.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("since", UtcDateTime, nullable=False),
        sa.Column("started_by", sa.String(200), nullable=False),
        sa.Column("next_brief_at", UtcDateTime, nullable=False),
        sa.Column("figures", Json, nullable=False),
        sa.Column("figures_at", UtcDateTime, nullable=False),
        sa.Column("briefs", sa.Integer, nullable=False),
    )
    op.create_index("ix_surge_watches_next_brief_at", "surge_watches", ["next_brief_at"])
    op.execute(
        "INSERT INTO surge_watches (case_id, since, started_by, next_brief_at, figures, figures_at, briefs) "
        "SELECT id, opened_at, '', updated_at, '{}', updated_at, 0 FROM cases WHERE watch_mode = 'surge'"
    )
