"""The status rules as array arithmetic: pure functions from evidence of disk and archives to the status of each artifact."""
