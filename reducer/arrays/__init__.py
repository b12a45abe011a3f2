"""Array functions: slicing, averaging, joining, momentum projection. They know no files."""
