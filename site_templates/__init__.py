"""Static pages, rendered from the catalog: which there are, their content, drawings, writing and publishing."""
