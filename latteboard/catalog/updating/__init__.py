"""The writing of what an index found."""
