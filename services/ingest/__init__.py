"""Ingest: takes public posts in, masks what is personal, drops repeats, and tells of what is new."""
