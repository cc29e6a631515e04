"""Which subscriptions ask for what."""

from __future__ import annotations

import pytest

from contracts.words import Level, NotificationKind
from services.notify.subscriptions.matching import wants

ALERT = NotificationKind.ALERT_RAISED


@pytest.mark.parametrize(
    ("kinds", "least", "kind", "level", "about", "wanted"),
    [
        ([], None, ALERT, Level.IV, ["water"], True),
        ([], None, ALERT, None, ["water", "x"], True),
        ([], None, ALERT, Level.IV, ["housing"], False),
        ([], None, ALERT, Level.IV, [], False),
        (["alert_raised"], None, ALERT, Level.IV, ["water"], True),
        (["case_opened"], None, ALERT, Level.IV, ["water"], False),
        ([], "III", ALERT, Level.III, ["water"], True),
        ([], "III", ALERT, Level.I, ["water"], True),
        ([], "III", ALERT, Level.IV, ["water"], False),
        ([], "III", ALERT, None, ["water"], False),
    ],
)
def test_topics_kinds_and_the_least_grave_level(
    kinds: list[str], least: str | None, kind: NotificationKind, level: Level | None, about: list[str], wanted: bool
) -> None:
    assert wants(["water", "dam"], kinds, least, kind, level, about) is wanted
