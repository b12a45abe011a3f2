"""The status rules."""
