"""The version of latteboard, for the program, the files that it writes and the package."""

__version__ = "0.1.0"
