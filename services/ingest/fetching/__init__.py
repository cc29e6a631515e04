"""Fetching pages from the public web: politely, within bounds, and never from inside the network."""
