"""Entries without an address: which of them earlier passes brought, so that each pass brings others first."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import Final

from services.ingest.adapters.protocol import Draft

#: entries remembered, those seen last: 11 characters each in the state
REMEMBERED: Final = 300


class Brought:
    """The texts that became posts without an address, as a source's state holds them: hashes, never the texts."""

    def __init__(self, state: Iterable[str]) -> None:
        self._held: dict[str, None] = dict.fromkeys(state)

    def holds(self, text: str) -> bool:
        """Tell whether a text was brought, and remember it for longer, since the source lists it still."""
        key = text_digest(text)
        if key not in self._held:
            return False
        del self._held[key]
        self._held[key] = None
        return True

    def note(self, drafts: Iterable[Draft]) -> list[str]:
        """Return what the next pass is given, after this one brought `drafts`."""
        for draft in drafts:
            if not draft.url and not self.holds(draft.text):
                self._held[text_digest(draft.text)] = None
        return list(self._held)[-REMEMBERED:]


def text_digest(text: str) -> str:
    """Return 10 hexadecimal digits that stand for a text in a source's state."""
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=5).hexdigest()
