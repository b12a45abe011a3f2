"""Correlator files: the conventions of their names, and reading them."""
