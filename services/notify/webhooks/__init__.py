"""Programs that are told: subscriptions, the record of their calls, and giving up on those that never answer."""
