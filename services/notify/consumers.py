"""What notify hears on the bus."""

from __future__ import annotations

from typing import Final

from contracts.streams import NOTIFICATIONS_REQUESTED, PLANS_ACTIVATED, UNITS_MOVED
from kit.runtime import Runtime
from services.notify.people.units import Units
from services.notify.service import Notifications

GROUP: Final = "notify"


def subscribe(runtime: Runtime, notifications: Notifications, units: Units) -> None:
    """Hand requests for notifications to the service, and the units of plans to the registry."""
    runtime.subscribe(NOTIFICATIONS_REQUESTED, GROUP, notifications.requested)
    runtime.subscribe(PLANS_ACTIVATED, GROUP, units.heard)
    runtime.subscribe(UNITS_MOVED, GROUP, units.heard)
