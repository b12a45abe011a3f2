"""Tasks, the plans that hold them, and the reports on their outcomes."""
