"""Figures and times that a text states, as structured spans."""

from services.analysis.enrich.facts.finder import find

__all__ = ["find"]
