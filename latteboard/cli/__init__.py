"""The front door: commands parse, call and print."""

from latteboard.cli.main import cli, main

__all__ = ["cli", "main"]
