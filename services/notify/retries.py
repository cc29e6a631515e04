"""What follows an attempt to deliver: done, once more later, or given up."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from contracts.words import DeliveryState


@dataclass(frozen=True)
class Outcome:
    """How one attempt ended.

    `permanent`: trying again cannot help. `closed`: the receiver asked never to be called again by this way.
    `retry_after`: seconds that the receiver asked us to wait. `waits`: nothing was tried, since the receiver may not be
    told more often. `status` and `answer`: what its server said, if it did.
    """

    sent: bool
    reason: str | None = None
    permanent: bool = False
    closed: bool = False
    retry_after: float | None = None
    status: int | None = None
    answer: str = ""
    waits: bool = False

    @classmethod
    def done(cls) -> Outcome:
        """Return the outcome of an attempt that the receiver accepted."""
        return cls(sent=True)

    @classmethod
    def later(cls, reason: str, retry_after: float | None = None) -> Outcome:
        """Return the outcome of an attempt that may succeed when repeated."""
        return cls(sent=False, reason=reason, retry_after=retry_after)

    @classmethod
    def never(cls, reason: str, *, closed: bool = False) -> Outcome:
        """Return the outcome of an attempt that will not succeed when repeated."""
        return cls(sent=False, reason=reason, permanent=True, closed=closed)

    @classmethod
    def waiting(cls, reason: str, seconds: float) -> Outcome:
        """Return the outcome of an attempt that was not made, since its turn comes only in so many seconds."""
        return cls(sent=False, reason=reason, retry_after=seconds, waits=True)


@dataclass(frozen=True)
class RetryPolicy:
    """How often and how long apart to try. Durations are seconds."""

    max_attempts: int = 8
    base: float = 2.0
    cap: float = 300.0
    retry_after_cap: float = 3600.0

    def wait(self, attempts: int, chance: float, retry_after: float | None = None) -> timedelta:
        """Return the wait after attempt number `attempts` (from 1).

        Doubles from `base` up to `cap`; `chance` in 0..1 spreads it over the upper half of that, so that receivers that
        failed together are not called again together. Never shorter than what the receiver asked for, up to
        `retry_after_cap`.
        """
        doubled = min(self.cap, self.base * 2.0 ** min(attempts - 1, 60))
        wait = doubled * (0.5 + 0.5 * chance)
        if retry_after is not None:
            wait = max(wait, min(retry_after, self.retry_after_cap))
        return timedelta(seconds=wait)


@dataclass(frozen=True)
class Step:
    """What becomes of a delivery: its state, and when to try again while it is pending."""

    state: DeliveryState
    next_attempt_at: datetime | None = None


def next_step(outcome: Outcome, attempts: int, policy: RetryPolicy, *, now: datetime, chance: float) -> Step:
    """Return what follows attempt number `attempts`; `chance` is a random number in 0..1.

    One that waits is made as soon as its turn comes, up to a second later so that not all come back at once.
    """
    if outcome.sent:
        return Step(DeliveryState.SENT)
    if outcome.waits:
        return Step(DeliveryState.PENDING, now + timedelta(seconds=(outcome.retry_after or 0.0) + chance))
    if outcome.permanent or attempts >= policy.max_attempts:
        return Step(DeliveryState.FAILED)
    return Step(DeliveryState.PENDING, now + policy.wait(attempts, chance, outcome.retry_after))
