"""A roster as iCalendar (RFC 5545), for calendar apps: names and shifts, nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from icalendar import Calendar, Event

from services.notify.rosters.answers import name_of
from services.notify.rosters.on_duty import Names
from services.notify.rosters.roster import Shift, duties

MEDIA_TYPE: Final = "text/calendar; charset=utf-8"
#: how far a calendar looks back and ahead
BACK: Final = timedelta(days=30)
AHEAD: Final = timedelta(days=180)


def calendar_of(
    roster_id: str, name: str, zone: str, found: Sequence[Shift], names: Names, revised_at: datetime
) -> bytes:
    """Return shifts as a calendar with one event for each whole shift of somebody on duty.

    An event keeps its UID as long as its shift begins at the same instant: of one roster's shifts no two do. A shift
    that goes on beyond either end is left out: where it begins or ends is not known. `revised_at` becomes DTSTAMP.
    """
    calendar = Calendar()
    calendar.add("prodid", "-//Huiying//Rosters//ZH")
    calendar.add("version", "2.0")
    calendar.add("calscale", "GREGORIAN")
    # what apps read in place of RFC 7986's NAME
    calendar.add("x-wr-calname", name)
    calendar.add("x-wr-timezone", zone)
    calendar.add("refresh-interval", timedelta(hours=1), parameters={"VALUE": "DURATION"})
    first, last = (found[0].start, found[-1].end) if found else (None, None)
    for shift in duties(found):
        if shift.start == first or shift.end == last or shift.answer.on_duty is None:
            continue
        deputies = dict.fromkeys(
            id_ for part in found if part.start < shift.end and part.end > shift.start for id_ in part.answer.deputies
        )
        event = Event()
        event.add("uid", f"{roster_id}-{shift.start:%Y%m%dT%H%M%SZ}@rosters.huiying")
        event.add("dtstamp", revised_at.replace(microsecond=0))
        event.add("dtstart", shift.start)
        event.add("dtend", shift.end)
        event.add("summary", f"值班：{name_of(shift.answer.on_duty, names)}（{name}）")
        if deputies:
            event.add("description", f"副班：{'、'.join(name_of(id_, names) for id_ in deputies)}")
        event.add("transp", "TRANSPARENT")
        calendar.add_component(event)
    return bytes(calendar.to_ical())
