"""The use cases of the service: each loads, decides, and saves and tells in one transaction."""
