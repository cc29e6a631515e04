"""Count posts by hour and by day, and trends by place and channel too.

Revision ID: 0004
Revises: 0003
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from kit.database import UtcDateTime

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

#: a midnight of Asia/Shanghai
_MIDNIGHT = "TIMESTAMPTZ '1970-01-01 16:00:00+00'"
_TONES = ("negative", "neutral", "positive")


def upgrade() -> None:
    """Add the days, give trends a kind, and count anew from the posts."""
    op.create_index("ix_event_hours_hour", "event_hours", ["hour"])
    op.create_index("ix_events_stage", "events", ["stage", "last_seen"])
    for level in ("case_level", "alert_level"):
        graded = sa.text(f"{level} IS NOT NULL")
        op.create_index(
            f"ix_events_{level}", "events", [level, "heat", "id"], sqlite_where=graded, postgresql_where=graded
        )
    op.create_table(
        "event_days",
        sa.Column("event_id", sa.String(36), primary_key=True),
        sa.Column("day", UtcDateTime(), primary_key=True),
        sa.Column("posts", sa.Integer(), nullable=False),
        sa.Column("negatives", sa.Integer(), nullable=False),
        sqlite_with_rowid=False,
    )
    op.execute(
        "INSERT INTO event_days (event_id, day, posts, negatives) "
        f"SELECT event_id, {_start('hour', 86_400)}, sum(posts), sum(negatives) FROM event_hours GROUP BY 1, 2"
    )
    op.drop_table("trend_hours")
    for name, bucket in (("trend_hours", "hour"), ("trend_days", "day")):
        op.create_table(
            name,
            sa.Column("kind", sa.String(8), primary_key=True),
            sa.Column("key", sa.String(64), primary_key=True),
            sa.Column(bucket, UtcDateTime(), primary_key=True),
            *(sa.Column(tone, sa.Integer(), nullable=False) for tone in _TONES),
            sqlite_with_rowid=False,
        )
    for kind, key, source in (
        ("all", "''", "posts"),
        ("channel", "posts.channel", "posts"),
        ("topic", "post_topics.topic", "post_topics JOIN posts ON posts.id = post_topics.post_id"),
        ("place", "post_places.place", "post_places JOIN posts ON posts.id = post_places.post_id"),
    ):
        sums = ", ".join(f"sum(CASE WHEN posts.sentiment = '{tone}' THEN 1 ELSE 0 END)" for tone in _TONES)
        op.execute(
            f"INSERT INTO trend_hours (kind, key, hour, {', '.join(_TONES)}) "
            f"SELECT '{kind}', {key}, {_start('posts.published_at', 3600)}, {sums} FROM {source} GROUP BY 1, 2, 3"
        )
    sums = ", ".join(f"sum({tone})" for tone in _TONES)
    op.execute(
        f"INSERT INTO trend_days (kind, key, day, {', '.join(_TONES)}) "
        f"SELECT kind, key, {_start('hour', 86_400)}, {sums} FROM trend_hours GROUP BY 1, 2, 3"
    )
    op.create_index("ix_trend_hours_hour", "trend_hours", ["kind", "hour", "key"])


def _start(column: str, seconds: int) -> str:
    """Return the SQL of the start of a bucket, counted from a midnight of Asia/Shanghai."""
    if op.get_bind().dialect.name == "postgresql":
        return f"date_bin(INTERVAL '{seconds} seconds', {column}, {_MIDNIGHT})"
    # without the fraction of the second, which SQLite would round up
    since = f"(CAST(strftime('%s', substr({column}, 1, 19)) AS INTEGER) + 28800) / {seconds} * {seconds} - 28800"
    return f"strftime('%Y-%m-%d %H:%M:%S.000000', {since}, 'unixepoch')"
