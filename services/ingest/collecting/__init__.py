"""Collecting by itself: when each source is looked at, what a pass brings, and which sources have gone silent."""
