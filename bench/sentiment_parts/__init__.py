"""What `bench/sentiment.py` consists of: the systems measured, their accuracy, their speed, the service over HTTP."""
