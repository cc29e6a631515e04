"""Says what posts are about and how they sound, and groups them into events."""
