"""A circuit breaker: stops calling what has failed many times in a row, and tries it again now and then.

After Michael Nygard, *Release It!* (2007), "Circuit Breaker". Each process learns for itself, so that a start is a
fresh look. Only failures that say something of the receiving end count: one that is final for a single letter does not.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta


@dataclass(frozen=True)
class BreakerRules:
    """`failures` in a row open it; it stays so for `pause` seconds, doubled at each failed trial up to `cap`."""

    failures: int = 5
    pause: float = 30.0
    cap: float = 600.0


@dataclass
class _State:
    failures: int = 0
    trials: int = 0
    open_until: datetime | None = None
    trying: bool = False


class Breakers:
    """The breakers of everything that is called, by scope (a channel, or one address of it)."""

    def __init__(self, rules: BreakerRules) -> None:
        self._rules = rules
        self._states: dict[str, _State] = {}

    def room(self, scope: str, now: datetime, wanted: int) -> int:
        """Return how many attempts may begin: `wanted`, none while it is open, and one for the trial after that."""
        state = self._states.get(scope)
        if state is None or state.open_until is None:
            return wanted
        return 0 if now < state.open_until or state.trying else min(1, wanted)

    def begins(self, scope: str) -> None:
        """Note that an attempt begins; while the breaker is open it is the trial."""
        state = self._states.get(scope)
        if state is not None and state.open_until is not None:
            state.trying = True

    def worked(self, scope: str) -> None:
        """Note that the other end took something: the breaker closes."""
        self._states.pop(scope, None)

    def failed(self, scope: str, now: datetime) -> None:
        """Note a failure of the other end."""
        state = self._states.setdefault(scope, _State())
        state.failures += 1
        if state.open_until is not None and state.trying:
            state.trying = False
            state.trials += 1
            self._open(state, now)
        elif state.open_until is None and state.failures >= self._rules.failures:
            self._open(state, now)

    def ended(self, scope: str) -> None:
        """Note an attempt that said nothing of the other end, so that another may be the trial."""
        state = self._states.get(scope)
        if state is not None:
            state.trying = False

    def until(self, scope: str) -> datetime | None:
        """Return when an open breaker lets the next trial through, None where it is closed."""
        state = self._states.get(scope)
        return state.open_until if state is not None else None

    def open(self, prefix: str) -> Iterator[tuple[str, datetime]]:
        """Return the open breakers whose scope begins with `prefix`, each with when the next trial is."""
        for scope, state in self._states.items():
            if state.open_until is not None and scope.startswith(prefix):
                yield scope, state.open_until

    def _open(self, state: _State, now: datetime) -> None:
        pause = min(self._rules.cap, self._rules.pause * 2.0 ** min(state.trials, 30))
        state.open_until = now + timedelta(seconds=pause)
