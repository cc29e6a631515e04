"""The systems that find near repeats: ours, and datasketch's MinHashLSH as its documentation has it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any

#: Takes the places and texts of posts; returns for each the place of the post that it repeats.
Take = Callable[[Sequence[int], Sequence[str]], list[int | None]]

_SHINGLE = 4
_NOW = datetime(2026, 3, 1, tzinfo=UTC)


class NotInstalled(Exception):
    """A peer that this Python has not; the message names it."""


def ours(posts: int) -> tuple[Take, Callable[[], int]]:
    """Return the index of services/ingest/dedup with a window of a million posts, and what gives its size in bytes."""
    from services.ingest.dedup.index import NearIndex

    index = NearIndex(most_posts=max(posts, 1_000_000))

    def take(places: Sequence[int], texts: Sequence[str]) -> list[int | None]:
        roots = index.match_and_add([str(place) for place in places], texts, _NOW)
        return [None if root is None else int(root) for root in roots]

    return take, lambda: index.nbytes


def datasketch(threshold: float) -> tuple[Take, Callable[[], int]]:
    """Return MinHashLSH of 128 permutations over four-character shingles of the folded text.

    Of the candidates the earliest counts that reaches the threshold by its signature. Raises :class:`NotInstalled`.
    """
    try:
        from datasketch import MinHash, MinHashLSH
    except ImportError:
        raise NotInstalled("datasketch") from None
    from services.ingest.folding import folded

    index: Any = MinHashLSH(threshold=threshold, num_perm=128)
    known: dict[int, Any] = {}
    root_of: dict[int, int] = {}

    def take(places: Sequence[int], texts: Sequence[str]) -> list[int | None]:
        found: list[int | None] = []
        for place, text in zip(places, texts, strict=True):
            key = folded(text)
            signature = MinHash(num_perm=128)
            shingles = {key[at : at + _SHINGLE].encode() for at in range(max(len(key) - _SHINGLE + 1, 1))}
            signature.update_batch(list(shingles))
            like = [one for one in index.query(signature) if known[one].jaccard(signature) >= threshold]
            first = min((root_of[one] for one in like), default=None)
            found.append(first)
            index.insert(place, signature)
            known[place], root_of[place] = signature, place if first is None else first
        return found

    return take, lambda: 0


def system(name: str, posts: int) -> tuple[Take, Callable[[], int]]:
    """Return a system by name: `ours`, or `datasketch:THRESHOLD`."""
    if name == "ours":
        return ours(posts)
    return datasketch(float(name.partition(":")[2]))
