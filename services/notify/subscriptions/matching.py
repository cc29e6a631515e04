"""Whether a subscription asks for a notification."""

from __future__ import annotations

from collections.abc import Collection

from contracts.words import Level, NotificationKind


def wants(
    topics: Collection[str],
    kinds: Collection[str],
    least_level: str | None,
    kind: NotificationKind,
    level: Level | None,
    about: Collection[str],
) -> bool:
    """Tell whether a subscription to `topics` asks for a notification of this kind and level about the topics `about`.

    Empty `kinds` are all kinds. With a `least_level`, what has no level is not asked for.
    """
    if not set(topics) & set(about) or (kinds and kind.value not in kinds):
        return False
    return least_level is None or (level is not None and level.rank >= Level(least_level).rank)
