"""Training the transformer: ``HUIYING_SHARED_DATA=… python -m training.encoder WORK_FOLDER``."""
