"""What is on disk and in the archive? Walks the expected folders, matches names, judges files."""
