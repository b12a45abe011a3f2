"""The index of disk and archive: walks the expected folders, matches names, judges files."""
