"""Notify's HTTP routes, one module a resource."""
