"""The HTTP side of analysis, one module a resource."""
