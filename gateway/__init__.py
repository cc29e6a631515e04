"""The one door: identity, routing, idempotency, the live stream, the merged API document."""
