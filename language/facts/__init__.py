"""Figures and times that a text states, as structured spans."""

from language.facts.finder import find

__all__ = ["find"]
