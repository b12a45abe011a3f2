"""The pages, a file each: what each asks of the catalog and shows."""
