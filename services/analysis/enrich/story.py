"""The text that a post's story is told by: equal for copies that differ in signs, spaces, links and handles alone."""

from __future__ import annotations

from typing import Final

from services.analysis.enrich.folding import story_key

#: A text's key shorter than this says too little by itself.
SHORTEST: Final = 8


def story_of(title: str, text: str) -> str:
    """Return the story key of a post: that of its text, with the title where the text alone is very short."""
    key = story_key(text)
    return story_key(f"{title} {text}") if len(key) < SHORTEST and title else key
