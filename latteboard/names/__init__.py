"""Templates, the paths that they give, and the parsing of paths into coordinates."""
