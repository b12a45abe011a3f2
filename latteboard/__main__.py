"""``python -m latteboard`` is ``latteboard``."""

from latteboard.cli.guarded import main

main()
