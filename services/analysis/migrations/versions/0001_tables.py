"""Create analysis' first tables.

Revision ID: 0001
Revises:
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from kit.database import Json, UtcDateTime

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create posts, events, what joins them, topics and the bookkeeping tables."""
    op.create_table(
        "early_recounts",
        sa.Column("post_id", sa.String(length=36), nullable=False),
        sa.Column("observed_at", UtcDateTime(), nullable=False),
        sa.Column("reads", sa.BigInteger(), nullable=False),
        sa.Column("likes", sa.BigInteger(), nullable=False),
        sa.Column("comments", sa.BigInteger(), nullable=False),
        sa.Column("reposts", sa.BigInteger(), nullable=False),
        sa.Column("seen_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("post_id", name=op.f("pk_early_recounts")),
    )
    op.create_index(op.f("ix_early_recounts_seen_at"), "early_recounts", ["seen_at"], unique=False)
    op.create_table(
        "event_hours",
        sa.Column("event_id", sa.String(length=36), nullable=False),
        sa.Column("hour", UtcDateTime(), nullable=False),
        sa.Column("posts", sa.Integer(), nullable=False),
        sa.Column("negatives", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("event_id", "hour", name=op.f("pk_event_hours")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "event_places",
        sa.Column("place", sa.String(length=32), nullable=False),
        sa.Column("event_id", sa.String(length=36), nullable=False),
        sa.PrimaryKeyConstraint("place", "event_id", name=op.f("pk_event_places")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "event_sources",
        sa.Column("event_id", sa.String(length=36), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("event_id", "source", name=op.f("pk_event_sources")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "event_topics",
        sa.Column("topic", sa.String(length=64), nullable=False),
        sa.Column("event_id", sa.String(length=36), nullable=False),
        sa.PrimaryKeyConstraint("topic", "event_id", name=op.f("pk_event_topics")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "event_voices",
        sa.Column("event_id", sa.String(length=36), nullable=False),
        sa.Column("author_hash", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("event_id", "author_hash", name=op.f("pk_event_voices")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "events",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("title", sa.String(), nullable=False),
        sa.Column("summary", sa.String(), nullable=False),
        sa.Column("lead_id", sa.String(length=36), nullable=False),
        sa.Column("lead_at", UtcDateTime(), nullable=False),
        sa.Column("lead_repost", sa.Boolean(), nullable=False),
        sa.Column("first_seen", UtcDateTime(), nullable=False),
        sa.Column("last_seen", UtcDateTime(), nullable=False),
        sa.Column("stage", sa.String(length=16), nullable=False),
        sa.Column("incident_type", sa.String(length=24), nullable=False),
        sa.Column("posts_total", sa.Integer(), nullable=False),
        sa.Column("negatives", sa.Integer(), nullable=False),
        sa.Column("reads", sa.BigInteger(), nullable=False),
        sa.Column("interactions", sa.BigInteger(), nullable=False),
        sa.Column("voices", sa.Integer(), nullable=False),
        sa.Column("sources", sa.Integer(), nullable=False),
        sa.Column("top_tier", sa.String(length=16), nullable=True),
        sa.Column("heat", sa.Float(), nullable=False),
        sa.Column("prototypes", sa.Integer(), nullable=False),
        sa.Column("tallies", Json, nullable=False),
        sa.Column("metrics", Json, nullable=False),
        sa.Column("cools_at", UtcDateTime(), nullable=True),
        sa.Column("updated_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_events")),
    )
    op.create_index(op.f("ix_events_cools_at"), "events", ["cools_at"], unique=False)
    op.create_index("ix_events_heat", "events", ["heat", "id"], unique=False)
    op.create_index("ix_events_incident", "events", ["incident_type", "heat", "id"], unique=False)
    op.create_index("ix_events_last_seen", "events", ["last_seen", "id"], unique=False)
    op.create_table(
        "inbox",
        sa.Column("message_id", sa.String(length=64), nullable=False),
        sa.Column("seen_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("message_id", name=op.f("pk_inbox")),
    )
    op.create_index(op.f("ix_inbox_seen_at"), "inbox", ["seen_at"], unique=False)
    op.create_table(
        "lease",
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("holder", sa.String(length=128), nullable=False),
        sa.Column("expires_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_lease")),
    )
    op.create_table(
        "near_bands",
        sa.Column("band", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("text_id", sa.String(length=36), nullable=False),
        sa.PrimaryKeyConstraint("band", "text_id", name=op.f("pk_near_bands")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "near_texts",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("event_id", sa.String(length=36), nullable=False),
        sa.Column("signature", sa.LargeBinary(), nullable=False),
        sa.Column("used_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_near_texts")),
    )
    op.create_index(op.f("ix_near_texts_used_at"), "near_texts", ["used_at"], unique=False)
    op.create_table(
        "outbox",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("stream", sa.String(length=64), nullable=False),
        sa.Column("message", sa.Text(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outbox")),
    )
    op.create_table(
        "post_places",
        sa.Column("place", sa.String(length=32), nullable=False),
        sa.Column("published_at", UtcDateTime(), nullable=False),
        sa.Column("post_id", sa.String(length=36), nullable=False),
        sa.PrimaryKeyConstraint("place", "published_at", "post_id", name=op.f("pk_post_places")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "post_topics",
        sa.Column("topic", sa.String(length=64), nullable=False),
        sa.Column("published_at", UtcDateTime(), nullable=False),
        sa.Column("post_id", sa.String(length=36), nullable=False),
        sa.PrimaryKeyConstraint("topic", "published_at", "post_id", name=op.f("pk_post_topics")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "posts",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("event_id", sa.String(length=36), nullable=False),
        sa.Column("url", sa.String(), nullable=True),
        sa.Column("title", sa.String(), nullable=False),
        sa.Column("text", sa.String(), nullable=False),
        sa.Column("channel", sa.String(length=16), nullable=False),
        sa.Column("source", sa.String(), nullable=True),
        sa.Column("source_name", sa.String(), nullable=True),
        sa.Column("source_tier", sa.String(length=16), nullable=True),
        sa.Column("author_hash", sa.String(), nullable=True),
        sa.Column("published_at", UtcDateTime(), nullable=False),
        sa.Column("collected_at", UtcDateTime(), nullable=False),
        sa.Column("reads", sa.BigInteger(), nullable=False),
        sa.Column("likes", sa.BigInteger(), nullable=False),
        sa.Column("comments", sa.BigInteger(), nullable=False),
        sa.Column("reposts", sa.BigInteger(), nullable=False),
        sa.Column("counted_at", UtcDateTime(), nullable=False),
        sa.Column("same_text_as", sa.String(length=36), nullable=True),
        sa.Column("repost_of", sa.String(length=36), nullable=True),
        sa.Column("story_hash", sa.BigInteger(), nullable=False),
        sa.Column("sentiment", sa.String(length=8), nullable=False),
        sa.Column("score", sa.Float(), nullable=False),
        sa.Column("negative", sa.Float(), nullable=False),
        sa.Column("neutral", sa.Float(), nullable=False),
        sa.Column("positive", sa.Float(), nullable=False),
        sa.Column("incident_type", sa.String(length=24), nullable=False),
        sa.Column("incident_confidence", sa.Float(), nullable=False),
        sa.Column("topics", Json, nullable=False),
        sa.Column("places", Json, nullable=False),
        sa.Column("keywords", Json, nullable=False),
        sa.Column("model", sa.String(), nullable=False),
        sa.Column("erased_at", UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_posts")),
    )
    op.create_index("ix_posts_channel", "posts", ["channel", "published_at", "id"], unique=False)
    op.create_index("ix_posts_event", "posts", ["event_id", "published_at", "id"], unique=False)
    op.create_index("ix_posts_incident", "posts", ["incident_type", "published_at", "id"], unique=False)
    op.create_index("ix_posts_published", "posts", ["published_at", "id"], unique=False)
    op.create_index(
        "ix_posts_repost",
        "posts",
        ["repost_of"],
        unique=False,
        sqlite_where=sa.text("repost_of IS NOT NULL"),
        postgresql_where=sa.text("repost_of IS NOT NULL"),
    )
    op.create_index("ix_posts_sentiment", "posts", ["sentiment", "published_at", "id"], unique=False)
    op.create_index("ix_posts_source", "posts", ["source", "published_at", "id"], unique=False)
    op.create_index("ix_posts_source_name", "posts", ["source_name", "published_at", "id"], unique=False)
    op.create_index("ix_posts_story", "posts", ["story_hash", "event_id"], unique=False)
    op.create_index(
        "ix_posts_unerased",
        "posts",
        ["collected_at"],
        unique=False,
        sqlite_where=sa.text("erased_at IS NULL"),
        postgresql_where=sa.text("erased_at IS NULL"),
    )
    op.create_table(
        "topic_revision",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_topic_revision")),
    )
    op.create_table(
        "topics",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("query", sa.String(), nullable=False),
        sa.Column("places", Json, nullable=False),
        sa.Column("exclude", Json, nullable=False),
        sa.Column("origin", sa.String(length=8), nullable=False),
        sa.Column("plan_version", sa.String(), nullable=True),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        sa.Column("problem", sa.String(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("updated_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_topics")),
        sa.UniqueConstraint("key", name=op.f("uq_topics_key")),
    )
    op.create_table(
        "trend_hours",
        sa.Column("topic", sa.String(length=64), nullable=False),
        sa.Column("hour", UtcDateTime(), nullable=False),
        sa.Column("sentiment", sa.String(length=8), nullable=False),
        sa.Column("posts", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("topic", "hour", "sentiment", name=op.f("pk_trend_hours")),
        sqlite_with_rowid=False,
    )
