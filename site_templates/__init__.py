"""What do people see? Static pages, rendered from the catalog."""
