"""How the story encoder and the cells of its index were made. One command: ``python -m training.stories FOLDER``."""
