"""Signed links never reach a log whole, nor are they open to other sites' pages."""

from __future__ import annotations

import pytest

from kit.keyed_paths import is_keyed, loggable


@pytest.mark.parametrize(
    ("path", "shown", "keyed"),
    [
        ("/public/v1/acknowledgements/secret", "/public/v1/acknowledgements/…", True),
        ("/public/v1/calendars/secret/roster.ics", "/public/v1/calendars/…", True),
        ("/public/v1/calendars", "/public/v1/calendars", True),
        ("/public/v1/statements/1", "/public/v1/statements/1", False),
        ("/api/v1/rosters/1/calendar.ics", "/api/v1/rosters/1/calendar.ics", False),
    ],
)
def test_what_logs_show(path: str, shown: str, keyed: bool) -> None:
    assert (loggable(path), is_keyed(path)) == (shown, keyed)
