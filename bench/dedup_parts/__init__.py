"""What `bench/dedup.py` consists of: streams with known reposts, the systems measured, how right their links are."""
