"""What notify hears on the bus."""

from __future__ import annotations

from typing import Final

from contracts.streams import NOTIFICATIONS_REQUESTED
from kit.runtime import Runtime
from services.notify.service import Notifications

GROUP: Final = "notify"


def subscribe(runtime: Runtime, notifications: Notifications) -> None:
    """Hand requests for notifications to the service."""
    runtime.subscribe(NOTIFICATIONS_REQUESTED, GROUP, notifications.requested)
