"""How the weights of kinds of incident were made: ``HUIYING_SHARED_DATA=… python -m training.incident``."""
