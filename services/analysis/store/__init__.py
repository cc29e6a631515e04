"""All SQL of analysis."""
