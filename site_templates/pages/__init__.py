"""The content of the pages, one file for each."""
