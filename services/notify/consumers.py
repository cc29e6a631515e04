"""What notify hears on the bus."""

from __future__ import annotations

from typing import Final

from contracts.streams import ALERTS_RAISED, CASES_CHANGED, NOTIFICATIONS_REQUESTED, PLANS_ACTIVATED, UNITS_MOVED
from kit.runtime import Runtime
from services.notify.escalation.running import Escalating
from services.notify.people.units import Units
from services.notify.service import Notifications

GROUP: Final = "notify"


def subscribe(runtime: Runtime, notifications: Notifications, escalating: Escalating, units: Units) -> None:
    """Hand on requests for notifications, the units of plans, and what is settled elsewhere to the escalations."""
    runtime.subscribe(NOTIFICATIONS_REQUESTED, GROUP, notifications.requested)
    runtime.subscribe(ALERTS_RAISED, GROUP, escalating.heard)
    runtime.subscribe(CASES_CHANGED, GROUP, escalating.heard)
    runtime.subscribe(PLANS_ACTIVATED, GROUP, units.heard)
    runtime.subscribe(UNITS_MOVED, GROUP, units.heard)
