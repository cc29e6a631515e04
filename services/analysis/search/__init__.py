"""Finding posts by their words: what the index holds of a post, what it is asked, and what is shown of a hit.

Nothing here reads a database or the clock; :mod:`services.analysis.store.fulltext` does.
"""
