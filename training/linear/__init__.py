"""Training the linear sentiment scorer: ``HUIYING_SHARED_DATA=… python -m training.linear``."""
