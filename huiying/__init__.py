"""The command line: start the system, feed it, ask it."""
