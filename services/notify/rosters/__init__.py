"""Rosters (值班表): who is on duty when, who takes over, and where nobody is."""
