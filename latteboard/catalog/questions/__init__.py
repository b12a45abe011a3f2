"""Questions to the catalog: each returns dataclasses, columns or a table."""
