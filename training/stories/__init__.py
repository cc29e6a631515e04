"""How the rarities of the story encoder were learned. One command: ``python -m training.stories FOLDER``."""
