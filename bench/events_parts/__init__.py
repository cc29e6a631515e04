"""Parts of bench/events.py."""
