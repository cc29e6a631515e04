"""What `bench/topics.py` consists of: topics made of the corpus' own words, and the plain ways of matching."""
