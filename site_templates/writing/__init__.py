"""Writing of pages: links, data, building, folders, publishing, redaction."""
