"""What cases hears on the bus."""

from __future__ import annotations

from contracts.streams import EVENTS_UPDATED, NOTIFICATIONS_CHANGED
from kit.runtime import Runtime
from services.cases.service.alerting import Alerting
from services.cases.service.receipts import Receipts

GROUP = "cases"


def subscribe(runtime: Runtime, alerting: Alerting, receipts: Receipts) -> None:
    """Listen to events and to what became of notifications."""
    runtime.subscribe(EVENTS_UPDATED, GROUP, alerting.take_in, batch=100)
    runtime.subscribe(NOTIFICATIONS_CHANGED, GROUP, receipts.take_in, batch=100)
