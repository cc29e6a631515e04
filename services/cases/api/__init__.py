"""The HTTP edge of cases."""
