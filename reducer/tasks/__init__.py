"""Tasks, the plans that hold them, and reports of what became of them."""
