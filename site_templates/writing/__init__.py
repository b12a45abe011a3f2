"""Writing of pages: building, folders, publishing, redaction."""
