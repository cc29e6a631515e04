"""Parts of :mod:`bench.stored_posts`."""
