"""One voice: what texts claim, where they part, and what they must not say before it is confirmed. Pure, no I/O."""
