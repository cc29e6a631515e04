"""How the table of words' rarities was learned. One command: ``python -m training.keywords``."""
