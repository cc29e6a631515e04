"""Reads all claims of a text."""

from __future__ import annotations

from datetime import datetime
from functools import lru_cache

from services.cases.voice.causes import Cause, causes
from services.cases.voice.claims import Claim
from services.cases.voice.dates import dates
from services.cases.voice.figures import figures
from services.cases.voice.names import names
from services.cases.voice.scenes import scenes
from services.cases.voice.texts import Source


@lru_cache(maxsize=512)
def read(text: str, at: datetime) -> tuple[tuple[Claim, ...], tuple[Cause, ...]]:
    """Return the claims and the causes that a text of `at` states, by where they start.

    Kept for the texts read last: what was published is held against every draft anew.
    """
    source = Source.of(text, at)
    claims = [*figures(source), *dates(source), *scenes(source), *names(source)]
    return tuple(sorted(claims, key=lambda one: (one.start, one.end))), tuple(causes(source))
