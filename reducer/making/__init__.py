"""Making outputs: what they will hold is decided first, then it is written."""
