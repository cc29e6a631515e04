"""Notify: tells the people whom the plan names, by the ways they can be reached, and records who acknowledged."""
