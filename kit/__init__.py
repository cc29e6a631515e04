"""How every service stands up: settings, database, bus, outbox, problems, auth context, clock, logging, metrics."""
