"""Making outputs: their contents are decided from metadata, then written."""
