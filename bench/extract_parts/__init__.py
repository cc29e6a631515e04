"""Parts of the measurement of extraction: the gold, the systems, the scores."""
