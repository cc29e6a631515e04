"""Parts of :mod:`bench.overview`."""
