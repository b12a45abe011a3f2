"""``python -m latteboard`` is ``latteboard``."""

from latteboard.cli import main

main()
