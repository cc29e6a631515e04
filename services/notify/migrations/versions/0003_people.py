"""Add units, quiet hours, languages, codes that verify ways, a log of files of contacts, and subscriptions to topics.

The units that contacts were entered with become units of the registry.

Revision ID: 0003
Revises: 0002
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from alembic import op

from kit.database import Json, UtcDateTime
from kit.ids import new_id
from services.notify.people.names import folded

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables and take in the units of contacts."""
    op.add_column("contacts", sa.Column("quiet_hours", Json, nullable=False, server_default=sa.text("'[]'")))
    op.add_column("contacts", sa.Column("language", sa.String(8), nullable=False, server_default="zh"))
    op.add_column("deliveries", sa.Column("to_unit", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.create_table(
        "units",
        sa.Column("id", sa.String(64), nullable=False),
        sa.Column("name", sa.String(100), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("role", sa.String(32)),
        sa.Column("aliases", Json, nullable=False),
        sa.Column("way", Json),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("updated_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_units"),
        sa.UniqueConstraint("name", name="uq_units_name"),
    )
    op.create_table(
        "unit_names",
        sa.Column("name", sa.String(100), nullable=False),
        sa.Column("unit_id", sa.String(64), nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_unit_names"),
        sa.ForeignKeyConstraint(["unit_id"], ["units.id"], name="fk_unit_names_unit_id_units", ondelete="CASCADE"),
    )
    op.create_index("ix_unit_names_unit_id", "unit_names", ["unit_id"])
    op.create_table(
        "way_codes",
        sa.Column("contact_id", sa.String(64), nullable=False),
        sa.Column("channel", sa.String(16), nullable=False),
        sa.Column("address", sa.String(500), nullable=False),
        sa.Column("digest", sa.String(64)),
        sa.Column("expires_at", UtcDateTime(), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("sent_at", UtcDateTime(), nullable=False),
        sa.Column("sends", sa.Integer(), nullable=False),
        sa.Column("counted_from", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("contact_id", "channel", "address", name="pk_way_codes"),
        sa.ForeignKeyConstraint(
            ["contact_id"], ["contacts.id"], name="fk_way_codes_contact_id_contacts", ondelete="CASCADE"
        ),
    )
    op.create_table(
        "contact_log",
        sa.Column("id", sa.String(64), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("by", sa.String(100), nullable=False),
        sa.Column("by_id", sa.String(64), nullable=False),
        sa.Column("action", sa.String(16), nullable=False),
        sa.Column("contacts", sa.Integer(), nullable=False),
        sa.Column("detail", sa.String(200), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_contact_log"),
    )
    op.create_table(
        "topic_subscriptions",
        sa.Column("id", sa.String(64), nullable=False),
        sa.Column("contact_id", sa.String(64)),
        sa.Column("unit_id", sa.String(64)),
        sa.Column("topics", Json, nullable=False),
        sa.Column("kinds", Json, nullable=False),
        sa.Column("least_level", sa.String(4)),
        sa.Column("channels", Json, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("updated_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_topic_subscriptions"),
        sa.ForeignKeyConstraint(
            ["contact_id"], ["contacts.id"], name="fk_topic_subscriptions_contact_id_contacts", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["unit_id"], ["units.id"], name="fk_topic_subscriptions_unit_id_units", ondelete="CASCADE"
        ),
    )
    op.create_index("ix_topic_subscriptions_contact_id", "topic_subscriptions", ["contact_id"])
    op.create_index("ix_topic_subscriptions_unit_id", "topic_subscriptions", ["unit_id"])
    _take_in_units()


def downgrade() -> None:
    """Drop what was added; contacts keep the names of their units."""
    for table in ("topic_subscriptions", "contact_log", "way_codes", "unit_names", "units"):
        op.drop_table(table)
    op.drop_column("deliveries", "to_unit")
    op.drop_column("contacts", "language")
    op.drop_column("contacts", "quiet_hours")


def _take_in_units() -> None:
    """Make a unit of each name that contacts have, by the roles of its people; spellings that fold alike are one."""
    bind = op.get_bind()
    contacts = sa.table("contacts", sa.column("id"), sa.column("unit"))
    roles = sa.table("contact_roles", sa.column("contact_id"), sa.column("role"))
    found = bind.execute(
        sa.select(contacts.c.unit, roles.c.role)
        .select_from(contacts.outerjoin(roles, roles.c.contact_id == contacts.c.id))
        .where(contacts.c.unit.is_not(None))
        .order_by(contacts.c.unit)
    ).all()
    spelt: dict[str, list[str]] = {}
    held: dict[str, set[str]] = {}
    for unit, role in found:
        spelt.setdefault(folded(unit), []).append(unit)
        held.setdefault(folded(unit), set()).add(role)
    now = datetime.now(UTC)
    units = sa.table(
        "units",
        *(sa.column(name) for name in ("id", "name", "kind", "role", "version")),
        sa.column("aliases", Json),
        sa.column("created_at", UtcDateTime()),
        sa.column("updated_at", UtcDateTime()),
    )
    names = sa.table("unit_names", sa.column("name"), sa.column("unit_id"))
    for fold, spellings in spelt.items():
        name = min(set(spellings), key=lambda one: (len(one), one))
        bind.execute(contacts.update().where(contacts.c.unit.in_(set(spellings))).values(unit=name))
        role = next((role for role in ("county", "department") if role in held[fold]), None)
        id_ = new_id()
        kind = role or "bureau"
        row: dict[str, Any] = {"id": id_, "name": name, "kind": kind, "role": role, "aliases": [], "version": 1}
        bind.execute(units.insert().values(**row, created_at=now, updated_at=now))
        bind.execute(names.insert().values(name=fold, unit_id=id_))
