"""Path templates, and the parsing of paths into coordinates."""
