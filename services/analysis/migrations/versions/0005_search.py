"""Find posts by their words.

Revision ID: 0005
Revises: 0004
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

#: what the index of words serves from now on
_SERVED = ("sentiment", "incident", "channel", "source", "source_name")


def upgrade() -> None:
    """Make the index of words, empty: the service fills it and numbers the posts when it starts (store/fulltext.py)."""
    op.add_column("posts", sa.Column("position", sa.BigInteger()))
    op.create_index("ix_posts_position", "posts", ["position"], unique=True)
    for name in _SERVED:
        op.drop_index(f"ix_posts_{name}", "posts")
    made = op.create_table(
        "search_index",
        sa.Column("id", sa.Integer(), primary_key=True, autoincrement=False),
        sa.Column("version", sa.Integer(), nullable=False),
    )
    # a version that tokens never have: the index is made anew
    op.bulk_insert(made, [{"id": 1, "version": 0}])
    if op.get_bind().dialect.name == "sqlite":
        # neither the words nor where they stand are kept, only which posts have them
        options = "content='', detail=none, columnsize=0, tokenize='ascii'"
        op.execute(f"CREATE VIRTUAL TABLE post_words USING fts5(words, {options})")
        return
    op.execute("CREATE TABLE post_words (position BIGINT PRIMARY KEY, words TSVECTOR NOT NULL)")
    # without statistics a query is always taken for rare, which it is where the index is asked
    op.execute("ALTER TABLE post_words ALTER COLUMN words SET STATISTICS 0")
    op.execute("CREATE INDEX ix_post_words_words ON post_words USING gin (words) WITH (fastupdate = off)")
