"""Mentions of places as they stand in the messages: by field, with offsets inside it."""

from __future__ import annotations

from contracts.findings import PlaceMention
from language.places.mentions import Places


def place_mentions(places: Places, *, title: str, text: str) -> list[PlaceMention]:
    """Return the mentions found in `title`, a line break and `text` (in `text` alone where there is no title)."""
    shift = len(title) + 1 if title else 0
    found = []
    for mention in places.mentions:
        in_text = mention.start >= shift
        offset = shift if in_text else 0
        field = text if in_text else title
        start, end = mention.start - offset, mention.end - offset
        found.append(
            PlaceMention(
                field="text" if in_text else "title",
                start=start,
                end=end,
                quote=field[start:end],
                county=mention.county,
                township=mention.township,
            )
        )
    return found
