"""Pages that could not be read: when each is tried again, and when it is left alone for good."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

#: minutes after each failed attempt before the next: a site that is damaged for an evening loses nothing
RESTS: Final = (10, 60, 360)
#: pages remembered, the newest
_REMEMBERED: Final = 200
_GIVEN_UP: Final = len(RESTS) + 1


class Attempts:
    """The attempts at the pages of one source, as its state holds them: `[count, minute of the next]` by page."""

    def __init__(self, state: Mapping[str, Any], now: datetime) -> None:
        self._held: dict[str, list[int]] = {key: list(value) for key, value in state.items()}
        self._minute = int(now.timestamp()) // 60

    def due(self, url: str) -> bool:
        """Tell whether a page is to be tried in this pass."""
        count, minute = self._held.get(_key(url), (0, 0))
        return count < _GIVEN_UP and minute <= self._minute

    def resting(self, url: str) -> bool:
        """Tell whether a page is to be tried in a later pass."""
        count, minute = self._held.get(_key(url), (0, 0))
        return count < _GIVEN_UP and minute > self._minute

    def failed(self, url: str, *, final: bool) -> bool:
        """Note a failed attempt, `final` where another would not help; tells whether there will be another."""
        key = _key(url)
        count = _GIVEN_UP if final else self._held.pop(key, [0])[0] + 1
        rest = RESTS[count - 1] if count < _GIVEN_UP else 0
        self._held[key] = [count, self._minute + rest]
        return count < _GIVEN_UP

    def done(self, url: str) -> None:
        """Forget a page that became posts."""
        self._held.pop(_key(url), None)

    def as_state(self) -> dict[str, list[int]]:
        """Return what the next pass is given."""
        return dict(list(self._held.items())[-_REMEMBERED:])


def _key(url: str) -> str:
    return hashlib.blake2b(url.encode("utf-8", "surrogatepass"), digest_size=6).hexdigest()
