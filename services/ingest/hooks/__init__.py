"""Deliveries of vendor feeds and e-mail digests by signed webhook."""
