"""How often callers may ask: what counts as what, and the counts that all replicas share."""
