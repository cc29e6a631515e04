"""Keep the places of events, and find what is a unit's own by index.

Revision ID: 0009
Revises: 0008
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

_PLACES = {
    "sqlite": "SELECT DISTINCT named.value, events.id FROM events, json_each(events.snapshot, '$.places') AS named",
    "postgresql": "SELECT DISTINCT named.value, events.id FROM events, "
    "jsonb_array_elements_text(events.snapshot -> 'places') AS named (value)",
}


def upgrade() -> None:
    """Add the table, filled from what was last heard of each event, and the indexes of the lists."""
    op.create_table(
        "event_places",
        sa.Column("place", sa.String(200), primary_key=True),
        sa.Column("event_id", sa.String(64), sa.ForeignKey("events.id", ondelete="CASCADE"), primary_key=True),
    )
    op.create_index("ix_event_places_event_id", "event_places", ["event_id"])
    op.execute(f"INSERT INTO event_places (place, event_id) {_PLACES[op.get_bind().dialect.name]}")
    op.create_index("ix_cases_opened_at_id", "cases", ["opened_at", "id"])
    op.create_index("ix_alerts_raised_at_id", "alerts", ["raised_at", "id"])
    op.drop_index("ix_participants_role_unit", "participants")
    op.create_index(
        "ix_participants_role_unit_person_left_at_case_id",
        "participants",
        ["role", "unit", "person", "left_at", "case_id"],
    )
