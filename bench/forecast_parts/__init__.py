"""Parts of :mod:`bench.forecast`."""
