"""``python -m huiying``."""

from huiying.cli import main

main()
